"""Noise on outputs y = 1/(1 + S) of counting: of one output, and of the count that all calls of a row give.

Parts of the attack on `extrapolation_weights`. With y off by e, 1/y - 1 is off by -e(1+S)^2/(1 + e(1+S)), exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from reductions.constructions.counting.chebyshev_extrapolation import weights_at_zero
from varproof.base.balls import ball
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.extrapolation_weights import AGREE, COSINES, exact_weights, extremal_points
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

DECAY = Real(1 / 64, 63 / 64)  # z = e^(-s/2)
HALF = Fraction(1, 2)


def extremal(z: float, degree: int) -> NDArray[np.float64]:
    """The extremal points of [z^2, 1] from 1 down, in floats."""
    places = np.arange(degree + 1) * (np.pi / (2 * degree))
    return np.asarray(1 - (1 - z * z) * np.sin(places) ** 2, dtype=np.float64)


def weights_of(nodes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lagrange weights of extrapolation from the nodes to 0, in floats."""
    differences = nodes[None, :] - nodes[:, None]
    np.fill_diagonal(differences, 1.0)
    quotients = nodes[None, :] / differences
    np.fill_diagonal(quotients, 1.0)
    return np.asarray(quotients.prod(axis=1), dtype=np.float64)


def build_output(point: Point, case: Case) -> Instance:
    """S = share x n and an error of `noise` x delta, at an end of their ranges or inside."""
    rng = np.random.default_rng(int(point["seed"]))
    ends = point["ends"] == "ends"
    share, noise = (rng.integers(0, 2), rng.choice((-1, 1))) if ends else (rng.random(), rng.uniform(-1, 1))
    return Instance(
        {"share": np.array([float(share)]), "noise": np.array([float(noise)])},
        {"keys": int(point["many"]), "delta": float(point["delta"])},
        boxes={"share": (0.0, 1.0), "noise": (-1.0, 1.0)},
    )


def _moved_output(instance: Instance, case: Case) -> tuple[Fraction, Fraction]:
    """By how much 1/y - 1 moves, and the bound; exactly. delta (n+1) is the number `delta`, below 1."""
    keys, below = int(instance.numbers["keys"]), Fraction(float(instance.numbers["delta"]))
    value = keys * Fraction(float(instance.arrays["share"][0]))
    noise = Fraction(float(instance.arrays["noise"][0])) * below / (keys + 1)
    moved = abs(noise) * (1 + value) ** 2 / (1 + noise * (1 + value))
    return moved, case.constants["loss"] * below * (keys + 1) / (1 - below)


def measure_output(instance: Instance, case: Case) -> Measurement | None:
    """|1/noisy - 1 - S| over delta (n+1)^2/(1 - delta (n+1))."""
    moved, bound = _moved_output(instance, case)
    return Measurement(float(moved / bound), int(instance.numbers["keys"]), float(moved), float(bound))


def judge_output(instance: Instance, case: Case) -> Judgement:
    """The same fractions."""
    moved, bound = _moved_output(instance, case)
    return Judgement.PASS if moved <= bound else Judgement.VIOLATED


def build_count(point: Point, case: Case) -> Instance:
    """Inner products of `keys` keys with a row, and noise of the calls: all against the count, all for it, or drawn."""
    degree, keys = int(point["few"]), int(point["keys"])
    rng = np.random.default_rng(int(point["seed"]))
    if point["products"] == "orthogonal":
        products = np.zeros(keys, dtype=np.int64)
    elif point["products"] == "one other":
        products = np.full(keys, rng.integers(0, degree + 1), dtype=np.int64)
        products[0] = rng.integers(0, degree + 1)
    else:
        products = rng.integers(0, degree + 1, keys)
    signs = (-1.0) ** np.arange(degree - 1, -1, -1)  # of the weights of the calls t = 1, ..., d
    direction = point["direction"]
    noise = -signs if direction == "up" else signs if direction == "down" else rng.uniform(-1, 1, degree)
    return Instance(
        {"counts": np.bincount(products, minlength=degree + 1), "noise": noise},
        {"half_decay": float(point["half_decay"])},
        boxes={"noise": (-1.0, 1.0)},
    )


def _attains(instance: Instance) -> bool:
    """One call, its output of a row orthogonal to all keys moved down by all of delta: there 1/2 is attained."""
    counts, noise = instance.arrays["counts"], instance.arrays["noise"]
    return len(noise) == 1 and not counts[1] and bool(noise[0] == -1)


def measure_count(instance: Instance, case: Case) -> Measurement | None:
    """|count found - count| over 1/2 at delta*; where 1/2 is attained, an error below it fails too."""
    counts, noise = instance.arrays["counts"], instance.arrays["noise"]
    degree, keys = len(noise), int(counts.sum())
    if keys < 1:
        return None
    nodes = extremal(float(instance.numbers["half_decay"]), degree)
    weights = weights_of(nodes)[1:]
    total = float(np.abs(weights).sum())
    delta = float(case.constants["delta"]) / ((keys + 1) * (2 * total * (keys + 1) + 1))
    values = 1 + np.polynomial.polynomial.polyval(nodes[1:], counts)
    error = abs(float(weights @ (-delta * noise * values**2 / (1 + delta * noise * values))))
    ratio = max(2 * error, 1 / (2 * error)) if _attains(instance) else 2 * error
    return Measurement(ratio, keys, error, 0.5)


def judge_count(instance: Instance, case: Case) -> Judgement:
    """The same exactly where the nodes are rational, by balls to 100 bits elsewhere."""
    counts, noise = instance.arrays["counts"].tolist(), [Fraction(e) for e in instance.arrays["noise"].tolist()]
    degree, z = len(noise), Fraction(float(instance.numbers["half_decay"]))
    if degree in COSINES:
        nodes = extremal_points(z, COSINES[degree])
        error = _error(case, counts, noise, nodes, exact_weights(nodes))
        wrong = error > HALF or (_attains(instance) and error != HALF)
        return Judgement.VIOLATED if wrong else Judgement.PASS
    with ctx.workprec(512 + 64 * degree):
        low = ball(z) ** 2
        balls = [(1 + low) / 2 + (1 - low) / 2 * (arb(t) / degree).cos_pi() for t in range(degree + 1)]
        off = _error(case, counts, [ball(e) for e in noise], balls, weights_at_zero(balls))
        if off > ball(HALF * (1 + AGREE)):
            return Judgement.VIOLATED
        return Judgement.PASS if off <= ball(HALF * (1 + AGREE)) else Judgement.AMBIGUOUS


def _error(case: Case, counts: list[int], noise: Sequence[Any], nodes: Sequence[Any], weights: Sequence[Any]) -> Any:
    """|count found - count| by the definition: outputs moved, turned into sums, extrapolated."""
    keys = sum(counts)
    total = sum((abs(w) for w in weights[1:]), 0 * weights[0])
    delta = _of(case.constants["delta"], total) / ((keys + 1) * (2 * total * (keys + 1) + 1))
    found = weights[0] * keys  # x = 1 needs no call
    for e, x, w in zip(noise, nodes[1:], weights[1:], strict=True):
        y = 1 / (1 + sum((count * x**k for k, count in enumerate(counts)), 0 * x))
        found += w * (1 / (y + delta * e) - 1)
    return abs(found - counts[0])


def _of(number: Fraction, like: Any) -> Any:
    return ball(number) if isinstance(like, arb) else number


OUTPUT = Attack(
    Space(
        {
            "many": Integer(1, 10**6, log=True),
            "delta": Real(1 / 1024, 1023 / 1024),
            "ends": Choice(("ends", "inside")),
            "seed": Seed(),
        }
    ),
    build_output,
    measure_output,
    judge_output,
    ("many", "delta"),
    cost=5e-5,
)
COUNT = Attack(
    Space(
        {
            "half_decay": DECAY,
            "few": Integer(1, 8),
            "keys": Integer(1, 200, log=True),
            "products": Choice(("orthogonal", "one other", "drawn")),
            "direction": Choice(("up", "down", "drawn")),
            "seed": Seed(),
        }
    ),
    build_count,
    measure_count,
    judge_count,
    ("half_decay", "few", "keys"),
    cost=2e-4,
)
