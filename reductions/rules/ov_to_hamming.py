"""Orthogonal vectors to Hamming closest pair: three bits a coordinate, so that h = d + 2 <a, b>."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from reductions.constructions.vectors.gap_vectors import vectors_at_the_gap
from reductions.constructions.vectors.matrix_text import aligned
from reductions.constructions.vectors.pair_answers import same_answer, same_pair, turned_pair
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Reduction, size
from reductions.problems.hamming import HammingClosestPair
from reductions.problems.orthogonal_vectors import OrthogonalVectors

LEFT, RIGHT, DIM = size("left"), size("right"), size("dim")
# row x codes bit x; left and right codes differ in 1 place, those of two ones in 3
LEFT_CODE = np.array([[0, 0, 0], [0, 1, 1]], dtype=np.uint8)
RIGHT_CODE = np.array([[0, 0, 1], [1, 0, 0]], dtype=np.uint8)


def forward(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    """Each bit becomes three; the threshold is d."""
    return _image(instance)


def _image(
    instance: OrthogonalVectors,
    left_code: NDArray[np.uint8] = LEFT_CODE,
    right_code: NDArray[np.uint8] = RIGHT_CODE,
    shift: int = 0,
    dropped: int = 0,
) -> Mapped:
    """The image; the other arguments are for the mutants."""
    read, written = [instance.left_bits, instance.right_bits], []
    for bits, code in zip(read, (left_code, right_code), strict=True):
        written.append(code[bits].reshape(len(bits), 3 * bits.shape[1]))
    dim = instance.left.dim
    left = written[0][: max(0, len(written[0]) - dropped)]
    target = HammingClosestPair.from_bits(left, written[1], max(0, dim + shift))
    notes = (f"Rows of {3 * dim} bits; orthogonal pairs are those of distance exactly {dim}.",)
    return Mapped((target,), None, sum(each.size for each in (*read, *written)), notes)


def structure(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """Every three bits are one of the two codes of their side."""
    target = mapped.targets[0]
    wrong = []
    for side, code in (("left", LEFT_CODE), ("right", RIGHT_CODE)):
        triples = getattr(target, f"{side}_bits").reshape(-1, 3)
        if not all(any(np.array_equal(triple, each) for each in code) for triple in triples):
            wrong.append(f"{side} has three bits that are no code")
    return wrong


def explain(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The codes, why they work, the rows."""
    target = mapped.targets[0]
    distances = np.array([[(x != y).sum() for y in target.right_bits[:12]] for x in target.left_bits[:8]])
    return [
        "Each coordinate becomes three bits: on the left 0 -> 000 and 1 -> 011, on the right 0 -> 001 and 1 -> 100. "
        "The codes of two ones differ in 3 places, those of any other two bits in 1. Summed over the coordinates, the "
        "distance of rows i and j is h = d + 2 <a_i, b_j>: it is d for orthogonal pairs and at least d + 2 for others.",
        f"Here d = {instance.left.dim}: {target.left.rows} and {target.right.rows} rows of {target.left.dim} bits, "
        f"threshold {target.threshold}.",
        aligned(instance.left_bits, "left vectors:"),
        aligned(target.left_bits, "left rows:"),
        aligned(instance.right_bits, "right vectors:"),
        aligned(target.right_bits, "right rows:"),
        aligned(distances, "distances h of the first 8 and 12 rows:"),
    ]


RULE = Reduction(
    name="ov_to_hamming",
    source=OrthogonalVectors,
    target=HammingClosestPair,
    kind=Kind.MANY_ONE,
    summary="Three bits a coordinate: the distance is d + 2 <a, b>, threshold d.",
    forward=forward,
    decode=same_answer,
    extract=same_pair,
    exact_size={"left": LEFT, "right": RIGHT, "dim": 3 * DIM, "threshold": DIM},
    upper_size={"left": LEFT, "right": RIGHT, "dim": 3 * DIM, "threshold": DIM},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=4 * (LEFT + RIGHT) * DIM,
    claim_scope="every instance",
    sources=("1507.05106",),
    page="docs/explanation/vector-gadgets.md",
    parsimonious=True,
    structure=structure,
    hard=vectors_at_the_gap,
    explain=explain,
    mutants=(
        Mutant("one bit of the right code of 1", lambda x, _: _image(x, right_code=np.array([[0, 0, 1], [1, 0, 1]]))),
        Mutant("one bit of the left code of 1", lambda x, _: _image(x, left_code=np.array([[0, 0, 0], [0, 0, 1]]))),
        Mutant("left rows in the right code", lambda x, _: _image(x, left_code=RIGHT_CODE)),
        Mutant("threshold d + 2", lambda x, _: _image(x, shift=2)),
        Mutant("threshold d + 1", lambda x, _: _image(x, shift=1)),
        Mutant("threshold d - 1", lambda x, _: _image(x, shift=-1)),
        Mutant("the last left row is lost", lambda x, _: _image(x, dropped=1)),
        Mutant("the pair comes back turned", extract=turned_pair),
    ),
)
