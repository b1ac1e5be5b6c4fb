"""What each closed form alone says about a minimal degree, side by side: the comparison rows of `varproof degree`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx

from varproof.approx.closed_forms import (
    abs_lower_degree,
    abs_upper_degree,
    absolute_exponential,
    absolute_lambert_degree,
    first_integer,
    rel_lower_degree,
    rel_upper_degree,
    relative_exponential,
    relative_lambert_degree,
)
from varproof.approx.degree_law import law_degree
from varproof.approx.start_points import Kind
from varproof.base.balls import Exact, ball, dyadic, to_float

PARAMETER_BITS = 10


@dataclass(frozen=True)
class ClosedFormDegrees:
    """Degrees that follow from T1-T4 without any search, and the asymptotic law (proves nothing).

    `bessel_lower` <= minimal degree <= each of the upper ones; None where a form does not apply at this eps.
    `parameter` is the rational a (rel) or b (abs) that makes T3's certificate.
    """

    bessel_lower: int
    bessel_upper: int
    exponential_upper: int
    parameter: Fraction
    lambert_upper: int | None
    law: float | None


def centred_question(bound: Fraction, eps: Fraction, kind: Kind, interval: str) -> tuple[Fraction, arb]:
    """The same question on [-h, h]: h and the accuracy there (a shift scales the absolute error by e^{+-h})."""
    half = bound if interval == "sym" else bound / 2
    sign = {"sym": 0, "pos": -1, "neg": 1}[interval] if kind == "abs" else 0
    with ctx.workprec(64 + eps.denominator.bit_length() + 3 * int(half + 1)):
        return half, ball(eps) * (sign * ball(half)).exp()


def closed_form_degrees(half: Fraction, eps: Exact | arb, kind: Kind) -> ClosedFormDegrees:
    """All closed forms for e^x on [-half, half] with accuracy eps (relative or absolute).

    >>> forms = closed_form_degrees(Fraction(16), Fraction(1, 10**16), "rel")
    >>> forms.bessel_lower, forms.bessel_upper, forms.exponential_upper, forms.lambert_upper
    (44, 45, 47, 62)
    """
    accuracy = ball(eps)
    exponential, parameter = exponential_degree(half, accuracy, kind)
    below_one = bool(accuracy < 1)
    lambert: int | None
    if kind == "rel":
        lower, upper = rel_lower_degree(half, accuracy), rel_upper_degree(half, accuracy)
        lambert = relative_lambert_degree(half, accuracy)
    else:
        lower, upper = abs_lower_degree(half, accuracy), abs_upper_degree(half, accuracy)
        lambert = absolute_lambert_degree(half, accuracy) if below_one else None
    law = to_float(law_degree(half, -accuracy.log(), kind=kind)) - 1 if below_one else None
    return ClosedFormDegrees(lower, upper, exponential, parameter, lambert, law)


def exponential_degree(half: Fraction, eps: Exact | arb, kind: Kind) -> tuple[int, Fraction]:
    """T3: the least degree whose bound at a nearly best rational parameter is at most eps, and that parameter.

    >>> exponential_degree(Fraction(4), Fraction(1, 10**4), "rel")[0]
    12
    """
    accuracy = ball(eps)

    def reached(degree: int) -> bool:
        value = exponential_bound(degree, half, kind)[0]
        return value is not None and bool(value <= accuracy)

    degree = first_integer(reached, int(half) if kind == "rel" else 0)
    return degree, exponential_bound(degree, half, kind)[1]


def exponential_bound(degree: int, half: Fraction, kind: Kind) -> tuple[arb | None, Fraction]:
    """T3 at asinh(n/B) or acosh(n/B), rounded to a short rational (any positive one is valid)."""
    quotient = ball(Fraction(degree + 1) / half)
    best = quotient.asinh() if kind == "abs" else quotient.max(arb("1.0001")).acosh()
    scale = 1 << PARAMETER_BITS
    parameter = max(Fraction(round(dyadic(best) * scale), scale), Fraction(1, scale))
    form = absolute_exponential if kind == "abs" else relative_exponential
    return form(degree, half, parameter), parameter
