"""What every attack of the ledger owes a campaign: repeatable cases, honest ratios, power against wrong variants."""

import math
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import POWER
from varproof.campaign.plan import plan
from varproof.campaign.subjects import CORRECTED, subjects_of
from varproof.claims import attacks
from varproof.claims.attack import Judgement
from varproof.claims.registry import CLAIMS, load_claim, load_claims

POINTS = 20
SECONDS = 0.1  # of one test, about
SLACK = 1e-9  # ratios of floats may exceed 1 by this much where a bound is attained
CHEAP = 1e-3  # seconds a case: the kills of dearer ones are among the slow tests


@cache
def subjects(claim_id):
    return {subject.name: subject for subject in subjects_of(load_claim(claim_id))}


NAMES = [(claim_id, name) for claim_id, _ in CLAIMS for name in subjects(claim_id)]
FORMS = [(claim_id, name) for claim_id, name in NAMES if subjects(claim_id)[name].variant is None]


def few(attack):
    return max(2, min(POINTS, int(SECONDS / attack.cost)))


def drawn(claim_id, name):
    """Points of a subject's space, the same ones every time."""
    attack = subjects(claim_id)[name].attack
    rng = np.random.default_rng(len(claim_id) * 1000 + len(name))
    return [attack.space.sample(rng) for _ in range(few(attack))]


def same(one, other):
    return (
        one.numbers == other.numbers
        and one.dimensions == other.dimensions
        and one.boxes == other.boxes
        and one.arrays.keys() == other.arrays.keys()
        and all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)
    )


@pytest.mark.parametrize(("claim_id", "name"), NAMES)
def test_a_point_gives_the_same_instance_every_time(claim_id, name):
    subject = subjects(claim_id)[name]
    for point in drawn(claim_id, name):
        first, again = (subject.attack.build(dict(point), subject.case) for _ in range(2))
        assert (first is None) == (again is None)
        assert first is None or same(first, again)


@pytest.mark.parametrize(("claim_id", "name"), NAMES)
def test_dimensions_and_boxes_speak_of_arrays_that_exist(claim_id, name):
    subject = subjects(claim_id)[name]
    for point in drawn(claim_id, name):
        instance = subject.attack.build(point, subject.case)
        if instance is None:
            continue
        for axes in instance.dimensions.values():
            assert len({instance.arrays[array].shape[axis] for array, axis in axes}) == 1
        for array, (low, high) in instance.boxes.items():
            assert low <= high
            values = instance.arrays[array]
            assert np.issubdtype(values.dtype, np.number)
            if subject.variant is None:
                assert (values >= low).all()
                assert (values <= high).all()


@pytest.mark.parametrize(("claim_id", "name"), FORMS)
def test_ratios_are_finite_and_above_one_only_where_the_judge_can_explain_it(claim_id, name):
    subject = subjects(claim_id)[name]
    valid = 0
    for point in drawn(claim_id, name):
        instance = subject.attack.build(point, subject.case)
        found = None if instance is None else subject.attack.measure(instance, subject.case)
        if found is None:
            continue
        valid += 1
        assert math.isfinite(found.ratio)
        assert found.size >= 0
        if subject.expects == "hold" and found.ratio > 1 + SLACK:
            assert subject.attack.judge(instance, subject.case) is not Judgement.VIOLATED
    assert valid


@pytest.mark.parametrize(("claim_id", "name"), FORMS)
def test_the_judge_passes_what_is_expected_to_hold(claim_id, name):
    subject = subjects(claim_id)[name]
    if subject.expects != "hold":
        return
    for point in drawn(claim_id, name)[:3]:
        instance = subject.attack.build(point, subject.case)
        if instance is not None and subject.attack.measure(instance, subject.case) is not None:
            assert subject.attack.judge(instance, subject.case) is not Judgement.VIOLATED


@pytest.mark.parametrize(("claim_id", "name"), FORMS)
def test_the_map_of_cells_is_made_of_fields_and_not_too_large(claim_id, name):
    attack = subjects(claim_id)[name].attack
    cells = attack.space.cells(attack.cells)
    assert 1 <= len(cells) <= 500
    for cell in cells:
        assert attack.space.contains(attack.space.restricted(cell).sample(np.random.default_rng(0)))
    if attack.small is not None:
        assert attack.small.size() <= 5000
        assert set(next(attack.small.points())) == set(attack.space.fields)


def cells_of(claim_id, name):
    """All cells of the map that random arms visit, and about how long a case in each of them takes."""
    attack = subjects(claim_id)[name].attack
    cells = attack.space.cells(attack.cells) if {"iid", "adversarial"} & set(attack.arms) else []
    return cells, attack.cost * len(cells)


MAPS = [
    pytest.param(claim_id, name, marks=[] if cells_of(claim_id, name)[1] <= 2 * SECONDS else [pytest.mark.slow])
    for claim_id, name in FORMS
]


@pytest.mark.parametrize(("claim_id", "name"), MAPS)
def test_every_cell_has_valid_cases(claim_id, name):
    subject = subjects(claim_id)[name]
    attack = subject.attack
    for cell in cells_of(claim_id, name)[0]:
        rng = np.random.default_rng(1)
        space = attack.space.restricted(cell)
        for _ in range(40):
            instance = attack.build(space.sample(rng), subject.case)
            if instance is not None and attack.measure(instance, subject.case) is not None:
                break
        else:
            pytest.fail(f"no valid case in {cell}")


BATCHES = [(claim_id, name) for claim_id, name in NAMES if subjects(claim_id)[name].attack.batch is not None]


@pytest.mark.parametrize(("claim_id", "name"), BATCHES)
def test_a_batch_agrees_with_single_measurements(claim_id, name):
    subject = subjects(claim_id)[name]
    attack = subject.attack
    count = 60
    batches = [attack.batch(attack.space, count, np.random.Generator(np.random.Philox(7)), subject.case) for _ in "ab"]
    batch = batches[0]
    assert batch.ratios.shape == batch.sizes.shape == (count,)
    assert np.array_equal(batch.ratios, batches[1].ratios)
    compared = 0
    for index in range(count):
        found = attack.measure(batch.instance(index), subject.case)
        assert same(batch.instance(index), batches[1].instance(index))
        if found is None:
            # a wrong variant's hypotheses may fail by a rounding
            assert subject.variant is not None
            continue
        compared += 1
        assert found.size == batch.sizes[index]
        assert math.isclose(found.ratio, batch.ratios[index], rel_tol=1e-9, abs_tol=1e-9)
    assert compared > count // 2


@pytest.mark.parametrize(("claim_id", "name"), BATCHES)
def test_a_batch_draws_its_points_first(claim_id, name):
    # the same draws rehearsed one by one name the case that kills a worker
    subject = subjects(claim_id)[name]
    attack = subject.attack
    batch = attack.batch(attack.space, 5, np.random.Generator(np.random.Philox(3)), subject.case)
    rng = np.random.Generator(np.random.Philox(3))
    for index, point in enumerate(islice(iter(lambda: attack.space.sample(rng), None), 5)):
        shared = point.keys() & batch.instance(index).numbers.keys()
        if subject.variant is None:
            assert all(
                math.isclose(float(point[key]), float(batch.instance(index).numbers[key]), rel_tol=1e-3)
                for key in shared
                if isinstance(point[key], int | float)
            )


KILLS = [
    pytest.param(claim_id, name, marks=[] if subjects(claim_id)[name].attack.cost <= CHEAP else [pytest.mark.slow])
    for claim_id, name in NAMES
    if subjects(claim_id)[name].variant is not None
]


@pytest.mark.parametrize(("claim_id", "name"), KILLS)
def test_every_wrong_variant_is_killed_within_the_budget_of_a_plan(claim_id, name):
    subject = subjects(claim_id)[name]
    chunks = [
        chunk for chunk in plan([subject.claim], cases=1000).chunks if chunk.arm == POWER and chunk.subject == name
    ]
    results = [run_chunk(chunk, subject, campaign_seed=0) for chunk in chunks]
    assert [result.killed != "" for result in results] == [True]
    assert results[0].raised == 0, results[0].error


def test_no_attack_lies_there_for_a_claim_that_does_not_exist():
    files = {path.stem for path in Path(attacks.__file__).parent.glob("*.py")} - {"__init__"}
    assert files <= {module for _, module in CLAIMS}


@pytest.mark.parametrize("claim_id", [claim.id for claim in load_claims() if claim.corrected is not None])
def test_a_corrected_form_is_attacked_too(claim_id):
    assert CORRECTED in subjects(claim_id)
