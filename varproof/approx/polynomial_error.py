"""The exact size of a polynomial's error against exp, without subdividing the interval.

The stationary points of the error are isolated through the real roots of one polynomial with rational coefficients, so
the enclosure is as tight as the working precision. Proof: docs/explanation/polynomials-for-exp.md, last section.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import cast

from flint import acb, arb, arb_poly, ctx, fmpq_poly, fmpz_poly

from varproof.approx.start_points import Kind
from varproof.base.balls import ball, lower_rational, rational, upper_rational
from varproof.base.errors import CertificateError, InputError
from varproof.base.rationals import parse_rational

MAX_DEGREE = 512


def sup_norm(
    coefficients: Sequence[str | int | Fraction],
    interval: tuple[str | int | Fraction, str | int | Fraction],
    *,
    kind: Kind = "rel",
    precision: int = 128,
) -> tuple[Fraction, Fraction]:
    """Rationals low <= max |P(x) e^-x - 1| <= high ("rel") or max |P(x) - e^x| ("abs") over the closed interval.

    `coefficients` are those of P in ascending powers of x, exact rationals (or text such as "1/6"); `precision` is the
    working precision in bits, raised until high - low <= 2^-40 high. Cost: one real-root isolation of a polynomial of
    the same degree. Raises `InputError` for an empty list, a degree above 512 or an interval that is not increasing.

    >>> low, high = sup_norm([1, 1, "1/2"], (-1, 1), kind="abs")
    >>> round(float(low), 6), round(float(high), 6)
    (0.218282, 0.218282)
    """
    values = [parse_rational(c, name="coefficient") for c in coefficients]
    left, right = (parse_rational(end, name="interval end") for end in interval)
    if not values or len(values) > MAX_DEGREE + 1:
        raise InputError(
            "the polynomial has a wrong number of coefficients", got=len(values), allowed=f"1 to {MAX_DEGREE + 1}"
        )
    if not left < right or right - left > 4096 or max(abs(left), abs(right)) > 4096:
        raise InputError(
            "the interval is not usable", got=f"[{left}, {right}]", allowed="-4096 <= left < right <= 4096"
        )
    if kind not in ("rel", "abs"):
        raise InputError("unknown kind", got=kind, allowed="rel, abs")
    polynomial = fmpq_poly([rational(c) for c in values])
    bits = precision + 3 * int(max(abs(left), abs(right)))
    for _ in range(6):
        with ctx.workprec(bits):
            errors = [abs(error) for error in _extreme_errors(polynomial, left, right, kind)]
            low = max(max(lower_rational(error) for error in errors), Fraction(0))
            high = max(upper_rational(error) for error in errors)
        if high - low <= high / 2**40:
            return low, high
        bits *= 2
    raise CertificateError("the sup norm could not be enclosed tightly", got=f"degree {len(values) - 1}")


def _extreme_errors(polynomial: fmpq_poly, left: Fraction, right: Fraction, kind: Kind) -> list[arb]:
    """Balls that contain the error at the ends and at every interior extreme."""
    value, slope = arb_poly(polynomial), polynomial.derivative() - polynomial

    def error(low: Fraction, high: Fraction) -> arb:
        x = ball(low).union(ball(high))
        return value(x) * (-x).exp() - 1 if kind == "rel" else value(x) - x.exp()

    ends = [(left, left), (right, right)]
    if kind == "rel":  # (P e^-x - 1)' = (P' - P) e^-x
        return [error(*place) for place in ends + _real_roots(slope, left, right)]
    # (P - e^x)' = e^x f with f = P' e^-x - 1, and f' = (P'' - P') e^-x: f is monotone between the roots of slope'
    knots = _real_roots(slope.derivative(), left, right)
    pieces = zip([ends[0], *knots], [*knots, ends[1]], strict=True)
    derivative = value.derivative()
    turns = [_turn(derivative, before[1], after[0]) for before, after in pieces if before[1] < after[0]]
    return [error(*place) for place in ends + knots + [turn for turn in turns if turn is not None]]


def _turn(derivative: arb_poly, a: Fraction, b: Fraction) -> tuple[Fraction, Fraction] | None:
    """A short interval outside which f = P' e^-x - 1, monotone on [a, b], keeps its sign; None if it has no zero."""

    def sign(x: Fraction) -> int:
        value = derivative(ball(x)) * (-ball(x)).exp() - 1
        return 1 if value > 0 else -1 if value < 0 else 0

    at_left, at_right = sign(a), sign(b)
    if at_left == at_right != 0:
        return None
    return _last(a, b, lambda x: sign(x) == at_left != 0), _last(b, a, lambda x: sign(x) == at_right != 0)


def _last(start: Fraction, end: Fraction, holds: Callable[[Fraction], bool]) -> Fraction:
    """A point where a property that is lost once on the way from `start` to `end` still holds, nearly the last one."""
    for _ in range(ctx.prec // 2):
        middle = (start + end) / 2
        start, end = (middle, end) if holds(middle) else (start, middle)
    return start


def _real_roots(polynomial: fmpq_poly, left: Fraction, right: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Disjoint short intervals, increasing, that contain every real root of `polynomial` in [left, right]."""
    if polynomial.degree() < 1:
        return []
    found = []
    roots = cast("list[tuple[acb, int]]", fmpz_poly(polynomial.numer()).complex_roots())
    for root, _multiplicity in roots:
        if not root.imag.is_zero():
            continue
        low = max(lower_rational(root.real), left)
        high = min(upper_rational(root.real), right)
        if low <= high:
            found.append((low, high))
    return sorted(found)
