"""Cases of the classical softmax bound 2 eps/(1-eps): rows of weights with relative errors, and the two comparisons.

`part` says which of the three inequalities a case is about: the weights move at most that far ("move"), the bound is
never better than twice the sharp one ("at least"), nor worse than 2/(1-eps) times it ("at most").
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.claims.attack import Attack, Batch, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import FAILS
from varproof.claims.model import Case
from varproof.families.matrices import FAMILIES, draw
from varproof.families.rows import draw_rows
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

Array = NDArray[np.float64]
SPACE = Space(
    {
        "part": Choice(("move", "at least", "at most")),
        "keys": Integer(2, 64, log=True),
        "eps": Real(2.0**-30, 0.999, log=True),
        "spread": Real(0.0, 8.0),  # of the logarithms of the weights
        "scores": Choice(tuple(FAMILIES)),
        "errors": Choice(("aligned", "one-hot", "gaussian", "signs", "walsh")),
        "seed": Seed(),
    }
)
LEAST, MOST = 2.0**-20, 2.0**20  # weights the worst-ratio arm may choose


def build(point: Point, case: Case) -> Instance:
    """Weights e^s and errors in [-eps, eps] from families; without `below_one` the error is 1 + eps and all move."""
    part, eps = _part_and_eps(point, case)
    if part != "move":
        return Instance(numbers={"part": part, "eps": eps})
    keys, rng = int(point["keys"]), np.random.default_rng(int(point["seed"]))
    weights = np.exp(draw(str(point["scores"]), (keys,), float(point["spread"]), rng))
    return _moved(weights, draw(str(point["errors"]), (keys,), eps, rng), eps)


def _part_and_eps(point: Point, case: Case) -> tuple[str, float]:
    eps = float(point["eps"])
    return (str(point["part"]), eps) if case.assumes("below_one") else ("move", 1.0 + eps)


def _moved(weights: Array, errors: Array, eps: float) -> Instance:
    return Instance(
        arrays={"weights": weights, "errors": errors},
        numbers={"part": "move", "eps": eps},
        dimensions={"keys": (("weights", 0), ("errors", 0))},
        boxes={"weights": (LEAST, MOST), "errors": (-eps, eps)},
    )


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The ratio of the two sides of the part's inequality, in floats."""
    eps = float(instance.numbers["eps"])
    if eps <= 0 or (eps >= 1 and case.assumes("below_one")):
        return None
    part = str(instance.numbers["part"])
    if part != "move":
        ratio = float(_compared(part, np.array(eps), case)) if eps < 1 else None
        return None if ratio is None else Measurement(ratio, 1, ratio, 1.0)
    weights, errors = instance.arrays["weights"], instance.arrays["errors"]
    if eps == 1 or not (weights > 0).all() or not (np.abs(errors) <= eps).all():
        return None
    if _drift(weights, errors) == -1:  # the new weights add up to zero
        return None
    move, bound = float(_move(weights, errors)), 2 * eps / (1 - eps)
    return Measurement(float(_over(move, bound)), len(weights), move, bound)


def _drift(weights: Array, errors: Array) -> Array:
    return np.asarray((weights * errors).sum(axis=-1, keepdims=True) / weights.sum(axis=-1, keepdims=True))


def _move(weights: Array, errors: Array) -> Array:
    """|(1 + e)/(1 + drift) - 1| over the shares, without the rounding of 1 + e."""
    drift = _drift(weights, errors)
    shares = weights / weights.sum(axis=-1, keepdims=True)
    return np.asarray((shares * np.abs((errors - drift) / (1 + drift))).sum(axis=-1))


def _over(move: Any, bound: Any) -> Array:
    """move/bound; no move keeps below a negative bound."""
    return np.where(np.asarray(bound) > 0, move / bound, FAILS)


def _compared(part: str, eps: Array, case: Case) -> Array:
    """The sharp bound is 2 eps/(1 + root), root = sqrt(1 - eps^2): eps drops out of both comparisons."""
    root = np.sqrt((1 - eps) * (1 + eps))
    if part == "at least":
        return np.asarray(float(case.constants["lowest_ratio"]) * (1 - eps) / (1 + root))
    return np.asarray((1 + root) / float(case.constants["highest_ratio"]))


def judge(instance: Instance, case: Case) -> Judgement:
    """All three in rationals: the root is compared through its square."""
    eps = Fraction(float(instance.numbers["eps"]))
    root_squared = 1 - eps * eps
    if instance.numbers["part"] == "at least":
        least = case.constants["lowest_ratio"] * (1 - eps) - 1
        return _verdict(least <= 0 or root_squared >= least**2)
    if instance.numbers["part"] == "at most":
        most = case.constants["highest_ratio"] - 1
        return _verdict(most >= 0 and root_squared <= most**2)
    weights = [Fraction(float(w)) for w in instance.arrays["weights"]]
    moved = [w * (1 + Fraction(float(e))) for w, e in zip(weights, instance.arrays["errors"], strict=True)]
    before, after = sum(weights), sum(moved)
    move = sum((abs(m / after - w / before) for m, w in zip(moved, weights, strict=True)), Fraction(0))
    return _verdict(move <= 2 * eps / (1 - eps))


def _verdict(holds: bool) -> Judgement:
    return Judgement.PASS if holds else Judgement.VIOLATED


def batch(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
    """Independent cases of the space at once; rows with fewer keys are padded with keys of weight zero."""
    points = [space.sample(rng) for _ in range(count)]
    parts = [_part_and_eps(point, case)[0] for point in points]
    eps = np.array([_part_and_eps(point, case)[1] for point in points])
    ratios, sizes = np.empty(count), np.ones(count, dtype=np.int64)
    for part in ("at least", "at most"):
        rows = np.array([one == part for one in parts])
        if rows.any():
            ratios[rows] = _compared(part, eps[rows], case)
    moves = np.flatnonzero([one == "move" for one in parts])
    place = {int(row): index for index, row in enumerate(moves)}
    movers = [points[row] for row in moves]
    keys = np.array([int(point["keys"]) for point in movers], dtype=np.int64)
    spread = np.array([float(point["spread"]) for point in movers])
    scores = draw_rows([str(point["scores"]) for point in movers], keys, spread, rng)
    errors = draw_rows([str(point["errors"]) for point in movers], keys, eps[moves], rng)
    if len(moves):
        weights = np.exp(scores) * (np.arange(scores.shape[1]) < keys[:, None])
        sizes[moves] = keys
        ratios[moves] = _over(_move(weights, errors), 2 * eps[moves] / (1 - eps[moves]))

    def instance(index: int) -> Instance:
        if index not in place:
            return Instance(numbers={"part": parts[index], "eps": float(eps[index])})
        row, n = place[index], int(sizes[index])
        return _moved(np.exp(scores[row, :n]), errors[row, :n].copy(), float(eps[index]))

    return Batch(ratios, sizes, instance)


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("part", "keys", "eps"),
    batch=batch,
    cost=3e-5,
)
