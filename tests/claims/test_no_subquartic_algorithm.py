"""S4: the checked identities against other computations (balls at higher degree, a brute-force interpolation)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from flint import arb

from varproof.approx.interpolation_kernels import BSPLINE, keys_cubic
from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import no_subquartic_algorithm as claim_file
from varproof.claims.no_subquartic_algorithm import CLAIM


@pytest.mark.parametrize("degree", [4, 5, 8])
def test_the_weights_sum_to_the_chebyshev_value_at_degrees_beyond_the_claim(degree):
    """Balls at e^-s = 1/4, where coth(s/2) = 5/3 and coth(s/4) = 3."""
    low = Fraction(1, 4)
    points = [ball((1 + low) / 2) + ball((1 - low) / 2) * (arb.pi() * t / degree).cos() for t in range(degree + 1)]
    total = arb(0)
    for t, x in enumerate(points):
        weight = arb(1)
        for other in (*points[:t], *points[t + 1 :]):
            weight *= other / (other - x)
        total += abs(weight)
    closed = (Fraction(3) ** degree + Fraction(1, 3) ** degree) / 2
    assert total.contains(arb(closed.numerator) / closed.denominator)
    assert total.rad() < closed.numerator * 1e-6


def test_extrapolation_weights_reproduce_polynomials():
    nodes = [Fraction(1), Fraction(2, 3), Fraction(1, 5)]
    for points in (nodes[:2], nodes):
        weights = claim_file._weights_at_zero(points)
        for power in range(len(points)):
            assert sum(w * x**power for w, x in zip(weights, points, strict=True)) == (power == 0)


@pytest.mark.parametrize(
    ("kernel", "ratio", "f_max"),
    [(keys_cubic("-3/4"), 2, 0.545), (keys_cubic("-3/4"), 3, 1), (BSPLINE, 2, -0.251)],
)
def test_the_flag_of_one_cell_among_minus_ones_peaks_where_the_claim_says(kernel, ratio, f_max):
    """Interpolate the whole 7 x 7 block and look at every fine token."""
    centre, size = 3, 7

    def fine(i: int) -> dict[int, Fraction]:
        position = Fraction(2 * i + 1, 2 * ratio) - Fraction(1, 2)
        return {cell: kernel(position - cell) for cell in range(-3, size + 3)}

    axis = [fine(i)[centre] for i in range(size * ratio)]
    assert all(sum(fine(i).values()) == 1 for i in range(size * ratio))
    best = max(-1 + 2 * a * b for a in axis for b in axis)
    assert abs(best - Fraction(f_max)) < Fraction(1, 1000)
    offset = min(abs(Fraction(2 * i + 1, 2 * ratio) - Fraction(1, 2) - centre) for i in range(size * ratio))
    assert best == claim_file._flag(kernel, offset)


def test_the_three_scopes_are_printed_in_full_and_undecided():
    parts = {part.name: part for part in CLAIM.check(CLAIM.case()).parts}
    scopes = {name: parts[name] for name in parts if name.startswith("(i")}
    assert [name.split()[0] + " " + name.split()[-1] for name in scopes] == ["(i) hard", "(ii) hard", "(iii) easy"]
    for part in scopes.values():
        assert part.verdict is Verdict.UNKNOWN
        assert "reductions" in part.because
        assert "varproof.var" not in part.because  # it exists
    easy = scopes["(iii) X_init only, no position inputs: easy"].because
    assert all(text in easy for text in ("spatially constant", "O(K^2 d + K d^2)", "n^2 d"))
    assert "L C numbers" in scopes["(ii) a learned position table is part of the input: hard"].because
    assert all(f"({scope})" in CLAIM.statement for scope in ("i", "ii", "iii"))


def test_the_entry_bound_names_its_convention():
    assert "R = C sqrt(log n) in the convention gamma = 1/d with d = Theta(log n)" in CLAIM.statement


def test_proved_parts_name_the_argument_that_covers_all_sizes():
    proved = [part for part in CLAIM.check(CLAIM.case()).parts if part.verdict is Verdict.PROVED]
    assert len(proved) == 3
    assert all(claim_file.PAGE in part.because for part in proved)


@pytest.mark.parametrize("constant", list(CLAIM.constants))
def test_a_tiny_change_of_a_constant_is_refuted_upwards_or_downwards(constant):
    verdicts = {
        CLAIM.check(replace(CLAIM.case(), constants={**CLAIM.constants, constant: value})).verdict
        for value in (CLAIM.constants[constant] + shift for shift in (Fraction(1, 10**12), -Fraction(1, 10**12)))
    }
    assert verdicts == {Verdict.REFUTED}


@pytest.mark.parametrize("cells", [{"root": (1,)}, {"keys": (4,)}, {"half_decay": (1,)}, {"half_decay": (0,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
