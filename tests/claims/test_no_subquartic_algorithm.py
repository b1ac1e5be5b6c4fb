"""S4: the chain is executed, its scopes are parts of their own, and each part can fail."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from reductions.core.answer import Answer
from reductions.problems.cnf_families import uniform
from reductions.problems.cnf_solvers import count_by_table
from varproof.base.errors import InputError
from varproof.base.verdict import Finding, Verdict
from varproof.claims import no_subquartic_algorithm as claim_file
from varproof.claims import reduction_chain
from varproof.claims.no_subquartic_algorithm import CLAIM
from varproof.claims.reduction_chain import COUNTING, FREE, chain, formulas, given_maps, position_table

NOISE = CLAIM.constants["noise"]
SMALL = {**CLAIM.cells, "variables": (4,), "large": (4,)}


@pytest.fixture
def fresh() -> Any:
    """Runs are kept between checks: forget them before and after something is broken on purpose."""
    kept = (chain, given_maps, position_table, formulas, claim_file._maps, claim_file._distances)
    for each in kept:
        each.cache_clear()
    yield
    for each in kept:
        each.cache_clear()


def parts_of(finding: Finding) -> dict[str, Verdict]:
    return {part.name: part.verdict for part in finding.parts}


def test_the_three_scopes_are_parts_of_their_own() -> None:
    parts = {part.name: part for part in CLAIM.check(replace(CLAIM.case(), cells=SMALL)).parts}
    scopes = [name for name in parts if name.startswith("(i")]
    assert [name.split()[0] + " " + name.split()[-1] for name in scopes] == ["(i) hard", "(ii) hard", "(iii) easy"]
    assert all(part.verdict is Verdict.PROVED for part in parts.values())
    easy = parts["(iii) X_init of one cell only, no position inputs: easy"].because
    assert all(text in easy for text in ("constant", "O(K^2 d + K d^2)", "n^2 d"))
    assert "L C free numbers" in parts["(ii) a learned position table is part of the input: hard"].because
    assert all(f"({scope})" in CLAIM.statement for scope in ("i", "ii", "iii"))
    assert "p_1 = 1" in CLAIM.statement


def test_the_entry_bound_names_its_convention_and_seth_is_a_hypothesis() -> None:
    assert "R = C sqrt(log n) in the convention gamma = 1/d with d = Theta(log n)" in CLAIM.statement
    assert "under SETH" in CLAIM.statement
    assert "seth" in CLAIM.hypotheses


def test_every_part_names_a_page() -> None:
    for part in CLAIM.check(replace(CLAIM.case(), cells=SMALL)).parts:
        assert "docs/explanation/" in part.because


def test_formulas_with_and_without_models_are_counted_and_constants_shown() -> None:
    assert [count_by_table(formula) > 0 for formula in formulas(6)] == [True, False]
    found = chain((6,), COUNTING, NOISE)
    assert found.verdict is Verdict.PROVED
    shown = list(found.evidence["constants"].values())
    assert len(shown) == 2
    assert all(each["C_a"] and each["tokens"] == 2376 and each["largest flag f"] == "17857/32768" for each in shown)


def test_a_wrong_count_of_models_is_seen(monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    monkeypatch.setattr(reduction_chain, "count_by_table", lambda formula: count_by_table(formula) + 1)
    assert chain((4,), COUNTING, NOISE).verdict is Verdict.REFUTED
    assert position_table((4,), NOISE).verdict is Verdict.REFUTED


def test_a_lost_witness_is_seen(monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    right = reduction_chain.solve_along

    def lost(*given: Any, **named: Any) -> Answer:
        return replace(right(*given, **named), witness=None)

    monkeypatch.setattr(reduction_chain, "solve_along", lost)
    assert "witness" in chain((4,), COUNTING, NOISE).evidence["counterexamples"][0]


def test_maps_that_are_not_given_are_seen(monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    monkeypatch.setattr(reduction_chain, "INTERPOLATED", FREE)
    assert given_maps((4,)).verdict is Verdict.REFUTED


def test_unequal_tokens_before_the_last_scale_are_seen(monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    right = reduction_chain.images

    def uneven(*given: Any) -> Any:
        calls, instance, mapped = right(*given)
        target = mapped.targets[0]
        first = target.maps[1].copy()
        first[0, 0, 0] += 1
        maps = (target.maps[0], first, *target.maps[2:])
        return calls, instance, replace(mapped, targets=(replace(target, maps=maps),))

    monkeypatch.setattr(reduction_chain, "images", uneven)
    found = position_table((4,), NOISE).evidence["counterexamples"]
    assert found[0]["fact"] == "equal tokens before scale K"


def test_the_easy_algorithm_must_agree_with_the_model(monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    right = claim_file.constant_outputs

    def off(weights: Any, config: Any, start: Any) -> Any:
        return right(weights, config, start + np.array([1e-6, 0, 0, 0]))

    monkeypatch.setattr(claim_file, "constant_outputs", off)
    found = claim_file._easy(CLAIM.case())
    assert found.verdict is Verdict.REFUTED
    assert {each["fact"] for each in found.evidence["counterexamples"]} == {"the algorithm's vector"}


@pytest.mark.parametrize("name", ["one_cell", "no_positions"])
def test_scope_three_needs_its_hypotheses(name: str) -> None:
    case = replace(CLAIM.case(), cells=SMALL, dropped=frozenset({name}))
    parts = parts_of(CLAIM.check(case))
    assert [part for part, verdict in parts.items() if verdict is Verdict.REFUTED] == [
        "(iii) X_init of one cell only, no position inputs: easy"
    ]


@pytest.mark.parametrize(("constant", "shift"), [("neutral", "1/1000000000000"), ("neutral", "-1/1000000000000")])
def test_the_neutral_mass_can_move_neither_way(constant: str, shift: str) -> None:
    moved = {**CLAIM.constants, constant: CLAIM.constants[constant] + Fraction(shift)}
    assert claim_file._scaling(replace(CLAIM.case(), constants=moved)).verdict is Verdict.REFUTED


@pytest.mark.parametrize("cells", [{"root": (1,)}, {"keys": (4,)}, {"variables": (9,)}, {"large": (17,)}])
def test_cells_without_meaning_are_refused(cells: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**SMALL, **cells}))


@pytest.mark.slow
@pytest.mark.parametrize("variables", [8, 10])
@pytest.mark.parametrize("satisfiable", [True, False])
def test_longer_formulas_by_counting_through_interpolated_maps(
    variables: int, satisfiable: bool, monkeypatch: pytest.MonkeyPatch, fresh: None
) -> None:
    formula = uniform(variables, 5 * variables, 3, 7, satisfiable=satisfiable)
    monkeypatch.setattr(reduction_chain, "formulas", lambda number: (formula,))
    assert chain((variables,), COUNTING, NOISE).verdict is Verdict.PROVED
    assert (count_by_table(formula) > 0) is satisfiable


@pytest.mark.slow
@pytest.mark.parametrize("satisfiable", [True, False])
def test_sixteen_variables_by_scaling(satisfiable: bool, monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    formula = uniform(16, 80, 3, 3, satisfiable=satisfiable)
    monkeypatch.setattr(reduction_chain, "formulas", lambda number: (formula,))
    found = chain((16,), claim_file.SCALING, NOISE)
    assert found.verdict is Verdict.PROVED
    (constants,) = found.evidence["constants"].values()
    assert constants["tokens"] == 75615
