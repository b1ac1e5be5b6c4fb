"""Running sums of features: stage by stage the state equals the one computed anew from all keys seen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import factorial
from typing import Any

import numpy as np

from varproof.attention.features import FeaturePlan, feature_plan
from varproof.attention.polynomial import engine as polynomial
from varproof.attention.polynomial.array_kernel import ArrayKernel
from varproof.base.verdict import Finding, Verdict
from varproof.claims.attention_cases import drawn_head, fractions, one_stage, stages_of
from varproof.claims.cells import integers, schedules
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally
from varproof.growth.schedules import Schedule

PAGE = "docs/explanation/attention-certificate.md"
MOST_TOKENS = 2500
SHORT = Schedule((1, 2, 3))
VALUE_DIM = 2
FORGOTTEN = 1  # the stage that a variant leaves out
KERNEL = ArrayKernel(block=4, wide=False)  # the engine's own loops; on exact fractions they are exact


def check(case: Case) -> Finding:
    """The engine's loops on exact fractions against sums over pairs, then the float engine stage by stage."""
    return assemble([("exact identity", _identity(case)), ("the float engine", _engine(case))])


def _identity(case: Case) -> Finding:
    tally = Tally()
    for head_dim in integers(case, "head_dim", low=1, high=4):
        for degree in integers(case, "degree", low=1, high=5):
            _exact_run(tally, case, feature_plan(head_dim, degree))
    return tally.finding(
        f"{PAGE} proves it by the multinomial theorem; here the kernel of the engine runs on exact fractions, its "
        "running state equals sums over monomials listed by their exponents, and its outputs equal sums over pairs"
    )


def _exact_run(tally: Tally, case: Case, plan: FeaturePlan) -> None:
    """States and outputs after every stage of a schedule with 14 tokens, p(s) = sum_k s^k/k!."""
    q, k = (fractions(seed, SHORT.tokens, plan.head_dim) for seed in (4, 5))
    v = fractions(6, SHORT.tokens, VALUE_DIM)
    ones = np.array([[Fraction(1)]] * SHORT.tokens, dtype=object)
    columns = np.concatenate([v, ones], axis=1)
    coefficients = _coefficients(case, plan)
    state: Any = np.zeros((plan.rank, VALUE_DIM + 1), dtype=object)
    for number, stage in enumerate(stages_of(SHORT)):
        if case.assumes("all_stages") or number != FORGOTTEN:
            state = state + KERNEL.state(
                plan, k[stage.keys], v[stage.keys], shift=_zeros(plan.head_dim), factor=1, value_shift=_zeros(VALUE_DIM)
            )
        seen = stage.keys.stop
        features = np.array(
            [[_monomial(key, exponents) for key in k[:seen]] for exponents in plan.exponents.tolist()], dtype=object
        )
        cell = {"d": plan.head_dim, "degree": plan.degree, "stage": number}
        tally.holds(bool((state == features @ columns[:seen]).all()), **cell, compared="states")
        served = KERNEL.outputs(plan, q[stage.queries], state * coefficients[:, None], factor=1)
        scores = q[stage.queries] @ k[:seen].T
        weights = sum(scores**power * Fraction(1, factorial(power)) for power in range(plan.degree + 1))
        expected = weights @ columns[:seen]
        for row in range(served.shape[0]):
            for column in range(VALUE_DIM + 1):
                tally.equal(served[row, column], expected[row, column], **cell, query=row, column=column)


def _coefficients(case: Case, plan: FeaturePlan) -> Any:
    """a_k k!/prod(alpha!) of every monomial, the last one times the constant of the statement (1)."""
    numbers = [
        Fraction(int(multinomial)) / factorial(int(degree))
        for multinomial, degree in zip(plan.multinomials, plan.degrees, strict=True)
    ]
    numbers[-1] *= case.constants["last_multinomial"]
    return np.array(numbers, dtype=object)


def _monomial(row: Any, exponents: list[int]) -> Fraction:
    result = Fraction(1)
    for entry, power in zip(row, exponents, strict=True):
        result *= entry**power
    return result


def _zeros(size: int) -> Any:
    return np.array([Fraction(0)] * size, dtype=object)


def _engine(case: Case) -> Finding:
    tally = Tally()
    for schedule in schedules(case, "schedule", most_tokens=MOST_TOKENS):
        for number, difference, allowed in _recomputed(schedule):
            tally.at_most(difference, allowed, schedule=schedule.name, stage=number)
    return tally.finding(
        "float64 runs with running sums and runs anew for every stage differ by less than the sum of their certified "
        "bounds",
        ok=Verdict.TESTED,
    )


@cache
def _recomputed(schedule: Schedule) -> tuple[tuple[int, Fraction, Fraction], ...]:
    """For some stages: number, largest difference to a run over all keys seen, and the sum of the bounds there."""
    head = drawn_head(12, schedule, 3, bound=2.0, delta=1e-3)
    staged = polynomial.run(head)
    found = []
    for number in (0, len(head.stages) // 2, len(head.stages) - 1):
        rows, seen = head.stages[number].queries, head.stages[number].keys.stop
        alone = replace(
            head, q=head.q[rows], k=head.k[:seen], v=head.v[:seen], stages=one_stage(rows.stop - rows.start, seen)
        )
        anew = polynomial.run(alone)
        differences = np.abs(staged.values[rows] - anew.values).max(axis=1)
        row = int(np.argmax(differences - staged.bound[rows] - anew.bound))
        allowed = Fraction(float(staged.bound[rows][row])) + Fraction(float(anew.bound[row]))
        found.append((number, Fraction(float(differences[row])), allowed))
    return tuple(found)


CLAIM = Claim(
    id="running_feature_sums",
    statement=(
        "Let S be the sum over the keys seen of phi(k) [v, 1], phi the C(d+g, g) monomials of degree at most g, each "
        "stage adding its own keys. Then phi(q)^T diag(a_k k!/prod(alpha!)) S is sum_j p(<q, k_j>) [v_j, 1] over all "
        "keys seen, p(s) = sum_k a_k s^k: no key is read twice."
    ),
    kind="identity",
    hypotheses={"all_stages": "the keys of every stage are added to the running sum"},
    sources=(PAGE,),
    derived_from=("rank_count", "block_causal_mask"),
    check=check,
    expected=Verdict.TESTED,
    falsified=(
        Variant("last multinomial times 1.1", "one monomial counts too much", {"last_multinomial": Fraction(11, 10)}),
        Variant("last multinomial times 0.9", "one monomial counts too little", {"last_multinomial": Fraction(9, 10)}),
        Variant("the keys of one stage forgotten", "later queries miss them", dropped=frozenset({"all_stages"})),
    ),
    constants={"last_multinomial": Fraction(1)},
    cells={"head_dim": (1, 2, 3), "degree": (1, 2, 3), "schedule": ("1-2-4-8",)},
)
