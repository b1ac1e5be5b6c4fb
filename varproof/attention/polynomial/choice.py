"""Which polynomial a head gets, and which rows it is for: the least expected cost, rows computed exactly included.

A table for scores up to T serves the rows with gamma |q_i| max|k'| <= T; longer ones are left to exact attention. So a
few long queries do not set the degree of all. Nothing here is evidence: a bad choice costs time, no certificate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from varproof.approx.rank import monomial_rank
from varproof.attention.head import Head
from varproof.attention.polynomial.certificate import relative_error_within
from varproof.attention.polynomial.frame import Frame
from varproof.attention.polynomial.sample import Array, Sample, as_numpy
from varproof.attention.tables.bound_grid import LARGEST_BOUND as LARGEST_GRID
from varproof.attention.tables.bound_grid import dimension_grid_below, grid_above
from varproof.attention.tables.relative import RelativeTable, relative_table_for
from varproof.attention.tables.weighted import LARGEST_BOUND, MAX_DEGREE, WeightedTable, weighted_table
from varproof.base.errors import CertificateError

Table = RelativeTable | WeightedTable

ROUNDING_SHARE = 1e-3  # of delta left to rounding when a degree is chosen
DEGREES_TRIED = 3  # weighted tables, below the degree of the relative one
LEAST_SAVING = 2e7  # operations that looking at a sample costs, about a millisecond
PATIENCE = 1e9  # up to so many operations a polynomial is taken where exact attention would cost less
EXPONENTIAL = 50  # operations of the polynomial's passes that an exponential is worth
EXACT_CALL = 3e7  # what the first exact row costs besides
LONGER = 1.5  # from one number of rows left to exact attention to the next
ALMOST = 1 + 2.0**-40  # so that rounding does not exclude the row that a reach was made for


@dataclass(frozen=True)
class Reach:
    """A table for scores up to `bound` serves all but the `beyond` longest queries; `extra` is what those cost."""

    bound: float
    beyond: int
    extra: float


def choose(xp: Any, head: Head, frame: Frame, weighted: bool | None) -> Table | None:
    """The table expected to be cheapest; None where exact attention is, or no table reaches delta.

    `weighted` True or False restricts the choice to one kind. The table's bound may be below that of the frame.
    """
    eps = relative_error_within(head.delta * (1 - ROUNDING_SHARE), frame.half_range)
    relative = relative_table_for(frame.bound, eps) if weighted is not True and frame.bound <= LARGEST_GRID else None
    if relative is not None:
        cost = _cost(head, relative.degree)
        saving = cost - _cost(head, max(relative.degree - 1, 0))
        if cost < LEAST_SAVING or (saving < LEAST_SAVING and weighted is None):
            return relative
    lengths = np.sqrt(np.sort(as_numpy(frame.query_squares)))
    best: Table | None = None
    least, exact = math.inf, head.queries * _row_cost(head)
    found = None
    reaches = list(_reaches(head, frame, lengths, max(exact, PATIENCE)))
    if weighted is not True:
        for reach in reaches:
            if reach.extra >= least:
                break
            table = relative if reach.beyond == 0 else relative_table_for(reach.bound, eps)
            if table is not None and _cost(head, table.degree) + reach.extra < least:
                best, least, found = table, _cost(head, table.degree) + reach.extra, reach
    if weighted is not False:
        sample = Sample(xp, head, frame, lengths)
        for reach in _few(reaches, found):
            highest = MAX_DEGREE if best is None or found is None else best.degree - 1
            made = _weighted(head, sample, reach, highest, least)
            if made is not None:
                best, least = made
    return best if least <= max(exact, PATIENCE) else None


def _reaches(head: Head, frame: Frame, lengths: Array, most: float) -> Iterator[Reach]:
    """All queries, then all but some of the longest, as long as those cost less than `most`; one for a grid value."""
    before, beyond, rows = math.inf, 0, len(lengths)
    while beyond < rows:
        extra = beyond * _row_cost(head) + (EXACT_CALL if beyond else 0.0)
        if extra >= most and beyond:
            return
        bound = frame.bound if beyond == 0 else frame.bound * float(lengths[-1 - beyond] / lengths[-1]) * ALMOST
        if bound <= LARGEST_GRID and grid_above(bound) < before:
            before = grid_above(bound)
            yield Reach(bound, beyond, extra)
        beyond = max(beyond + 1, int(beyond * LONGER))


def _few(reaches: list[Reach], found: Reach | None) -> list[Reach]:
    """Where weighted tables are tried: the reach of all queries, and that of the relative table or a middling one."""
    inside = [reach for reach in reaches if grid_above(reach.bound) <= LARGEST_BOUND]
    if found is not None and found in inside:
        return list(dict.fromkeys((found, inside[0])))
    near = [reach for reach in inside if reach.bound <= inside[0].bound / 4]
    return inside[:1] + near[:1]


def _weighted(
    head: Head, sample: Sample, reach: Reach, highest: int, least: float
) -> tuple[WeightedTable, float] | None:
    """The cheapest weighted table of degree at most `highest` that costs less than `least`, with its cost."""
    half, dimension = grid_above(reach.bound), dimension_grid_below(sample.dimension)
    best = None
    lowest = int(half / 4) if highest == MAX_DEGREE else max(highest + 1 - DEGREES_TRIED, 0)
    for degree in range(lowest, highest + 1):
        if _cost(head, degree) + reach.extra >= least:
            break
        try:
            table = weighted_table(half, degree, dimension)
        except CertificateError:
            continue
        missed = sample.missed(table, reach.beyond)
        cost = _cost(head, degree) + reach.extra + missed * _row_cost(head)
        cost += EXACT_CALL if missed > 0 and not reach.beyond else 0.0
        if cost < least:
            best, least = table, cost
    return None if best is None else (best, least)


def expected_degree(bound: float, head_dim: int, eps: float) -> int | None:
    """The degree for scores up to `bound` when nothing else is known; None where no table is known to reach `eps`.

    That of the relative table, or a weighted one's whose certificate suffices for short and long queries alike when
    directions are uniform: the score is t bound with t of the law of the dimension.

    >>> expected_degree(1.0, 16, 1e-2), expected_degree(1.0, 4, 1e-3), expected_degree(100.0, 4, 1e-3)
    (2, 4, None)
    """
    if not bound <= LARGEST_GRID:
        return None
    relative = relative_table_for(bound, eps)
    half, dimension = grid_above(bound), dimension_grid_below(max(head_dim, 2))
    if relative is not None:
        degrees = range(max(relative.degree - DEGREES_TRIED, 0), relative.degree)
    else:  # scores beyond relative tables: those of high degree take milliseconds each to make, so not all are tried
        degrees = range(int(half), MAX_DEGREE + 1 if half <= LARGEST_BOUND else 0, 4)
    for degree in degrees:
        try:
            table = weighted_table(half, degree, dimension)
        except CertificateError:
            continue
        if _largest_share(table) <= eps:
            return degree
    return None if relative is None else relative.degree


def _largest_share(table: WeightedTable) -> float:
    """max over the lengths 0, 1/8, ..., 1 of the longest query of E[W]/E[p] under the law of the table."""
    moments = np.zeros(table.degree + 1)
    moments[0] = 1.0
    for k in range(2, table.degree + 1, 2):
        moments[k] = moments[k - 2] * (k - 1) / (table.dimension + k - 2)
    scaled = np.linspace(0, 1, 9)[:, None] ** np.arange(table.degree + 1) * moments
    below = np.maximum(scaled @ np.array(table.coefficients), 1e-9)
    return float(((scaled @ np.array(table.weights)) / below).max())


def _cost(head: Head, degree: int) -> float:
    return 4.0 * max(head.queries, head.keys) * monomial_rank(head.head_dim, degree) * (head.value_dim + 1)


def _row_cost(head: Head) -> float:
    return exact_row_flops(head.head_dim, head.value_dim, head.pairs // max(head.queries, 1))


def exact_row_flops(head_dim: int, value_dim: int, keys: int) -> float:
    """What one exact row costs, an exponential counted as `EXPONENTIAL` operations."""
    return keys * (2.0 * head_dim + 2 * value_dim + 2 + EXPONENTIAL)


def polynomial_head_flops(head_dim: int, table: Table, value_dim: int, queries: int, keys: int) -> float:
    """What the two passes cost."""
    return 2.0 * (queries + keys) * monomial_rank(head_dim, table.degree) * (value_dim + 1)
