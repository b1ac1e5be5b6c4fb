"""Families of real matrices: a registry of names, each a way to fill a stack of matrices with entries up to a bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.families.scaled import scaled
from varproof.families.sheets import autoregressive, one_over_f, smooth
from varproof.families.sign_patterns import alternating, random_signs, walsh
from varproof.families.split_and_list import sat_derived

Array = NDArray[np.float64]
Family = Callable[[tuple[int, ...], float, np.random.Generator], Array]


def constant(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
    """Every entry of a matrix is +bound, or every one -bound."""
    return np.broadcast_to(rng.choice((-bound, bound), size=(*shape[:-2], 1, 1)), shape).copy()


def aligned(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
    """Rows +-v of one random sign vector v with entries +-bound: inner products of two rows are +-columns bound^2."""
    vector = rng.choice((-bound, bound), size=(*shape[:-2], 1, shape[-1]))
    return np.asarray(vector * rng.choice((-1.0, 1.0), size=(*shape[:-1], 1)))


def gaussian(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
    """Independent normal entries, the largest one of a matrix at the bound."""
    return scaled(rng.standard_normal(shape), bound)


def sparse(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
    """Entries zero but for a share that is itself drawn, between none and half of them; those are +-bound."""
    share = rng.uniform(0.0, 0.5, size=(*shape[:-2], 1, 1))
    return np.asarray((rng.random(shape) < share) * rng.choice((-bound, bound), size=shape))


def one_by_one(family: Family) -> Family:
    """A family that draws a number for the whole matrix: of a stack every matrix draws its own, as independent ones do.

    >>> stack = one_by_one(low_rank)((2, 3, 4), 1.0, np.random.default_rng(0))
    >>> stack.shape
    (2, 3, 4)
    """

    def drawn(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
        stack = np.empty(shape)
        for index in np.ndindex(shape[:-2]):
            stack[index] = family(shape[-2:], bound, rng)
        return stack

    return drawn


def low_rank(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
    """A product of normal factors of rank 1 to 3, the largest entry at the bound."""
    rank = min(int(rng.integers(1, 4)), *shape[-2:])
    left = rng.standard_normal((*shape[:-1], rank))
    return scaled(left @ rng.standard_normal((*shape[:-2], rank, shape[-1])), bound)


def one_hot(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
    """One entry +bound in each row, the others zero."""
    place = rng.integers(shape[-1], size=(*shape[:-1], 1))
    return np.where(np.arange(shape[-1]) == place, bound, 0.0)


def duplicated(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
    """Rows and columns drawn with repetition from a small normal matrix: many equal rows, few different entries."""
    side = int(rng.integers(1, 4))
    core = scaled(rng.standard_normal((*shape[:-2], side, side)), bound)
    rows = rng.integers(side, size=(*shape[:-1], 1))
    columns = rng.integers(side, size=(*shape[:-2], 1, shape[-1]))
    return np.take_along_axis(np.take_along_axis(core, rows, axis=-2), columns, axis=-1)


FAMILIES: Mapping[str, Family] = {
    "constant": constant,
    "aligned": aligned,
    "gaussian": gaussian,
    "sparse": sparse,
    "low-rank": one_by_one(low_rank),
    "one-hot": one_hot,
    "duplicated": one_by_one(duplicated),
    "signs": random_signs,
    "alternating": alternating,
    "walsh": walsh,
    "smooth": smooth,
    "autoregressive": autoregressive,
    "one-over-f": one_over_f,
    "sat-derived": sat_derived,
}


def draw(name: str, shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> Array:
    """An array of `shape` of the named family, entries at most `bound` in absolute value, float64.

    The last two axes are rows and columns of a matrix; those before them stack independent matrices of one family; a
    shape (columns,) is one row. The same generator state gives the same array. Raises `InputError` for an unknown
    name, a shape without entries or axes, and a bound that is negative or not finite.

    >>> draw("alternating", (2, 3), 0.5, np.random.default_rng(0)).tolist()
    [[0.5, -0.5, 0.5], [-0.5, 0.5, -0.5]]
    """
    if name not in FAMILIES:
        raise InputError("no such family", got=name, allowed=", ".join(FAMILIES))
    if not shape or min(shape) < 1:
        raise InputError("the shape of a family's array", got=shape, allowed="at least one axis, every size >= 1")
    if not (math.isfinite(bound) and bound >= 0):
        raise InputError("the bound of a family's entries", got=bound, allowed="finite, >= 0")
    if len(shape) == 1:
        return FAMILIES[name]((1, *shape), bound, rng).reshape(shape)
    return FAMILIES[name](shape, bound, rng)
