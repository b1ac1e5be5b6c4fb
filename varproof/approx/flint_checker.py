"""A second checker of degree certificates, on python-flint's balls, and the certified errors of both sides as numbers.

It shares the file format with the integers-only checker and nothing of its arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import arb, ctx, fmpq, fmpq_poly, fmpz

from varproof.approx.integer_checker import Claimed, Rejected, parse
from varproof.base.balls import lower_rational, upper_rational


@dataclass(frozen=True)
class Sides:
    """What is proved: the best error of `degree` is at most `upper`, that of `degree - 1` at least `lower`."""

    upper: Fraction
    lower: Fraction


def check(data: Any) -> str:
    """One line that says what was proved; raises `Rejected` or `Unreadable` like the integers-only checker."""
    claimed = parse(data)
    sides = certified_sides(claimed)
    eps = Fraction(*claimed.eps)
    if sides.upper > eps:
        raise Rejected(f"upper side: the error is only bounded by {float(sides.upper):.6g}, which exceeds eps")
    if sides.lower <= eps:
        raise Rejected(f"lower side: a smaller degree is only excluded below {float(sides.lower):.6g}")
    return "{kind} on {interval}, bound {bound}, eps {eps}: the least degree is {degree}".format(**data)


def certified_sides(claimed: Claimed) -> Sides:
    """The two certified errors, as rationals on the safe side; `Rejected` where the upper side proves no number."""
    half = Fraction(*claimed.half)
    _require_order(claimed.upper, claimed)
    with ctx.workprec(_precision(claimed)):
        upper = (_relative_upper if claimed.relative else _absolute_upper)(claimed, half) * _shift(claimed, half)
        return Sides(upper_rational(upper), lower_side(claimed))


def lower_side(claimed: Claimed) -> Fraction:
    """The certified lower bound alone, of the best error of every degree below the number of lower points minus one."""
    half = Fraction(*claimed.half)
    _require_order(claimed.lower, claimed)
    with ctx.workprec(_precision(claimed)):
        return lower_rational(_lower(claimed, half) * _shift(claimed, half))


def _require_order(numbers: list[int], claimed: Claimed) -> None:
    """Both theorems need points of [-1, 1] in strictly increasing order, wherever they came from."""
    one = 1 << claimed.scale_bits
    if any(a >= b for a, b in pairwise(numbers)) or any(not -one <= u <= one for u in numbers):
        raise Rejected("points are not strictly increasing points of the interval")


def _precision(claimed: Claimed) -> int:
    half = claimed.half[0] // claimed.half[1] + 1
    return 192 + 2 * claimed.eps[1].bit_length() + 6 * half + 2 * claimed.degree


def _shift(claimed: Claimed, half: Fraction) -> arb:
    """e^{+-h}: the absolute error on [0, B] or [-B, 0] over the centred one."""
    sign = 0 if claimed.relative else {"sym": 0, "pos": 1, "neg": -1}[claimed.interval]
    return (sign * arb(fmpq(half.numerator, half.denominator))).exp()


def _points(numbers: list[int], claimed: Claimed) -> list[fmpq]:
    return [fmpq(u, fmpz(2) ** claimed.scale_bits) for u in numbers]


def _lower(claimed: Claimed, half: Fraction) -> arb:
    """The divided difference of e^{ht} over its norm (lower bound of every degree below the number of points - 1)."""
    points = _points(claimed.lower, claimed)
    h = fmpq(half.numerator, half.denominator)
    exps = [arb(h * t).exp() for t in points]
    slope = fmpq_poly([1])
    for t in points:
        slope *= fmpq_poly([-t, 1])
    nodes = [slope.derivative()(t) for t in points]
    top = sum((e / arb(node) for e, node in zip(exps, nodes, strict=True)), arb(0))
    weights = exps if claimed.relative else [arb(1)] * len(exps)
    return top / sum((w / abs(arb(node)) for w, node in zip(weights, nodes, strict=True)), arb(0))


def _relative_upper(claimed: Claimed, half: Fraction) -> arb:
    """The error of the scaled solution P of P' - h P = prod (t - tau_i), read off at the tau_i and the ends."""
    taus = _points(claimed.upper, claimed)
    h = fmpq(half.numerator, half.denominator)
    term = fmpq_poly([1])
    for tau in taus:
        term *= fmpq_poly([-tau, 1])
    solution, power = fmpq_poly([0]), h
    while term.degree() >= 0:
        solution -= term / power
        term, power = term.derivative(), power * h
    values = [arb(solution(t)) * arb(-h * t).exp() for t in [fmpq(-1), *taus, fmpq(1)]]
    low = min(lower_rational(v) for v in values)
    high = max(upper_rational(v) for v in values)
    if low <= 0 <= high:
        raise Rejected("upper side: the values do not have one sign, so no scaling of P is close to exp")
    error = (high - low) / abs(high + low)
    return arb(fmpq(error.numerator, error.denominator))


def _absolute_upper(claimed: Claimed, half: Fraction) -> arb:
    """The error of the given polynomial E = P - e^{ht}, one stationary point per bracket.

    There are at most `degree` stationary points (Rolle) and each bracket shows one by a sign change of the slope. The
    sign of P'' - h P' at the bracket's ends makes P' e^{-ht} - h monotone in it, so that the slope inside is at most
    e^{h width} times its larger end value.
    """
    h = fmpq(half.numerator, half.denominator)
    scale = fmpz(2) ** claimed.coefficient_bits
    polynomial = fmpq_poly([fmpq(a, scale) for a in claimed.coefficients])
    derivative = polynomial.derivative()
    bend = derivative.derivative() - derivative * h

    def error(t: fmpq) -> arb:
        return arb(polynomial(t)) - arb(h * t).exp()

    def slope(t: fmpq) -> arb:
        return arb(derivative(t)) - arb(h) * arb(h * t).exp()

    sup = abs(error(fmpq(-1))).max(abs(error(fmpq(1))))
    for u in claimed.upper:
        if not -(1 << claimed.scale_bits) <= u < 1 << claimed.scale_bits:
            raise Rejected("upper side: a bracket lies outside the interval")
        left, right = _points([u, u + 1], claimed)
        before, after = slope(left), slope(right)
        rising = bool(before < 0) and bool(after > 0)
        if not (rising or (before > 0 and after < 0)):
            raise Rejected("upper side: no sign change of the slope in a bracket")
        if not all((bend(t) > 0) if rising else (bend(t) < 0) for t in (left, right)):
            raise Rejected("upper side: a bracket is too wide")
        steepest = abs(before).max(abs(after)) * arb(h * (right - left)).exp()
        sup = sup.max(abs(error(left)) + arb(right - left) * steepest)
    return sup
