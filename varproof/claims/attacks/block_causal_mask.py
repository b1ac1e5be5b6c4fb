"""Cases of the block-causal mask: tokens of the families, served stage by stage and with the mask of the statement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from varproof.attention.exact import engine as exact
from varproof.attention.exact import reference
from varproof.attention.head import Head
from varproof.attention.result import HeadResult
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_schedule import sides_of, sides_up_to
from varproof.claims.attack_parts.exact_entries import fractions
from varproof.claims.attention_cases import levels_of, one_stage, stages_of
from varproof.claims.model import Case
from varproof.families.matrices import FAMILIES, draw
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space
from varproof.growth.schedules import Schedule

LARGEST = 6  # side: at most 91 tokens
DELTA = 1.0  # errors are compared with the bounds of the runs, whatever they are
MISSED = 2.0  # ratio where the sums differ
REFERENCE_UNIT = 2.0**-60  # eight units in the last place of extended precision, for each key
ROUNDING = 2.0**-30  # of sums in floats, relative to their terms, that the first look allows
SPACE = Space(
    {
        "sides": sides_up_to(LARGEST),
        "head_dim": Integer(1, 6),
        "family": Choice(tuple(FAMILIES)),
        "bound": Real(0.25, 32.0, log=True),  # on the scores
        "seed": Seed(),
    }
)


def build(point: Point, case: Case) -> Instance:
    """Queries, keys and values of one family, |scores| at most `bound`."""
    head_dim, sides = int(point["head_dim"]), int(point["sides"])
    tokens, rng = Schedule(sides_of(sides)).tokens, np.random.default_rng(int(point["seed"]))
    entry, family = float(np.sqrt(float(point["bound"]) / head_dim)), str(point["family"])
    q, k = (draw(family, (tokens, head_dim), entry, rng) for _ in range(2))
    return Instance(
        arrays={"q": q, "k": k, "v": rng.uniform(-1, 1, (tokens, 2))},
        numbers={"sides": sides},
        dimensions={"head_dim": (("q", 1), ("k", 1)), "columns": (("v", 1),)},
        boxes={"q": (-entry, entry), "k": (-entry, entry), "v": (-1.0, 1.0)},
    )


def mask_of(schedule: Schedule, case: Case) -> NDArray[np.bool_]:
    """level(query) >= level(key); strict where a query's own level is left out, by tokens where levels are cut."""
    levels = levels_of(schedule) if case.assumes("whole_levels") else np.arange(schedule.tokens)
    difference = levels[:, None] - levels[None, :]
    return np.asarray(difference >= 0 if case.assumes("own_level") else difference > 0)


def _masked(instance: Instance, case: Case) -> Head | None:
    """Full attention with the mask; None where it leaves a query without keys."""
    q, k, v = (instance.arrays[name] for name in "qkv")
    mask = mask_of(Schedule(sides_of(int(instance.numbers["sides"]))), case)
    return Head(q, k, v, 1.0, DELTA, one_stage(len(q), len(k)), mask=mask) if mask.any(axis=1).all() else None


def _answers(masked: Head, schedule: Schedule) -> list[HeadResult]:
    """The exact engine by stages and by the mask."""
    return [exact.run(replace(masked, stages=stages_of(schedule), mask=None)), exact.run(masked)]


def measure(instance: Instance, case: Case) -> Measurement | None:
    """Errors of both runs of the exact engine against the mask in extended precision, over their bounds.

    2 where the sums of the identity differ.
    """
    schedule = Schedule(sides_of(int(instance.numbers["sides"])))
    left, right, terms = _sums(instance, case, schedule)
    differ = bool((np.abs(left - right) > ROUNDING * terms).any())
    masked = _masked(instance, case)
    if masked is None:
        return Measurement(MISSED if differ else 0.0, schedule.tokens)
    q, k, v = (x.astype(np.longdouble) for x in (masked.q, masked.k, masked.v))
    scores = np.where(masked.mask, q @ k.T, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    true = (weights @ v) / weights.sum(axis=1, keepdims=True)
    ratios = []
    for answer in _answers(masked, schedule):
        errors = np.abs(answer.values - true).max(axis=1)
        # less what the rounding of extended precision may have added
        errors = np.maximum(errors - REFERENCE_UNIT * len(k) * np.abs(v).max(), 0).astype(np.float64)
        none = answer.bound == 0
        ratios.append(np.where(none, MISSED * (errors > 0), errors / np.where(none, 1.0, answer.bound)))
    ratio = max(float(np.max(ratios)), MISSED if differ else 0.0)
    return Measurement(ratio, schedule.tokens)


def _sums(instance: Instance, case: Case, schedule: Schedule) -> tuple[Any, Any, Any]:
    """Sums of weights 1 + s + s^2/2 > 0 and of weighted values by stages and by the mask, and of their sizes."""
    q, k, v = (instance.arrays[name] for name in "qkv")
    scores = q @ k.T
    weights = 1 + scores + scores * scores / 2
    columns = np.concatenate([v, np.ones_like(v[:, :1])], axis=1)
    seen = np.repeat(schedule.cumulative_tokens, schedule.tokens_per_scale)
    staged = np.stack([weights[row, :count] @ columns[:count] for row, count in enumerate(seen)])
    return staged, (weights * mask_of(schedule, case)) @ columns, np.abs(weights) @ np.abs(columns)


def judge(instance: Instance, case: Case) -> Judgement:
    """The sums in fractions; then both runs against an enclosure of attention with the mask."""
    schedule = Schedule(sides_of(int(instance.numbers["sides"])))
    exactly = {name: fractions(instance.arrays[name]) for name in "qkv"}
    left, right, _ = _sums(replace(instance, arrays=exactly), case, schedule)
    if not bool((left == right).all()):
        return Judgement.VIOLATED
    masked = _masked(instance, case)
    if masked is None:
        return Judgement.PASS
    true, sure = reference.enclose(masked), True
    for answer in _answers(masked, schedule):
        for row, bound in enumerate(answer.bound):
            pairs = zip(answer.values[row], true[row], strict=True)
            if any(abs(arb(float(value)) - entry) > arb(float(bound)) for value, entry in pairs):
                return Judgement.VIOLATED
        sure = sure and bool((np.array(reference.row_error(masked, answer.values)) <= answer.bound).all())
    return Judgement.PASS if sure else Judgement.AMBIGUOUS


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("sides", "head_dim", "family"),
    small=Space(
        {
            "sides": Integer(3, 7),
            "head_dim": Integer(1, 2),
            "family": Choice(("gaussian", "signs")),
            "bound": Choice((1.0,)),
            "seed": Integer(0, 1),
        }
    ),
    cost=1e-3,
    most=20_000,
)
