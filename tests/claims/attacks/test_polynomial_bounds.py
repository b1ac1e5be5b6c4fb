"""Attacks on the polynomial bounds: both sides enclosed, parts outside the hypotheses rejected, near-tight cells."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from varproof.campaign.subjects import subject_named
from varproof.claims.attack import Instance, Judgement
from varproof.claims.attack_parts.ball_inequality import LARGEST, Sides, ball_inequality
from varproof.claims.attacks import (
    degree_law,
    exp_absolute_bessel,
    exp_exponential_bounds,
    exp_lambert_bounds,
    exp_relative_bessel,
    minimal_degrees,
)
from varproof.claims.model import Case
from varproof.claims.registry import load_claim
from varproof.families.space import Choice, Space

CASE = Case({}, {})


def looked_at(left, right):
    attack = ball_inequality(
        lambda numbers, case: Sides(left, right, 3), Space({"a": Choice((1,))}), cells=("a",), cost=1e-4, most=1
    )
    instance = attack.build({"a": 1}, CASE)
    return attack.measure(instance, CASE).ratio, attack.judge(instance, CASE)


def test_the_judge_needs_every_point_of_both_balls():
    assert looked_at(arb(1), arb(2)) == (0.5, Judgement.PASS)
    assert looked_at(arb(3), arb(2)) == (1.5, Judgement.VIOLATED)
    assert looked_at(arb(2), arb(2)) == (1.0, Judgement.PASS)
    assert looked_at(arb(2, 1), arb("2.5", 1))[1] is Judgement.AMBIGUOUS
    assert looked_at(arb(1), arb(-2)) == (2.0, Judgement.VIOLATED)
    assert looked_at(arb(-3), arb(-2)) == (0.0, Judgement.PASS)
    # quotients of numbers far below the smallest float
    tiny = arb(2) ** -5000
    assert looked_at(tiny / 4, tiny)[0] == 0.25
    assert looked_at(arb(1), tiny) == (LARGEST, Judgement.VIOLATED)


def test_balls_that_decide_nothing_are_not_below_the_bound():
    """What the judge leaves open must be seen by the first look, or it would pass without being looked at."""
    assert looked_at(arb(2, 1), arb("2.5", 1))[0] > 1
    assert looked_at(arb(2, 10), arb(3, 10)) == (pytest.approx(math.nan, nan_ok=True), Judgement.AMBIGUOUS)
    assert looked_at(arb(5), arb("nan")) == (pytest.approx(math.nan, nan_ok=True), Judgement.AMBIGUOUS)
    assert looked_at(arb("nan"), arb(5)) == (pytest.approx(math.nan, nan_ok=True), Judgement.AMBIGUOUS)
    # a violation by less than a float can tell
    with ctx.workprec(128):
        ratio, verdict = looked_at(1 + arb(2) ** -60, arb(1))
    assert (ratio > 1, verdict) == (True, Judgement.VIOLATED)


def test_outside_the_hypotheses_there_is_no_ratio():
    attack = exp_relative_bessel.ATTACK
    case = load_claim("exp_relative_bessel").case()
    inside, outside = ({"side": "upper", "bound": 8.0, "degree": degree} for degree in (8, 7))  # n = 9 and 8
    assert attack.measure(attack.build(inside, case), case) is not None
    assert attack.measure(attack.build(outside, case), case) is None
    attack = exp_exponential_bounds.ATTACK
    case = load_claim("exp_exponential_bounds").case()
    point = {"kind": "rel", "bound": 8.0, "degree": 4, "parameter": 1.0}
    assert attack.measure(attack.build(point, case), case) is None
    assert attack.measure(attack.build({**point, "kind": "abs"}, case), case) is not None


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_the_absolute_bounds_are_nearly_attained_for_small_intervals(side):
    case = load_claim("exp_absolute_bessel").case()
    instance = Instance(numbers={"side": side, "bound": 1 / 256, "degree": 5})
    assert 0.999 < exp_absolute_bessel.ATTACK.measure(instance, case).ratio < 1
    assert exp_absolute_bessel.ATTACK.judge(instance, case) is Judgement.PASS


def test_the_best_error_of_constants_is_measured():
    # degree 0: the error is sinh B, or tanh B relatively
    case = load_claim("exp_absolute_bessel").case()
    found = exp_absolute_bessel.ATTACK.measure(Instance(numbers={"side": "upper", "bound": 0.5, "degree": 0}), case)
    assert found.measured == pytest.approx(math.sinh(0.5), rel=1e-4)
    assert found.size == 1
    case = load_claim("exp_relative_bessel").case()
    found = exp_relative_bessel.ATTACK.measure(Instance(numbers={"side": "lower", "bound": 0.5, "degree": 0}), case)
    assert found.bound == pytest.approx(math.tanh(0.5), rel=1e-4)


def lambert(**numbers):
    case = load_claim("exp_lambert_bounds").case()
    base = {"part": "mu", "bound": 16, "eps_digits": 4, "mu": 0.5, "at": "B (1 + mu)", "excess": 2.0}
    return exp_lambert_bounds.ATTACK.measure(Instance(numbers={**base, **numbers}), case)


def test_the_degree_of_the_mu_part_lies_where_the_point_says():
    assert [lambert(at=place).size for place in ("B", "B (1 + mu)", "elsewhere")] == [16, 24, 48]
    assert lambert().bound == pytest.approx((1 + 4) * math.exp(8.0) * 1.5**-24, rel=1e-9)
    assert lambert(part="abs").bound == pytest.approx(1e-4)
    assert lambert(part="rel", bound=4096).ratio < 1


def test_every_cell_of_the_table_of_degrees_is_listed():
    attack = minimal_degrees.ATTACK
    assert attack.arms == ("exhaustive",)
    assert attack.small.size() == 16
    assert {(p["bound"], p["eps_digits"]) for p in attack.small.points()} == {
        (bound, digits) for bound in (1, 4, 16, 64) for digits in (2, 4, 8, 16)
    }


@pytest.mark.parametrize("kind", ["rel", "abs"])
def test_the_hidden_constant_at_its_ends(kind):
    case = load_claim("degree_law").case()
    base = {"part": "B branch", "kind": kind, "bound": 16, "eps_digits": 8}
    far, near = (
        degree_law.ATTACK.measure(Instance(numbers={**base, "angle": angle}), case).ratio for angle in (32.0, 1 / 16)
    )
    assert far < near < 1
    assert near > 0.99
    # the largest value of the log branch, 1.50127 for abs
    best = {"part": "log branch", "kind": "abs", "bound": 16, "eps_digits": 8, "angle": 1.091}
    found = degree_law.ATTACK.measure(Instance(numbers=best), case)
    assert found.measured == pytest.approx(1.501271, abs=1e-6)
    assert degree_law.ATTACK.judge(Instance(numbers=best), case) is Judgement.PASS
    close = subject_named(load_claim("degree_law"), "log branch 1.5012").case
    assert degree_law.ATTACK.judge(Instance(numbers=best), close) is Judgement.VIOLATED


def test_floats_of_points_are_taken_exactly():
    rng = np.random.default_rng(0)
    point = exp_absolute_bessel.SPACE.sample(rng)
    assert exp_absolute_bessel.exact(point["bound"]) == Fraction(*point["bound"].as_integer_ratio())
