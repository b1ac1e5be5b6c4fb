"""The threshold lemma: one softmax row decides whether some score is high (docs/explanation/threshold-lemma.md).

n data keys have scores s_j (natural logits) and value 1; a neutral mass e^theta has value 0. The row's output is
o = S/(S + e^theta), S = sum_j e^(s_j). With a level H for "high", L for "low", gap g = H - L - ln n > 0 and
theta = (H + L + ln n)/2: some s_j >= H gives o >= sigma(g/2), all s_j <= L gives o <= sigma(-g/2), sigma the logistic
function. Answer "high" iff o > 1/2.
"""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from varproof.approx.softmax_lemma import Number, l1_bound_from_ratio
from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational


def gap(high: Number, low: Number, keys: int) -> arb:
    """`g = H - L - ln n` for n = `keys` data keys; raises `InputError` unless it is certainly positive.

    >>> gap(5, 0, 16).str(6)
    '[2.22741 +/- 1.28e-6]'
    """
    if keys < 1:
        raise InputError("the number of data keys", got=keys, allowed="keys >= 1")
    difference = ball(high) - ball(low) - ball(keys).log()
    if not difference > 0:
        raise InputError(
            "the two score levels are too close for this many keys",
            got=f"H - L - ln n = {difference.str(6)}",
            allowed="H - L > ln n",
            hint=f"raise H - L above ln {keys}",
        )
    return difference


def neutral_score(high: Number, low: Number, keys: int, copies: int = 1) -> arb:
    """The score of each of `copies` neutral keys: `(H + L + ln n)/2 - ln copies`. Raises as `gap` does.

    >>> neutral_score(0, -10, 1).str(6)
    '-5.00000'
    """
    gap(high, low, keys)
    if copies < 1:
        raise InputError("the number of neutral keys", got=copies, allowed="copies >= 1")
    return (ball(high) + ball(low) + ball(keys).log()) / 2 - ball(copies).log()


def tolerance(gap_: Number) -> arb:
    """`tanh(g/4)/2`: outputs known to any delta below it are still decided correctly by o > 1/2. Tight.

    >>> tolerance(4).str(6)
    '[0.380797 +/- 7.80e-8]'
    """
    if not gap_ > 0:
        raise InputError("the gap of the threshold lemma", got=gap_, allowed="g > 0")
    return (ball(gap_) / 4).tanh() / 2


def tolerance_from_weight_gap(weight_gap: Number) -> Fraction | arb:
    """`tolerance(g)` from G = e^g > 1: `(sqrt(G) - 1)/(2 (sqrt(G) + 1))`, exact when G is the square of a rational.

    It is a quarter of the softmax bound of ratio G, for the same reason: both are extremal for two groups of weights.

    >>> tolerance_from_weight_gap(9)
    Fraction(1, 4)
    """
    value = weight_gap if isinstance(weight_gap, arb) else parse_rational(weight_gap, name="weight_gap")
    if not value > 1:
        raise InputError("the weight gap e^g of the threshold lemma", got=weight_gap, allowed="e^g > 1")
    return l1_bound_from_ratio(value) / 4


def output_levels(weight_gap: Number) -> tuple[Fraction | arb, Fraction | arb]:
    """`(sigma(-g/2), sigma(g/2))` for G = e^g > 1: at most the first when all scores are low, at least the second else.

    >>> output_levels(9)
    (Fraction(1, 4), Fraction(3, 4))
    """
    half_width = tolerance_from_weight_gap(weight_gap)
    if isinstance(half_width, Fraction):
        return Fraction(1, 2) - half_width, Fraction(1, 2) + half_width
    return ball(Fraction(1, 2)) - half_width, ball(Fraction(1, 2)) + half_width
