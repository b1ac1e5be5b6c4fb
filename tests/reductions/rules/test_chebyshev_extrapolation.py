"""Nodes, weights and tolerances of the extrapolation to 0, against independent formulas."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from flint import arb, ctx

from reductions.constructions.counting.chebyshev_extrapolation import (
    allowed_delta,
    bits_of,
    constants,
    extremal_fractions,
    rounded_down,
    weight_sum,
    weights_at_zero,
)
from reductions.constructions.counting.counting_image import make_plan
from varproof.base.balls import ball
from varproof.base.errors import InputError


def interpolated_weights(nodes: list[Fraction]) -> list[Fraction]:
    """The same weights from Lagrange polynomials multiplied out in rationals."""
    weights = []
    for t, here in enumerate(nodes):
        value = Fraction(1)
        for i, other in enumerate(nodes):
            if i != t:
                value *= (0 - other) / (here - other)
        weights.append(value)
    return weights


@pytest.mark.parametrize("nodes", [[1, 2], [1, Fraction(1, 2), Fraction(1, 3)], [1, Fraction(7, 9), Fraction(1, 5)]])
def test_weights_are_lagranges(nodes: list[Fraction]) -> None:
    exact = interpolated_weights([Fraction(x) for x in nodes])
    balls = weights_at_zero([ball(Fraction(x)) for x in nodes])
    assert all(w.contains(ball(e)) for w, e in zip(balls, exact, strict=True))
    assert all(w.rel_accuracy_bits() > 40 for w in balls)


def test_equal_nodes_are_refused() -> None:
    with pytest.raises(InputError):
        weights_at_zero([arb(1), arb(1)])


@pytest.mark.parametrize("degree", [1, 2, 3, 7, 20, 68])
@pytest.mark.parametrize("keys", [1, 2, 256])
@pytest.mark.parametrize("kappa", [Fraction(1, 50), Fraction(2), Fraction(16)])
def test_plans(degree: int, keys: int, kappa: Fraction) -> None:
    """Weights recover polynomials, alternate and sum to T_D(coth(s/2)); the tolerance fits the budget."""
    plan = make_plan(keys, degree, degree, "d", kappa)
    with ctx.workprec(plan.bits):
        s = -plan.nodes[-1].log()
        assert (s * degree - ball(kappa) * ball(keys + 1).log()).abs_upper() < 1e-5 * degree * s
        total = sum((abs(w) for w in plan.weights), arb(0))
        chebyshev = (s / 2).coth().chebyshev_t(degree)
        assert weight_sum(degree, s).overlaps(chebyshev)
        assert total > chebyshev * (1 - arb(2) ** -40)
        assert total < chebyshev * (1 + arb(2) ** -16)
        assert all((w > 0) == ((degree - t) % 2 == 0) for t, w in enumerate(plan.weights))
        values = [sum(((k + 2) * x**k for k in range(degree + 1)), arb(0)) for x in plan.nodes]
        assert sum((w * v for w, v in zip(plan.weights, values, strict=True)), arb(0)).contains(2)
        noise = plan.noise_weight * ball(plan.delta) * (keys + 1) ** 2
        assert noise < (1 - ball(plan.delta) * (keys + 1)) / 2
        assert noise * 10001 / 10000 > (1 - ball(plan.delta) * (keys + 1)) / 2


@pytest.mark.parametrize("degree", [2, 5])
def test_other_nodes_are_no_better(degree: int) -> None:
    """Choices of nodes from a grid of [e^-s, 1] never beat T_D(coth(s/2))."""
    s = arb(1)
    low = (-s).exp()
    grid = [low + (1 - low) * k / 7 for k in range(8)]
    sums = [sum((abs(w) for w in weights_at_zero(list(n))), arb(0)) for n in combinations(grid, degree + 1)]
    assert all(found > weight_sum(degree, s) for found in sums)
    assert any(found < 2 * weight_sum(degree, s) for found in sums)


def test_fractions_are_the_extremal_points() -> None:
    s = arb(3)
    rho = extremal_fractions(9, s)
    low = (-s).exp()
    for t, fraction in enumerate(rho, start=1):
        point = (1 + low) / 2 + (1 - low) / 2 * (arb(t) / 9).cos_pi()
        assert abs((-s * ball(fraction)).exp() - point) < 1e-9
    assert rho == tuple(sorted(rho))
    assert all((f.denominator & (f.denominator - 1)) == 0 for f in rho)
    with pytest.raises(InputError):
        extremal_fractions(0, s)


def test_rounding_down() -> None:
    third = arb(1) / 3
    assert 0 < Fraction(1, 3) - rounded_down(third, 20) < Fraction(1, 2**20)
    assert rounded_down(arb(2) ** 90, 4) == 2**90
    with pytest.raises(InputError):
        rounded_down(arb(0), 4)


@pytest.mark.parametrize("weights", [2, 1000, 10**30])
@pytest.mark.parametrize("keys", [1, 255])
def test_tolerance_is_the_largest(weights: int, keys: int) -> None:
    """Exactly: the budget holds at delta and fails at 1.0001 delta."""
    for factor, fits in ((Fraction(1), True), (Fraction(10001, 10000), False)):
        delta = allowed_delta(arb(weights), keys) * factor
        assert (weights * delta * (keys + 1) ** 2 / (1 - delta * (keys + 1)) < Fraction(1, 2)) is fits


def test_bits_of() -> None:
    for denominator in range(1, 70):
        b = bits_of(Fraction(1, denominator))
        assert Fraction(1, 2**b) <= Fraction(1, denominator)
        assert b == 0 or Fraction(1, 2 ** (b - 1)) > Fraction(1, denominator)


@pytest.mark.parametrize(("kappa", "c"), [(Fraction(2), 1), (Fraction(1, 2), 3)])
def test_constants_are_the_growth_of_the_tolerance(kappa: Fraction, c: int) -> None:
    """-ln delta / ln n comes nearer to C_a as n grows, for D = c ln n rounded down."""
    limit = constants(kappa, c)
    gaps = []
    for power in (8, 40, 200):
        n = 2**power
        degree = int(c * float(arb(n).log()))
        plan = make_plan(n, degree, degree, "d", kappa)
        with ctx.workprec(plan.bits):
            gaps.append(float((-ball(plan.delta).log() / arb(n).log() - limit).mid()))
    assert abs(gaps[0]) > abs(gaps[1]) > abs(gaps[2])
    assert abs(gaps[2]) < 0.03
    with pytest.raises(InputError):
        constants(0, 1)
