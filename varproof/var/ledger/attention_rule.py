"""Softmax attention of queries, keys and values that are themselves known with errors: the perturbation lemma by rows.

Scores move by at most eta_i but for a shift of the row, weights by 2 tanh(eta_i/2) in l1, and the output by that times
half the range of the values seen plus the largest error of a value seen. Cost linear in the tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.levels import read_levels
from varproof.attention.validation import score_scale
from varproof.var.ledger.bounded_array import INFLATION, Floats


@dataclass(frozen=True)
class Seen:
    """Running extremes over the keys that each row sees: rows share an entry of `(heads, stages, d)` by `stage`."""

    stage: NDArray[np.int64]
    ends: NDArray[np.int64]
    order: NDArray[np.int64]

    def largest(self, x: Floats) -> Floats:
        """max over the keys seen of x (heads, keys, d), for every stage: (heads, stages, d)."""
        starts = np.concatenate([[0], self.ends[:-1]])
        parts = np.maximum.reduceat(x[:, self.order, :][:, : self.ends[-1], :], starts, axis=1)
        return np.asarray(np.maximum.accumulate(parts, axis=1))


def seen_by(levels: Any, queries: int, keys: int) -> Seen:
    """Who sees what: everything without levels, else keys of level at most the row's own."""
    if levels is None:
        return Seen(np.zeros(queries, dtype=np.int64), np.array([keys]), np.arange(keys))
    rows, columns = read_levels(levels, queries, keys)
    order = np.argsort(columns, kind="stable")
    ends, stage = np.unique(np.searchsorted(columns[order], rows, side="right"), return_inverse=True)
    return Seen(stage.reshape(-1), ends, order)


@dataclass(frozen=True)
class AttentionCall:
    """One call of a pass: what a degree for it depends on. `bound` B holds all centred scores of all its heads."""

    name: str
    heads: int
    queries: int
    keys: int
    head_dim: int
    bound: float
    half_range: float
    certificate: float
    engine: str
    degree: int


def score_factor(scale: str | float, head_dim: int) -> float:
    """gamma, rounded up."""
    gamma, roundings = score_scale(scale, head_dim)
    return gamma * (1 + (roundings + 1) * 2.0**-52)


def score_bound(
    q: Floats, k: Floats, gamma: float, q_error: Floats | float = 0.0, k_error: Floats | float = 0.0
) -> float:
    """gamma max|q_i| max|k_j - centre|, Cauchy-Schwarz, the largest over heads of (heads, tokens, d).

    It holds for all queries and keys within the errors of q and k, about the centre of the k given.
    """
    if not k.size or not q.size:
        return 0.0
    centred = np.abs(k - (k.max(axis=1, keepdims=True) + k.min(axis=1, keepdims=True)) / 2) + k_error
    rows = np.sqrt(((np.abs(q) + q_error) ** 2).sum(axis=-1)).max(axis=1)
    columns = np.sqrt((centred * centred).sum(axis=-1)).max(axis=1)
    return float((rows * columns).max() * gamma * INFLATION)


def clipped_certificate(output: Floats, certificate: Floats, values: Floats, seen: Seen) -> Floats:
    """(heads, queries, d_v): the row's certificate, or less where the range of the values seen says more.

    The exact output of the computed q, k, v lies in that range: with a single key it is that key's value.
    """
    high, low = (part[:, seen.stage, :] for part in (seen.largest(values), -seen.largest(-values)))
    inside = np.maximum(high - output, output - low) * INFLATION
    # never below zero: an output outside the range is off by its distance at least
    return np.asarray(np.fmin(certificate[..., None], np.where(np.isnan(inside), math.inf, inside)))


def perturbation(
    q: tuple[Floats, Floats], k: tuple[Floats, Floats], v: tuple[Floats, Floats], gamma: float, seen: Seen
) -> Floats:
    """(heads, queries, d_v): a bound on |Attn(q~, k~, v~) - Attn(q, k, v)|; pairs are (value, bound).

    eta_i = gamma sum_c (|q~_ic| max_j e^k_jc + e^q_ic max_j (|k~_jc - m_c| + e^k_jc)), m the middle of the keys
    seen: an error that is common to all keys of a row shifts its scores and costs nothing.
    """
    keys, key_error = k
    values, value_error = v
    moved = seen.largest(key_error)
    half = (seen.largest(keys) + seen.largest(-keys)) / 2 * INFLATION
    reach = (half + moved)[:, seen.stage, :]
    with np.errstate(all="ignore"):
        eta = gamma * (np.abs(q[0]) * moved[:, seen.stage, :] + q[1] * reach).sum(axis=-1) * INFLATION
    eta = np.where(np.isnan(eta), math.inf, eta)
    high, low = seen.largest(values), -seen.largest(-values)
    weights = 2 * np.tanh(eta / 2) * INFLATION
    half_range = ((high - low) / 2)[:, seen.stage, :] * INFLATION
    from_weights = np.where(half_range > 0, weights[..., None] * half_range, 0.0)
    return np.asarray((from_weights + seen.largest(value_error)[:, seen.stage, :]) * INFLATION)
