"""The counting claim: which noise is survived, that missing calls and other bounds are seen, and its table."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from reductions.problems.orthogonal_vectors import OrthogonalVectors
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import counting_reduction as claim_file
from varproof.claims.counting_reduction import CLAIM, count, instances
from varproof.claims.model import Case


def moved(**constants: Fraction) -> Case:
    return replace(CLAIM.case(), constants={**CLAIM.constants, **constants})


def test_instances_hold_all_multisets_with_right_counts() -> None:
    every = list(instances(2, 3))
    assert len(every) == 4 + 10 + 20
    for instance, pairs in every:
        assert pairs == len(list(instance.witnesses()))
    assert {pairs for _, pairs in every} > {3, 4, 5}


@pytest.mark.parametrize(("noise", "survives"), [("999/1000", True), ("101/100", False)])
def test_the_tight_row_tells_a_percent(noise: str, survives: bool) -> None:
    bits = np.ones((200, 1), np.uint8)
    bits[0] = 0
    tight = OrthogonalVectors.from_bits(np.ones((1, 1), np.uint8), bits)
    assert (count(tight, "d", Fraction(1, 10**6), Fraction(noise)) == 1) is survives


def test_a_missing_call_leaves_the_count_open() -> None:
    instance, pairs = next(each for each in instances(2, 2) if each[1] == 1)
    assert count(instance, "d", Fraction(1), Fraction(1, 2)) == pairs
    assert count(instance, "d", Fraction(1), Fraction(1, 2), all_calls=False) is None


@pytest.mark.parametrize("factor", ["1001/1000", "999/1000"])
def test_the_logit_bound_can_move_neither_way(factor: str) -> None:
    found = claim_file._logits(moved(logits=Fraction(factor)))
    assert found.verdict is Verdict.REFUTED
    assert {each["scale"] for each in found.evidence["counterexamples"]} <= {"d", "sqrt", "one"}


@pytest.mark.parametrize("share", ["98/100", "102/100"])
def test_the_exponent_is_right_within_two_percent(share: str) -> None:
    cells = {**CLAIM.cells, "degree": (40,), "log2_tokens": (20,)}
    assert claim_file._tolerance(replace(moved(exponent=Fraction(share)), cells=cells)).verdict is Verdict.REFUTED
    assert claim_file._tolerance(replace(moved(), cells=cells)).verdict is Verdict.PROVED


def test_the_table_of_constants_is_in_the_evidence() -> None:
    table = claim_file._tolerance(CLAIM.case()).evidence["C_a"]
    assert table["kappa = 2, c = 1"] == "2.772"
    assert len(table) == 9


@pytest.mark.parametrize("cells", [{"dim": (4,)}, {"kappa": (0,)}, {"scale": ("cosine",)}, {"keys": (1,)}])
def test_cells_without_meaning_are_refused(cells: dict[str, tuple[int | str, ...]]) -> None:
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
