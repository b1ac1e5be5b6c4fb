"""A degree that suffices for e^x on [-B, B] at any finite parameters: the certified least one, else a closed form.

`minimal_degree` has caps on bound, degree and digits and may take minutes near them. A question about a regime needs an
answer everywhere, at once, with a word on what kind of answer it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal

from flint import arb, ctx

from varproof.approx.closed_forms import rel_lower_degree, rel_upper_degree, relative_lambert_degree
from varproof.approx.degree_certificate import minimal_degree
from varproof.base.balls import ball, lower_rational, upper_rational
from varproof.base.errors import CertificateError, InputError
from varproof.base.rationals import parse_rational

LEAST: Final = "least, certified"
CLOSED_FORM: Final = "upper bound (closed form)"
DegreeKind = Literal["least, certified", "upper bound (closed form)"]

CERTIFIED_DEGREE, CERTIFIED_BOUND = 200, 128  # a certificate takes seconds there and minutes at its cap of 512
BESSEL_BOUND = 512  # T2 takes seconds there; the Lambert form takes none anywhere
LONG_BITS, SHORT_BITS = 256, 128
# best errors of low degrees crowd together below 1, where points do not separate them: eps is rounded to these steps
NEAR_ONE = (Fraction(9, 10), Fraction(99, 100), Fraction(999, 1000))
NEAR_ONE_BOUND = 64
GROWTH = Fraction(1763, 1000)  # above ln(3 + sqrt 8) = 1.76274...


@dataclass(frozen=True)
class SufficientDegree:
    """A degree whose best relative error on [-B, B] is at most eps; `kind` says whether it is proved to be the least.

    `lower` is a proved lower bound on the least degree (equal to `degree` when that is the least).
    """

    degree: int
    kind: DegreeKind
    lower: int


def sufficient_degree(bound: Fraction | int | arb, eps: Fraction) -> SufficientDegree:
    """A degree g with R_g(bound) <= eps, R_g the least max |P(x) e^-x - 1| over [-bound, bound] and deg P <= g.

    The least one wherever a certificate decides it (B <= 128, at most degree 200, eps of at most 2048 bits in numerator
    and denominator) or the closed forms from both sides agree, else the upper bound T2, and for B > 512 the Lambert
    form of T4. A ball, or a number of more than 256 bits, is rounded outwards to a rational; the
    degree holds for the upper end and is called the least when the lower end needs it too. eps >= 1 stands for every
    eps < 1 and needs degree 0. Non-decreasing in `bound`, non-increasing in `eps`, as far as no certificate fails.
    Raises `InputError` for bound <= 0 or eps <= 0. Proofs: docs/explanation/polynomials-for-exp.md.

    >>> sufficient_degree(Fraction(4), Fraction(1, 100))
    SufficientDegree(degree=7, kind='least, certified', lower=7)
    >>> sufficient_degree(Fraction(10**6), Fraction(1, 100)).kind
    'upper bound (closed form)'
    """
    low, high = rounded_outwards(bound)
    accuracy = parse_rational(eps, name="eps")
    if not (low > 0 and accuracy > 0):
        raise InputError("bound and eps must be positive", got=(bound, eps), allowed="bound > 0, eps > 0")
    if accuracy >= 1 or (not isinstance(bound, arb) and bound <= accuracy) or constant_suffices(high, accuracy):
        return SufficientDegree(0, LEAST, 0)
    tight, loose = _steps_around(accuracy, high)
    found = _certified(high, tight)
    if found is None:
        found, least = _closed_form(high, tight), _lower(low, accuracy)
        return SufficientDegree(found, LEAST if found == least else CLOSED_FORM, least)
    least = found if (low, loose) == (high, tight) else max(_certified(low, loose) or 0, _lower(low, accuracy))
    return SufficientDegree(found, LEAST if least == found else CLOSED_FORM, least)


def constant_suffices(bound: Fraction, eps: Fraction) -> bool:
    """Whether R_0(bound) = tanh(bound) <= eps, for sure (the best constant is 1/cosh(bound))."""
    if bound <= eps:  # tanh(x) < x, and no precision is needed
        return True
    with ctx.workprec(128 + eps.denominator.bit_length()):
        return bound <= BESSEL_BOUND and bool(ball(bound).tanh() <= ball(eps))


def growth_refutes(degree: int, bound: Fraction, eps: Fraction) -> bool:
    """Whether bound > g ln(3 + sqrt 8) + ln((1+eps)/(1-eps)): then no polynomial of degree g has error eps < 1.

    At most (1+eps) on [-B, 0], it is at most (1+eps) T_g(3) <= (1+eps) (3 + sqrt 8)^g at B, but should be at least
    (1-eps) e^B there. Says nothing sharp, but is instant where B is far above g.

    >>> growth_refutes(5, Fraction(10), Fraction(1, 2)), growth_refutes(5, Fraction(9), Fraction(1, 2))
    (True, False)
    """
    spare = bound - GROWTH * degree
    with ctx.workprec(128 + eps.denominator.bit_length()):
        return bool(ball(spare) > ball((1 + eps) / (1 - eps)).log())


def rounded_outwards(value: Fraction | int | arb) -> tuple[Fraction, Fraction]:
    """Rationals of at most 128 significant bits around `value`, both equal to it when it is short and exact.

    >>> rounded_outwards(Fraction(1, 3))
    (Fraction(1, 3), Fraction(1, 3))
    """
    if isinstance(value, arb):
        return _short(lower_rational(value), up=False), _short(upper_rational(value), up=True)
    return _short(Fraction(value), up=False), _short(Fraction(value), up=True)


def _short(value: Fraction, *, up: bool) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) <= LONG_BITS:
        return value
    shift = value.denominator.bit_length() - value.numerator.bit_length() + SHORT_BITS
    unit = Fraction(1, 1 << shift) if shift >= 0 else Fraction(1 << -shift)
    steps = value / unit
    return (-(-steps.numerator // steps.denominator) if up else steps.numerator // steps.denominator) * unit


def _steps_around(eps: Fraction, bound: Fraction) -> tuple[Fraction, Fraction]:
    """eps twice, or above 9/10 the steps below and above it; large bounds know the first step and 1 only."""
    if eps <= NEAR_ONE[0]:
        return eps, eps
    steps = NEAR_ONE if bound <= NEAR_ONE_BOUND else NEAR_ONE[:1]
    return max(step for step in steps if step <= eps), min((s for s in steps if s >= eps), default=Fraction(1))


@lru_cache(maxsize=4096)
def _certified(bound: Fraction, eps: Fraction) -> int | None:
    """The least degree, or None where no quick certificate exists."""
    if eps >= 1 or constant_suffices(bound, eps):
        return 0
    if bound > CERTIFIED_BOUND or rel_lower_degree(bound, eps) > CERTIFIED_DEGREE:
        return None
    try:
        return minimal_degree(bound, eps)
    except (CertificateError, InputError):  # not separated, or beyond the caps on digits
        return None


def _closed_form(bound: Fraction, eps: Fraction) -> int:
    if bound <= BESSEL_BOUND:
        return rel_upper_degree(bound, eps)
    with ctx.workprec(256 + 4 * bound.numerator.bit_length() + eps.denominator.bit_length()):
        return relative_lambert_degree(bound, eps)


def _lower(bound: Fraction, eps: Fraction) -> int:
    """A proved lower bound on the least degree: T2 (at 512 for larger bounds), growth, and 1 where tanh B > eps."""
    if eps >= 1:
        return 0
    with ctx.workprec(128 + eps.denominator.bit_length()):
        # the degrees that `growth_refutes`: all below this number
        by_growth = math.ceil((bound - upper_rational(ball((1 + eps) / (1 - eps)).log())) / GROWTH)
        bound = min(bound, Fraction(BESSEL_BOUND))
        return max(by_growth, rel_lower_degree(bound, eps), int(bool(ball(bound).tanh() > ball(eps))))
