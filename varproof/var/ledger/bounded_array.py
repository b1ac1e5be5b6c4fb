"""An array with a rigorous bound beside every entry, and what is known of how its errors hang together.

The error of a token's row is G z + r: z in [-1, 1]^m are symbols of that token, G (channels, m) its generators, and
|r| <= `remainder` entrywise. A linear map acts on G exactly, so errors that it cancels stay cancelled; a plain bound
(no groups) would only know |W|. Proofs: docs/explanation/error-ledger.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INFLATION = 1 + 1e-9  # covers the rounding of a bound's own evaluation: below 10^6 operations on non-negative terms
LARGEST_FORM = 2**24  # numbers in all generators of one array: 128 MiB


@dataclass(frozen=True)
class Group:
    """Symbols of tokens: `names` (tokens...) one number a token, -1 for none; `generators` (tokens..., channels, m).

    Rows of equal name in two arrays are driven by the same m symbols.
    """

    names: NDArray[np.int64]
    generators: Floats

    @cached_property
    def bound(self) -> Floats:
        """(tokens..., channels): the largest |G z|."""
        return np.asarray(np.abs(self.generators).sum(axis=-1))


@dataclass(frozen=True)
class BoundedArray:
    """`value` as computed, in the library and dtype of the pass; |value - true| <= `bound`, true in real arithmetic.

    True is the pass on the given weights and inputs with exact softmax attention. `remainder` (the shape of the value)
    and `groups` make up the bound. `twin` is the same step of the exact pass in float64 with a bound of its own, None
    in that pass itself.

    >>> x = BoundedArray(np.array([[1.0, 2.0]]), np.array([[0.5, 0.0]]))
    >>> x.bound.max() >= 0.5, x.reference.tolist()
    (np.True_, [[1.0, 2.0]])
    """

    value: Any
    remainder: Floats
    groups: tuple[Group, ...] = ()
    twin: BoundedArray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the value."""
        return tuple(int(size) for size in self.value.shape)

    @cached_property
    def numbers(self) -> Floats:
        """The value as a float64 NumPy array."""
        return numbers(self.value)

    @cached_property
    def bound(self) -> Floats:
        """Entrywise, float64; infinite where nothing is known, never NaN."""
        with np.errstate(all="ignore"):
            total = self.remainder + sum(group.bound for group in self.groups)
            total = total * INFLATION
        return np.where(np.isnan(total) | ~np.isfinite(self.numbers), math.inf, total)

    @property
    def reference(self) -> Floats:
        """The exact pass in float64."""
        return self.numbers if self.twin is None else self.twin.numbers

    @property
    def reference_bound(self) -> Floats:
        """How far `reference` may be from the true values."""
        return self.bound if self.twin is None else self.twin.bound

    @cached_property
    def plain(self) -> BoundedArray:
        """The same without symbols: the bound is all that is known."""
        return self if not self.groups else replace(self, remainder=self.bound, groups=())


def numbers(value: Any) -> Floats:
    """A NumPy or torch array as float64 in NumPy."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.asarray(value, dtype=np.float64)


def add_groups(first: tuple[Group, ...], second: tuple[Group, ...]) -> tuple[Group, ...]:
    """The groups of a sum: generators of the same symbols are added, others stand side by side."""
    total = list(first)
    for group in second:
        for place, other in enumerate(total):
            if group.generators.shape == other.generators.shape and np.array_equal(group.names, other.names):
                total[place] = Group(other.names, other.generators + group.generators)
                break
        else:
            total.append(group)
    return tuple(total)


def scale_groups(groups: tuple[Group, ...], factor: Any) -> tuple[Group, ...]:
    """Generators times `factor`, which broadcasts against (tokens..., channels)."""
    wide = np.asarray(factor)[..., None]
    return tuple(Group(group.names, group.generators * wide) for group in groups)
