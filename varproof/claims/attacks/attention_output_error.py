"""Cases of the output error: rows of scores and values, the table in use, weights p(s) in place of e^s."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from varproof.approx.softmax_lemma import l1_bound_from_relative_error
from varproof.attention.tables.relative import RelativeTable, relative_table
from varproof.base.balls import ball
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.exact_entries import fractions
from varproof.claims.attention_cases import polynomial_ball, weighted_mean
from varproof.claims.model import Case
from varproof.families.matrices import FAMILIES, draw
from varproof.families.space import Choice, Integer, Point, Seed, Space

EXTREMES = "extremes"  # scores where the error of the weights has a local extreme
BITS = 160
PARTS = 8  # of 1 that B is a multiple of: tables are kept
GRID = 512
UNDERESTIMATED = 0.99  # of B, which the table covers where that hypothesis is dropped
MOST_KEYS = 64
SPACE = Space(
    {
        "keys": Integer(2, MOST_KEYS, log=True),
        "bound": Integer(PARTS, 4 * PARTS),
        "degree": Integer(3, 9),
        "scores": Choice((EXTREMES, *FAMILIES)),
        "values": Choice(("signs of errors", "uniform", "one-hot", "signs")),
        "seed": Seed(),
    }
)


def build(point: Point, case: Case) -> Instance | None:
    """Scores of a family or at extremes of the error, values at both ends by its sign, or drawn."""
    keys, degree, bound = int(point["keys"]), int(point["degree"]), int(point["bound"]) / PARTS
    table, rng = table_of(bound, degree, case), np.random.default_rng(int(point["seed"]))
    if not 0 < table.error < 1:
        return None
    kind = str(point["scores"])
    scores = _extremes(table, bound, keys, rng, case) if kind == EXTREMES else draw(kind, (keys,), bound, rng)
    errors = _errors(table, scores + _offset(bound, case))
    kind = str(point["values"])
    if kind == "signs of errors":
        values = np.where(errors > 0, 1.0, -1.0)
    else:
        values = rng.uniform(-1, 1, keys) if kind == "uniform" else draw(kind, (keys,), 1.0, rng)
    if values.min() == values.max():
        values[0] = -1.0 if values[0] > 0 else 1.0  # with equal values nothing moves
    return Instance(
        arrays={"scores": scores, "values": values},
        numbers={"bound": bound, "degree": degree},
        dimensions={"keys": (("scores", 0), ("values", 0))},
        boxes={"scores": (-bound, bound), "values": (-1.0, 1.0)},
    )


@lru_cache(maxsize=1024)
def _table(bound: float, degree: int) -> RelativeTable:
    return relative_table(bound, degree)


def table_of(bound: float, degree: int, case: Case) -> RelativeTable:
    """The table whose error the bound is about; one for 0.99 B where the hypothesis that it covers B is dropped."""
    return _table(bound * (1 if case.assumes("covered") else UNDERESTIMATED), degree)


def _offset(bound: float, case: Case) -> float:
    """What is added to all scores before p is applied: nothing once they are centred."""
    return 0.0 if case.assumes("centred") else bound / 4


def _errors(table: RelativeTable, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """p(s) e^-s - 1."""
    p = np.polynomial.polynomial.polyval(scores / table.bound, np.array(table.coefficients))
    return np.asarray(p * np.exp(-scores) - 1)


def _extremes(table: RelativeTable, bound: float, keys: int, rng: np.random.Generator, case: Case) -> Any:
    """One extreme of either sign; both groups get about the weight at which the bound is attained."""
    grid = np.linspace(-bound, bound, GRID + 1)
    errors = _errors(table, grid + _offset(bound, case))
    size = np.abs(errors)
    peak = np.concatenate([[True], (size[1:-1] >= size[:-2]) & (size[1:-1] >= size[2:]), [True]])
    above, below = grid[peak & (errors > 0)], grid[peak & (errors < 0)]
    if not above.size or not below.size:
        return rng.uniform(-bound, bound, keys)
    high, low = float(rng.choice(above)), float(rng.choice(below))
    root = np.sqrt((1 + table.error) / (1 - table.error))
    # raised keys are to have the share 1/(1 + root) of all weight
    share = 1 / (1 + root * np.exp(high - low))
    raised = min(max(round(keys * share), 1), keys - 1)
    return np.array([high] * raised + [low] * (keys - raised))


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The move of the weighted mean of the values over factor half range (1 - sqrt(1 - eps^2))/eps, in floats."""
    bound, degree = float(instance.numbers["bound"]), int(instance.numbers["degree"])
    scores, values = instance.arrays["scores"], instance.arrays["values"]
    spread = float(values.max() - values.min())
    if not spread or not (np.abs(scores) <= bound).all():
        return None
    table = table_of(bound, degree, case)
    errors = _errors(table, scores + _offset(bound, case))
    weights = np.exp(scores - scores.max())
    shares = weights / weights.sum()
    total = 1 + float(shares @ errors)
    if not total:
        return None
    moved = abs(float((shares * errors) @ (values - shares @ values)) / total)  # less cancels than between two means
    limit = float(case.constants["factor"] * case.constants["half"]) * spread * _shape(table.error)
    return Measurement(moved / limit, len(scores), moved, limit)


def _shape(eps: float) -> float:
    """(1 - sqrt(1 - eps^2))/eps without cancellation."""
    return eps / float(1 + np.sqrt(1 - eps * eps))


def judge(instance: Instance, case: Case) -> Judgement:
    """By balls on the very scores and values; the coefficients and the error of the table are exact numbers."""
    table = table_of(float(instance.numbers["bound"]), int(instance.numbers["degree"]), case)
    scores = fractions(instance.arrays["scores"]).tolist()
    values = fractions(instance.arrays["values"]).tolist()
    offset = Fraction(_offset(float(instance.numbers["bound"]), case))
    with ctx.workprec(BITS):
        weights = [polynomial_ball(table.coefficients, table.bound, s + offset) for s in scores]
        true = [ball(s).exp() for s in scores]
        error: arb = abs(weighted_mean(weights, values) - weighted_mean(true, values))
        scale = case.constants["factor"] / 2 * case.constants["half"] * (max(values) - min(values))
        l1 = l1_bound_from_relative_error(Fraction(table.error))
        limit = ball(scale) * (l1 if isinstance(l1, arb) else ball(l1))
        if error > limit:
            return Judgement.VIOLATED
        return Judgement.PASS if error <= limit else Judgement.AMBIGUOUS


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("keys", "degree", "scores"),
    small=Space(
        {
            "keys": Integer(2, 4),
            "bound": Choice((PARTS, 4 * PARTS)),
            "degree": Choice((3, 9)),
            "scores": Choice((EXTREMES, "gaussian")),
            "values": Choice(("signs of errors", "uniform")),
            "seed": Integer(0, 1),
        }
    ),
    attains=Fraction(99, 100),
    cost=2e-4,
)
