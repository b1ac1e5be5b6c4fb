"""Hamming closest pair to gap Hamming: distances are integers, so nothing lies between t and t + 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from reductions.constructions.vectors.gap_vectors import vectors_at_the_gap
from reductions.constructions.vectors.matrix_text import aligned
from reductions.constructions.vectors.pair_answers import same_answer, same_pair, turned_pair
from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Option, Reduction, size
from reductions.core.whole_number import whole_number
from reductions.problems.gap_hamming import GapHamming
from reductions.problems.hamming import HammingClosestPair
from reductions.rules.ov_to_hamming import forward as from_vectors

LEFT, RIGHT, DIM, THRESHOLD, GAP = size("left"), size("right"), size("dim"), size("threshold"), size("gap")


def parities(instance: HammingClosestPair) -> set[int]:
    """The parities that distances have: h and the sum of the two weights are both even or both odd.

    >>> parities(HammingClosestPair.from_bits([[1, 0], [0, 1]], [[1, 1]], 0))
    {1}
    """
    sides = ({int(weight) % 2 for weight in side.ones()} for side in (instance.left, instance.right))
    left, right = sides
    return {(x + y) % 2 for x in left for y in right}


def accepts(instance: HammingClosestPair, options: Mapping[str, Any]) -> str | None:
    """A gap of 2 needs distances that are all of the parity of the threshold; the instance is looked at."""
    if options["gap"] not in (1, 2):
        return f"the gap between two distances that follow each other is 1 or 2, not {options['gap']}"
    found = parities(instance)
    if options["gap"] == 2 and not found <= {instance.threshold % 2}:
        return f"a gap of 2 needs distances of the parity of the threshold {instance.threshold}; theirs are {found}"
    return None


def forward(instance: HammingClosestPair, options: Mapping[str, Any]) -> Mapped:
    """The same rows; near t, far t + gap."""
    return _image(instance, options["gap"])


def _image(
    instance: HammingClosestPair, gap: int, shift: int = 0, *, dropped: int = 0, flipped: bool = False
) -> Mapped:
    """The image; the arguments after the gap are for the mutants."""
    left, right = instance.left_bits, instance.right_bits
    read = left.size + right.size
    if flipped:
        left = left.copy()
        left[:1, :1] ^= 1
    near = max(0, instance.threshold + shift)
    target = GapHamming.from_bits(left, right[: max(0, len(right) - dropped)], near, near + gap)
    notes = (f"Near is {near}, far is {near + gap}: no distance lies between.",)
    return Mapped((target,), None, read * (2 if gap == 1 else 3) + 2, notes)


def hard(seed: int) -> Sequence[HammingClosestPair]:
    """Distances t and t + 1 or t + 2 side by side, from vectors at the gap and from random rows."""
    made: list[HammingClosestPair] = [from_vectors(each, {}).targets[0] for each in vectors_at_the_gap(seed)]
    rng = np.random.default_rng(seed)
    for threshold in (0, 1, 3):
        row = rng.integers(0, 2, (1, 7), dtype=np.uint8)
        for flips in (threshold, threshold + 1):
            other = row.copy()
            other[:, :flips] ^= 1
            made.append(HammingClosestPair.from_bits(row, np.vstack([1 - row, other]), threshold))
    return made


def structure(instance: HammingClosestPair, mapped: Mapped) -> list[str]:
    """The rows are those of the source, and far follows near."""
    target = mapped.targets[0]
    wrong = []
    if target.left != instance.left or target.right != instance.right:
        wrong.append("the rows changed")
    if target.near != instance.threshold or target.far - target.near not in (1, 2):
        wrong.append(f"the levels are {target.near} and {target.far}")
    return wrong


def explain(instance: HammingClosestPair, mapped: Mapped) -> list[str]:
    """Why there is a gap without any work, and how wide it is."""
    target = mapped.targets[0]
    wide = target.far - target.near
    why = (
        "A distance is an integer: above t it is at least t + 1."
        if wide == 1
        else "The distance of two rows is even iff the sum of their weights is. All left weights have one parity, all "
        "right weights have one, and the threshold fits: a distance above t is at least t + 2."
    )
    return [
        f"{why} So the same rows are a gap instance that keeps its promise. The gap is {wide} out of "
        f"{instance.left.dim} bits and does not grow with the instance.",
        f"Here t = {target.near} and T = {target.far}, for {target.left.rows} and {target.right.rows} rows.",
        aligned(target.left_bits, "left rows:"),
        aligned(target.right_bits, "right rows:"),
    ]


def _answer_turned(context: Any, answers: Sequence[Answer]) -> Answer:
    return Answer(Decision.of(answers[0].decision is Decision.NO))


RULE = Reduction(
    name="hamming_to_gap_hamming",
    source=HammingClosestPair,
    target=GapHamming,
    kind=Kind.MANY_ONE,
    summary="The same rows: near t, far t + 1, or t + 2 where all distances have the parity of t.",
    forward=forward,
    decode=same_answer,
    extract=same_pair,
    exact_size={"left": LEFT, "right": RIGHT, "dim": DIM, "near": THRESHOLD, "far": THRESHOLD + GAP},
    upper_size={"left": LEFT, "right": RIGHT, "dim": DIM, "near": THRESHOLD, "far": THRESHOLD + GAP},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=3 * (LEFT + RIGHT) * DIM + 2,
    claim_scope="every instance; the gap is 1 or 2 and not a constant share of t, so that hardness at constant gap "
    "ratio does not follow from this rule",
    sources=("docs/explanation/vector-gadgets.md",),
    page="docs/explanation/vector-gadgets.md",
    parsimonious=True,
    options={
        "gap": Option(1, whole_number(1, 2), "far - near: 1, or 2 where all distances have the parity of the threshold")
    },
    structure=structure,
    hard=hard,
    accepts=accepts,
    explain=explain,
    mutants=(
        Mutant("far one too high", lambda x, options: _image(x, options["gap"] + 1)),
        Mutant("near one too high", lambda x, options: _image(x, options["gap"], 1)),
        Mutant("near one too low", lambda x, options: _image(x, options["gap"], -1)),
        Mutant("one bit flipped", lambda x, options: _image(x, options["gap"], flipped=True)),
        Mutant("the last right row is lost", lambda x, options: _image(x, options["gap"], dropped=1)),
        Mutant("YES and NO exchanged", decode=_answer_turned),
        Mutant("the pair comes back turned", extract=turned_pair),
    ),
)
