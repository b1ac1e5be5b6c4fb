"""Cases of the entry bounds: threshold instances of drawn lists, executed with noise, and the claim's own check.

An instance with these entries must decide: every output is moved towards the wrong side by up to 99/100 of delta.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import ctx
from numpy.typing import NDArray

from reductions.oracles.exact import ExactOracle
from reductions.problems.attention import ApproximateAttention
from reductions.problems.gap_hamming import GapHamming
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.gap_hamming_to_attention import RULE as GAP_HAMMING
from reductions.rules.ov_to_attention_scaling import RULE as SCALING
from varproof.base.balls import ball, dyadic, to_float
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import FAILS, drawn_check
from varproof.claims.attack_parts.joined import joined
from varproof.claims.entry_bounds_of_reductions import GAP, ROUNDED, SCALES, check, largest_entry
from varproof.claims.model import Case
from varproof.families.orthogonal_vectors import ORTHOGONAL_VECTORS, draw_lists
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space
from varproof.growth.scales import parse_scale

MOST_ROWS = 8
NOISE = Fraction(99, 100)
HALF = Fraction(1, 2)


def build(point: Point, case: Case) -> Instance:
    """Lists of a family with distances t < T for gap Hamming; all the noise against the answer, or drawn."""
    rng = np.random.default_rng(int(point["seed"]))
    left, right = draw_lists(str(point["family"]), int(point["size"]), int(point["width"]), rng)
    left = left[rng.permutation(len(left))[:MOST_ROWS]]
    if point["rule"] == "gap" and rng.random() < 0.5:  # a close pair: random rows are about d/2 apart
        right[rng.integers(len(right))] = left[0]
    noise = np.ones(len(left)) if point["noise"] == "all" else rng.uniform(-1, 1, len(left))
    width = left.shape[1]
    near = int(rng.integers(0, width))
    return Instance(
        {"left": left, "right": right, "noise": noise},
        {"rule": point["rule"], "scale": point["scale"], "near": near, "far": int(rng.integers(near + 1, width + 1))},
        {"rows": (("left", 0), ("noise", 0)), "keys": (("right", 0),)},
        {"noise": (-1.0, 1.0)},
    )


class _Image:
    """The attention instance of a case, its head dimension and beta by the statement, and the answers of the rows."""

    def __init__(self, instance: Instance, case: Case) -> None:
        left, right = (instance.arrays[name].astype(np.uint8) for name in ("left", "right"))
        self.scale, self.width, keys = str(instance.numbers["scale"]), left.shape[1], len(right)
        products = left.astype(np.int64) @ right.T.astype(np.int64)
        levels: NDArray[Any] = -products
        self.high, self.low, padded, rule, source = 0, -1, self.width + 1, SCALING, None
        options: dict[str, Any] = {"scale": self.scale, "weight_gap": GAP}
        if instance.numbers["rule"] == "gap":
            near, far = int(instance.numbers["near"]), int(instance.numbers["far"])
            levels = self.width - 2 * (left.sum(axis=1)[:, None] + right.sum(axis=1)[None, :] - 2 * products)
            self.high, self.low = self.width - 2 * near, self.width - 2 * far
            padded = self.width + max(1, abs(self.width - 2 * near), abs(self.width - near - far))
            rule, options = GAP_HAMMING, {**options, "small_ball": Fraction(0)}
            source = GapHamming.from_bits(left, right, near, far)
        mapped = rule.forward(source or OrthogonalVectors.from_bits(left, right), {**rule.defaults(), **options})
        self.target: ApproximateAttention = mapped.targets[0]
        self.best = levels.max(axis=1)
        with ctx.workprec(192):
            gamma = ball(parse_scale(self.scale).gamma(padded if case.assumes("padded") else self.width))
            self.beta = ball(keys * GAP).log() / (self.high - self.low)
            self.square = ball(case.constants["square"] * (1 + ROUNDED)) * self.beta / gamma
            self.logits = ball(case.constants["logits"] * (1 + ROUNDED)) * self.beta * self.width
            self.entries = ball(largest_entry(self.target) ** 2)
            self.scores = self.beta * int(np.abs(levels).max())

    def room(self, output: Any, row: int) -> Any:
        """How far the output is on its side of 1/2; None for a row outside the promise, where any answer is right."""
        if self.best[row] >= self.high:
            return output - HALF
        return HALF - output if self.best[row] <= self.low else None


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The noise over its room on the right side of 1/2; R^2 and B over what is stated only where they are above it."""
    made = _Image(instance, case)
    outputs = ExactOracle("float64").outputs(made.target).values[:, 0]
    above = max(to_float(made.entries / made.square), to_float(made.scores / made.logits))
    worst = above if above > 1 else 0.0  # R^2 is always the same number, just below the bound
    for row, (output, noise) in enumerate(zip(outputs.tolist(), instance.arrays["noise"].tolist(), strict=True)):
        room = made.room(output, row)
        if room is not None:
            worst = max(worst, FAILS if room <= 0 else noise * float(NOISE * made.target.delta) / float(room))
    return Measurement(worst, len(instance.arrays["right"]), worst, 1.0)


def judge(instance: Instance, case: Case) -> Judgement:
    """Outputs in balls, moved exactly; entries and scores as fractions against balls."""
    made = _Image(instance, case)
    outputs = ExactOracle("arb").outputs(made.target)
    wrong = bool(made.entries > made.square) or bool(made.scores > made.logits)
    for row, noise in enumerate(instance.arrays["noise"].tolist()):
        room = made.room(dyadic(outputs.values[row, 0]), row)
        wrong = wrong or (room is not None and room + outputs.error < Fraction(noise) * NOISE * made.target.delta)
    return Judgement.VIOLATED if wrong else Judgement.PASS


DECIDED = Attack(
    Space(
        {
            "rule": Choice(("scaling", "gap")),
            "size": Integer(1, 64, log=True),
            "width": Integer(1, 24, log=True),
            "scale": Choice(SCALES),
            "family": Choice(tuple(ORTHOGONAL_VECTORS)),
            "noise": Choice(("all", "drawn")),
            "seed": Seed(),
        }
    ),
    build,
    measure,
    judge,
    ("rule", "scale", "family"),
    cost=2e-3,
)
FORMULAS = drawn_check(
    check,
    Space(
        {
            "keys": Integer(1, 300, log=True),
            "dim": Integer(2, 40, log=True),
            "scale": Choice(SCALES),
            "kappa": Real(1 / 64, 64.0, log=True),
            "ratio": Integer(1, 20),
        }
    ),
    cells=("keys", "dim", "scale"),
    size="keys",
    cost=0.004,
)

ATTACK = joined({"decided": DECIDED, "formulas": FORMULAS}, cells=("part", "scale", "rule"))
