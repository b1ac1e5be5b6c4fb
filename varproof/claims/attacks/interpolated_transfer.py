"""Cases of attention through interpolated maps: drawn token maps, executed; and the constants of the layout.

Entries are multiples of 1/8. Change and bound are far below what floats resolve, so the fast pass has balls too.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb, ctx

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.cells import cells, transfer
from reductions.oracles.exact import ExactOracle
from reductions.problems.attention import ApproximateAttention
from varproof.base.balls import ball, to_float
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.attack_parts.joined import joined
from varproof.claims.interpolated_transfer import (
    KERNELS,
    NO_INTEGER,
    SCALES,
    SMALL_BLOCK,
    Setting,
    constants_of_layout,
    image,
)
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Point, Seed, Space

BITS = 320
FINE = 8  # entries are multiples of 1/FINE
LARGEST = 2.0
# block, margin, sides before and after interpolation: with and without cells left over, integer ratios and others
SETTINGS = {
    "7,3: 14 to 28": Setting(7, 3, 14, 28),
    "7,3: 7 to 14": Setting(7, 3, 7, 14),
    "7,3: 16 to 32": Setting(7, 3, 16, 32),
    "7,3: 14 to 42": Setting(7, 3, 14, 42),
    "8,3: 16 to 20": Setting(8, 3, 16, 20),
    "9,4: 18 to 24": Setting(9, 4, 18, 24),
    "9,3: 18 to 36": Setting(9, 3, 18, 36),
}
DATA = ("equal", "sparse", "threshold", "signed")


def build(point: Point, case: Case) -> Instance:
    """Up to four keys, or one where a map has one block; equal keys bring the change near its bound."""
    setting = _setting(str(point["sides"]), case)
    rng = np.random.default_rng(int(point["seed"]))
    count, dim = min(int(point["keys"]), (setting.coarse // setting.block) ** 2), int(point["dim"])
    queries, keys = (rng.uniform(-LARGEST, LARGEST, (rows, dim)) for rows in (min(count, 2), count))
    if point["data"] == "equal":
        keys[:] = keys[0] if rng.random() < 0.5 else 0.0
    elif point["data"] == "sparse":
        keys *= rng.random(keys.shape) < 0.3
    elif point["data"] == "threshold":
        queries, keys = abs(queries), -abs(keys)
    values = rng.integers(-1, 2, (count, 1)) if point["data"] == "signed" else rng.integers(0, 2, (count, 1))
    return Instance(
        {"queries": queries, "keys": keys, "values": values.astype(np.float64)},
        {name: point[name] for name in ("sides", "kernel", "scale", "digits")},
        {"keys": (("keys", 0), ("values", 0)), "queries": (("queries", 0),), "dim": (("queries", 1), ("keys", 1))},
        {"queries": (-LARGEST, LARGEST), "keys": (-LARGEST, LARGEST), "values": (-1.0, 1.0)},
    )


def _setting(name: str, case: Case) -> Setting:
    if not case.assumes("wide"):
        return SMALL_BLOCK
    return SETTINGS[name] if case.assumes("whole") else NO_INTEGER


def _compared(instance: Instance, case: Case) -> tuple[arb, arb]:
    """The largest change of an output and the smaller one of both bounds."""
    numbers, setting = instance.numbers, _setting(str(instance.numbers["sides"]), case)
    arrays = {name: np.rint(FINE * array).astype(np.int64) for name, array in instance.arrays.items()}
    unit = Fraction(1, FINE)
    source = ApproximateAttention(
        arrays["queries"],
        arrays["keys"],
        arrays["values"],
        Fraction(1, 10 ** int(numbers["digits"])),
        str(numbers["scale"]),
        query_unit=unit,
        key_unit=unit,
        value_unit=unit,
    )
    blocks, mapped = image(source, str(numbers["kernel"]), setting)
    target, inner, oracle = mapped.targets[0], layout.source_of(source), ExactOracle("arb", BITS)
    with ctx.workprec(BITS):
        got, want = (oracle.outputs(each).values[:, 0] for each in (target, source))
        margin = transfer(inner, target.sides, blocks, cells(inner, blocks), source.neutral)
        factor = ball(2 * case.constants["spread"] * margin.factor)
        damped = ball(case.constants["suppression"] * margin.lift) * layout.strength_of(inner, target)
        largest = ball(1 + blocks.weight_sum) * layout.largest_score(inner)
        change = arb(0)
        for a, b in zip(got, want, strict=True):
            change = change.max(abs(a - b))
        return change, factor * (margin.mixture - margin.floor).min(largest).exp() * (-damped).exp()


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The change over the bound; None where all values are 0, as nothing moves."""
    if not np.rint(FINE * instance.arrays["values"]).any():
        return None
    change, bound = _compared(instance, case)
    with ctx.workprec(BITS):
        ratio = to_float(change / bound)
    return Measurement(ratio, len(instance.arrays["keys"]), to_float(change), to_float(bound))


def judge(instance: Instance, case: Case) -> Judgement:
    """The balls compared."""
    change, bound = _compared(instance, case)
    if change > bound:
        return Judgement.VIOLATED
    return Judgement.PASS if change <= bound else Judgement.AMBIGUOUS


CHANGE = Attack(
    Space(
        {
            "keys": Integer(1, 4),
            "dim": Integer(1, 3),
            "kernel": Choice(KERNELS),
            "scale": Choice(SCALES),
            "digits": Integer(2, 20),
            "sides": Choice(tuple(SETTINGS)),
            "data": Choice(DATA),
            "seed": Seed(),
        }
    ),
    build,
    measure,
    judge,
    ("kernel", "sides"),
    cost=0.025,
)
CONSTANTS = drawn_check(constants_of_layout, Space({"kernel": Choice(KERNELS)}), cells=("kernel",), cost=0.01)

ATTACK = joined({"change": CHANGE, "constants": CONSTANTS}, cells=("part", "kernel"), most=1000)
