"""The image of vectors under `ov_to_maxip_reed_solomon`: one target for every message."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reductions.constructions.vectors.lazy_targets import LazyTargets
from reductions.constructions.vectors.reed_solomon import Field
from reductions.core.reduction import Mapped
from reductions.problems.maxip import MaxInnerProduct
from reductions.problems.orthogonal_vectors import OrthogonalVectors


@dataclass(frozen=True)
class Made:
    """The field, and the number of targets: one for each message."""

    field: Field
    calls: int


def image(
    instance: OrthogonalVectors,
    field: Field,
    *,
    shift: int = 0,
    roots: int | None = None,
    turned: int = 0,
    levels: tuple[int, int] = (0, 0),
    flipped: int = 0,
) -> Mapped:
    """The image; the arguments after the field are for the mutants."""
    alpha, beta = field.values(instance.left_bits), field.values(instance.right_bits, shift)
    # sum over u of alpha_u(r) v_u, for every r and v: what a message must say at r
    sums = np.moveaxis(alpha, 1, 2) @ field.vectors().T % field.q
    right = one_hot(field, np.roll(beta, turned, axis=2))
    threshold, low = field.q + levels[0], 2 * field.length - 2 + levels[1]

    def target(index: int) -> MaxInnerProduct:
        message = field.message(index, roots)
        agree = (sums == message[None, :, None]).astype(np.int64).reshape(len(sums), field.width)
        agree[:1, :flipped] ^= 1
        return MaxInnerProduct(agree, right, threshold, low)

    read = (instance.left.rows + instance.right.rows) * instance.left.dim
    calls = field.messages
    operations = read + alpha.size + beta.size + sums.size + right.size + calls * (field.q + sums.size)
    notes = (
        f"{field.blocks} blocks of {field.length} coordinates over the field of {field.q} elements: {calls} messages.",
        f"Dimension {field.width}; orthogonal pairs reach {threshold} at one message, all others at most {low}.",
    )
    return Mapped(LazyTargets(calls, target), Made(field, calls), operations, notes)


def one_hot(field: Field, beta: NDArray[np.int64]) -> NDArray[np.int64]:
    """For values (rows, T, q) the rows that are 1 at (r, beta(r)) for each element r: shape (rows, q^(T+1))."""
    made = np.zeros((len(beta), field.q, field.q**field.blocks), dtype=np.int64)
    places = field.place(np.moveaxis(beta, 1, 2))
    rows, elements = np.indices(places.shape)
    made[rows, elements, places] = 1
    return made.reshape(len(beta), field.width)
