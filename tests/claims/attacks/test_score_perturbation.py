"""Cases of the score perturbation lemma: two keys that attain it, the judge beyond floats, how far the arms come."""

import math

import numpy as np
import pytest

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import POWER, Chunk
from varproof.campaign.subjects import subject_named
from varproof.claims.attack import Instance, Judgement
from varproof.claims.attacks.score_perturbation import ATTACK
from varproof.claims.registry import load_claim

CLAIM = load_claim("score_perturbation")
CASE = CLAIM.case()
VARIANTS = {variant.name: CLAIM.case(variant) for variant in CLAIM.falsified}


def row(scores, moves, eta):
    return Instance({"scores": np.array(scores), "moves": np.array(moves)}, {"eta": eta})


@pytest.mark.parametrize("eta", [2.0**-20, 1.234567e-6, 0.1, 1.0, 4.0])
def test_two_keys_attain_the_bound(eta):
    # masses 1 : e^eta, the lighter key lifted, the heavier one lowered
    instance = row([0.0, eta], [eta, -eta], eta)
    found = ATTACK.measure(instance, CASE)
    assert found.measured == pytest.approx(2 * math.tanh(eta / 2), rel=1e-13)
    assert found.ratio == pytest.approx(1, rel=1e-13)
    assert ATTACK.judge(instance, CASE) is not Judgement.VIOLATED
    assert ATTACK.judge(instance, VARIANTS["factor 1.9"]) is Judgement.VIOLATED
    assert ATTACK.judge(instance, VARIANTS["rate 0.55"]) is Judgement.PASS


def test_the_judge_sees_what_floats_do_not():
    # off the extremal masses by one part in 10^12, that is below the bound by about 10^-24
    instance = row([0.0, 1.0 + 1e-12], [1.0, -1.0], 1.0)
    assert ATTACK.measure(instance, CASE).ratio == pytest.approx(1, rel=1e-15)
    assert ATTACK.judge(instance, CASE) is Judgement.PASS


@pytest.mark.parametrize(
    "instance", [row([0.0, 0.0], [0.5, -0.6], 0.5), row([0.0, 0.0], [0.0, 0.0], 0.0), row([0.0], [-2.0], 1.0)]
)
def test_what_lies_outside_the_hypotheses_has_no_ratio(instance):
    assert ATTACK.measure(instance, CASE) is None


def test_scores_of_any_height_are_measured():
    found = ATTACK.measure(row([1000.0, 1001.0], [1.0, -1.0], 1.0), CASE)
    assert found.ratio == pytest.approx(1, rel=1e-12)


def test_a_wrong_rate_that_is_too_large_dies_of_tightness_for_every_eta():
    largest = max(math.tanh(eta / 2) / math.tanh(0.55 * eta) for eta in np.linspace(1e-3, 5.0, 2000))
    assert largest < ATTACK.attains
    subject = subject_named(CLAIM, "rate 0.55")
    assert run_chunk(Chunk(CLAIM.id, "rate 0.55", POWER, (), 0, 300), subject, 3).killed == "tightness"


@pytest.mark.parametrize("seed", range(5))
def test_the_worst_ratio_arm_attains_the_true_bound(seed):
    found = run_chunk(Chunk(CLAIM.id, "statement", "worst-ratio", (), 0, 500), subject_named(CLAIM, "statement"), seed)
    assert ATTACK.attains <= found.worst["ratio"] <= 1 + 1e-12
    assert not found.judged.get("VIOLATED")
