"""The cost of the polynomial engine: operations counted while it runs equal a closed form, linear in the tokens."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from varproof.approx.cost import exact_flops, streamed_polynomial_flops
from varproof.attention.exact import engine as exact
from varproof.attention.features import feature_plan
from varproof.attention.head import Head, Stage
from varproof.attention.polynomial import engine as polynomial
from varproof.attention.polynomial.array_kernel import ArrayKernel
from varproof.attention.polynomial.choice import Table
from varproof.attention.tables.relative import relative_table
from varproof.attention.tables.weighted import WeightedTable, weighted_table
from varproof.base.verdict import Finding
from varproof.claims.attention_cases import drawn_head, one_stage
from varproof.claims.cells import integers, schedules
from varproof.claims.metered_arrays import Meter
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally
from varproof.growth.schedules import Schedule

PAGE = "docs/explanation/ledger.md"
MOST_TOKENS = 100  # arrays that count are slow
BLOCK = 5  # tokens at a time, so that small cases have several blocks
TABLE_BOUND = 1.0625  # scores are at most 1, and what an engine computes as their bound a little more
SHORT = Schedule((1, 2, 3))


def check(case: Case) -> Finding:
    """The kernel on arrays that count, and what the engine says that it did; then exact attention."""
    return assemble([("the closed form", _streamed(case)), ("exact attention", _exact(case))])


def _streamed(case: Case) -> Finding:
    """Relative and weighted tables, by stages and all at once."""
    tally = Tally()
    for head_dim in integers(case, "head_dim", low=1, high=8):
        # the last scale serves no query where that hypothesis is dropped, so another one must
        for schedule in schedules(case, "schedule", most_tokens=MOST_TOKENS, least_scales=2):
            staged = _head(case, schedule, head_dim)
            full = replace(staged, stages=one_stage(staged.queries, staged.keys))
            for degree in integers(case, "degree", low=1, high=6):
                for table in (relative_table(TABLE_BOUND, degree), weighted_table(TABLE_BOUND, degree, 8.0)):
                    _compare(tally, case, staged, table, schedule=schedule.name)
                    _compare(tally, case, full, table, schedule=f"{schedule.name}, all at once")
    return tally.finding(
        f"{PAGE} derives it term by term; here the kernel runs on arrays that count every operation, and the number "
        "that the engine reports is compared as well"
    )


def _head(case: Case, schedule: Schedule, head_dim: int) -> Head:
    """Block-causal; the last scale brings keys but serves no query where the hypothesis is dropped."""
    delta = 4.0 if case.assumes("no_row_again") else 1e-300
    head = drawn_head(7, schedule, head_dim, bound=1.0, delta=delta)
    head = replace(head, k=head.k / 2)  # centred keys have norm at most 1
    if case.assumes("all_stages_serve"):
        return head
    served = head.stages[-1].queries.start
    last = Stage(queries=slice(served, served), keys=head.stages[-1].keys)
    return replace(head, q=head.q[:served], stages=(*head.stages[:-1], last))


def _compare(tally: Tally, case: Case, head: Head, table: Table, **cell: object) -> None:
    weighted = isinstance(table, WeightedTable)
    formula = streamed_polynomial_flops(
        head.queries, head.keys, head.head_dim, table.degree, stages=len(head.stages), weighted=weighted
    )
    claimed = case.constants["share"] * formula
    shown = {"d": head.head_dim, "degree": table.degree, "weighted": weighted, **cell}
    tally.equal(metered(head, table.degree, weighted=weighted), claimed, **shown, counted="by the arrays")
    answer = polynomial.run(head, table=table)
    tally.equal(answer.flops, claimed, **shown, counted="by the engine", rows_rerun=answer.rows_rerun)


def metered(head: Head, degree: int, *, weighted: bool) -> int:
    """The operations of both passes, counted by the arrays themselves.

    The kernel is the engine's; the steps between are written out: a running state, its scaling for every column, the
    reciprocal of the normaliser, the quotients, the middle of the values.
    """
    meter, plan = Meter(), feature_plan(head.head_dim, degree)
    kernel, state = ArrayKernel(block=BLOCK), None
    q, k, v = (meter.wrap(x) for x in (head.q, head.k, head.v))
    scale, middle = np.ones((plan.rank, 1)), np.zeros(head.value_dim)
    for stage in head.stages:
        joined = kernel.state(
            plan, k[stage.keys], v[stage.keys], shift=np.zeros(head.head_dim), factor=1.0, value_shift=middle
        )
        state = joined if state is None else state + joined
        if stage.queries.stop == stage.queries.start:
            continue
        weighing = [state * scale] + ([state[:, -1:] * scale] if weighted else [])
        table = meter.wrap(np.concatenate([part.data for part in weighing], axis=1))
        sums = kernel.outputs(plan, q[stage.queries], table, factor=1.0)
        reciprocal = 1 / sums[:, head.value_dim]
        _ = sums[:, : head.value_dim] * reciprocal[:, None] + middle
    return meter.operations


def _exact(case: Case) -> Finding:
    """Full exact attention: pairs as in the closed form, and 2d + 4 d_v a token on each side at most."""
    tally = Tally()
    for head_dim in integers(case, "head_dim", low=1, high=8):
        head = drawn_head(7, SHORT, head_dim, bound=1.0, delta=1e-9)
        full = replace(head, stages=one_stage(head.queries, head.keys))
        closed = exact_flops(head.keys, head.head_dim)
        linear = (head.queries + head.keys) * (2 * head.head_dim + 4 * head.value_dim)
        measured = exact.run(full).flops
        tally.at_least(measured, closed, d=head.head_dim, engine="exact")
        tally.at_most(measured, closed + linear, d=head.head_dim, engine="exact")
    return tally.finding("the number that the exact engine reports is the closed form and a term linear in the tokens")


CLAIM = Claim(
    id="streamed_attention_cost",
    statement=(
        "The two passes of the polynomial engine on arrays, with the division, execute m a + n b + K r c' + (K-1) r c "
        "operations for m queries, n keys and K stages, linear in the tokens: r = C(d+g, g), c = d_v + 1, c' = c (c + "
        "1 for a weighted table), and with the features all stored b = 2d + d_v + (r-1-d) + 2 r c, a = d + (r-1-d) + "
        "2 r c' + 2 d_v + 1. Where the last degree is not stored, b has d c and a has 2 d c' in place of its "
        "features. An inner product of length m counts 2m. Norms, ranges and bounds, linear in the tokens and free of "
        "r, are not counted. Exact attention of N queries and N keys is counted by its engine as N^2 (2d + 2 d_v + 3) "
        "+ N d_v operations and at most 2N (2d + 4 d_v) more."
    ),
    kind="identity",
    hypotheses={
        "all_stages_serve": "every stage brings keys and queries",
        "no_row_again": "no row misses delta, so that none is computed again",
    },
    sources=(PAGE,),
    derived_from=("rank_count", "running_feature_sums"),
    check=check,
    falsified=(
        Variant("1% more", "every operation is counted", {"share": Fraction(101, 100)}),
        Variant("1% less", "every operation is counted", {"share": Fraction(99, 100)}),
        Variant("a stage without queries", "its state is not scaled", dropped=frozenset({"all_stages_serve"})),
        Variant("delta out of reach", "rows are then computed again", dropped=frozenset({"no_row_again"})),
    ),
    constants={"share": Fraction(1)},
    cells={"head_dim": (1, 2, 5), "degree": (1, 2, 4), "schedule": ("1-2-3",)},
)
