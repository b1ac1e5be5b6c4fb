"""Runs of the polynomial engine judged by enclosures of the true output, for claims about certificates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import numpy as np

from varproof.attention.exact import engine as exact
from varproof.attention.exact import reference
from varproof.attention.polynomial import engine as polynomial
from varproof.attention.tables.relative import relative_table
from varproof.claims.attention_cases import drawn_head, levels_of, one_stage, worst_case
from varproof.growth.schedules import Schedule


@dataclass(frozen=True)
class Run:
    """One run: its sizes and cost, and for some rows the error (an upper end, exact) beside the certified bound."""

    tokens: int
    head_dim: int
    degree: int
    rank: int
    delta: Fraction
    flops: int
    exact_flops: int
    rows_rerun: int
    largest_bound: Fraction
    rows: tuple[tuple[int, Fraction, Fraction], ...]


def execute(schedule: Schedule, head_dim: int, *, bound: float, delta: Fraction, sampled: int) -> Run:
    """A drawn block-causal head through the polynomial engine; `sampled` rows, the worst certified one among them.

    >>> from varproof.growth.schedules import parse_schedule
    >>> run = execute(parse_schedule("1,2,3,4"), 1, bound=1.0, delta=Fraction(1, 10), sampled=2)
    >>> run.largest_bound <= run.delta, all(error <= certified for _, error, certified in run.rows)
    (True, True)
    """
    head = drawn_head(21, schedule, head_dim, bound=bound, delta=float(delta))
    answer = polynomial.run(head)
    levels = levels_of(schedule)
    spread = np.linspace(0, head.queries - 1, sampled).astype(int).tolist()
    rows = sorted({*spread[1:], int(np.argmax(answer.bound))})
    # the rows alone, with the mask in place of the stages: the judge shares nothing with the engine
    alone = replace(
        head, q=head.q[rows], stages=one_stage(len(rows), head.keys), mask=levels[rows][:, None] >= levels[None, :]
    )
    errors = reference.row_error(alone, answer.values[rows])
    return Run(
        tokens=head.queries,
        head_dim=head_dim,
        degree=answer.degree,
        rank=answer.rank,
        delta=delta,
        flops=answer.flops,
        exact_flops=exact.run(head).flops,
        rows_rerun=answer.rows_rerun,
        largest_bound=Fraction(float(answer.bound.max())),
        rows=tuple(
            (row, Fraction(error), Fraction(float(answer.bound[row]))) for row, error in zip(rows, errors, strict=True)
        ),
    )


@cache
def sharpest(bound: float, degree: int) -> tuple[Fraction, Fraction]:
    """The enclosed error and the certified bound of a row that a table of the engine serves as badly as it can."""
    table = relative_table(bound, degree)
    head = worst_case(table).head(delta=2.0)
    answer = polynomial.run(head, table=table)
    return Fraction(reference.row_error(head, answer.values)[0]), Fraction(float(answer.bound[0]))
