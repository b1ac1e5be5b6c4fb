"""Weights of extrapolation: higher degrees and optimality by other computations, constants that cannot move."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from flint import arb

from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import extrapolation_weights as claim_file
from varproof.claims.extrapolation_weights import CLAIM

TINY = Fraction(1, 10**12)


@pytest.mark.parametrize("degree", [4, 5, 8])
def test_the_weights_sum_to_the_chebyshev_value(degree: int) -> None:
    """Balls at e^-s = 1/4, where coth(s/2) = 5/3 and coth(s/4) = 3."""
    low = Fraction(1, 4)
    points = [ball((1 + low) / 2) + ball((1 - low) / 2) * (arb.pi() * t / degree).cos() for t in range(degree + 1)]
    total = arb(0)
    for t, x in enumerate(points):
        weight = arb(1)
        for other in (*points[:t], *points[t + 1 :]):
            weight *= other / (other - x)
        total += abs(weight)
    closed = claim_file.closed_form(Fraction(1, 2), degree)
    assert closed == (Fraction(3) ** degree + Fraction(1, 3) ** degree) / 2
    assert total.contains(arb(closed.numerator) / closed.denominator)
    assert total.rad() < closed.numerator * 1e-6


def test_exact_weights_reproduce_polynomials() -> None:
    nodes = [Fraction(1), Fraction(2, 3), Fraction(1, 5)]
    for points in (nodes[:2], nodes):
        weights = claim_file.exact_weights(points)
        for power in range(len(points)):
            assert sum(w * x**power for w, x in zip(weights, points, strict=True)) == (power == 0)


@pytest.mark.parametrize("constant", list(CLAIM.constants))
@pytest.mark.parametrize("sign", [1, -1])
def test_constants_cannot_move_at_all(constant: str, sign: int) -> None:
    moved = {**CLAIM.constants, constant: CLAIM.constants[constant] + sign * TINY}
    assert CLAIM.check(replace(CLAIM.case(), constants=moved)).verdict is Verdict.REFUTED


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_nodes_are_drawn_from_the_seed(seed: int) -> None:
    assert CLAIM.check(CLAIM.case(seed=seed)).verdict is Verdict.PROVED


def test_the_balls_see_a_wrong_degree(monkeypatch: pytest.MonkeyPatch) -> None:
    right = claim_file.closed_form
    monkeypatch.setattr(claim_file, "closed_form", lambda z, degree: right(z, degree + (degree > 3)))
    parts = {part.name: part.verdict for part in CLAIM.check(CLAIM.case()).parts}
    assert parts["sum of the weights, by balls"] is Verdict.REFUTED


def test_patterns_hold_all_keys() -> None:
    assert sorted(claim_file._patterns(2, 1)) == [(0, 2), (1, 1), (2, 0)]
    assert {sum(counts) for counts in claim_file._patterns(20, 3)} == {20}
    assert len(claim_file._patterns(20, 3)) == 16


@pytest.mark.parametrize("cells", [{"half_decay": (1,)}, {"half_decay": (0,)}, {"degree": (0,)}, {"keys": (0,)}])
def test_cells_without_meaning_are_refused(cells: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
