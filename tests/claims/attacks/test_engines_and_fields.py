"""Attacks with arrays of their own, on attention and interpolation: the true form holds, all wrong ones die."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from varproof.base.balls import to_float
from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import POWER, Chunk
from varproof.campaign.subjects import STATEMENT, subject_named, subjects_of
from varproof.claims.attack import Attack, Instance, Judgement
from varproof.claims.attack_parts import ledger_rules
from varproof.claims.attack_registry import attack_of
from varproof.claims.registry import load_claim
from varproof.claims.weighted_certificate import bound_of

CLAIMS = (
    "attention_output_error",
    "weighted_certificate",
    "interpolation_growth",
    "block_causal_mask",
    "running_feature_sums",
    "var_error_ledger",
    "S5",
)
LESS = {
    "attention": "attention 1% less",
    "linear": "linear maps 1% less",
    "interpolation": "interpolation 1% less",
    "activation": "activations 1% less",
    "normalisation": "normalisation 1% less",
}
CASES = {"var_error_ledger": 12}  # of those that take longer
SUBJECTS = [(claim, subject.name) for claim in CLAIMS for subject in subjects_of(load_claim(claim))]


def attack_on(claim: str) -> Attack:
    return attack_of(load_claim(claim))


def drawn(claim: str, count: int, seed: int = 0) -> list[Instance]:
    attack, case, rng = attack_on(claim), load_claim(claim).case(), np.random.default_rng(seed)
    built = (attack.build(attack.space.sample(rng), case) for _ in range(2 * count))
    return list(islice((instance for instance in built if instance is not None), count))


@pytest.mark.parametrize(("claim", "name"), SUBJECTS)
def test_true_forms_hold_and_wrong_ones_are_killed(claim: str, name: str) -> None:
    subject = subject_named(load_claim(claim), name)
    if name == STATEMENT:
        found = run_chunk(Chunk(claim, name, "iid", (), 0, CASES.get(claim, 40)), subject, 5)
        assert found.valid > 0.8 * found.cases
        assert not found.raised
        assert not found.nan
        assert not found.suspects
    else:
        found = run_chunk(Chunk(claim, name, POWER, (), 0, 100), subject, 5)
        assert found.killed
        assert not found.raised


@pytest.mark.parametrize("claim", CLAIMS)
def test_small_points_belong_to_the_space(claim: str) -> None:
    attack = attack_on(claim)
    assert attack.small is not None
    assert all(attack.space.contains(point) for point in attack.small.points())
    assert set(attack.cells) <= set(attack.space.fields)


@pytest.mark.parametrize("claim", CLAIMS)
def test_instances_are_the_same_every_time_and_lie_in_their_boxes(claim: str) -> None:
    for left, right in zip(drawn(claim, 30), drawn(claim, 30), strict=True):
        assert left.numbers == right.numbers
        assert set(left.arrays) == set(right.arrays)
        for name, array in left.arrays.items():
            assert np.array_equal(array, right.arrays[name])
            if name in left.boxes:
                low, high = left.boxes[name]
                assert (array >= low * (1 + 1e-6) - 1e-12).all()
                assert (array <= high * (1 + 1e-6) + 1e-12).all()


@pytest.mark.parametrize("claim", CLAIMS)
def test_dimensions_shrink_to_cases_that_can_be_measured(claim: str) -> None:
    """Dropping the last index of every dimension leaves a case that is measured or refused, and never raises."""
    attack, case = attack_on(claim), load_claim(claim).case()
    for instance in drawn(claim, 8):
        for places in instance.dimensions.values():
            if all(instance.arrays[name].shape[axis] > 1 for name, axis in places):
                arrays = dict(instance.arrays)
                for name, axis in places:
                    arrays[name] = np.delete(arrays[name], -1, axis=axis)
                smaller = Instance(arrays, instance.numbers, instance.dimensions, instance.boxes)
                found = attack.measure(smaller, case)
                assert found is None or found.ratio <= 1


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim != "var_error_ledger"])
def test_judges_of_the_true_form_say_pass(claim: str) -> None:
    attack, case = attack_on(claim), load_claim(claim).case()
    measured = [instance for instance in drawn(claim, 5, seed=3) if attack.measure(instance, case) is not None]
    assert measured
    assert {attack.judge(instance, case) for instance in measured} == {Judgement.PASS}


@pytest.mark.parametrize("rule", ledger_rules.RULES)
def test_rules_of_the_error_ledger_are_nearly_attained_by_drawn_operations(rule: str) -> None:
    attack, case = attack_on("var_error_ledger"), load_claim("var_error_ledger").case()
    cases = [ledger_rules.rule_instance(rule, size, seed) for size in (1, 2, 4) for seed in range(30)]
    found = [(attack.measure(instance, case), instance) for instance in cases]
    best, instance = max(((one.ratio, held) for one, held in found if one is not None), key=lambda pair: pair[0])
    assert 0.99 < best <= 1
    assert attack.judge(instance, case) is Judgement.PASS
    less = subject_named(load_claim("var_error_ledger"), LESS[rule])
    assert attack.judge(instance, less.case) is Judgement.VIOLATED


def test_true_errors_beyond_the_known_ones_are_refused() -> None:
    attack, case = attack_on("var_error_ledger"), load_claim("var_error_ledger").case()
    instance = ledger_rules.rule_instance("linear", 2, 1)
    moved = Instance({**instance.arrays, "shares": instance.arrays["shares"] + 3.0}, instance.numbers)
    assert attack.measure(moved, case) is None
    assert attack.judge(moved, case) is Judgement.PASS


NEARLY = {  # a field that makes cases nearly attain the bound, and a variant that they violate
    "attention_output_error": ({"scores": "extremes", "values": "signs of errors", "bound": 32}, "factor 1.8"),
    "weighted_certificate": ({"errors": "one side", "noise": 2.0**-20}, "W times 0.9"),
    "interpolation_growth": ({"run": "one map", "family": "signs of a row", "sides": 24}, "121/64 times 0.95"),
    "S5": ({"run": "extremes of a table", "bound": 4.0}, "certificate times 0.9"),
}


@pytest.mark.parametrize("claim", NEARLY)
def test_drawn_cases_come_close_to_the_bound_and_judges_tell_both_sides_apart(claim: str) -> None:
    fields, wrong = NEARLY[claim]
    attack, case, rng = attack_on(claim), load_claim(claim).case(), np.random.default_rng(2)
    best = (0.0, Instance())
    for _ in range(20):
        instance = attack.build({**attack.space.sample(rng), **fields}, case)
        found = attack.measure(instance, case) if instance is not None else None
        if found is not None and instance is not None:
            best = max(best, (found.ratio, instance), key=lambda pair: pair[0])
    assert 0.99 < best[0] <= 1
    assert attack.judge(best[1], case) is Judgement.PASS
    assert attack.judge(best[1], subject_named(load_claim(claim), wrong).case) is Judgement.VIOLATED


def test_bound_of_the_weighted_certificate_in_floats_is_that_of_the_statement() -> None:
    attack, case = attack_on("weighted_certificate"), load_claim("weighted_certificate").case()
    for instance in drawn("weighted_certificate", 40):
        found = attack.measure(instance, case)
        if found is not None:
            e, p, v, sums = (instance.arrays[name] for name in ("e", "p", "v", "sums"))
            rho = float(instance.numbers["rho"])
            total, weighted = p.sum() + rho * sums[0], p @ v + rho * sums[1]
            numbers = (total, abs(p - e).sum() / total, rho / total, weighted / total)
            stated = bound_of(case, *(Fraction(float(number)) for number in numbers))
            assert found.bound == pytest.approx(to_float(stated), rel=1e-9)


def test_a_pass_whose_error_is_nearly_its_bound() -> None:
    point = {"run": "reference", "sides": 13, "depth": 2, "head_dim": 1, "heads": 2, "form": 0}
    numbers = {**point, "engine": "polynomial", "delta": 0.008171343306345242, "seed": 3815974365}
    attack, case = attack_on("var_error_ledger"), load_claim("var_error_ledger").case()
    instance = attack.build(numbers, case)
    assert instance is not None
    found = attack.measure(instance, case)
    assert found is not None
    assert 0.9 < found.ratio <= 1
    assert attack.judge(instance, case) is Judgement.PASS
