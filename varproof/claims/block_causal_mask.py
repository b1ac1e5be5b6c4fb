"""Block-causal attention: serving stage by stage is attention with the mask level(query) >= level(key)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from varproof.attention.exact import engine as exact
from varproof.base.verdict import Finding, Verdict
from varproof.claims.attention_cases import drawn_head, fractions, levels_of, one_stage, stages_of
from varproof.claims.cells import integers, schedules
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally
from varproof.growth.schedules import Schedule

PAGE = "docs/explanation/attention-certificate.md"
MOST_TOKENS = 2500  # the mask has an entry for every pair
SHORT = Schedule((1, 2, 3))  # 14 tokens, for exact rationals


def check(case: Case) -> Finding:
    """Outputs with positive rational weights by stages and by the mask, then the exact engine both ways."""
    return assemble([("exact identity", _identity(case)), ("the exact engine both ways", _engine(case))])


def _identity(case: Case) -> Finding:
    """Weights 1 + s + s^2/2 > 0 in rationals: the stages of the engines against the mask of the statement."""
    tally = Tally()
    for head_dim in integers(case, "head_dim", low=1, high=6):
        q, k, v = (fractions(seed, SHORT.tokens, head_dim) for seed in (1, 2, 3))
        scores = q @ k.T
        weights = 1 + scores + scores * scores / 2
        masked = weights * _mask(case, SHORT)
        seen = 0
        for stage in stages_of(SHORT):
            seen += stage.keys.stop - stage.keys.start
            for row in range(stage.queries.start, stage.queries.stop):
                total, held = masked[row].sum(), weights[row, :seen].sum()
                # sums are compared crosswise: without its own level a row of the first level sees nothing
                for column in range(head_dim):
                    left = (weights[row, :seen] @ v[:seen, column]) * total
                    right = (masked[row] @ v[:, column]) * held
                    tally.equal(left, right, d=head_dim, query=row, column=column, compared="outputs")
                tally.equal(held, total, d=head_dim, query=row, compared="normalisers")
    return tally.finding(f"{PAGE} (features): both visit the same keys; here exactly, all rows of the schedule 1, 2, 3")


def _mask(case: Case, schedule: Schedule) -> NDArray[np.bool_]:
    """(m, n): level(query) >= level(key); strict or by tokens where the hypothesis is dropped."""
    levels = levels_of(schedule) if case.assumes("whole_levels") else np.arange(schedule.tokens)
    difference = levels[:, None] - levels[None, :]
    found: NDArray[np.bool_] = difference >= 0 if case.assumes("own_level") else difference > 0
    return found


def _engine(case: Case) -> Finding:
    tally = Tally()
    for schedule in schedules(case, "schedule", most_tokens=MOST_TOKENS):
        difference, allowed = _both_ways(schedule)
        tally.at_most(difference, allowed, schedule=schedule.name, engine="exact", row="the worst one")
    return tally.finding(
        "float64 runs with stages and with the mask differ by less than the sum of their certified bounds",
        ok=Verdict.TESTED,
    )


@cache
def _both_ways(schedule: Schedule) -> tuple[Fraction, Fraction]:
    """The difference of the two runs and the sum of their bounds, in the row where the share is largest."""
    head = drawn_head(11, schedule, 4, bound=4.0, delta=1e-9)
    levels = levels_of(schedule)
    full = replace(head, stages=one_stage(head.queries, head.keys), mask=levels[:, None] >= levels[None, :])
    staged, masked = exact.run(head), exact.run(full)
    differences = np.abs(staged.values - masked.values).max(axis=1)
    allowed = staged.bound + masked.bound
    row = int(np.argmax(differences / allowed))
    moved = max(
        (
            abs(Fraction(float(a)) - Fraction(float(b)))
            for a, b in zip(staged.values[row], masked.values[row], strict=True)
        )
    )
    return moved, Fraction(float(staged.bound[row])) + Fraction(float(masked.bound[row]))


CLAIM = Claim(
    id="block_causal_mask",
    statement=(
        "Let the keys of a level join those seen before the queries of that level are served. This is full attention "
        "with the mask level(query) >= level(key), row by row; the exact engine agrees within its certified bounds."
    ),
    kind="identity",
    hypotheses={
        "own_level": "a query sees the keys of its own level",
        "whole_levels": "a query sees every key of a level that it sees, also those after it in the sequence",
    },
    sources=(PAGE, "arXiv:2404.02905"),
    check=check,
    expected=Verdict.TESTED,
    falsified=(
        Variant("level(query) > level(key)", "then the own level is missing", dropped=frozenset({"own_level"})),
        Variant("token by token", "position(query) >= position(key)", dropped=frozenset({"whole_levels"})),
    ),
    cells={"head_dim": (1, 3), "schedule": ("1-2-4-8", "256")},
)
