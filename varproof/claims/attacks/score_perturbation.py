"""Cases of the score perturbation lemma: rows of scores, every score moved by at most eta."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from varproof.base.balls import ball
from varproof.claims.attack import Attack, Batch, Instance, Judgement, Measurement
from varproof.claims.model import Case
from varproof.families.matrices import FAMILIES, draw
from varproof.families.rows import draw_rows
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

Array = NDArray[np.float64]
BITS = 256
FAR = 16.0  # scores the worst-ratio arm may choose
SPACE = Space(
    {
        "keys": Integer(2, 64, log=True),
        # beyond 5 the bound is so close to 2 that a wrong rate would be attained as well
        "eta": Real(2.0**-20, 5.0, log=True),
        "moves": Choice(("signs", "one-hot", "gaussian")),
        "spread": Real(0.0, 8.0),
        "scores": Choice(tuple(FAMILIES)),
        "seed": Seed(),
    }
)


def build(point: Point, case: Case) -> Instance:
    """Scores from a family; moves at both ends of [-eta, eta], up on one key only, or inside."""
    keys, eta = int(point["keys"]), float(point["eta"])
    rng = np.random.default_rng(int(point["seed"]))
    scores = draw(str(point["scores"]), (keys,), float(point["spread"]), rng)
    return _instance(scores, draw(str(point["moves"]), (keys,), eta, rng), eta, case)


def _instance(scores: Array, moves: Array, eta: float, case: Case) -> Instance:
    if not case.assumes("bounded"):
        moves[0] = 3 * eta
    most = _most(eta, case)
    return Instance(
        arrays={"scores": scores, "moves": moves},
        numbers={"eta": eta},
        dimensions={"keys": (("scores", 0), ("moves", 0))},
        boxes={"scores": (-FAR, FAR), "moves": (-most, most)},
    )


def _most(eta: float, case: Case) -> float:
    return eta if case.assumes("bounded") else 3 * eta


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The l1 move of the softmax over factor tanh(rate eta), in floats."""
    scores, moves, eta = instance.arrays["scores"], instance.arrays["moves"], float(instance.numbers["eta"])
    if eta <= 0 or not (np.abs(moves) <= _most(eta, case)).all():
        return None
    move, bound = float(_move(scores, moves, np.ones(1))), float(_bound(np.array(eta), case))
    return Measurement(move / bound, len(scores), move, bound)


def _move(scores: Array, moves: Array, present: Array) -> Array:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True)) * present
    shares = weights / weights.sum(axis=-1, keepdims=True)
    # e^m - 1 and its mean: no digits are lost for small moves
    lifts = np.expm1(moves)
    drift = (shares * lifts).sum(axis=-1, keepdims=True)
    return np.asarray((shares * np.abs(lifts - drift) / (1 + drift)).sum(axis=-1))


def _bound(eta: Array, case: Case) -> Array:
    return np.asarray(float(case.constants["factor"]) * np.tanh(float(case.constants["rate"]) * eta))


def judge(instance: Instance, case: Case) -> Judgement:
    """The same numbers as balls of 256 bits."""
    scores = [Fraction(float(s)) for s in instance.arrays["scores"]]
    moves = [Fraction(float(m)) for m in instance.arrays["moves"]]
    with ctx.workprec(BITS):
        before = [ball(s).exp() for s in scores]
        after = [ball(s + m).exp() for s, m in zip(scores, moves, strict=True)]
        all_before, all_after = sum(before, arb(0)), sum(after, arb(0))
        move = sum((abs(a / all_after - b / all_before) for a, b in zip(after, before, strict=True)), arb(0))
        angle = ball(case.constants["rate"] * Fraction(float(instance.numbers["eta"])))
        bound = ball(case.constants["factor"]) * angle.tanh()
        if move > bound:
            return Judgement.VIOLATED
        return Judgement.PASS if move <= bound else Judgement.AMBIGUOUS


def batch(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
    """Independent cases of the space at once; rows with fewer keys are padded with keys of weight zero."""
    points = [space.sample(rng) for _ in range(count)]
    keys = np.array([int(point["keys"]) for point in points], dtype=np.int64)
    eta, spread = (np.array([float(point[name]) for point in points]) for name in ("eta", "spread"))
    scores = draw_rows([str(point["scores"]) for point in points], keys, spread, rng)
    moves = draw_rows([str(point["moves"]) for point in points], keys, eta, rng)
    if not case.assumes("bounded"):
        moves[:, 0] = 3 * eta
    present = (np.arange(scores.shape[1]) < keys[:, None]).astype(np.float64)

    def instance(index: int) -> Instance:
        n = int(keys[index])
        return _instance(scores[index, :n].copy(), moves[index, :n].copy(), float(eta[index]), case)

    return Batch(_move(scores, moves, present) / _bound(eta, case), keys, instance)


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("keys", "eta", "moves"),
    attains=Fraction(999, 1000),
    batch=batch,
    cost=3e-5,
)
