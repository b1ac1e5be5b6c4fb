"""S5: the finite gauge against binomials computed here, and the degrees against the proved bounds."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.low_rank_construction import CLAIM, GAUGE


@pytest.mark.parametrize(("preset", "tokens"), [("256", 680), ("512", 2240), ("1024", 9451)])
def test_the_largest_head_dimension_is_the_last_with_rank_below_the_tokens(preset, tokens):
    _, degree = GAUGE[preset]
    largest = int(CLAIM.constants[f"head_dim_{preset}"])
    assert math.comb(largest + degree, degree) < tokens <= math.comb(largest + 1 + degree, degree)


@pytest.mark.parametrize("constant", list(CLAIM.constants))
@pytest.mark.parametrize("step", [1, -1])
def test_a_head_dimension_off_by_one_is_refuted(constant, step):
    case = replace(CLAIM.case(), constants={**CLAIM.constants, constant: CLAIM.constants[constant] + step})
    found = CLAIM.check(case)
    assert found.verdict is Verdict.REFUTED
    assert found.evidence["counterexamples"][0]["preset"] == constant.removeprefix("head_dim_")


def test_a_degree_too_small_or_too_large_is_noticed(monkeypatch):
    for degree, told in ((1, {"degree": "1"}), (3, {"degree": "2", "side": "degree too small"})):
        monkeypatch.setitem(GAUGE, "256", (Fraction(1, 2), degree))
        found = CLAIM.check(CLAIM.case())
        assert found.verdict is Verdict.REFUTED
        assert told.items() <= found.evidence["counterexamples"][0].items()


@pytest.mark.parametrize("cells", [{"head_dim": (0,)}, {"degree": (40,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
