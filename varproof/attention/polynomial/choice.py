"""Which polynomial a head gets: the relative table of least degree, or a weighted one where a sample says it pays.

Nothing here is evidence: a bad choice costs time, as rows that miss delta are computed again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.approx.rank import monomial_rank
from varproof.attention.head import Head
from varproof.attention.polynomial.certificate import relative_error_within
from varproof.attention.polynomial.frame import Frame
from varproof.attention.tables.bound_grid import LARGEST_BOUND as LARGEST_GRID
from varproof.attention.tables.bound_grid import dimension_grid_below, grid_above
from varproof.attention.tables.relative import RelativeTable, relative_table_for
from varproof.attention.tables.weighted import LARGEST_BOUND, MAX_DEGREE, WeightedTable, weighted_table
from varproof.base.errors import CertificateError

Table = RelativeTable | WeightedTable

SAMPLED_QUERIES, SAMPLED_KEYS = 16, 128
ROUNDING_SHARE = 1e-3  # of delta left to rounding when a degree is chosen
AIM = 0.95  # of delta: what a sample should predict
DEGREES_TRIED = 3  # below that of the relative table
LEAST_SAVING = 2e7  # operations that looking at a sample costs, about a millisecond
EXPONENTIAL = 20  # operations that an exponential is worth
LEVELS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.35, 0.2)  # of the largest query norm


def choose(xp: Any, head: Head, frame: Frame, weighted: bool | None) -> Table | None:
    """The table expected to be cheapest, None where there is none: scores beyond all tables, delta out of reach."""
    if not frame.bound <= LARGEST_GRID:
        return None
    eps = relative_error_within(head.delta * (1 - ROUNDING_SHARE), frame.half_range)
    relative = relative_table_for(frame.bound, eps)
    if weighted is False:
        return relative
    if relative is not None and weighted is None:
        if relative.degree == 0:
            return relative
        saving = _head_flops(head, relative.degree) - _head_flops(head, relative.degree - 1)
        if saving < LEAST_SAVING:
            return relative
    found = _weighted(xp, head, frame, relative, forced=weighted is True)
    return relative if found is None and weighted is None else found


def _weighted(
    xp: Any, head: Head, frame: Frame, relative: RelativeTable | None, *, forced: bool
) -> WeightedTable | None:
    """The cheapest weighted table, rows expected to miss delta included; `forced`: even if dearer than `relative`."""
    half = grid_above(frame.bound)
    if half > LARGEST_BOUND:
        return None
    sample = _Sample(xp, head, frame, half)
    dimension = dimension_grid_below(sample.dimension)
    per_row = exact_row_flops(head.head_dim, head.value_dim, head.pairs // max(head.queries, 1))
    lowest = 0 if relative is None else max(relative.degree - DEGREES_TRIED, 0)
    best, least = None, math.inf if forced or relative is None else _head_flops(head, relative.degree)
    for degree in range(lowest, MAX_DEGREE + 1):
        if _head_flops(head, degree) >= least:
            break
        try:
            table = weighted_table(half, degree, dimension)
        except CertificateError:
            continue
        cost = _head_flops(head, degree) + sample.missed(xp, table) * per_row
        if cost < least:
            best, least = table, cost
    return best


class _Sample:
    """Scores of some rows with some keys, as fractions t of the table's bound.

    Every sampled query is made as long as the longest: the worst rows, if directions do not matter much.
    """

    def __init__(self, xp: Any, head: Head, frame: Frame, half: float) -> None:
        queries = _some(head.q, SAMPLED_QUERIES)
        keys, values = _some(head.k, SAMPLED_KEYS), _some(head.v, SAMPLED_KEYS)
        norms = np.sqrt((queries * queries).sum(axis=1))
        raised = queries * (frame.largest_query / np.where(norms > 0, norms, math.inf))[:, None]
        self.scores = np.clip(head.gamma * (raised @ (keys - _numpy(frame.centre)).T) / half, -1, 1)
        weights = np.exp(half * self.scores)
        outputs = (weights @ (values - _numpy(frame.middle))) / weights.sum(axis=1)[:, None]
        self.output = np.abs(outputs).max(axis=1)
        self.half_range, self.aim = frame.half_range, AIM * head.delta
        self.squares, self.largest = frame.query_squares, frame.largest_query

    @property
    def dimension(self) -> float:
        """1 over the mean of t^2, of the second worst row."""
        means = np.sort((self.scores**2).mean(axis=1))
        largest = float(means[-2] if len(means) > 1 else means[-1])
        return 1 / largest if largest > 0 else math.inf

    def missed(self, xp: Any, table: WeightedTable) -> int:
        """How many rows are expected to miss delta: those longer than the largest level whose rows do not."""
        low, high = 0, len(LEVELS)  # LEVELS fall, and errors with them
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.reaches(table, LEVELS[middle]) else (middle + 1, high)
        if low == 0:
            return 0
        if low == len(LEVELS):
            return int(self.squares.shape[0])
        return int(xp.sum(xp.astype(self.squares > (LEVELS[low] * self.largest) ** 2, xp.int64)))

    def reaches(self, table: WeightedTable, level: float) -> bool:
        """Whether nearly all queries of `level` times the largest norm are expected within delta."""
        t = self.scores * level
        normaliser = _evaluate(table.coefficients, t).mean(axis=1)
        share = _evaluate(table.weights, t).mean(axis=1) / np.maximum(normaliser, 1e-9)
        error = np.minimum(
            2 * self.half_range * share, share * (self.half_range + self.output) / np.maximum(1 - share, 1e-9)
        )
        error[share >= 1] = math.inf
        return bool(np.sort(error)[-1 - len(error) // 10] <= self.aim)


def _evaluate(coefficients: tuple[float, ...], t: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.full_like(t, coefficients[-1])
    for c in coefficients[-2::-1]:
        total = total * t + c
    return total


def _some(x: Any, rows: int) -> NDArray[np.float64]:
    return _numpy(x[:: max(1, x.shape[0] // rows)][:rows])


def _numpy(x: Any) -> NDArray[np.float64]:
    return np.asarray(x.cpu() if hasattr(x, "cpu") else x, dtype=np.float64)


def _head_flops(head: Head, degree: int) -> float:
    return 4.0 * max(head.queries, head.keys) * monomial_rank(head.head_dim, degree) * (head.value_dim + 1)


def exact_row_flops(head_dim: int, value_dim: int, keys: int) -> float:
    """What one exact row costs, an exponential counted as `EXPONENTIAL` operations."""
    return keys * (2.0 * head_dim + 2 * value_dim + 2 + EXPONENTIAL)


def polynomial_head_flops(head_dim: int, table: Table, value_dim: int, queries: int, keys: int) -> float:
    """What the two passes cost."""
    return 2.0 * (queries + keys) * monomial_rank(head_dim, table.degree) * (value_dim + 1)
