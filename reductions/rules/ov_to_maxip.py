"""Orthogonal vectors to maximum inner product: (a, 1 - a) . (1 - b, 1) = d - <a, b>."""

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
from reductions.problems.maxip import MaxInnerProduct
from reductions.problems.orthogonal_vectors import OrthogonalVectors

LEFT, RIGHT, DIM = size("left"), size("right"), size("dim")


def complemented(instance: OrthogonalVectors) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows (a, 1 - a) and (1 - b, 1), of 2 d entries 0 and 1; their inner product is d - <a, b>.

    >>> left, right = complemented(OrthogonalVectors.from_bits([[1, 1]], [[1, 0]]))
    >>> left.tolist(), right.tolist(), int(left[0] @ right[0])
    ([[1, 1, 0, 0]], [[0, 1, 1, 1]], 1)
    """
    a, b = instance.left_bits.astype(np.int64), instance.right_bits.astype(np.int64)
    return np.hstack([a, 1 - a]), np.hstack([1 - b, np.ones_like(b)])


def forward(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    """Twice the dimension, threshold d, all else at most d - 1."""
    left, right = complemented(instance)
    return _mapped(instance, left, right)


def _mapped(
    instance: OrthogonalVectors,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    levels: tuple[int, int] = (0, -1),
) -> Mapped:
    dim = instance.left.dim
    target = MaxInnerProduct(left, right, dim + levels[0], dim + levels[1])
    read = (instance.left.rows + instance.right.rows) * dim
    notes = (f"Orthogonal pairs are those of inner product {dim} in dimension {2 * dim}; no other reaches it.",)
    return Mapped((target,), None, read + left.size + right.size, notes)


def _left_repeated(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    left, right = complemented(instance)
    return _mapped(instance, np.hstack([left[:, : instance.left.dim]] * 2), right)


def _right_as_it_is(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    left, right = complemented(instance)
    right[:, : instance.left.dim] = instance.right_bits
    return _mapped(instance, left, right)


def _last_one_missing(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    left, right = complemented(instance)
    right[-1:, -1:] = 0
    return _mapped(instance, left, right)


def _last_row_lost(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    left, right = complemented(instance)
    return _mapped(instance, left, right[:-1])


def structure(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The halves complement each other on the left, the second half is 1 on the right; the levels are d and d - 1."""
    target, dim = mapped.targets[0], instance.left.dim
    wrong = []
    if not np.all(target.left[:, :dim] + target.left[:, dim:] == 1) or not np.isin(target.left, (0, 1)).all():
        wrong.append("the halves of a left row do not complement each other")
    if not np.all(target.right[:, dim:] == 1) or not np.isin(target.right, (0, 1)).all():
        wrong.append("a right row does not end in ones")
    if (target.threshold, target.low) != (dim, dim - 1):
        wrong.append(f"the levels are {target.threshold} and {target.low}")
    return wrong


def explain(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The rows, why they work, the numbers."""
    target = mapped.targets[0]
    return [
        "A left vector a becomes (a, 1 - a), a right vector b becomes (1 - b, 1). Their inner product is "
        "|a| - <a, b> + (d - |a|) = d - <a, b>: it is d for orthogonal pairs and at most d - 1 for others.",
        f"Here d = {instance.left.dim}: {len(target.left)} and {len(target.right)} rows in dimension "
        f"{target.left.shape[1]}, threshold {target.threshold}.",
        aligned(target.left, "left rows (a, 1 - a):"),
        aligned(target.right, "right rows (1 - b, 1):"),
        aligned(target.left[:8] @ target.right[:12].T, "inner products of the first 8 and 12 rows:"),
    ]


RULE = Reduction(
    name="ov_to_maxip",
    source=OrthogonalVectors,
    target=MaxInnerProduct,
    kind=Kind.MANY_ONE,
    summary="Inner products (a, 1 - a) . (1 - b, 1) = d - <a, b>, threshold d.",
    forward=forward,
    decode=same_answer,
    extract=same_pair,
    exact_size={"left": LEFT, "right": RIGHT, "dim": 2 * DIM},
    upper_size={"left": LEFT, "right": RIGHT, "dim": 2 * DIM, "magnitude": sympy.Integer(1)},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=3 * (LEFT + RIGHT) * DIM,
    claim_scope="every instance; the two levels d and d - 1 are a gap of one unit only",
    sources=("1802.02325",),
    page="docs/explanation/vector-gadgets.md",
    parsimonious=True,
    structure=structure,
    hard=vectors_at_the_gap,
    explain=explain,
    mutants=(
        Mutant("the left row is (a, a)", _left_repeated),
        Mutant("the right row is (b, 1)", _right_as_it_is),
        Mutant("the last one of the last right row is 0", _last_one_missing),
        Mutant("the last right row is lost", _last_row_lost),
        Mutant("threshold d + 1", lambda x, _: _mapped(x, *complemented(x), (1, -1))),
        Mutant("threshold d - 1", lambda x, _: _mapped(x, *complemented(x), (-1, -2))),
        Mutant("NO promises d - 2", lambda x, _: _mapped(x, *complemented(x), (0, -2))),
        Mutant("the pair comes back turned", extract=turned_pair),
    ),
)
