"""Cases of S3: powers of log n for R below, at and above the threshold, decided; exact exponents; counting executed."""

from __future__ import annotations

from fractions import Fraction

from varproof.base.verdict import Finding
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import FAILS, drawn_check
from varproof.claims.attack_parts.joined import joined
from varproof.claims.model import Case
from varproof.claims.parts import assemble
from varproof.claims.regime_cases import settled
from varproof.claims.sharp_entry_threshold import executed, scores
from varproof.families.space import Choice, Integer, Point, Real, Space
from varproof.regimes.problem import parse_problem

PARTS = 80  # of one power of log n
SCALES = ("d", "sqrt", "one")
FORMS = ("o", "Theta", "omega")
SCHEDULES = {"doubling": 4, "linear": 6}  # exponent of the exact algorithm


def build(point: Point, _: Case) -> Instance:
    """The power of R lies `steps` parts beside the exponent that the true statement has."""
    return Instance(numbers=dict(point))


def _holds(instance: Instance, case: Case) -> bool | None:
    """Whether R of this class is decided as stated; None where the statement is silent."""
    numbers, scale = instance.numbers, str(instance.numbers["scale"])
    true = {"d": Fraction(1, 2), "sqrt": Fraction(1, 4), "one": Fraction(0)}[scale]
    power = true + Fraction(int(numbers["steps"]), PARTS)
    stated = Fraction(0) if scale == "one" else case.constants[f"exponent_{scale}"]
    form, schedule = str(numbers["form"]), str(numbers["schedule"])
    below = power < stated or (power == stated and form == "o")
    above = power > stated or (power == stated and form != "o")
    if (below and form == "omega") or (above and form == "o" and power > stated):
        return None  # a class that reaches over the threshold
    if below and schedule != "doubling":
        return None
    problem = parse_problem(
        d="Theta(log(n))" if case.assumes("log_head_dim") else "Theta(log(n)**2)",
        entry_bound=f"{form}(log(n)**({power}))",
        delta="1/poly(n)",
        scale=scale,
        schedule=schedule,
    )
    answer = settled(problem)
    reached = None if answer.upper is None else answer.upper.exponent.value
    if below:
        return answer.verdict == "easy" and reached == 2
    return answer.verdict == "hard" and reached == SCHEDULES[schedule]


def measure(instance: Instance, case: Case) -> Measurement | None:
    """0 where the decision is the one stated, FAILS elsewhere."""
    holds = _holds(instance, case)
    return None if holds is None else Measurement(0.0 if holds else FAILS, abs(int(instance.numbers["steps"])))


def judge(instance: Instance, case: Case) -> Judgement:
    """The same: limits are exact and agree by several routes."""
    return Judgement.VIOLATED if _holds(instance, case) is False else Judgement.PASS


def check_scores(case: Case) -> Finding:
    """Scores and exponents: exact, and quick."""
    return assemble(scores(case))


DECIDED = Attack(
    Space(
        {
            "steps": Integer(-8, 8),
            "scale": Choice(SCALES),
            "form": Choice(FORMS),
            "schedule": Choice(tuple(SCHEDULES)),
        }
    ),
    build,
    measure,
    judge,
    ("scale", "form"),
    cost=0.03,
)
KAPPA = Real(1 / 64, 64.0, log=True)
SCORES = drawn_check(
    check_scores,
    Space({"root": Integer(2, 40), "c_root": Integer(1, 20), "kappa": KAPPA}),
    cells=("root", "c_root"),
    size="root",
    cost=0.01,
)
EXECUTED = drawn_check(executed, Space({"kappa": KAPPA, "dim": Integer(1, 3)}), cells=("dim",), size="dim", cost=0.03)

ATTACK = joined({"decided": DECIDED, "scores": SCORES, "counted": EXECUTED}, cells=("part", "scale"), most=700)
