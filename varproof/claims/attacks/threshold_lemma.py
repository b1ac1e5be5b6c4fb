"""Cases of the threshold lemma: rows of weights e^(s - L) with every key low, or with some key high.

The low level is 1 and the high one n r^2, so e^g = r^2 and the neutral mass n r are rational. Off the promise the lemma
says the contrapositive of these two, so they are all of it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from varproof.claims.attack import Attack, Batch, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import FAILS
from varproof.claims.model import Case
from varproof.families.matrices import FAMILIES, draw
from varproof.families.rows import draw_rows
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

Array = NDArray[np.float64]
STEP = 2.0**-10  # of r, so that n r^2 is a float
SPACE = Space(
    {
        "side": Choice(("low", "high")),
        "keys": Integer(1, 64, log=True),
        "root": Real(1.0 + STEP, 1024.0, log=True),
        "spread": Real(0.0, 40.0),  # of the scores
        "scores": Choice(tuple(FAMILIES)),
        "seed": Seed(),
    }
)


def build(point: Point, case: Case) -> Instance:
    """Scores from a family; low: none above L; high: one key at H exactly, the others on both sides of it."""
    keys = _keys(point, case)
    rng = np.random.default_rng(int(point["seed"]))
    shares = draw(str(point["scores"]), (keys,), 1.0, rng)
    root, side = _root(point, case), str(point["side"])
    high = np.array([_high(_counted(keys, case), root)])
    weights = _weights(shares[None], np.array([float(point["spread"])]), np.array([side == "low"]), high)
    return _instance(weights[0], root, side)


def _keys(point: Point, case: Case) -> int:
    return int(point["keys"]) + (0 if case.assumes("count") else 1)


def _root(point: Point, case: Case) -> float:
    """r on the grid of `STEP`; without the gap its inverse, below 1."""
    root = max(round(float(point["root"]) / STEP), round(1 / STEP) + 1) * STEP
    return root if case.assumes("gap") else 1.0 / root


def _counted(keys: int, case: Case) -> int:
    """n of the statement for a row of so many keys."""
    return keys - (0 if case.assumes("count") else 1)


def _high(n: int, root: float) -> float:
    return n * (root * root)


def _weights(shares: Array, spread: Array, low: NDArray[np.bool_], high: Array) -> Array:
    below = np.exp(spread[:, None] * (shares - 1) / 2)
    around = high[:, None] * np.exp(spread[:, None] * shares / 2)
    around[:, 0] = high
    return np.where(low[:, None], below, around)


def _instance(weights: Array, root: float, side: str) -> Instance:
    most = 1.0 if side == "low" else max(2.0 * _high(len(weights), root), float(weights.max()))
    return Instance(
        arrays={"weights": weights},
        numbers={"root": root, "side": side},
        dimensions={"keys": (("weights", 0),)},
        boxes={"weights": (0.0, most)},
    )


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The output against the side's level, and with the largest noise against the cut: the larger ratio of the two."""
    weights, root, side = instance.arrays["weights"], float(instance.numbers["root"]), str(instance.numbers["side"])
    n = _counted(len(weights), case)
    if n < 1 or root <= 0 or (root <= 1 and case.assumes("gap")) or (weights < 0).any():
        return None
    if weights.max() > 1 if side == "low" else weights.max() < _high(n, root):
        return None
    total = weights.sum()
    output = total / (total + float(case.constants["neutral"]) * n * root)
    ratio = float(_ratio(np.array(output), np.array(root), np.array(side == "low"), case))
    return Measurement(ratio, len(weights), float(output), 1 / (1 + root) if side == "low" else root / (1 + root))


def _ratio(output: Array, root: Array, low: Array, case: Case) -> Array:
    cut = float(case.constants["cut"])
    noise = np.maximum(float(case.constants["tolerance"]) * (root - 1) / (root + 1), 0.0)
    left = output - noise
    kept = np.where(left > 0, cut / np.where(left > 0, left, 1.0), FAILS)
    below = np.maximum(output * (1 + root), (output + noise) / cut)
    return np.where(low, below, np.maximum(root / (1 + root) / output, kept))


def judge(instance: Instance, case: Case) -> Judgement:
    """The same numbers as fractions."""
    weights = [Fraction(float(w)) for w in instance.arrays["weights"]]
    root, constants = Fraction(float(instance.numbers["root"])), case.constants
    n = _counted(len(weights), case)
    total = sum(weights, Fraction(0))
    output = total / (total + constants["neutral"] * n * root)
    noise = max(constants["tolerance"] * (root - 1) / (root + 1), Fraction(0))
    if instance.numbers["side"] == "low":
        holds = max(weights) > 1 or (output <= 1 / (1 + root) and output + noise <= constants["cut"])
    else:
        reached = output >= root / (1 + root) and output - noise >= constants["cut"]
        holds = max(weights) < n * root * root or reached
    return Judgement.PASS if holds else Judgement.VIOLATED


def batch(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
    """Independent cases of the space at once; rows with fewer keys are padded with keys of weight zero."""
    points = [space.sample(rng) for _ in range(count)]
    keys = np.array([_keys(point, case) for point in points], dtype=np.int64)
    root = np.array([_root(point, case) for point in points])
    spread = np.array([float(point["spread"]) for point in points])
    sides = [str(point["side"]) for point in points]
    low = np.array([side == "low" for side in sides])
    counted = np.array([_counted(n, case) for n in keys.tolist()])
    high = np.array([_high(n, r) for n, r in zip(counted.tolist(), root.tolist(), strict=True)])
    shares = draw_rows([str(point["scores"]) for point in points], keys, np.ones(count), rng)
    weights = _weights(shares, spread, low, high) * (np.arange(shares.shape[1]) < keys[:, None])
    total = weights.sum(axis=1)
    outputs = total / (total + float(case.constants["neutral"]) * counted * root)

    def instance(index: int) -> Instance:
        return _instance(weights[index, : keys[index]].copy(), float(root[index]), sides[index])

    return Batch(_ratio(outputs, root, low, case), keys, instance)


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("side", "keys", "root"),
    attains=Fraction(999, 1000),
    batch=batch,
    cost=3e-5,
)
