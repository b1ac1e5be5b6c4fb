"""The threshold lemma: one softmax row with a neutral mass decides whether some score is high, up to tanh(g/4)/2."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement

from varproof.approx.threshold import output_levels
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/threshold-lemma.md"
# data weights e^s offered to a row, as shares of the way: zero, half of low, low, and between low and high
STEPS = (Fraction(0), Fraction(1, 2), Fraction(1))


def check(case: Case) -> Finding:
    """Rows of weights e^s with low level 1 and high level n r^2: e^g = r^2 and the neutral weight n r are rational.

    Constant `neutral` scales the neutral weight, `tolerance` the factor of tanh(g/4), `cut` is where o is cut.
    """
    tally = Tally()
    roots = rationals(case, "root", above=1)
    for root in roots if case.assumes("gap") else (Fraction(4, 5), *roots):
        for keys in integers(case, "keys", low=1, high=5):
            _rows(tally, case, root, keys)
    return tally.finding(
        f"{PAGE} proves it for all scores; on the grid every row of corner weights, the low level attained, the "
        "high one attained (n = 1) or approached, the largest tolerated noise and the one-sided statements off the "
        "promise are verified in exact rationals"
    )


def _rows(tally: Tally, case: Case, root: Fraction, keys: int) -> None:
    low, high = Fraction(1), keys * root**2
    neutral = case.constants["neutral"] * keys * root
    cut = case.constants["cut"]
    noise = max(case.constants["tolerance"] * (root - 1) / (root + 1), Fraction(0))
    at_most, at_least = 1 / (1 + root), root / (1 + root)  # sigma(-g/2), sigma(g/2)
    extra = 0 if case.assumes("count") else 1
    middle = (low + high) / 2
    for weights in combinations_with_replacement((*STEPS, middle, high, 2 * high), keys + extra):
        output = sum(weights) / (sum(weights) + neutral)
        cell = {"e^g": root**2, "keys": keys, "neutral": neutral, "weights": _text(weights), "output": output}
        if max(weights) >= high:
            tally.at_least(output, at_least, **cell, side="some score high")
            tally.holds(output - noise >= cut, **cell, side="noise below the tolerance keeps YES")
        if max(weights) <= low:
            tally.at_most(output, at_most, **cell, side="all scores low")
            tally.holds(output + noise <= cut, **cell, side="noise below the tolerance keeps NO")
        # off the promise: an answer YES within the noise still means max > L, an answer NO still means max < H
        tally.holds(output + noise <= cut or max(weights) > low, **cell, side="YES means some score above L")
        tally.holds(output - noise >= cut or max(weights) < high, **cell, side="NO means every score below H")
    if extra == 0 and root > 1:
        tally.holds(output_levels(root**2) == (at_most, at_least), side="levels", root=root)
        lows, one_high = [low] * keys, [Fraction(0)] * (keys - 1) + [high]
        tally.equal(sum(lows) / (sum(lows) + neutral), at_most, side="low level attained", root=root, keys=keys)
        tally.equal(high / (sum(one_high) + neutral), at_least, side="high level at the limit", root=root, keys=keys)
        _approach(tally, high, neutral, keys, at_least)
        # the two levels lie exactly the tolerance away from the cut, so no larger noise is tolerated
        tally.equal(at_least - noise, cut, side="tolerance attained", root=root, keys=keys)


def _approach(tally: Tally, high: Fraction, neutral: Fraction, keys: int, level: Fraction) -> None:
    """One key at the high level, the others of positive weight w: o is attained at n = 1, else above by O(w)."""
    for weight in (Fraction(1, 10**k) for k in (1, 10, 100)):
        data = high + (keys - 1) * weight
        excess = data / (data + neutral) - level
        cell = {"keys": keys, "other_weights": weight, "excess": excess}
        tally.holds((excess == 0) if keys == 1 else (excess > 0), **cell, side="attained")
        tally.at_most(excess, (keys - 1) * weight / (high + neutral), **cell, side="high level approached")


def _text(weights: Sequence[Fraction]) -> str:
    return " ".join(map(str, weights))


CLAIM = Claim(
    id="threshold_lemma",
    statement=(
        "n data keys of scores s_j and value 1, neutral mass e^theta of value 0, g = H - L - ln n > 0, theta = "
        "(H + L + ln n)/2: some s_j >= H gives o >= sigma(g/2), all s_j <= L gives o <= sigma(-g/2); the second is "
        "attained, the first is attained for n = 1 and approached otherwise. Outputs known to delta < tanh(g/4)/2 are "
        "decided by o > 1/2. Without the promise YES still means max s > L and NO means max s < H."
    ),
    kind="tight",
    hypotheses={
        "gap": "g = H - L - ln n > 0 (natural logarithm)",
        "count": "n counts every data key",
    },
    sources=(PAGE,),
    check=check,
    falsified=(
        Variant("tolerance 0.55 tanh(g/4)", "the attained levels are decided wrongly", {"tolerance": Fraction(11, 20)}),
        Variant("cut at 0.55", "the high level minus the noise falls below it", {"cut": Fraction(11, 20)}),
        Variant("neutral mass 10% too large", "the high level is missed", {"neutral": Fraction(11, 10)}),
        Variant("a key not counted", "n + 1 low keys pass for a high one", dropped=frozenset({"count"})),
        Variant("gap not positive", "low keys together outweigh a high one", dropped=frozenset({"gap"})),
    ),
    constants={"tolerance": Fraction(1, 2), "cut": Fraction(1, 2), "neutral": Fraction(1)},
    cells={"root": (Fraction(11, 10), Fraction(3, 2), 3, 20), "keys": (1, 2, 3, 4)},
)
