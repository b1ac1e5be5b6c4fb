"""From partial sums to values and their bound: the last step of exact attention, shared with Dask."""

from __future__ import annotations

from typing import Any

from varproof.attention.exact.blocks import Partial
from varproof.attention.exact.frame import Frame
from varproof.attention.exact.rounding import INFLATION, Roundings, output_error, row_norms
from varproof.base.tolerances import UNIT_ROUNDOFF


def score_bounds(xp: Any, q: Any, gamma: float, key_bound: float) -> tuple[Any, Any]:
    """(rows,) float64 gamma |q_i| and gamma |q_i| max|k'|, rounded up."""
    query_bound = row_norms(xp, q) * (abs(gamma) * (1 + 1e-9))
    return query_bound, query_bound * key_bound


def score_roundings(head_dim: int, gamma_roundings: int) -> int:
    """Roundings of a score: centring of the key, gamma and its cast, gamma times the query, d products and sums."""
    return head_dim + 3 + gamma_roundings


def finish(
    xp: Any,
    part: Partial,
    at: Frame,
    counts: Roundings,
    *,
    query_bound: Any,
    score_bound: Any,
    key_bound: float,
    dtype: Any,
) -> tuple[Any, Any]:
    """Values (rows, d_v) in `dtype` and their bound (rows,) from the sums over all keys of each row."""
    shifted = part.shift is not None
    normaliser = part.sums[-1, :]
    half, scale = (at.half / at.scale)[:, None], at.scale[:, None]
    ratio = part.sums[:-1, :] / normaliser
    error = output_error(
        xp,
        ratio=ratio,
        normaliser=normaliser,
        half=half,
        score_error=counts.score_error(xp, score_bound, query_bound, key_bound, shifted=shifted),
        sum_error=counts.sum_error(),
        underflow=counts.underflow(shifted=shifted),
    )
    middle, low, high = (xp.astype(x, xp.float64)[:, None] for x in (at.middle, at.low, at.high))
    final = ratio * scale + middle
    # the exact output lies between the smallest and the largest value: moving there is never away from it
    values = xp.minimum(xp.maximum(xp.where(xp.isfinite(final), final, middle + 0 * low), low), high)
    unit, out_unit = UNIT_ROUNDOFF["float64"], UNIT_ROUNDOFF[str(dtype).rpartition(".")[2]]
    last = unit + (out_unit if out_unit != unit else 0.0)
    smallest = 2.0**-1022 if out_unit == unit else 2.0**-126
    bound = INFLATION * xp.max(scale * error + last * xp.abs(final) + 4 * smallest, axis=0)
    spread = float(xp.max(high - low)) * (1 + 2.0**-50)
    certified = (normaliser > 0) & xp.isfinite(normaliser) & (bound <= spread)
    bound = xp.where(certified, bound, xp.full_like(bound, spread))
    return xp.astype(xp.permute_dims(values, (1, 0)), dtype), bound
