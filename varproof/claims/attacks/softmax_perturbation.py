"""Cases of the softmax perturbation lemma: positive weights, multipliers within a window of ratio rho.

The file to copy for a claim about arrays: points are drawn, arrays follow from their seed, a float pass measures, and
the judge repeats the case in exact arithmetic.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.approx.softmax_lemma import l1_bound_from_ratio
from varproof.base.balls import ball
from varproof.claims.attack import Attack, Batch, Instance, Judgement, Measurement
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

SPACE = Space(
    {
        "keys": Integer(2, 64, log=True),
        "rho": Real(1.0625, 64.0, log=True),
        "spread": Real(0.0, 6.0),  # of the logarithms of the weights
        "factors": Choice(("two values", "uniform", "one key")),
        "seed": Seed(),
    }
)
LEAST, MOST = 2.0**-20, 2.0**20  # weights the worst-ratio arm may choose


def build(point: Point, case: Case) -> Instance:
    """Log-normal weights; multipliers at both ends of the window, inside it, or at the upper end for one key only."""
    keys, rho = int(point["keys"]), float(point["rho"])
    rng = np.random.default_rng(int(point["seed"]))
    weights = np.clip(np.exp(float(point["spread"]) * rng.standard_normal(keys)), LEAST, MOST)
    if not case.assumes("positive"):
        weights[0] *= -0.5
    lifted = _shares(str(point["factors"]), rng, (1, keys))[0]
    factors = 1.0 + (rho - 1.0) * lifted
    if not case.assumes("window"):
        factors[0] = rho * rho
    return _instance(weights, factors, rho, case)


def _shares(kind: str, rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Where in the window the multipliers lie, from 0 to 1."""
    drawn = rng.random(shape)
    if kind == "uniform":
        return drawn
    if kind == "two values":
        return (drawn < rng.random((shape[0], 1))).astype(np.float64)
    return np.broadcast_to((np.arange(shape[1]) == 0).astype(np.float64), shape)


def _instance(weights: Any, factors: Any, rho: float, case: Case) -> Instance:
    lowest = LEAST if case.assumes("positive") else -MOST
    highest = rho if case.assumes("window") else rho * rho
    return Instance(
        arrays={"weights": weights, "factors": factors},
        numbers={"rho": rho},
        dimensions={"keys": (("weights", 0), ("factors", 0))},
        boxes={"weights": (lowest, MOST), "factors": (1.0, highest)},
    )


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The l1 move of the normalised weights over factor tanh(ln(rho)/4), in floats."""
    weights, factors, rho = instance.arrays["weights"], instance.arrays["factors"], float(instance.numbers["rho"])
    if case.assumes("positive") and not (weights > 0).all():
        return None
    if case.assumes("window") and not ((factors >= 1).all() and (factors <= rho).all()):
        return None
    moved = weights * factors
    before, after = weights.sum(), moved.sum()
    if before == 0 or after == 0:
        return None
    move = float(np.abs(moved / after - weights / before).sum())
    bound = float(case.constants["factor"]) * np.tanh(np.log(rho) / 4)
    return Measurement(move / bound, len(weights), move, bound)


def judge(instance: Instance, case: Case) -> Judgement:
    """The same numbers as fractions; the bound is a fraction too where rho is a square, a ball elsewhere."""
    weights = [Fraction(float(w)) for w in instance.arrays["weights"]]
    moved = [w * Fraction(float(f)) for w, f in zip(weights, instance.arrays["factors"], strict=True)]
    before, after = sum(weights), sum(moved)
    move = sum((abs(m / after - w / before) for m, w in zip(moved, weights, strict=True)), Fraction(0))
    l1 = l1_bound_from_ratio(Fraction(float(instance.numbers["rho"])))
    half = case.constants["factor"] / 2
    if isinstance(l1, Fraction):
        return Judgement.VIOLATED if move > half * l1 else Judgement.PASS
    bound = ball(half) * l1
    if ball(move) > bound:
        return Judgement.VIOLATED
    return Judgement.PASS if ball(move) <= bound else Judgement.AMBIGUOUS


def batch(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
    """Independent cases of the space at once; cases with fewer keys are padded with keys of weight zero."""
    points = [space.sample(rng) for _ in range(count)]
    keys = np.array([int(point["keys"]) for point in points])
    width = int(keys.max())
    rho, spread = (np.array([[float(point[name])] for point in points]) for name in ("rho", "spread"))
    present = np.arange(width) < keys[:, None]
    weights = np.clip(np.exp(spread * rng.standard_normal((count, width))), LEAST, MOST)
    if not case.assumes("positive"):
        weights[:, 0] *= -0.5
    kinds = np.array([str(point["factors"]) for point in points])
    shares = np.empty((count, width))
    for kind in dict.fromkeys(kinds.tolist()):
        rows = kinds == kind
        shares[rows] = _shares(kind, rng, (int(rows.sum()), width))
    factors = 1.0 + (rho - 1.0) * shares
    if not case.assumes("window"):
        factors[:, :1] = rho * rho
    masses = weights * present
    moved = masses * factors
    shifted = moved / moved.sum(axis=1, keepdims=True) - masses / masses.sum(axis=1, keepdims=True)
    bounds = float(case.constants["factor"]) * np.tanh(np.log(rho[:, 0]) / 4)

    def instance(index: int) -> Instance:
        n = int(keys[index])
        return _instance(weights[index, :n].copy(), factors[index, :n].copy(), float(rho[index, 0]), case)

    return Batch(np.abs(shifted).sum(axis=1) / bounds, keys, instance)


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("keys", "rho", "factors"),
    attains=Fraction(999, 1000),
    batch=batch,
    cost=3e-5,
)
