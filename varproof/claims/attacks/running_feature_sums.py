"""Cases of running feature sums: tokens of the families through the engine's loops, against sums over pairs."""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.features import FeaturePlan, feature_plan
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_schedule import sides_of, sides_up_to
from varproof.claims.attack_parts.exact_entries import fractions
from varproof.claims.attention_cases import stages_of
from varproof.claims.model import Case
from varproof.claims.running_feature_sums import FORGOTTEN, KERNEL
from varproof.families.matrices import FAMILIES, draw
from varproof.families.space import Choice, Integer, Point, Seed, Space
from varproof.growth.schedules import Schedule

LARGEST = 4  # side: at most 30 tokens, which are quick in fractions too
PARTS = 64  # of 1 that drawn entries are multiples of
UNIT = 2.0**-53
SPACE = Space(
    {
        "sides": sides_up_to(LARGEST),
        "head_dim": Integer(1, 4),
        "degree": Integer(1, 5),
        "family": Choice(tuple(FAMILIES)),
        "seed": Seed(),
    }
)


def build(point: Point, case: Case) -> Instance:
    """Queries, keys and values of one family, multiples of 1/64 in [-1, 1]."""
    head_dim, sides, family = int(point["head_dim"]), int(point["sides"]), str(point["family"])
    tokens, rng = Schedule(sides_of(sides)).tokens, np.random.default_rng(int(point["seed"]))
    q, k, v = (np.round(PARTS * draw(family, (tokens, d), 1.0, rng)) / PARTS for d in (head_dim, head_dim, 2))
    return Instance(
        arrays={"q": q, "k": k, "v": v},
        numbers={"sides": sides, "degree": point["degree"]},
        dimensions={"head_dim": (("q", 1), ("k", 1))},
        boxes=dict.fromkeys("qkv", (-1.0, 1.0)),
    )


def _outputs(instance: Instance, case: Case, one: Any) -> tuple[Any, Any, Any]:
    """Sums for every query and column by running sums, by pairs, and of the sizes of the pairs' terms.

    `one` is 1.0 for floats and a fraction for exact arithmetic, which the arrays then hold.
    """
    degree, stages = int(instance.numbers["degree"]), stages_of(Schedule(sides_of(int(instance.numbers["sides"]))))
    q, k, v = (instance.arrays[name] for name in "qkv")
    plan = feature_plan(q.shape[1], degree)
    columns, weights = np.concatenate([v, np.full((len(v), 1), one)], axis=1), _weights(case, plan, one)
    state: Any = np.full((plan.rank, columns.shape[1]), 0 * one)
    running, pairs, sizes = [], [], []
    for number, stage in enumerate(stages):
        if case.assumes("all_stages") or number != FORGOTTEN:
            zeros = (np.full(size, 0 * one) for size in (q.shape[1], v.shape[1]))
            state = state + KERNEL.state(
                plan, k[stage.keys], v[stage.keys], shift=next(zeros), factor=1, value_shift=next(zeros)
            )
        seen = stage.keys.stop
        running.append(KERNEL.outputs(plan, q[stage.queries], state * weights[:, None], factor=1))
        scores, reach = q[stage.queries] @ k[:seen].T, abs(q[stage.queries]) @ abs(k[:seen]).T
        pairs.append(_polynomial(scores, degree, one) @ columns[:seen])
        sizes.append(_polynomial(reach, degree, one) @ abs(columns[:seen]))
    return np.concatenate(running), np.concatenate(pairs), np.concatenate(sizes)


def _polynomial(scores: Any, degree: int, one: Any) -> Any:
    """sum_k s^k/k!."""
    return sum(scores**power * (one / factorial(power)) for power in range(degree + 1))


def _weights(case: Case, plan: FeaturePlan, one: Any) -> NDArray[Any]:
    """a_k k!/prod(alpha!) of every monomial with a_k = 1/k!, the last one times the constant of the statement (1)."""
    pairs = zip(plan.multinomials, plan.degrees, strict=True)
    numbers = [one * int(multinomial) / factorial(int(degree)) for multinomial, degree in pairs]
    last = case.constants["last_multinomial"]
    numbers[-1] = numbers[-1] * (last if isinstance(one, Fraction) else float(last))
    return np.array(numbers, dtype=object if isinstance(one, Fraction) else np.float64)


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The largest difference of the two sums over what rounding may do to them, in floats."""
    running, pairs, sizes = _outputs(instance, case, 1.0)
    operations = len(instance.arrays["q"]) + 8 * int(instance.numbers["degree"]) + 8
    allowed = UNIT * operations * sizes
    ratios = np.abs(running - pairs) / np.where(allowed > 0, allowed, 1.0)
    place = np.unravel_index(int(np.argmax(ratios)), ratios.shape)
    tokens = len(instance.arrays["q"])
    return Measurement(float(ratios[place]), tokens, float(abs(running - pairs)[place]), float(allowed[place]))


def judge(instance: Instance, case: Case) -> Judgement:
    """The same loops on fractions: the sums are equal, or they are not."""
    exactly = {name: fractions(instance.arrays[name]) for name in "qkv"}
    running, pairs, _ = _outputs(Instance(exactly, instance.numbers), case, Fraction(1))
    return Judgement.PASS if bool((running == pairs).all()) else Judgement.VIOLATED


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("head_dim", "degree", "family"),
    small=Space(
        {
            "sides": Integer(3, 7),
            "head_dim": Integer(1, 2),
            "degree": Integer(1, 2),
            "family": Choice(("gaussian", "signs")),
            "seed": Integer(0, 0),
        }
    ),
    cost=5e-4,
    most=20_000,
)
