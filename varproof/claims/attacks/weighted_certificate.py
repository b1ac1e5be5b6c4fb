"""Cases of the weighted certificate: rows of true weights and others, values, and errors of the two computed sums."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import ctx

from varproof.base.balls import ball
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.exact_entries import fractions
from varproof.claims.model import Case
from varproof.claims.weighted_certificate import SLACK, bound_of
from varproof.families.matrices import FAMILIES, draw
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

BITS = 128
LEAST, MOST = 2.0**-20, 2.0**20  # true weights
ROUNDED = 1 - 2.0**-40  # rows that attain a bound are not suspicious for a rounding
SUSPICIOUS = 2.0  # ratio of a case whose bound is negative
ONE_SIDE, OPPOSITE = "one side", "opposite sums"
BEYOND = 3.0  # times rho, of the sums where that hypothesis is dropped
SPACE = Space(
    {
        "keys": Integer(2, 64, log=True),
        "errors": Choice((ONE_SIDE, OPPOSITE, *FAMILIES)),
        "share": Real(2.0**-20, 4.0, log=True),  # errors of the weights, of the normaliser
        "noise": Real(2.0**-20, 1.0, log=True),  # errors of the sums, of the normaliser
        "seed": Seed(),
    }
)


def build(point: Point, case: Case) -> Instance:
    """Nearly all mass at v = -1 and all error at v = 1, sums that err in opposite directions, or drawn rows."""
    keys, share, noise = int(point["keys"]), float(point["share"]), float(point["noise"])
    rng, kind = np.random.default_rng(int(point["seed"])), str(point["errors"])
    e = np.clip(np.exp(rng.uniform(0, 3) * rng.standard_normal(keys)), LEAST, MOST)
    v = rng.uniform(-1, 1, keys)
    offs = np.zeros(keys)
    sums = rng.uniform(-1, 1, 2)
    if kind in (ONE_SIDE, OPPOSITE):
        lifted = rng.random(keys) < rng.random()
        lifted[:2] = (True, False)
        v = np.where(lifted, 1.0, -1.0)
        e = np.where(lifted, e * 2.0 ** -rng.uniform(0, 12), e)
        if kind == ONE_SIDE:
            offs[0] = share * e.sum()
            noise *= float(rng.integers(2))
        else:
            sums = np.ones(2)
    else:
        offs = draw(kind, (keys,), share * float(e.sum()) / keys, rng)
    if not case.assumes("rounding_bounded"):
        sums = BEYOND * sums
    if not case.assumes("normaliser_positive"):
        offs[0] = -(1 + share) * e.sum()
    return _instance(e, e + offs, v, sums, noise * float(e.sum()), case)


def _instance(e: Any, p: Any, v: Any, sums: Any, rho: float, case: Case) -> Instance:
    most = 1.0 if case.assumes("rounding_bounded") else BEYOND
    return Instance(
        arrays={"e": np.maximum(e, LEAST), "p": p, "v": v, "sums": sums},
        numbers={"rho": rho},
        dimensions={"keys": (("e", 0), ("p", 0), ("v", 0))},
        boxes={"e": (LEAST, MOST), "p": (-MOST, MOST), "v": (-1.0, 1.0), "sums": (-most, most)},
    )


def measure(instance: Instance, case: Case) -> Measurement | None:
    """|N^/Z^ - o| over the smaller of the two bounds with E = sum |p - e|, in floats; h is 1."""
    e, p, v, sums = (instance.arrays[name] for name in ("e", "p", "v", "sums"))
    rho = float(instance.numbers["rho"])
    total, weighted = float(p.sum() + rho * sums[0]), float(p @ v + rho * sums[1])
    if not total or (case.assumes("normaliser_positive") and total < 0):
        return None
    if not (e > 0).all() or (case.assumes("rounding_bounded") and not (np.abs(sums) <= 1).all()):
        return None
    majorant, outer, width, rounding = (
        float(case.constants[name]) for name in ("majorant", "outer", "range", "rounding")
    )
    a, noise = majorant * float(np.abs(p - e).sum()) / total, rounding * rho / total
    bound = width * a + noise
    if a < 1 or (a > 1 and not case.assumes("majorant_below_normaliser")):
        bound = min(bound, (a * outer * (1 + abs(weighted / total)) + noise) / (1 - a))
    out = float(e @ v) / float(e.sum())
    # the same as |N^/Z^ - o|, with less cancellation
    error = abs(float((p - e) @ (v - out)) + rho * (float(sums[1]) - float(sums[0]) * out)) / abs(total)
    if bound > 0:
        return Measurement(ROUNDED * error / bound, len(e), error, bound)
    return Measurement(SUSPICIOUS if error > abs(bound) * 1e-9 else 0.0, len(e), error, bound)


def judge(instance: Instance, case: Case) -> Judgement:
    """The sums as fractions, the bound as a ball; what attains it counts as within."""
    e, p, v, sums = (fractions(instance.arrays[name]).tolist() for name in ("e", "p", "v", "sums"))
    rho = Fraction(float(instance.numbers["rho"]))
    total = sum(p, rho * sums[0])
    weighted = sum((x * y for x, y in zip(p, v, strict=True)), rho * sums[1])
    if total == 0:
        return Judgement.PASS
    out = sum((x * y for x, y in zip(e, v, strict=True)), Fraction(0)) / sum(e)
    majorant = sum((abs(x - y) for x, y in zip(p, e, strict=True)), Fraction(0))
    error = abs(weighted / total - out)
    with ctx.workprec(BITS):
        bound = bound_of(case, total, majorant / total, rho / total, weighted / total) * (1 + ball(SLACK))
        if ball(error) > bound:
            return Judgement.VIOLATED
        return Judgement.PASS if ball(error) <= bound else Judgement.AMBIGUOUS


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("keys", "errors", "share"),
    small=Space(
        {
            "keys": Integer(2, 3),
            "errors": Choice((ONE_SIDE, OPPOSITE, "signs")),
            "share": Choice((0.0625, 0.5, 4.0)),
            "noise": Choice((0.0625,)),
            "seed": Integer(0, 3),
        }
    ),
    cost=2e-4,
)
