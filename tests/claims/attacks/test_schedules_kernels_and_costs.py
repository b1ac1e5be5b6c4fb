"""Attacks made from checks, on schedules, kernels, ranks and costs: the true form holds, all wrong ones die."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, islice

import numpy as np
import pytest

from varproof.campaign.subjects import Subject, subject_named, subjects_of
from varproof.claims.attack import Judgement
from varproof.claims.attack_parts import drawn_schedule
from varproof.claims.attacks import (
    as23_rank_doubling,
    exact_cost_quartic,
    interpolation_kernel_constants,
    layer_amplification,
)
from varproof.claims.registry import load_claim
from varproof.families.space import Point

CLAIMS = (
    "as23_rank_doubling",
    "interpolation_kernel_constants",
    "schedule_token_counts",
    "schedule_attention_constants",
    "layer_amplification",
    "streamed_attention_cost",
    "var_pass_flops",
    "S1",
    "S7",
)
SUBJECTS = [(claim, subject.name) for claim in CLAIMS for subject in subjects_of(load_claim(claim))]
POWER = 300  # cases of each kind that a wrong variant has to survive


def small_points(subject: Subject) -> Iterator[Point]:
    assert subject.attack.small is not None
    return subject.attack.small.points()


def drawn_points(subject: Subject, seed: int) -> Iterator[Point]:
    rng = np.random.default_rng(seed)
    while True:
        yield subject.attack.space.sample(rng)


def violated(subject: Subject, point: Point) -> bool:
    instance = subject.attack.build(point, subject.case)
    assert instance is not None
    found = subject.attack.measure(instance, subject.case)
    if found is None or found.ratio <= 1:
        return False
    return subject.attack.judge(instance, subject.case) is Judgement.VIOLATED


@pytest.mark.parametrize(("claim", "name"), SUBJECTS)
def test_true_forms_hold_and_wrong_ones_are_violated(claim: str, name: str) -> None:
    subject = subject_named(load_claim(claim), name)
    small = islice(small_points(subject), POWER)
    if subject.expects == "hold":
        points = chain(islice(small, 8), islice(drawn_points(subject, 1), 8))
        assert not any(violated(subject, point) for point in points)
    else:
        assert any(violated(subject, point) for point in chain(small, islice(drawn_points(subject, 1), POWER)))


@pytest.mark.parametrize(("claim", "name"), SUBJECTS)
def test_small_points_belong_to_the_space(claim: str, name: str) -> None:
    subject = subject_named(load_claim(claim), name)
    assert all(subject.attack.space.contains(point) for point in small_points(subject))
    assert set(subject.attack.cells) <= set(subject.attack.space.fields)


@pytest.mark.parametrize("claim", CLAIMS)
def test_exact_judgement_of_the_true_form(claim: str) -> None:
    for subject in subjects_of(load_claim(claim)):
        if subject.variant is None:
            instance = subject.attack.build(next(drawn_points(subject, 7)), subject.case)
            assert instance is not None
            wanted = Judgement.PASS if subject.expects == "hold" else Judgement.VIOLATED
            assert subject.attack.judge(instance, subject.case) is wanted


@pytest.mark.parametrize("claim", ["S1", "S7"])
def test_every_case_refutes_a_literal_statement_that_is_false(claim: str) -> None:
    subject = subject_named(load_claim(claim), "statement")
    assert subject.expects == "fail"
    assert all(violated(subject, point) for point in islice(drawn_points(subject, 3), 20))


def test_what_points_become_on_the_axes() -> None:
    assert as23_rank_doubling.axes({"head_dim": 5, "sums": 1}) == {"head_dim": 5, "degree": 0}
    kernel = interpolation_kernel_constants.axes({"minus_a": 768, "phases": 4, "sides": 9})
    assert kernel == {"a": Fraction(-3, 4), "phases": 4, "sides": 9}
    layer = layer_amplification.axes({"ratio": 2, "scales": 3, "gain": 57, "exact_power": 1, "exponent": 1})
    assert layer == {"ratio": 2, "scales": 3, "factor": Fraction(121, 64), "exact_power": 1, "exponent": 1}
    quartic = exact_cost_quartic.axes({"sides_present": 7, "gain": 16, "sides": 8, "integer_ratios": 3})
    assert quartic == {"law": "1-2-3", "ratios": Fraction(5, 4), "sides": 8, "integer_ratios": 3}


def test_integers_are_all_schedules_of_two_scales_or_more() -> None:
    field = drawn_schedule.sides_up_to(4)
    read = [drawn_schedule.sides_of(drawn) for drawn in range(field.low, field.high + 1)]
    assert all(len(sides) >= 2 and list(sides) == sorted(set(sides)) for sides in read)
    assert len(set(read)) == 2**4 - 1 - 4  # all subsets but the empty one and those of one side
    assert {sides[-1] for sides in read} == {2, 3, 4}
