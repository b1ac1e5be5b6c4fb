"""Cases of the counting reduction: drawn lists of vectors counted through noisy calls, and the formulas of its plans.

The noise of every output is drawn, or the worst one, within the share of delta that the case allows; the rule decodes.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from flint import arb, ctx

from reductions.constructions.counting.counting_decode import row_intervals
from reductions.core.answer import Answer, Outputs
from reductions.oracles.exact import ExactOracle
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_attention_counting import RULE
from varproof.base.balls import dyadic, rational, to_float
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import FAILS, drawn_check
from varproof.claims.attack_parts.joined import joined
from varproof.claims.counting_reduction import SCALES, formulas
from varproof.claims.model import Case
from varproof.families.orthogonal_vectors import ORTHOGONAL_VECTORS, draw_lists
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

KAPPA = Real(1 / 512, 64.0, log=True)
TIGHT = "one against all"  # the row at which the bound on the noise is nearly attained
ROUNDING = 1e-9  # of the float that says how far an end is
MOST_ROWS = 3  # queries of an instance: each costs as much as the others


def build(point: Point, case: Case) -> Instance:
    """Lists of a family, the rows cut to a few; noise that works together against the count, or drawn."""
    keys, dim = int(point["keys"]), int(point["dim"])
    rng = np.random.default_rng(int(point["seed"]))
    if point["family"] == TIGHT:
        left, right = np.zeros((1, dim), np.uint8), rng.integers(0, 2, (keys, dim)).astype(np.uint8)
        left[0, rng.integers(dim)] = 1
    else:
        left, right = draw_lists(str(point["family"]), keys, dim, rng)
    left = left[rng.permutation(len(left))[:MOST_ROWS]]
    shape = (left.shape[1], len(left))
    noise = np.ones(shape) if point["noise"] == "up" else -np.ones(shape)
    if point["noise"] == "drawn":
        noise = rng.uniform(-1, 1, shape)
    return Instance(
        {"left": left, "right": right, "noise": noise},
        {"kappa": float(point["kappa"]), "scale": str(point["scale"])},
        {
            "rows": (("left", 0), ("noise", 1)),
            "keys": (("right", 0),),
            "dim": (("left", 1), ("right", 1), ("noise", 0)),
        },
        {"noise": (-1.0, 1.0)},
    )


class _Run:
    """The calls of an instance with moved outputs, and the true counts."""

    def __init__(self, instance: Instance, case: Case) -> None:
        left, right = instance.arrays["left"].astype(np.uint8), instance.arrays["right"].astype(np.uint8)
        source = OrthogonalVectors.from_bits(left, right)
        options = {
            **RULE.defaults(),
            "scale": instance.numbers["scale"],
            "logit_ratio": Fraction(float(instance.numbers["kappa"])),
        }
        mapped = RULE.forward(source, options)
        self.partners = (left.astype(np.int64) @ right.T.astype(np.int64) == 0).sum(axis=1).tolist()
        self.context = mapped.context
        moves = instance.arrays["noise"]
        self.answers = [
            Answer(outputs=_moved(call, moves[t], case.constants["noise"])) for t, call in enumerate(mapped.targets)
        ]
        if not case.assumes("calls"):
            self.answers = self.answers[:-1]


def _moved(call: Any, moves: Any, share: Fraction) -> Outputs:
    """Outputs moved by share x delta x the move of each row, +1 against the count; delta is what is reported."""
    exact = ExactOracle("arb").outputs(call)
    room = share * call.delta - exact.error
    bits = call.delta.denominator.bit_length() + 64
    values = np.empty(exact.values.shape, dtype=object)
    for row, move in enumerate(moves.tolist()):
        step = Fraction(floor(room * Fraction(move) * call.adverse * 2**bits), 2**bits)
        number = dyadic(exact.values[row, 0]) + step
        with ctx.workprec(max(64, number.numerator.bit_length())):
            values[row, 0] = arb(rational(number))
    return Outputs(values, call.delta)


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The distance of the true count from the far end of its interval: below 1 where no other fits."""
    run = _Run(instance, case)
    plan, keys = run.context.plan, len(instance.arrays["right"])
    if plan is None:  # all pairs are orthogonal and no call is made
        return Measurement(0.0 if _count(run) == sum(run.partners) else FAILS, keys)
    found = row_intervals(plan, [answer.outputs for answer in run.answers], len(run.partners))
    worst = 0.0
    for interval, true in zip(found, run.partners, strict=True):
        if interval is None:
            worst = max(worst, FAILS)
        else:
            below, above = to_float(true - interval[0]), to_float(interval[1] - true)
            worst = max(worst, below, above)
            if min(below, above) < -ROUNDING:  # the count is outside: how far from the middle, in radii
                worst = max(worst, abs(above - below) / (above + below))
    return Measurement(worst, keys, worst, 1.0)


def _count(run: _Run) -> int | None:
    return RULE.decode(run.context, run.answers).count


def judge(instance: Instance, case: Case) -> Judgement:
    """Whether the rule itself, in balls, returns the number of orthogonal pairs."""
    run = _Run(instance, case)
    return Judgement.PASS if _count(run) == sum(run.partners) else Judgement.VIOLATED


COUNTS = Attack(
    Space(
        {
            "keys": Integer(1, 64, log=True),
            "dim": Integer(1, 16, log=True),
            "kappa": KAPPA,
            "scale": Choice(SCALES),
            "family": Choice((TIGHT, *ORTHOGONAL_VECTORS)),
            "noise": Choice(("up", "down", "drawn")),
            "seed": Seed(),
        }
    ),
    build,
    measure,
    judge,
    ("keys", "scale", "family"),
    cost=4e-3,
)
AXES = ("dim", "kappa", "scale", "degree", "log2_tokens")
FORMULAS = drawn_check(
    formulas,
    Space(
        {
            "dim": Integer(1, 16, log=True),
            "kappa": KAPPA,
            "scale": Choice(SCALES),
            "size": Integer(2, 300, log=True),
            "degree": Integer(1, 80, log=True),
            "log2_tokens": Integer(4, 20),
        }
    ),
    cells=("scale", "degree"),
    axes=lambda point: {"keys": point["size"], **{name: point[name] for name in AXES}},
    size="size",
    cost=4e-3,
)
ATTACK = joined({"counts": COUNTS, "formulas": FORMULAS}, cells=("part", "scale", "kappa"))
