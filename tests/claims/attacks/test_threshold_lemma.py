"""Cases of the threshold lemma: rows at the levels, exact levels in floats, what a missing key does."""

from fractions import Fraction

import numpy as np
import pytest

from varproof.claims.attack import Instance, Judgement
from varproof.claims.attacks.threshold_lemma import ATTACK
from varproof.claims.registry import load_claim

CLAIM = load_claim("threshold_lemma")
CASE = CLAIM.case()
VARIANTS = {variant.name: CLAIM.case(variant) for variant in CLAIM.falsified}


def row(weights, root, side):
    return Instance({"weights": np.array(weights)}, {"root": root, "side": side})


def test_rows_at_the_levels():
    low = row([1.0] * 4, 3.0, "low")  # 4/(4 + 12)
    high = row([0.0, 0.0, 0.0, 36.0], 3.0, "high")  # 36/(36 + 12)
    assert ATTACK.measure(low, CASE)[:3] == (1.0, 4, 0.25)
    assert ATTACK.measure(high, CASE)[:3] == (1.0, 4, 0.75)
    for instance in (low, high):
        assert ATTACK.judge(instance, CASE) is Judgement.PASS
        assert ATTACK.judge(instance, VARIANTS["tolerance 0.55 tanh(g/4)"]) is Judgement.VIOLATED
    # noise 0.55 (r - 1)/(r + 1) = 0.275 on outputs 1/4 and 3/4
    case = VARIANTS["tolerance 0.55 tanh(g/4)"]
    assert ATTACK.measure(low, case).ratio == pytest.approx(0.525 / 0.5)
    assert ATTACK.measure(high, case).ratio == pytest.approx(0.5 / 0.475)
    assert ATTACK.judge(high, VARIANTS["neutral mass 10% too large"]) is Judgement.VIOLATED
    assert ATTACK.judge(low, VARIANTS["neutral mass 10% too large"]) is Judgement.PASS
    assert ATTACK.judge(high, VARIANTS["cut at 0.55"]) is Judgement.VIOLATED


def test_a_key_that_is_not_counted():
    case = VARIANTS["a key not counted"]
    low = row([1.0, 1.0], 3.0, "low")  # 2/(2 + 3) > 1/4
    assert ATTACK.measure(low, case).ratio == pytest.approx(8 / 5)
    assert ATTACK.judge(low, case) is Judgement.VIOLATED
    assert ATTACK.measure(row([1.0], 3.0, "low"), case) is None


@pytest.mark.parametrize(
    "instance",
    [
        row([1.0, 1.5], 3.0, "low"),
        row([17.0, 0.0], 3.0, "high"),
        row([-0.5, 1.0], 3.0, "low"),
        row([1.0], 1.0, "low"),
        row([1.0], 0.5, "low"),
    ],
)
def test_what_lies_off_the_promise_has_no_ratio(instance):
    assert ATTACK.measure(instance, CASE) is None


def test_the_judge_is_exact():
    hair = 2.0**-52
    # above the level by less than floats of the output can tell
    assert ATTACK.judge(row([1.0] * 63 + [1.0 + hair], 3.0, "low"), CASE) is Judgement.PASS  # off the promise
    case = VARIANTS["neutral mass 10% too large"]
    # 1.1 n r is the neutral mass: the level is kept exactly where the data weigh 1.1 times the high level
    at = Fraction(11, 10) * 36
    above, below = float(at) if Fraction(float(at)) >= at else float(np.nextafter(float(at), 99)), 39.5
    assert ATTACK.judge(row([0.0, 0.0, 0.0, above], 3.0, "high"), case) is Judgement.PASS
    assert ATTACK.judge(row([0.0, 0.0, 0.0, below], 3.0, "high"), case) is Judgement.VIOLATED


def test_drawn_rows_keep_the_promise_exactly():
    rng = np.random.default_rng(1)
    attained = {"low": 0, "high": 0}
    for _ in range(400):
        point = ATTACK.space.sample(rng)
        instance = ATTACK.build(point, CASE)
        weights = [Fraction(float(w)) for w in instance.arrays["weights"]]
        root = Fraction(instance.numbers["root"])
        assert root > 1
        if point["side"] == "low":
            assert max(weights) <= 1
            attained["low"] += weights == [1] * len(weights)
        else:
            assert weights[0] == len(weights) * root**2
            attained["high"] += sum(weights[1:]) < Fraction(1, 1000) * weights[0]
        assert ATTACK.judge(instance, CASE) is Judgement.PASS
    assert min(attained.values()) >= 3
