"""Ten tight inequalities: true, tight, far from it at the start, and reached by the worst-ratio arm."""

from dataclasses import replace

import numpy as np
import pytest

from varproof.campaign.bench import tight_inequalities as module
from varproof.campaign.bench.tight_inequalities import FORMS, reached, tight_inequalities
from varproof.claims.attack import Instance, Judgement

ALL = tight_inequalities()
CASE = ALL[0].claim.case()


def extremal(place):
    """Arrays that attain the bound, or nearly, written down by hand."""
    two, ones = np.array([0.0, 1.0]), np.ones(8)
    patch = np.outer([-1.0, 1.0, 1.0, -1.0], [-1.0, 1.0, 1.0, -1.0]).ravel()
    return (
        {"weights": 1.0 + two, "factors": np.array([4.0, 1.0])},
        {"scores": two, "moves": 1.0 - 2.0 * two},
        {"weights": ones},
        {"query": ones, "key": -ones / 2},
        {"x": np.linspace(0, 1, 8), "root_y": np.linspace(0, -1, 8)},
        {"before": 1.0 + two, "after": 2.0 - two, "values": two},
        {"patch=16": patch, "place=2": np.array([0.5, 0.5])},
        {"scores": two, "moves": 1.0 - 2.0 * two, "values": 1.0 - 2.0 * two},
        {"x": ones, "y": 0.5 * ones, "z": 0.25 * ones},
        {"values": 3.0 * ones},
    )[place]


def test_there_are_ten_of_them():
    assert len(ALL) == len(FORMS) == len({tight.claim.id for tight in ALL}) == 10


@pytest.mark.parametrize("place", range(10))
def test_the_supremum_is_attained_and_not_exceeded(place):
    attack = ALL[place].claim.attack
    best = Instance(extremal(place), boxes=FORMS[place].boxes)
    found = attack.measure(best, CASE)
    assert found.ratio == pytest.approx(ALL[place].supremum, rel=1e-12)
    assert attack.judge(best, CASE) is not Judgement.VIOLATED
    assert set(best.arrays) == set(FORMS[place].boxes)
    assert all((low <= best.arrays[name]).all() for name, (low, _) in best.boxes.items())


def starts(place, count):
    attack = ALL[place].claim.attack
    rng = np.random.default_rng(place)
    instances = [attack.build(attack.space.sample(rng), CASE) for _ in range(count)]
    return instances, [attack.measure(instance, CASE).ratio for instance in instances]


@pytest.mark.parametrize("place", range(10))
def test_no_start_is_near_the_supremum_and_the_judge_passes_all(place):
    instances, ratios = starts(place, 300)
    assert max(ratios) < 0.9
    assert np.median(ratios) < 0.8
    assert all(ALL[place].claim.attack.judge(one, CASE) is Judgement.PASS for one in instances[:10])


@pytest.mark.parametrize("place", range(10))
def test_the_judge_sees_a_violation(place, monkeypatch):
    def grown(arrays):
        measured, bound = FORMS[place].sides(arrays)
        return measured * (1 + 2**-20), bound

    monkeypatch.setattr(module, "FORMS", (replace(FORMS[place], sides=grown),))
    attack = tight_inequalities()[0].claim.attack
    assert attack.judge(Instance(extremal(place)), CASE) is Judgement.VIOLATED


@pytest.mark.parametrize("place", range(10))
def test_the_worst_ratio_arm_comes_within_a_tenth(place):
    assert 0.9 <= reached(ALL[place]) <= 1 + 1e-12
