"""S4: chains from drawn formulas answer as truth tables do, with and without models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reductions.problems.cnf_solvers import count_by_table
from varproof.claims.attack import Instance, Judgement
from varproof.claims.attacks import no_subquartic_algorithm as claim_attack
from varproof.claims.attacks.no_subquartic_algorithm import CHAINS
from varproof.claims.no_subquartic_algorithm import SCALING
from varproof.claims.reduction_chain import COUNTING, FREE, INTERPOLATED
from varproof.claims.registry import load_claim

VARIANTS = [variant.name for variant in load_claim("S4").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("S4", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("S4", "statement", 60)
    assert not found.violated
    assert not found.rejected
    assert len(found.ratios) >= 60


@pytest.mark.parametrize("by", [COUNTING, SCALING])
@pytest.mark.parametrize("into", [FREE, INTERPOLATED])
def test_formulas_with_and_without_models(monkeypatch: pytest.MonkeyPatch, by: str, into: str) -> None:
    case = load_claim("S4").case()
    numbers = {"variables": 2, "by": by, "into": into}
    some, none = ([[1, 2, 0], [-1, 0, 0]], [[1, 0, 0], [-1, 2, 0], [-2, 0, 0]])
    for clauses in (some, none):
        made = Instance({"clauses": np.array(clauses)}, numbers)
        assert CHAINS.measure(made, case) is not None
        assert CHAINS.judge(made, case) is Judgement.PASS
    # a truth table that is off by one is noticed: by its count, or where it turns the answer
    monkeypatch.setattr(claim_attack, "count_by_table", lambda formula: count_by_table(formula) + 1)
    assert CHAINS.judge(Instance({"clauses": np.array(none)}, numbers), case) is Judgement.VIOLATED
    counted = CHAINS.judge(Instance({"clauses": np.array(some)}, numbers), case)
    assert counted is (Judgement.VIOLATED if by == COUNTING else Judgement.PASS)
