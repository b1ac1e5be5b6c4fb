"""Cases of the classical bound: what is measured against hand-made numbers, and where the judge draws the line."""

from fractions import Fraction

import numpy as np
import pytest

from varproof.claims.attack import Instance, Judgement
from varproof.claims.attacks.softmax_perturbation_classical import ATTACK
from varproof.claims.registry import load_claim

CLAIM = load_claim("softmax_perturbation_classical")
CASE = CLAIM.case()
VARIANTS = {variant.name: CLAIM.case(variant) for variant in CLAIM.falsified}


def moved(weights, errors, eps):
    arrays = {"weights": np.array(weights), "errors": np.array(errors)}
    return Instance(arrays, {"part": "move", "eps": eps})


def test_a_row_of_two():
    # shares 1/4, 3/4; factors 3/2, 1/2: new shares 1/2, 1/2; eps = 1/2 gives the bound 2
    found = ATTACK.measure(moved([1.0, 3.0], [0.5, -0.5], 0.5), CASE)
    assert found.measured == pytest.approx(0.5, abs=1e-15)
    assert (found.bound, found.size) == (2.0, 2)
    assert ATTACK.judge(moved([1.0, 3.0], [0.5, -0.5], 0.5), CASE) is Judgement.PASS


def test_small_errors_lose_no_digits():
    found = ATTACK.measure(moved([1.0, 1.0], [2.0**-40, -(2.0**-40)], 2.0**-40), CASE)
    assert found.measured == pytest.approx(2.0**-40, rel=1e-12)


@pytest.mark.parametrize(
    "instance",
    [
        moved([1.0, -1.0], [0.5, 0.5], 0.5),
        moved([1.0, 1.0], [0.5, 0.6], 0.5),
        moved([1.0, 1.0], [1.0, 0.5], 1.5),
        Instance(numbers={"part": "at least", "eps": 1.5}),
        Instance(numbers={"part": "at most", "eps": 0.0}),
    ],
)
def test_what_lies_outside_the_hypotheses_has_no_ratio(instance):
    assert ATTACK.measure(instance, CASE) is None


@pytest.mark.parametrize("part", ["at least", "at most"])
@pytest.mark.parametrize("eps", [1e-4, 0.01, 0.3, 0.6, 0.999])
def test_the_comparisons_agree_with_the_bounds_themselves(part, eps):
    instance = Instance(numbers={"part": part, "eps": eps})
    sharp, classical = 2 * (1 - (1 - eps * eps) ** 0.5) / eps, 2 * eps / (1 - eps)
    expected = 2 * sharp / classical if part == "at least" else classical * (1 - eps) / (2 * sharp)
    assert ATTACK.measure(instance, CASE).ratio == pytest.approx(expected, rel=1e-6)
    assert ATTACK.judge(instance, CASE) is Judgement.PASS


def test_the_judge_draws_the_line_of_a_variant_exactly():
    # 1 + root >= 2.1 (1 - eps) turns at 541 eps^2 - 462 eps + 21 = 0
    case = VARIANTS["ratio at least 2.1"]
    turn = float((462 - (462**2 - 4 * 541 * 21) ** 0.5) / (2 * 541))
    at = [ATTACK.judge(Instance(numbers={"part": "at least", "eps": turn + d}), case) for d in (-1e-12, 1e-12)]
    assert at == [Judgement.VIOLATED, Judgement.PASS]
    # 1 + root <= 1.9 turns at root = 0.9
    case = VARIANTS["ratio at most 1.9/(1-eps)"]
    turn = 0.19**0.5
    at = [ATTACK.judge(Instance(numbers={"part": "at most", "eps": turn + d}), case) for d in (-1e-12, 1e-12)]
    assert at == [Judgement.VIOLATED, Judgement.PASS]


def test_the_judge_repeats_a_move_in_rationals():
    # factor 1.49 instead of 2: moves beyond the line by a rational hair, far below what floats see
    instance = moved([1.0, 1.0], [0.5, -0.5], 0.5)
    assert ATTACK.judge(instance, CASE) is Judgement.PASS
    above = moved([1.0, 1.0], [1.5, -1.5], 1.5)
    assert ATTACK.judge(above, VARIANTS["eps above one"]) is Judgement.VIOLATED
    assert Fraction(ATTACK.measure(above, VARIANTS["eps above one"]).bound) == -6


def test_errors_keep_to_eps_exactly():
    rng = np.random.default_rng(0)
    for _ in range(200):
        point = {**ATTACK.space.sample(rng), "part": "move"}
        instance = ATTACK.build(point, CASE)
        assert (np.abs(instance.arrays["errors"]) <= point["eps"]).all()
        assert (instance.arrays["weights"] > 0).all()
