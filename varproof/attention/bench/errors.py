"""Certified against measured errors: every row of every engine, against exact attention in float64 or better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.bench.cases import Case
from varproof.attention.bench.contestants import exact_result, make_head, place

EXTENDED_ROWS = 32  # rows of exact engines that are recomputed in extended precision


@dataclass(frozen=True)
class Reference:
    """Exact attention of some rows: their indices (None: all), values (rows, d_v), and an error bound for each row."""

    rows: NDArray[Any] | None
    values: NDArray[Any]
    bound: NDArray[Any]


def exact_reference(case: Case, rows: tuple[Any, Any, Any], dtype: str) -> Reference:
    """All rows by the exact engine in float64, for the inputs as rounded to `dtype`, with its certified bound."""
    rounded = tuple(part.astype(dtype).astype(np.float64) for part in rows)
    arrays = place((rounded[0], rounded[1], rounded[2]), backend="numpy", device="cpu", dtype="float64")
    found = exact_result(make_head(case, arrays, math.inf))
    return Reference(None, to_numpy(found.values), to_numpy(found.bound))


def extended_reference(case: Case, rows: tuple[Any, Any, Any], dtype: str, *, seed: int) -> Reference:
    """Some rows in NumPy's longdouble, 64 bits of mantissa on x86; its own bound counts roundings at that unit."""
    q, k, v = (part.astype(dtype).astype(np.longdouble) for part in rows)
    chosen = np.random.default_rng([seed, len(q)]).permutation(len(q))[:EXTENDED_ROWS]
    # the scale is the real number 1/d: divided, not multiplied by a rounded factor
    scores = q[chosen] @ k.T / case.head_dim
    largest = float(np.abs(scores).max())
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    values = (weights @ v) / weights.sum(axis=1, keepdims=True)
    roundings = 2 * len(k) + 4 * (case.head_dim + 4) * (1 + largest)
    side = float(np.abs(v).max())
    unit = float(np.finfo(np.longdouble).eps)
    # a generous allowance and no proof: what it guards against is a bound of ours that is too small by a factor
    return Reference(chosen, np.asarray(values), np.full(len(chosen), 2 * side * roundings * unit))


def to_numpy(array: Any) -> NDArray[Any]:
    """An array of any backend on the host."""
    if hasattr(array, "detach"):
        array = array.detach().cpu().numpy()
    return np.asarray(array)


@dataclass(frozen=True)
class Errors:
    """Largest certified (None without a certificate on every row) and measured error, and whether one is violated."""

    bound: float | None
    error: float | None
    violated: bool


def compare(values: Any, bound: Any, reference: Reference) -> Errors:
    """Errors of an output; a row violates its bound when it differs by more than that and the reference's bound.

    >>> exact = Reference(None, np.zeros((2, 1)), np.zeros(2))
    >>> compare(np.array([[0.5], [0.0]]), np.array([0.4, 0.1]), exact)
    Errors(bound=0.4, error=0.5, violated=True)
    >>> compare(np.array([[np.nan], [0.0]]), np.array([0.4, 0.1]), exact).violated
    True
    """
    rows = slice(None) if reference.rows is None else reference.rows
    wide = reference.values.dtype
    errors = np.abs(to_numpy(values)[rows].astype(wide) - reference.values).max(axis=1)
    measured = float(errors.max())
    shown = measured if math.isfinite(measured) else None
    if bound is None:
        return Errors(None, shown, False)
    certified = to_numpy(bound).astype(np.float64)
    known = np.isfinite(certified[rows])
    allowed = certified[rows].astype(wide) + reference.bound.astype(wide)
    violated = bool((known & ~(errors <= allowed)).any())
    return Errors(float(certified.max()) if np.isfinite(certified).all() else None, shown, violated)
