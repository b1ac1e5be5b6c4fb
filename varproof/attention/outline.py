"""What the router looks at before it chooses: sizes, the bound on the centred scores, the half-range of the values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from varproof.attention.head import Head
from varproof.attention.polynomial.passes import column_range

LONG = 16.0  # squared norms above this times their mean belong to outliers


@dataclass(frozen=True)
class Outline:
    """One head in numbers. m queries, n keys, p pairs that the mask or the levels leave, d, d_v.

    `logit_bound` is B = gamma max|q| max|k - mean k|, Euclidean norms, a float that steers and proves nothing (it may
    be inf); `half_range` h of the values; `eps` the relative error of the weights that delta allows, at most 1.
    `usual_bound` is the same for all queries but the `long_queries` whose norm is above four times the mean square's
    root: few rows that an engine may serve apart.
    """

    queries: int
    keys: int
    pairs: int
    head_dim: int
    value_dim: int
    stages: int
    logit_bound: float
    half_range: float
    eps: float
    masked: bool = False
    usual_bound: float = math.inf
    long_queries: int = 0


def outline(head: Head) -> Outline:
    """Reductions over the arrays of a head with at least one key and one query: O((m + n) d + n d_v).

    >>> import numpy as np
    >>> from varproof.attention.head import Stage
    >>> q, k = np.array([[2.0, 0.0]]), np.array([[1.0, 5.0], [4.0, 1.0]])
    >>> found = outline(Head(q, k, k, gamma=0.5, delta=0.25, stages=(Stage(slice(0, 1), slice(0, 2)),)))
    >>> found.logit_bound, found.half_range, found.pairs, round(found.eps, 3)
    (2.5, 2.0, 2, 0.125)
    """
    xp = head.xp
    q, k = (xp.astype(x, xp.float64, copy=False) for x in (head.q, head.k))
    low, high = column_range(xp, head.v)
    half_range = float(xp.max(high / 2 - low / 2))
    rows = xp.full((head.keys,), 1 / head.keys, dtype=xp.float64, device=k.device)
    with np.errstate(all="ignore"):  # a bound that overflows is inf, and no polynomial is in reach
        reach = head.gamma * _largest_norm(xp, k - xp.matmul(rows, k))
        logit_bound, squares = reach * _largest_norm(xp, q), _squares(xp, q)
        usual = LONG * float(xp.mean(squares))
        usual_bound = reach * math.sqrt(usual) if usual < math.inf else math.inf
        longer = int(xp.count_nonzero(squares > usual))
    return Outline(
        queries=head.queries,
        keys=head.keys,
        pairs=head.pairs,
        head_dim=head.head_dim,
        value_dim=head.value_dim,
        stages=len(head.stages),
        logit_bound=logit_bound if logit_bound >= 0 else math.inf,
        half_range=half_range,
        eps=_relative_error(head.delta, half_range),
        masked=head.mask is not None,
        usual_bound=usual_bound if usual_bound >= 0 else math.inf,
        long_queries=longer,
    )


def _relative_error(delta: float, half_range: float) -> float:
    """eps = 2u/(1 + u^2), u = delta/(2h): `softmax_lemma.relative_error_for` in floats, which only steer here."""
    if delta >= 2 * half_range:
        return 1.0
    u = delta / (2 * half_range)
    return 2 * u / (1 + u * u)


def _squares(xp: Any, rows: Any) -> Any:
    return xp.matmul(rows * rows, xp.ones((rows.shape[1],), dtype=rows.dtype, device=rows.device))


def _largest_norm(xp: Any, rows: Any) -> float:
    """The largest Euclidean norm; rows are scaled when squares overflow or vanish."""
    square = float(xp.max(_squares(xp, rows)))
    if 1e-200 < square < 1e200:
        return math.sqrt(square)
    largest = float(xp.max(xp.abs(rows)))
    if not 0 < largest < math.inf:
        return largest
    return largest * math.sqrt(float(xp.max(_squares(xp, rows / largest))))
