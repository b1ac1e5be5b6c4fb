"""The arguments of `attend`, checked at once: every refusal says what came, what is allowed and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np
from array_api_compat import is_dask_array
from numpy.typing import NDArray

from varproof.attention.head import Head, Stage
from varproof.attention.input_arrays import check_finite, check_shapes, check_subnormals, read_arrays, read_mask
from varproof.attention.levels import level_stages, read_levels, sorting, taken
from varproof.base.errors import InputError

SCALES = '"d" (1/d), "sqrt" (1/sqrt(d)), "one" (1) or a positive number'


@dataclass(frozen=True)
class Request:
    """Validated arguments of `attend`. Rows are sorted by level: row i of the answer is row `places[i]` computed.

    `q` (..., m, d), `k` (..., n, d), `v` (..., n, d_v); keys that no query sees are left out. `places` is None when the
    order is the caller's own. `mask` is None, (m, n) or (..., m, n).
    """

    q: Any
    k: Any
    v: Any
    gamma: float
    gamma_roundings: int
    delta: float
    stages: tuple[Stage, ...]
    mask: Any
    places: NDArray[np.int64] | None

    @property
    def batch(self) -> tuple[int, ...]:
        """The leading axes."""
        return tuple(int(size) for size in self.q.shape[:-2])

    def heads(self) -> Iterator[Head]:
        """One `Head` for every index of the leading axes, in C order."""
        for index in np.ndindex(*self.batch):
            own_mask = None if self.mask is None else self.mask[index] if self.mask.ndim > 2 else self.mask
            yield self.head(self.q[index], self.k[index], self.v[index], own_mask)

    def head(self, q: Any, k: Any, v: Any, mask: Any = None) -> Head:
        """A head of the given arrays, which are not looked at."""
        return Head(q, k, v, self.gamma, self.delta, self.stages, self.gamma_roundings, mask)


def validated(q: Any, k: Any, v: Any, *, delta: Any, scale: Any, levels: Any = None, mask: Any = None) -> Request:
    """Read the arguments of `attend`; `InputError` for anything that it does not define.

    >>> eye = np.eye(3)
    >>> request = validated(eye, eye, eye, delta=0.1, scale="d", levels=[0, 1, 1])
    >>> request.gamma_roundings, [(s.queries.stop, s.keys.stop) for s in request.stages]
    (1, [(1, 1), (3, 3)])
    """
    check_subnormals()
    q, k, v = read_arrays(q, k, v)
    shapes = f"q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)}"
    check_shapes(q, k, v, shapes)
    gamma, roundings = score_scale(scale, int(q.shape[-1]))
    queries, keys = int(q.shape[-2]), int(k.shape[-2])
    if levels is not None and mask is not None:
        raise InputError(
            "levels and mask were both given", got="both", allowed="one of them", hint="put the levels into the mask"
        )
    places = None
    stages: tuple[Stage, ...] = (Stage(slice(0, queries), slice(0, keys)),)
    if levels is not None:
        query_levels, key_levels = read_levels(levels, queries, keys)
        query_order, key_order = sorting(query_levels), sorting(key_levels)
        if query_order is not None:
            q, query_levels = taken(q, query_order), query_levels[query_order]
            places = np.empty(queries, dtype=np.int64)
            places[query_order] = np.arange(queries)
        if key_order is not None:
            k, v, key_levels = taken(k, key_order), taken(v, key_order), key_levels[key_order]
        stages = level_stages(query_levels, key_levels)
        seen = stages[-1].keys.stop if stages else keys
        k, v = k[..., :seen, :], v[..., :seen, :]
    elif queries and not keys:
        raise InputError("a query row has no key", got=shapes, allowed="at least one key")
    checked_mask = None if mask is None else read_mask(mask, q, k)
    if not is_dask_array(q):  # the Dask engine looks while it reduces
        check_finite(q, k, v)
    return Request(q, k, v, gamma, roundings, _delta(delta), stages, checked_mask, places)


def score_scale(scale: Any, head_dim: int) -> tuple[float, int]:
    """gamma as a float64 and how often it was rounded.

    >>> score_scale("d", 8), score_scale("sqrt", 8)[1], score_scale(0.25, 8)
    ((0.125, 0), 2, (0.25, 0))
    """
    if isinstance(scale, str):
        if scale == "d":
            return 1 / head_dim, int(head_dim & (head_dim - 1) != 0)
        if scale == "sqrt":
            root = math.isqrt(head_dim)
            exact_root = root * root == head_dim
            return 1 / math.sqrt(head_dim), 0 if exact_root and root & (root - 1) == 0 else 1 if exact_root else 2
        if scale == "one":
            return 1.0, 0
        raise InputError("unknown score scale", got=scale, allowed=SCALES)
    value = _real(scale, "scale", SCALES)
    if not 1e-300 <= value <= 1e300:
        raise InputError("the score scale is out of range", got=scale, allowed=f"{SCALES}, from 1e-300 to 1e300")
    return value, int(Fraction(value) != _exactly(scale))  # an unknown kind of number counts as rounded


def _delta(delta: Any) -> float:
    value = _real(delta, "delta", "a number > 0, an entrywise error")
    exactly = _exactly(delta)
    if exactly is None or Fraction(value) > exactly:
        value = math.nextafter(value, 0.0)
    if not 0 < value < math.inf:
        raise InputError("delta must be positive and finite", got=delta, allowed="delta > 0, an entrywise error")
    return value


def _real(value: Any, name: str, allowed: str) -> float:
    """A real number as the nearest float; NaN, infinities, complex numbers and text are refused."""
    try:
        if isinstance(value, (str, bytes, bool, complex)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        shown = value if isinstance(value, (int, float)) else f"{value!r} ({type(value).__name__})"
        raise InputError(f"{name} is not a finite real number", got=shown, allowed=allowed)
    return number


def _exactly(value: Any) -> Fraction | None:
    """The number itself where Python can say it exactly: all binary floats, integers, fractions, decimals."""
    if isinstance(value, (Rational, Decimal)):
        return Fraction(value)
    if hasattr(value, "as_integer_ratio"):
        return Fraction(*(int(part) for part in value.as_integer_ratio()))
    return None
