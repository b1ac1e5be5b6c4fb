"""The softmax perturbation lemma: how far normalised weights move (docs/explanation/softmax-perturbation.md).

Multiply positive weights by factors in [c, c rho]. The normalised weights then move in l1 by at most
`2 (sqrt(rho) - 1)/(sqrt(rho) + 1) = 2 tanh(ln(rho)/4)`, and two groups of weights attain it. Polynomial features, score
rounding and layer-to-layer error all pass through this one bound. Logarithms are natural, norms are l1 over the keys.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from flint import arb

from varproof.base.balls import Exact, ball
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational, positive_rational

Number = Exact | arb


def rational_root(x: Exact) -> Fraction | None:
    """The rational square root of `x >= 0`, or None where it is irrational.

    >>> rational_root(Fraction(9, 4)), rational_root(2)
    (Fraction(3, 2), None)
    """
    x = Fraction(x)
    top, bottom = isqrt(x.numerator), isqrt(x.denominator)
    return Fraction(top, bottom) if top * top == x.numerator and bottom * bottom == x.denominator else None


def l1_bound_from_ratio(rho: Number) -> Fraction | arb:
    """`2 (sqrt(rho)-1)/(sqrt(rho)+1)`, the tight l1 bound for multipliers in [c, c rho]; needs rho >= 1.

    Exact (a Fraction) when rho is the square of a rational, a ball of the current precision otherwise. Tight: attained
    when the weights of total share 1/(1 + sqrt(rho)) are multiplied by c rho and the others by c. Raises `InputError`
    for rho < 1 and for a ball that is not known to be at least 1. Source: our proof in
    docs/explanation/softmax-perturbation.md.

    >>> l1_bound_from_ratio(9)
    Fraction(1, 1)
    >>> l1_bound_from_ratio(2).str(8)
    '[0.34314575 +/- 5.08e-10]'
    """
    exact = None if isinstance(rho, arb) else parse_rational(rho, name="rho")
    if not (rho >= 1 if exact is None else exact >= 1):
        raise InputError("a ratio of the largest to the smallest multiplier", got=rho, allowed="rho >= 1")
    root = None if exact is None else rational_root(exact)
    if root is not None:
        return 2 * (root - 1) / (root + 1)
    # rho - 1 is taken before rounding and divided by (sqrt(rho) + 1)^2: full relative accuracy for rho near 1
    excess = ball(rho) - 1 if exact is None else ball(exact - 1)
    return 2 * excess / (ball(rho).sqrt() + 1) ** 2


def l1_bound_from_relative_error(eps: Number) -> Fraction | arb:
    """`2 (1 - sqrt(1-eps^2))/eps = eps + eps^3/4 + ...`: every weight is known to relative error eps, 0 <= eps < 1.

    Exact when 1 - eps^2 is the square of a rational, a ball otherwise. Tight. Raises `InputError` outside [0, 1).

    >>> l1_bound_from_relative_error(Fraction(3, 5))
    Fraction(2, 3)
    """
    value = eps if isinstance(eps, arb) else parse_rational(eps, name="eps")
    if not (value >= 0 and value < 1):
        raise InputError("a relative error of the weights", got=eps, allowed="0 <= eps < 1")
    if isinstance(value, arb):
        return 2 * value / (1 + (1 - value**2).sqrt())
    return l1_bound_from_ratio((1 + value) / (1 - value))


def l1_bound_from_score_error(eta: Number) -> arb:
    """`2 tanh(eta/2)`: every score (logit, natural) moves by at most eta >= 0. Tight. Raises `InputError` for eta < 0.

    >>> l1_bound_from_score_error(Fraction(1, 10)).str(8)
    '[0.099916750 +/- 8.45e-11]'
    """
    if not isinstance(eta, arb):
        eta = parse_rational(eta, name="eta")
    if not eta >= 0:
        raise InputError("a bound on the score error", got=eta, allowed="eta >= 0")
    return 2 * (ball(eta) / 2).tanh()


def output_bound(l1: Number, *, lowest: Exact, highest: Exact) -> Fraction | arb:
    """`l1 (highest - lowest)/2`: the error of sum_j p_j v_j, values in [lowest, highest], for weights known to `l1`.

    Both weight vectors sum to 1, so only the spread of the values counts. Raises `InputError` for highest < lowest.

    >>> output_bound(Fraction(2, 3), lowest=-1, highest=1)
    Fraction(2, 3)
    """
    low, high = parse_rational(lowest, name="lowest"), parse_rational(highest, name="highest")
    if high < low:
        raise InputError("the range of the values is empty", got=(str(low), str(high)), allowed="lowest <= highest")
    if isinstance(l1, arb):
        return l1 * ball((high - low) / 2)
    return parse_rational(l1, name="l1") * (high - low) / 2


def relative_error_for(delta: Exact | str, values: Exact | str = 1) -> Fraction:
    """The largest relative error eps of the weights that keeps the output within `delta`, values in [-values, values].

    The inverse of `output_bound(l1_bound_from_relative_error(eps))`: with u = delta/(2 values), eps = 2u/(1+u^2), an
    exact rational. For values in [lo, hi] pass (hi - lo)/2. Returns 1 when delta >= 2 values: every eps < 1 will do.
    Raises `InputError` for delta <= 0 or values <= 0.

    >>> relative_error_for("0.5"), l1_bound_from_relative_error(Fraction(8, 17))
    (Fraction(8, 17), Fraction(1, 2))
    """
    u = positive_rational(delta, name="delta") / (2 * positive_rational(values, name="values"))
    return Fraction(1) if u >= 1 else 2 * u / (1 + u * u)
