"""Claims on attention: other cells, the instances behind them, and faults put into engines, tables and formulas."""

from __future__ import annotations

import importlib
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx

from varproof.attention.exact import engine as exact
from varproof.attention.exact import reference
from varproof.attention.features import feature_plan
from varproof.attention.polynomial import certificate
from varproof.attention.polynomial import engine as polynomial
from varproof.attention.tables.relative import relative_table
from varproof.attention.tables.weighted import weighted_table
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import (
    attention_output_error,
    block_causal_mask,
    running_feature_sums,
    streamed_attention_cost,
    weighted_certificate,
)
from varproof.claims.attention_cases import (
    drawn_head,
    fractions,
    levels_of,
    one_stage,
    polynomial_ball,
    stages_of,
    worst_case,
)
from varproof.claims.model import Claim
from varproof.growth.schedules import Schedule, parse_schedule


def recheck(claim: Claim, **cells):
    """The finding of a claim with some axes of its grid replaced."""
    return claim.check(replace(claim.case(), cells={**claim.cells, **cells}))


def parts(finding):
    return {part.name: part.verdict for part in finding.parts}


@pytest.fixture(autouse=True)
def _forget_runs():
    attention_output_error._executed.cache_clear()
    yield
    attention_output_error._executed.cache_clear()
    for cached in (block_causal_mask._both_ways, running_feature_sums._recomputed):
        cached.cache_clear()


# the error of an output


@pytest.mark.parametrize("bound", [Fraction(91, 100), Fraction(7, 3), Fraction(42, 10)])
def test_tables_reach_the_bound_wherever_the_grid_may_go(bound):
    found = recheck(attention_output_error.CLAIM, bound=(bound,), degree=(5, 6, 7, 8, 9), root=(2,))
    assert found.verdict is Verdict.PROVED, found.because


@pytest.mark.parametrize("degree", [5, 8])
def test_the_worst_case_has_mean_zero_and_alternating_errors_of_the_full_size(degree):
    table = relative_table(2.0, degree)
    instance = worst_case(table)
    assert sum(instance.scores) == 0
    assert max(abs(score) for score in instance.scores) < 2
    with ctx.workprec(128):
        for score, value in set(zip(instance.scores[:-1], instance.values[:-1], strict=True)):
            error = float((polynomial_ball(table.coefficients, 2.0, score) / (reference.ball(score).exp()) - 1).mid())
            assert error * value > 0.99 * table.error


def test_an_engine_that_reaches_less_than_the_bound_is_noticed(monkeypatch):
    run = polynomial.run

    def shy(head, **options):
        answer, middle = run(head, **options), exact.run(head).values
        return replace(answer, values=(answer.values + middle) / 2)

    monkeypatch.setattr(polynomial, "run", shy)
    found = recheck(attention_output_error.CLAIM, bound=(2,), degree=(6,))
    assert found.verdict is Verdict.REFUTED
    assert "executed" in found.evidence["counterexamples"][0]


def test_a_table_that_is_worse_than_it_says_is_noticed(monkeypatch):
    def flattering(bound, degree):
        table = relative_table(bound, degree)
        return replace(table, error=0.98 * table.error)

    monkeypatch.setattr(attention_output_error, "relative_table", flattering)
    assert recheck(attention_output_error.CLAIM, bound=(2,), degree=(6,)).verdict is Verdict.REFUTED


# the certificate of weighted tables


def test_other_tables_and_seeds_are_covered_by_the_certificate():
    found = recheck(weighted_certificate.CLAIM, bound=(Fraction(1, 2), 8), degree=(1, 4, 9))
    assert found.verdict is Verdict.PROVED, found.because
    for seed in range(1, 4):
        assert weighted_certificate.CLAIM.check(weighted_certificate.CLAIM.case(seed=seed)).verdict is Verdict.PROVED


def test_a_majorant_that_is_too_small_somewhere_is_noticed(monkeypatch):
    def low(bound, degree, dimension):
        table = weighted_table(bound, degree, dimension)
        return replace(table, weights=tuple(0.5 * w for w in table.weights))

    monkeypatch.setattr(weighted_certificate, "weighted_table", low)
    found = weighted_certificate.CLAIM.check(weighted_certificate.CLAIM.case())
    assert found.verdict is Verdict.REFUTED
    assert "degree" in found.evidence["counterexamples"][0]


def test_the_second_bound_is_attained_and_the_first_nearly():
    case = weighted_certificate.CLAIM.case()
    row = weighted_certificate._attaining()[1]
    out = (row.e[1] - row.e[0]) / sum(row.e)
    share = (row.p[1] - row.e[1]) / sum(row.p)
    ratio = (row.p[1] - row.p[0]) / sum(row.p)
    assert ratio - out == share * (1 + abs(ratio)) / (1 - share)
    assert Fraction(99, 100) * 2 * share < ratio - out < 2 * share
    with ctx.workprec(128):
        assert bool(abs(weighted_certificate.bound_of(case, sum(row.p), share, 0, ratio) - float(ratio - out)) < 1e-15)


def test_what_the_engine_evaluates_is_the_bound_of_the_claim_rounded_up():
    case, operations = weighted_certificate.CLAIM.case(), 2**20
    rounding = certificate.Rounding(1.0, 0.0, operations, 0.0, "float64", "float64")
    compared = unsafe = 0
    for row in (*weighted_certificate._attaining(), *weighted_certificate._drawn(case)):
        total = sum(row.p) + row.normaliser_error
        if total == 0:
            continue
        ratio = (sum(p * v for p, v in zip(row.p, row.v, strict=True)) + row.sum_error) / total
        out = sum(e * v for e, v in zip(row.e, row.v, strict=True)) / sum(row.e)
        majorant = sum(abs(p - e) for p, e in zip(row.p, row.e, strict=True))
        numbers = (total, majorant, abs(ratio), row.rho / Fraction(rounding.factor), 0)
        bound = float(certificate.weighted_bound(np, *(np.array([float(x)]) for x in numbers), rounding)[0])
        if total > row.rho and majorant < total:
            with ctx.workprec(128):
                formula = float(
                    weighted_certificate.bound_of(case, total, majorant / total, row.rho / total, ratio).mid()
                )
            assert abs(ratio - out) <= Fraction(bound)
            assert formula <= bound <= formula * (1 + 1e-7) + 1e-7
            compared += 1
        else:
            assert bound == math.inf  # no certificate
            unsafe += 1
    assert compared > 30
    assert unsafe > 10


# stages and masks


def test_stages_cover_all_tokens_in_order():
    schedule = parse_schedule("256")
    stages = stages_of(schedule)
    assert [stage.keys.start for stage in stages] == [0, *(stage.keys.stop for stage in stages[:-1])]
    assert stages[-1].keys.stop == schedule.tokens == len(levels_of(schedule))
    for level, stage in enumerate(stages):
        assert (levels_of(schedule)[stage.queries] == level).all()


@pytest.mark.parametrize("schedule", ["256", "1-2-3", "2-5-7", "3-"])
def test_the_exact_engine_agrees_on_every_schedule(schedule):
    assert recheck(block_causal_mask.CLAIM, schedule=(schedule,)).verdict is Verdict.TESTED


def test_an_exact_engine_that_ignores_the_mask_is_noticed(monkeypatch):
    run = exact.run
    monkeypatch.setattr(exact, "run", lambda head: run(replace(head, mask=None)))
    found = block_causal_mask.CLAIM.check(block_causal_mask.CLAIM.case())
    assert parts(found) == {"exact identity": Verdict.PROVED, "the exact engine both ways": Verdict.REFUTED}


def test_stages_in_which_keys_come_one_stage_late_are_noticed(monkeypatch):
    def late(schedule: Schedule):
        stages = stages_of(schedule)
        keys = (slice(0, 1), *(stage.keys for stage in stages[:-1]))
        return tuple(replace(stage, keys=key) for stage, key in zip(stages, keys, strict=True))

    monkeypatch.setattr(block_causal_mask, "stages_of", late)
    assert parts(block_causal_mask.CLAIM.check(block_causal_mask.CLAIM.case()))["exact identity"] is Verdict.REFUTED


# running sums


def test_larger_plans_and_other_schedules_have_the_same_sums():
    found = recheck(running_feature_sums.CLAIM, head_dim=(4,), degree=(3,), schedule=("1-2-3-4-5", "256", "4-"))
    assert found.verdict is Verdict.TESTED, found.because


@pytest.mark.parametrize("row", [0, 2, 5])
def test_a_wrong_multinomial_anywhere_is_noticed(monkeypatch, row):
    wrong = feature_plan(2, 2).multinomials.copy()
    wrong[row] += 1
    monkeypatch.setitem(vars(feature_plan(2, 2)), "multinomials", wrong)
    found = recheck(running_feature_sums.CLAIM, head_dim=(2,), degree=(2,))
    assert found.evidence["counterexamples"][0]["part"] == "exact identity"


def test_an_engine_that_forgets_its_first_keys_is_noticed(monkeypatch):
    run = polynomial.run

    def forgetful(head):
        stages = head.stages
        if len(stages) > 1:
            stages = (*stages[:1], replace(stages[1], keys=slice(2, stages[1].keys.stop)), *stages[2:])
        return run(replace(head, stages=stages))

    monkeypatch.setattr(polynomial, "run", forgetful)
    head = drawn_head(12, Schedule((1, 2)), 3, bound=2.0, delta=1e-3)
    assert np.abs(forgetful(head).values - run(head).values).max() > 0.01
    found = recheck(running_feature_sums.CLAIM, schedule=("1-2-3-4-5",))
    assert parts(found) == {"exact identity": Verdict.PROVED, "the float engine": Verdict.REFUTED}


# costs


def test_other_sizes_cost_what_the_closed_form_says():
    found = recheck(streamed_attention_cost.CLAIM, head_dim=(3, 8), degree=(3,), schedule=("1-2-4", "1-3-4", "2-5-8"))
    assert found.verdict is Verdict.PROVED, found.because


def test_the_grid_has_ranks_with_and_without_a_stored_last_degree():
    kept = {math.comb(d + g - 1, g) <= d * (d + 1) for d in (1, 2, 5) for g in (1, 2, 4)}
    assert kept == {True, False}


def test_a_kernel_with_one_more_product_is_noticed(monkeypatch):
    kernel = importlib.import_module("varproof.attention.polynomial.array_kernel")
    build = kernel.build

    def wasteful(xp, plan, features, *rest):
        build(xp, plan, features, *rest)
        xp.multiply(features[0], 1.0)

    monkeypatch.setattr(kernel, "build", wasteful)
    found = recheck(streamed_attention_cost.CLAIM, head_dim=(2,), degree=(2,))
    assert {one["counted"] for one in found.evidence["counterexamples"]} == {"by the arrays"}


def test_an_engine_that_reports_too_little_is_noticed(monkeypatch):
    run = polynomial.run

    def modest(head, **options):
        answer = run(head, **options)
        return replace(answer, flops=answer.flops - 1)

    monkeypatch.setattr(polynomial, "run", modest)
    found = recheck(streamed_attention_cost.CLAIM, head_dim=(2,), degree=(2,))
    assert {one["counted"] for one in found.evidence["counterexamples"]} == {"by the engine"}


def test_the_ledger_shows_the_count_and_not_the_slack_of_exact_attention():
    found = recheck(streamed_attention_cost.CLAIM, head_dim=(1, 2), degree=(1, 2))
    assert parts(found) == {"the closed form": Verdict.PROVED, "exact attention": Verdict.PROVED}
    assert found.measured == found.bound > 0


@pytest.mark.parametrize("times", [Fraction(1, 2), Fraction(3, 2)])
def test_an_exact_engine_that_counts_wrongly_is_noticed(monkeypatch, times):
    run = exact.run
    monkeypatch.setattr(exact, "run", lambda head: replace(run(head), flops=int(times * run(head).flops)))
    found = recheck(streamed_attention_cost.CLAIM, head_dim=(2,), degree=(2,))
    assert parts(found) == {"the closed form": Verdict.PROVED, "exact attention": Verdict.REFUTED}


# what is common


@pytest.mark.parametrize(
    ("claim", "cells"),
    [
        (attention_output_error.CLAIM, {"root": (1,)}),
        (attention_output_error.CLAIM, {"bound": (5,)}),
        (attention_output_error.CLAIM, {"degree": (2,)}),
        (weighted_certificate.CLAIM, {"bound": (40,)}),
        (weighted_certificate.CLAIM, {"degree": (0,)}),
        (block_causal_mask.CLAIM, {"schedule": ("1024",)}),
        (block_causal_mask.CLAIM, {"head_dim": (0,)}),
        (running_feature_sums.CLAIM, {"degree": (6,)}),
        (streamed_attention_cost.CLAIM, {"schedule": ("256",)}),
        (streamed_attention_cost.CLAIM, {"schedule": ("3-",)}),
        (running_feature_sums.CLAIM, {"schedule": ("doubling",)}),
        (running_feature_sums.CLAIM, {"schedule": (Fraction(3, 2),)}),
        (streamed_attention_cost.CLAIM, {"degree": (0,)}),
    ],
)
def test_cells_without_meaning_are_refused(claim, cells):
    with pytest.raises(InputError):
        recheck(claim, **cells)


def test_drawn_numbers_are_the_same_on_every_run_and_within_their_limits():
    head = drawn_head(3, Schedule((1, 2)), 3, bound=2.0, delta=0.5)
    again = drawn_head(3, Schedule((1, 2)), 3, bound=2.0, delta=0.5)
    assert (head.q == again.q).all()
    assert np.abs(head.gamma * head.q @ head.k.T).max() <= 2 * (1 + 1e-12)
    assert not (head.q == drawn_head(4, Schedule((1, 2)), 3, bound=2.0, delta=0.5).q).any()
    drawn = fractions(1, 50, 2)
    assert (drawn == fractions(1, 50, 2)).all()
    assert abs(drawn).max() == 1
    assert {entry.denominator for entry in drawn.flat} == {1, 2, 4}
    assert one_stage(2, 3)[0].keys == slice(0, 3)
