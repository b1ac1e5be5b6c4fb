"""Closed forms against sums written out here, and the limits as suprema."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.errors import InputError
from varproof.growth.counts import Counts, geometric_counts, geometric_limits, linear_counts, linear_polynomial


def brute_force(sides: list[int]) -> Counts:
    """Every count pair by pair of scales, straight from its definition."""
    sizes = [p * p for p in sides]
    scales = range(len(sides))
    return Counts(
        sum(sizes),
        sum(sizes[k] * sizes[j] for k in scales for j in scales if j <= k),
        sum(sizes[i] * sizes[j] for k in scales for i in scales for j in scales if i <= k and j <= k),
        sum(sizes[i] * sizes[j] for k in scales for i in scales for j in scales if j <= i <= k),
    )


@pytest.mark.parametrize("ratio", [2, 3, 4, 5, 7, 10])
@pytest.mark.parametrize("power", range(6))
def test_geometric_closed_forms(ratio: int, power: int) -> None:
    assert geometric_counts(ratio**power, ratio) == brute_force([ratio**k for k in range(power + 1)])


@given(st.integers(1, 30))
def test_linear_closed_forms(n: int) -> None:
    assert linear_counts(n) == brute_force(list(range(1, n + 1)))


def test_a_huge_linear_schedule_needs_no_loop() -> None:
    n = 10**9
    counts = linear_counts(n)
    assert counts.attention == n * (n + 1) * (n + 2) * (2 * n + 1) * (2 * n + 3) * (5 * n - 1) // 360
    assert abs(Fraction(counts.attention, n**6) - Fraction(1, 18)) < Fraction(1, 10**9)
    assert abs(Fraction(counts.dense, n**7) - Fraction(1, 63)) < Fraction(1, 10**9)
    assert abs(Fraction(counts.masked, n**7) - Fraction(1, 126)) < Fraction(1, 10**9)


def test_doubling_limits() -> None:
    assert geometric_limits() == (Fraction(4, 3), Fraction(64, 45), Fraction(256, 135), Fraction(1024, 675))
    n = 2**200
    for count, limit, power in zip(geometric_counts(n), geometric_limits(), (2, 4, 4, 4), strict=True):
        ratio = Fraction(count, n**power)
        assert 0 < limit - ratio < Fraction(1, 2**300)


@given(st.fractions(min_value=Fraction(11, 10), max_value=4), st.integers(1, 60))
def test_limits_bound_every_schedule_that_shrinks(ratio: Fraction, n: int) -> None:
    sides = sorted({int(n / ratio**i) for i in range(60)} - {0})
    limits = geometric_limits(ratio)
    for count, limit, power in zip(brute_force(sides), limits, (2, 4, 4, 4), strict=True):
        assert n**power <= count <= limit * n**power


def test_symbolic_forms_agree_with_numbers() -> None:
    n = sympy.Symbol("n", positive=True)
    for ratio in (2, 3):
        for field, expression in zip(Counts._fields, geometric_counts(n, ratio), strict=True):
            value = sympy.simplify(expression.subs(n, ratio**4))
            assert value == getattr(geometric_counts(ratio**4, ratio), field)
    for field, expression in zip(Counts._fields, linear_counts(n), strict=True):
        assert expression.subs(n, 17) == getattr(linear_counts(17), field)
        coefficients = tuple(reversed(sympy.Poly(sympy.expand(expression), n).all_coeffs()))
        assert coefficients == linear_polynomial(field)


@pytest.mark.parametrize(
    ("n", "ratio"), [(12, 2), (0, 2), (-4, 2), (True, 2), (9, 2), (8, 1), (8, 2.0), (8, True), (1.0, 2)]
)
def test_wrong_geometric_arguments_are_refused(n: object, ratio: object) -> None:
    with pytest.raises(InputError):
        geometric_counts(n, ratio)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("n", [0, -1, 2.0, True, Fraction(5, 2), "3"])
def test_wrong_linear_sides_are_refused(n: object) -> None:
    with pytest.raises(InputError):
        linear_counts(n)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("ratio", [1, 0, -2, 1.5, True, Fraction(9, 10)])
def test_wrong_limit_ratios_are_refused(ratio: object) -> None:
    with pytest.raises(InputError):
        geometric_limits(ratio)  # type: ignore[arg-type]  # wrong on purpose
