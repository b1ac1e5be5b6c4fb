"""Certificates with one number changed: rejected by both engines unless the changed claim is true and still proved."""

from __future__ import annotations

import copy
import random
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from varproof.approx import certify, check
from varproof.base.certificate import Certificate
from varproof.base.errors import InputError

QUESTIONS = [
    ("4", "1e-4", "rel", "sym"),
    ("3/2", "1e-3", "rel", "pos"),
    ("5/2", "1e-2", "rel", "neg"),
    ("2", "1e-3", "abs", "sym"),
    ("2", "1e-2", "abs", "pos"),
    ("7/2", "1e-3", "abs", "neg"),
    ("1/2", "1/3", "rel", "sym"),
    ("1", "1/5", "abs", "neg"),
]
each_question = pytest.mark.parametrize("question", QUESTIONS, ids="-".join)


def payload(question: tuple[str, str, str, str]) -> dict[str, Any]:
    bound, eps, kind, interval = question
    return copy.deepcopy(dict(certify(bound, eps, kind=kind, interval=interval).certificate.payload))


def accepted(data: dict[str, Any]) -> bool:
    """Both engines' answer; they must agree."""
    by_integers, by_flint = (check(Certificate(data), engine=engine).accepted for engine in ("integers", "flint"))
    assert by_integers == by_flint, data
    return by_integers


def lists(data: dict[str, Any]) -> list[list[str]]:
    """Every list of numbers in a certificate."""
    return [side[name] for side in (data["upper"], data["lower"]) for name in side if isinstance(side[name], list)]


@each_question
def test_untouched_certificate_is_accepted_and_true(question, claim_is_true):
    data = payload(question)
    assert accepted(data)
    assert claim_is_true(data)
    assert check(Certificate(data)).message.endswith(f"the least degree is {data['degree']}")


@each_question
def test_eps_on_the_wrong_side_of_a_best_error_is_rejected(question, best):
    data = payload(question)
    degree, kind, bound = int(data["degree"]), data["kind"], Fraction(data["bound"])
    half = bound if data["interval"] == "sym" else bound / 2
    sign = {"sym": 0, "pos": 1, "neg": -1}[data["interval"]] if kind == "abs" else 0
    with mpmath.workdps(50):
        factor = mpmath.exp(sign * mpmath.mpf(half.numerator) / half.denominator)
        enough, missed = (Fraction(str(best(g, half, kind) * factor)) for g in (degree, degree - 1))
    for wrong in (enough * (1 - Fraction(1, 10**8)), enough / 2, missed * (1 + Fraction(1, 10**8)), missed * 2):
        assert not accepted(data | {"eps": str(wrong)}) or not 0 < wrong < 1
    for right in (enough * (1 + Fraction(1, 10**4)), missed * (1 - Fraction(1, 10**4))):
        assert accepted(data | {"eps": str(right)}) == (right < 1)


@each_question
def test_bound_moved_past_a_best_error_is_rejected(question, claim_is_true):
    data = payload(question)
    for factor in (Fraction(1, 4), Fraction(1, 2), Fraction(9, 10), Fraction(11, 10), Fraction(2), Fraction(4)):
        moved = data | {"bound": str(Fraction(data["bound"]) * factor)}
        assert not accepted(moved) or claim_is_true(moved)
    assert not accepted(data | {"bound": str(Fraction(data["bound"]) * 4)})
    assert not accepted(data | {"bound": str(Fraction(data["bound"]) / 4)})


@each_question
@pytest.mark.parametrize("step", [-1, 1])
def test_neighbouring_degree_is_rejected(question, step):
    data = payload(question)
    data["degree"] = str(int(data["degree"]) + step)
    assert not accepted(data)
    for numbers in lists(data):  # with the counts put right, by dropping a number or by adding one
        if step < 0 and numbers:
            del numbers[len(numbers) // 2]
        elif step > 0:
            numbers.append(str(int(numbers[-1]) - 1) if numbers else "0")
            numbers.sort(key=int)
    assert int(data["degree"]) < 0 or not accepted(data)


@each_question
@pytest.mark.parametrize("change", [-3, -1, 1, 3])
def test_other_scales_are_rejected(question, change):
    data = payload(question)
    scaled = data | {"scale_bits": str(int(data["scale_bits"]) + change)}
    assert not accepted(scaled)
    if data["kind"] == "abs":
        bits = int(data["upper"]["coefficient_bits"]) + change
        assert not accepted(data | {"upper": data["upper"] | {"coefficient_bits": str(bits)}})


@each_question
def test_swapped_words_are_rejected_unless_true(question, claim_is_true):
    data = payload(question)
    for interval in {"sym", "pos", "neg"} - {data["interval"]}:
        swapped = data | {"interval": interval}
        # [0, B] and [-B, 0] share their points: only there may the same numbers prove the other claim too
        assert accepted(swapped) == (claim_is_true(swapped) and "sym" not in (interval, data["interval"]))
    with pytest.raises(InputError, match="not a degree certificate"):
        check(Certificate(data | {"kind": {"rel": "abs", "abs": "rel"}[data["kind"]]}))


@each_question
def test_points_removed_doubled_or_reversed_are_rejected(question):
    data = payload(question)
    for k in range(len(lists(data))):
        for position in range(len(lists(data)[k])):
            shorter, longer, again = (copy.deepcopy(data) for _ in range(3))
            del lists(shorter)[k][position]
            lists(longer)[k].insert(position, lists(longer)[k][position])
            assert not accepted(shorter)
            assert not accepted(longer)
            if position:
                lists(again)[k][position] = lists(again)[k][position - 1]
                assert not accepted(again)
        backwards = copy.deepcopy(data)
        lists(backwards)[k].reverse()
        assert not accepted(backwards) or len(lists(data)[k]) < 2


@each_question
def test_points_outside_or_out_of_order_are_rejected(question):
    data = payload(question)
    one = 1 << int(data["scale_bits"])
    names = ("points", "brackets")
    for side, name in ((s, n) for s in ("upper", "lower") for n in names if n in data[s]):
        numbers = data[side][name]
        for position in range(len(numbers)):
            below = int(numbers[position - 1]) - 1 if position else -one - 1
            above = int(numbers[position + 1]) + 1 if position + 1 < len(numbers) else one + 1
            for wrong in (below, above, -one - 1, one + 1, 10 * one):
                moved = copy.deepcopy(data)
                moved[side][name][position] = str(wrong)
                assert not accepted(moved)


def sampled_error(data: dict[str, Any]) -> mpmath.mpf:
    """The error of the polynomial behind the upper side, sampled: solved here from P' - h P = Q in exact fractions."""
    bound, degree, s = Fraction(data["bound"]), int(data["degree"]), int(data["scale_bits"])
    half = bound if data["interval"] == "sym" else bound / 2
    if data["kind"] == "abs":
        scale = 1 << int(data["upper"]["coefficient_bits"])
        coefficients = [Fraction(int(a), scale) for a in data["upper"]["coefficients"]]
    else:
        coefficients, product = [Fraction(0)] * (degree + 1), [Fraction(1)]
        for u in data["upper"]["points"]:
            tau = Fraction(int(u), 1 << s)
            product = [a - tau * b for a, b in zip([Fraction(0), *product], [*product, Fraction(0)], strict=True)]
        for i in range(degree, -1, -1):
            following = (i + 1) * coefficients[i + 1] if i < degree else 0
            coefficients[i] = (following - product[i]) / half
    with mpmath.workdps(50):
        h = mpmath.mpf(half.numerator) / half.denominator
        numbers = [mpmath.mpf(a.numerator) / a.denominator for a in reversed(coefficients)]
        grid = [-mpmath.cos(mpmath.pi * j / 300) for j in range(301)]
        if data["kind"] == "abs":
            sign = {"sym": 0, "pos": 1, "neg": -1}[data["interval"]]
            return max(abs(mpmath.polyval(numbers, t) - mpmath.exp(h * t)) for t in grid) * mpmath.exp(sign * h)
        values = [mpmath.polyval(numbers, t) * mpmath.exp(-h * t) for t in grid]
        low, high = min(values), max(values)
        return (high - low) / abs(high + low) if low * high > 0 else mpmath.mpf(1)


def excluded_error(data: dict[str, Any]) -> mpmath.mpf:
    """What the lower side's divided difference proves, in plain high precision."""
    bound, s = Fraction(data["bound"]), int(data["scale_bits"])
    half = bound if data["interval"] == "sym" else bound / 2
    sign = {"sym": 0, "pos": 1, "neg": -1}[data["interval"]] if data["kind"] == "abs" else 0
    with mpmath.workdps(60):
        h = mpmath.mpf(half.numerator) / half.denominator
        points = [mpmath.mpf(int(u)) / (1 << s) for u in data["lower"]["points"]]
        nodes = [mpmath.fprod(a - b for b in points if b != a) for a in points]
        exps = [mpmath.exp(h * a) for a in points]
        weights = exps if data["kind"] == "rel" else [mpmath.mpf(1)] * len(exps)
        top = mpmath.fsum(e / node for e, node in zip(exps, nodes, strict=True))
        return top / mpmath.fsum(w / abs(node) for w, node in zip(weights, nodes, strict=True)) * mpmath.exp(sign * h)


@each_question
def test_one_moved_number_is_judged_by_what_it_still_proves(question):
    data, rng = payload(question), random.Random(1)
    eps = mpmath.mpf(Fraction(data["eps"]).numerator) / Fraction(data["eps"]).denominator
    for k, numbers in enumerate(lists(data)):
        outcomes = []
        for position in range(len(numbers)):
            for bits in (0, 9, 16, 22, 25, 27, 30, 34, 40):
                moved = copy.deepcopy(data)
                step = rng.choice((-1, 1)) * rng.randint(1 << bits, (2 << bits) - 1)
                lists(moved)[k][position] = str(int(numbers[position]) + step)
                outcomes.append(accepted(moved))
                if outcomes[-1]:
                    assert sampled_error(moved) <= eps
                    assert excluded_error(moved) > eps
        assert not all(outcomes) or not numbers


def test_unknown_engine():
    with pytest.raises(InputError, match="unknown engine") as error:
        check(Certificate({}), engine="floats")
    assert error.value.allowed == "integers, flint"


def test_each_engine_does_its_own_work():
    data = payload(QUESTIONS[0]) | {"eps": "1/100000"}
    said = [check(Certificate(data), engine=engine).message for engine in ("integers", "flint")]
    assert said[0] == "upper side: the error of the polynomial exceeds eps"
    assert "only bounded by 7.5395" in said[1]
