"""Cases of the regime thresholds: d and B powers of log n around both thresholds, in every convention, decided."""

from __future__ import annotations

from fractions import Fraction

from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import FAILS
from varproof.claims.model import Case
from varproof.claims.regime_cases import settled
from varproof.claims.regime_thresholds import theorem_base
from varproof.families.space import Choice, Integer, Point, Space
from varproof.regimes.decide import ContradictionError
from varproof.regimes.problem import parse_problem

PARTS = 40  # of one power of log n
# R for which gamma d R^2 is log^b n, d of power a, as the power of log n: b/2 less this share of a
SHARES = {"d": Fraction(0), "sqrt": Fraction(1, 4), "one": Fraction(1, 2)}
SCHEDULES = ("doubling", "linear", "ratio:3")


def build(point: Point, _: Case) -> Instance:
    """The powers as they are drawn."""
    return Instance(numbers=dict(point))


def expected(dimension: Fraction, logits: Fraction) -> str:
    """The statement at d = log^a n and B = log^b n: easy for a < 1, as d log B = o(log n); else b decides.

    >>> expected(Fraction(1), Fraction(1)), expected(Fraction(1), Fraction(1, 2)), expected(Fraction(1, 2), Fraction(1))
    ('hard', 'easy', 'easy')
    """
    if dimension < 1:
        return "easy"
    if logits >= 1:
        return "hard"
    return "easy" if dimension == 1 else "undecided"


def _holds(instance: Instance, case: Case) -> bool:
    a, b = (Fraction(int(instance.numbers[name]), PARTS) for name in ("dimension", "logits"))
    scale = str(instance.numbers["scale"])
    problem = parse_problem(
        d=f"Theta(log(n)**({a}))",
        entry_bound=f"Theta(log(n)**({b / 2 - SHARES[scale] * a}))",
        delta="1/poly(n)",
        scale=scale,
        schedule=str(instance.numbers["schedule"]),
    )
    try:
        return settled(problem, theorem_base(case)).verdict == expected(a, b)
    except ContradictionError:
        return False


def measure(instance: Instance, case: Case) -> Measurement:
    """0 where the theorem base says what the statement says, FAILS elsewhere and where its bounds contradict."""
    return Measurement(0.0 if _holds(instance, case) else FAILS, int(instance.numbers["logits"]))


def judge(instance: Instance, case: Case) -> Judgement:
    """The same: limits are exact and agree by several routes."""
    return Judgement.PASS if _holds(instance, case) else Judgement.VIOLATED


ATTACK = Attack(
    Space(
        {
            "dimension": Choice((40, 38, 30, 20, 39, 41, 42, 44, 50, 60)),
            "logits": Integer(20, 60),
            "scale": Choice(tuple(SHARES)),
            "schedule": Choice(SCHEDULES),
        }
    ),
    build,
    measure,
    judge,
    ("dimension", "logits", "scale"),
    small=Space(
        {
            "dimension": Choice((30, 38, 40, 42)),
            "logits": Choice((30, 38, 40, 42)),
            "scale": Choice(tuple(SHARES)),
            "schedule": Choice(("doubling",)),
        }
    ),
    cost=0.025,
    most=500,
)
