"""Token counts of the VAR presets and of the geometric and linear schedules, exact."""

from __future__ import annotations

from fractions import Fraction

from varproof.base.verdict import Finding
from varproof.claims.cells import chosen, integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally
from varproof.growth.schedules import doubling, geometric, linear, parse_schedule

PRESETS = ("256", "512", "1024")


def check(case: Case) -> Finding:
    """Count every token scale by scale and compare with the numbers of the statement.

    The closed forms are proved for all n by telescoping: f(0) or f(1) is right, and f(next side) - f(side) is the
    number of tokens of the next scale. The step is an equality of polynomials of degree at most 3 in the side,
    checked exactly at 8 sides, more than its degree.
    """
    tally = Tally()
    c = case.constants
    for preset in chosen(case, "presets", PRESETS):
        tally.equal(parse_schedule(preset).tokens, c[f"tokens_{preset}"], schedule=preset)
    for exponent in integers(case, "powers", low=0, high=500):
        n = 2**exponent
        tally.equal(doubling(n).tokens, c["doubling_factor"] * n**2 - Fraction(1, 3), schedule="doubling", n=n)
    for ratio in integers(case, "ratios", low=2, high=1000):
        b = ratio**2
        for m in range(6):
            n = ratio**m
            tally.equal(geometric(n, ratio).tokens, Fraction(b * n**2 - 1, b - 1), schedule=f"ratio:{ratio}", n=n)
        for k in range(8):  # the telescoping step as a polynomial identity in the side
            step = Fraction(b * (b * k**2) - 1, b - 1) - Fraction(b * k**2 - 1, b - 1)
            tally.equal(step, b * k**2, identity=f"geometric step, ratio {ratio}", side=k)
    for n in integers(case, "linear", low=1, high=10_000):
        closed = c["linear_factor"] * n**3 + Fraction(n**2, 2) + Fraction(n, 6)
        tally.equal(linear(n).tokens, closed, schedule="linear", n=n)
    for k in range(8):
        step = _linear(k + 1) - _linear(k)
        tally.equal(step, (k + 1) ** 2, identity="linear step", side=k)
    return tally.finding("counted exactly; closed forms proved by telescoping in docs/explanation/schedules.md")


def _linear(n: int) -> Fraction:
    return Fraction(n * (n + 1) * (2 * n + 1), 6)


CLAIM = Claim(
    id="schedule_token_counts",
    statement=(
        "The 256, 512 and 1024 pixel schedules have 680, 2240 and 9451 tokens; doubling to n has (4 n^2 - 1)/3, "
        "ratio a (an integer, n = a^m) has (a^2 n^2 - 1)/(a^2 - 1), and 1..n has n^3/3 + n^2/2 + n/6."
    ),
    kind="identity",
    hypotheses={"power": "n is a power of the ratio in the geometric schedules"},
    sources=("arXiv:2404.02905",),
    derived_from=("docs/explanation/schedules.md",),
    check=check,
    falsified=(
        Variant("one token more at 256 pixels", "680 is exact", {"tokens_256": Fraction(681)}),
        Variant(
            "10 scales at 512 pixels counted without the first", "the side 1 counts", {"tokens_512": Fraction(2239)}
        ),
        Variant("doubling factor 5/4", "the factor is 4/3", {"doubling_factor": Fraction(5, 4)}),
        Variant("linear factor 11/30", "the factor is 1/3", {"linear_factor": Fraction(11, 30)}),
    ),
    constants={
        "tokens_256": Fraction(680),
        "tokens_512": Fraction(2240),
        "tokens_1024": Fraction(9451),
        "doubling_factor": Fraction(4, 3),
        "linear_factor": Fraction(1, 3),
    },
    cells={
        "presets": PRESETS,
        "powers": tuple(range(13)),
        "ratios": (2, 3, 4, 5, 10),
        "linear": (1, 2, 3, 10, 64, 257),
    },
)
