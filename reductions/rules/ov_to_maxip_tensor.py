"""Orthogonal vectors to maximum inner product with a wider gap: tensor powers, (d - <a, b>)^k."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from reductions.constructions.vectors.gap_vectors import vectors_at_the_gap
from reductions.constructions.vectors.matrix_text import aligned
from reductions.constructions.vectors.pair_answers import same_answer, same_pair, turned_pair
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Option, Reduction, size
from reductions.core.whole_number import LARGEST_LIMIT, RAISE_LIMIT, whole_number
from reductions.problems.maxip import MaxInnerProduct
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_maxip import complemented

LEFT, RIGHT, DIM, POWER = size("left"), size("right"), size("dim"), size("power")
LIMIT = 1 << 22  # integers, 32 MiB


def tensor_power(rows: NDArray[np.int64], power: int) -> NDArray[np.int64]:
    """Each row multiplied with itself in all ways: row x gives all products x_p1 ... x_pk, (2d)^k of them.

    >>> tensor_power(np.array([[1, 2]]), 2).tolist()
    [[1, 2, 2, 4]]
    """
    made = rows
    for _ in range(power - 1):
        made = (made[:, :, None] * rows[:, None, :]).reshape(len(rows), made.shape[1] * rows.shape[1])
    return made


def levels(dim: int, power: int) -> tuple[int, int]:
    """Threshold d^k, and (d - 1)^k below it; -1 for d = 0, where no pair is left to lie below.

    >>> levels(3, 2), levels(0, 2)
    ((9, 4), (0, -1))
    """
    return dim**power, (dim - 1) ** power if dim else -1


def accepts(instance: OrthogonalVectors, options: Mapping[str, Any]) -> str | None:
    """The power is at least 1 and the tensors stay below the limit."""
    power, rows, dim = options["power"], instance.left.rows + instance.right.rows, instance.left.dim
    if power < 1:
        return f"the power must be at least 1, not {power}"
    # 2^64 integers are too many for any machine, and no larger power is worked out
    if dim and (power > 64 or rows * (2 * dim) ** power > options["limit"]):
        found = f"{rows} rows of {2 * dim}^{power} integers"
        return f"{found} are more than the limit of {options['limit']}; {RAISE_LIMIT}"
    return None


def forward(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    """The tensor powers of (a, 1 - a) and (1 - b, 1)."""
    left, right = complemented(instance)
    return _mapped(instance, left, right, options["power"])


def _mapped(
    instance: OrthogonalVectors,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    power: int,
    shift: tuple[int, int] = (0, 0),
) -> Mapped:
    dim, rows = instance.left.dim, len(left) + len(right)
    threshold, low = levels(dim, power)
    target = MaxInnerProduct(
        tensor_power(left, power), tensor_power(right, power), threshold + shift[0], low + shift[1]
    )
    written = sum((2 * dim) ** each for each in range(1, power + 1))
    notes = (f"Orthogonal pairs reach {threshold}, all others at most {low}, in dimension {(2 * dim) ** power}.",)
    return Mapped((target,), power, rows * (dim + written), notes)


def _one_entry(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    mapped = forward(instance, options)
    mapped.targets[0].left[:1, -1:] ^= 1
    return mapped


def _left_plain(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    left, right = complemented(instance)
    return _mapped(instance, np.hstack([left[:, : instance.left.dim]] * 2), right, options["power"])


def _power_too_high(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    return _mapped(instance, *complemented(instance), options["power"] + 1)


def _row_lost(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    left, right = complemented(instance)
    return _mapped(instance, left[:-1], right, options["power"])


def _low_without_a_power(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    dim, power = instance.left.dim, options["power"]
    return _mapped(instance, *complemented(instance), power, (0, dim - 1 - levels(dim, power)[1]))


def structure(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """Entries are 0 and 1, a left row has d^k ones, and the levels are powers of d and of d - 1."""
    target, dim = mapped.targets[0], instance.left.dim
    wrong = []
    if not np.isin(target.left, (0, 1)).all() or not np.isin(target.right, (0, 1)).all():
        wrong.append("an entry is neither 0 nor 1")
    if dim and not np.all(target.left.sum(axis=1) == target.threshold):
        wrong.append("a left row has another number of ones than the threshold")
    if (target.threshold, target.low) != levels(dim, mapped.context):
        wrong.append(f"the levels are {target.threshold} and {target.low}")
    return wrong


def explain(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """What a tensor power does to an inner product, and what is gained here."""
    target, dim = mapped.targets[0], instance.left.dim
    ratio = f"{target.threshold} to {target.low}" if dim > 1 else f"{target.threshold} to nothing"
    return [
        "The rows x = (a, 1 - a) and y = (1 - b, 1) have <x, y> = d - <a, b>. The k-th tensor power of x lists all "
        "products of k of its entries. Inner products become powers: <x^k, y^k> = <x, y>^k = (d - <a, b>)^k. "
        "Orthogonal pairs reach d^k, all others at most (d - 1)^k: the ratio d / (d - 1) is raised to the power k, and "
        "so is the dimension 2d.",
        f"Here d = {dim}: dimension {target.left.shape[1]}, levels {ratio}.",
        aligned(target.left, "left rows:"),
        aligned(target.right, "right rows:"),
        aligned(target.left[:8] @ target.right[:12].T, "inner products of the first 8 and 12 rows:"),
    ]


def hard(seed: int) -> Sequence[OrthogonalVectors]:
    """Inner products 0 and 1 side by side, in dimensions whose powers stay small."""
    return vectors_at_the_gap(seed, (1, 2, 4))


RULE = Reduction(
    name="ov_to_maxip_tensor",
    source=OrthogonalVectors,
    target=MaxInnerProduct,
    kind=Kind.MANY_ONE,
    summary="Tensor powers: inner products (d - <a, b>)^k, levels d^k and (d - 1)^k.",
    forward=forward,
    decode=same_answer,
    extract=same_pair,
    exact_size={"left": LEFT, "right": RIGHT, "dim": (2 * DIM) ** POWER},
    upper_size={"left": LEFT, "right": RIGHT, "dim": (2 * DIM) ** POWER, "magnitude": sympy.Integer(1)},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=(LEFT + RIGHT) * (DIM + 2 * (2 * DIM) ** POWER),
    claim_scope="every instance below the limit; the ratio of the levels is (d / (d - 1))^k, near e^(k / d)",
    sources=("docs/explanation/vector-gadgets.md",),
    page="docs/explanation/vector-gadgets.md",
    parsimonious=True,
    options={
        "power": Option(2, whole_number(1, 64), "the power k: dimension (2d)^k"),
        "limit": Option(LIMIT, whole_number(1, LARGEST_LIMIT), "most integers written into all targets together"),
    },
    structure=structure,
    hard=hard,
    accepts=accepts,
    explain=explain,
    mutants=(
        Mutant("one entry of the first left row", _one_entry),
        Mutant("powers of (a, a)", _left_plain),
        Mutant("one power too many", _power_too_high),
        Mutant("the last left row is lost", _row_lost),
        Mutant("the lower level is d - 1", _low_without_a_power),
        Mutant("threshold one too high", lambda x, o: _mapped(x, *complemented(x), o["power"], (1, 0))),
        Mutant("threshold at the lower level", lambda x, o: _mapped(x, *complemented(x), o["power"], (-1, -2))),
        Mutant("the pair comes back turned", extract=turned_pair),
    ),
)
