"""Layer amplification: a factor F per layer compounds to F n^(log_a F), and "K = O(1)" contradicts a fixed ratio a."""

from __future__ import annotations

from fractions import Fraction

from flint import arb, ctx

from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/interpolation-kernels.md"
BITS = 256


def check(case: Case) -> Finding:
    """Sides are built one by one and factors multiplied one by one; the closed forms must agree with both."""
    tally = Tally()
    for ratio in integers(case, "ratio", low=2, high=16):
        for scales in integers(case, "scales", low=2, high=200):
            sides = fixed_ratio_sides(ratio, scales) if case.assumes("fixed_ratio") else [1, ratio ** (scales - 1)]
            side = ratio ** (scales - 1)
            # log_a n is the integer scales - 1 by construction of n
            tally.equal(len(sides), scales - 1 + case.constants["offset"], part="K = log_a n + 1", a=ratio, n=side)
            for factor in rationals(case, "factor", above=1):
                _compound(tally, factor, ratio, side, len(sides), case.constants["power"])
            for power in integers(case, "exact_power", low=1, high=8):  # F = a^power, where n^(log_a F) = n^power
                layer = ratio**power
                tally.equal(layer ** len(sides), layer * side**power, part="exact compound", a=ratio, F=layer)
    _unbounded_power_of_log(tally, case)
    return tally.finding(
        f"{PAGE} proves it in two lines; here sides and factors are multiplied out, the identity is verified exactly "
        "for F a power of a and to within 2^-200 by balls otherwise"
    )


def fixed_ratio_sides(ratio: int, scales: int) -> list[int]:
    """The sides 1, a, a^2, ... one after the other.

    >>> fixed_ratio_sides(2, 5)
    [1, 2, 4, 8, 16]
    """
    sides = [1]
    while len(sides) < scales:
        sides.append(sides[-1] * ratio)
    return sides


def _compound(tally: Tally, factor: Fraction, ratio: int, side: int, layers: int, power: Fraction) -> None:
    total = Fraction(1)
    for _ in range(layers):
        total *= factor
    with ctx.workprec(BITS):
        exponent = ball(power) * ball(factor).log() / ball(ratio).log()
        closed = ball(factor) * (ball(side).log() * exponent).exp()
        gap = abs(closed / ball(total) - 1)
        tally.at_most(gap, arb(2) ** -200, part="F^K = F n^(log_a F)", a=ratio, F=factor, n=side)


def _unbounded_power_of_log(tally: Tally, case: Case) -> None:
    """With F = ln n the exponent log_a ln n passes every E as soon as ln n >= a^E: no polynomial bounds F^K."""
    for ratio in integers(case, "ratio", low=2, high=16):
        for exponent in integers(case, "exponent", low=1, high=40):
            with ctx.workprec(BITS):
                log_side = 2 * ratio**exponent * ball(ratio).log()  # n = a^(2 a^E), and 2 ln a > 1
                reached = log_side.log() / ball(ratio).log()
                tally.at_least(reached, exponent, part="log_a F >= E", a=ratio, E=exponent)


CLAIM = Claim(
    id="layer_amplification",
    statement=(
        "With sides p_k = a^(k-1) and p_K = n, K = log_a n + 1 and an amplification F > 1 per layer compounds to "
        "F^K = F n^(log_a F): polynomial in n for constant F, superpolynomial when F is an unbounded power of log n. "
        "So K = O(1) contradicts a fixed ratio a."
    ),
    kind="identity",
    hypotheses={"fixed_ratio": "consecutive sides have the same ratio a >= 2"},
    sources=(PAGE, "arXiv:2501.04377"),
    check=check,
    falsified=(
        Variant("K = log_a n + 0.9", "the number of scales is exact", {"offset": Fraction(9, 10)}),
        Variant("exponent times 1.1", "the compound is exact", {"power": Fraction(11, 10)}),
        Variant("exponent times 0.95", "the compound is exact", {"power": Fraction(19, 20)}),
        Variant("free ratio", "1, n has two scales for every n", dropped=frozenset({"fixed_ratio"})),
    ),
    constants={"offset": Fraction(1), "power": Fraction(1)},
    cells={
        "ratio": (2, 3, 4),
        "scales": (2, 5, 10, 20),
        "factor": (Fraction(121, 64), Fraction(1681, 1024), Fraction(11, 10)),
        "exact_power": (1, 2),
        "exponent": (1, 5, 20),
    },
)
