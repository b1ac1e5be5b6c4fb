"""The cases that the regime command has to get right: verdict, exponent and the theorem that gives it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.regimes.decide import Regime, decide
from varproof.regimes.problem import parse_problem

LOG, POLY = "Theta(log(n))", "1/poly(n)"


def decided(d: str, entry_bound: str, delta: str, scale: str = "d", schedule: str = "doubling", **more: str) -> Regime:
    return decide(parse_problem(d=d, entry_bound=entry_bound, delta=delta, scale=scale, schedule=schedule, **more))


EASY = [
    ("d", LOG, "o(sqrt(log(n)))", POLY, 2, 3, "polynomial_log_dimension"),
    ("d", "2*log(n)", "sqrt(log(n))/log(log(n))", "n**-3", 2, 3, "polynomial_log_dimension"),
    ("d", "log(n)/log(log(n))", "sqrt(log(n))", "n**-3", 2, 3, "polynomial_small_dimension"),
    ("one", LOG, "1/log(log(n))", POLY, 2, 3, "polynomial_log_dimension"),
    ("sqrt", LOG, "o(log(n)**(1/4))", POLY, 2, 3, "polynomial_log_dimension"),
    ("d", "3", "n", "n**-3", Fraction(10, 3), 5, "any_temperature"),
    ("d", "3", "Theta(1)", "n**-3", 2, 3, "polynomial_log_dimension"),
]


@pytest.mark.parametrize(("scale", "d", "entry_bound", "delta", "doubling", "linear", "theorem"), EASY)
def test_easy_with_the_proved_exponent_for_both_schedules(scale, d, entry_bound, delta, doubling, linear, theorem):
    for schedule, exponent in (("doubling", doubling), ("linear", linear)):
        answer = decided(d, entry_bound, delta, scale, schedule)
        assert (answer.verdict, answer.upper.exponent.value) == ("easy", exponent)
        assert answer.upper.theorem.id == theorem
        assert all(step.holds for step in answer.upper.steps)


HARD = [
    ("d", LOG, "Theta(sqrt(log(n)))", POLY, "counting_given_maps"),
    ("d", LOG, "Theta(sqrt(log(n)))", "Theta(1)", "gap_hamming"),
    ("one", LOG, "sqrt(log(n))/log(log(n))", POLY, "counting_given_maps"),
    ("one", LOG, "Theta(1)", POLY, "counting_given_maps"),
    ("sqrt", LOG, "Theta(log(n)**(1/4))", POLY, "counting_given_maps"),
    ("d", "log(n)**2", "Theta(sqrt(log(n)))", POLY, "counting_given_maps"),
]


@pytest.mark.parametrize(("scale", "d", "entry_bound", "delta", "theorem"), HARD)
def test_hard_with_the_exponent_of_the_exact_algorithm(scale, d, entry_bound, delta, theorem):
    answer = decided(d, entry_bound, delta, scale)
    assert (answer.verdict, answer.lower.exponent.value, answer.upper.exponent.value) == ("hard", 4, 4)
    assert answer.lower.theorem.id == theorem
    assert answer.lower.scope.startswith("token maps given")
    assert answer.lower.theorem.assumes


def test_constant_error_is_hard_for_another_reason_than_polynomially_small_error():
    small = decided(LOG, "Theta(sqrt(log(n)))", POLY).lower
    constant = decided(LOG, "Theta(sqrt(log(n)))", "Theta(1)").lower
    assert "OVH (implied by SETH)" in small.theorem.assumes
    assert any("1803.00904" in name for name in constant.theorem.assumes)
    assert [step.hypothesis for step in small.steps] != [step.hypothesis for step in constant.steps]


def test_the_linear_schedule_is_hard_with_exponent_6_for_free_maps():
    # 6 rests on docs/explanation/lower-bounds.md (E1); interpolated maps need a last ratio with bounded denominator
    answer = decided(LOG, "Theta(sqrt(log(n)))", POLY, schedule="linear")
    assert (answer.verdict, answer.lower.exponent.value, answer.exact.exponent.value) == ("hard", 6, 6)
    assert answer.lower.scope.startswith("free maps")
    assert answer.lower.theorem.id == "counting_free_maps"


def test_explicit_constants_at_the_threshold_are_undecided_and_say_what_is_needed():
    answer = decided("2*log(n)", "3*sqrt(log(n))", "n**-3")
    assert (answer.verdict, answer.upper.exponent.value, answer.lower.exponent.value) == ("undecided", 4, 2)
    attempts = {attempt.theorem.id: attempt for attempt in answer.attempts}
    fixed = {step.quantity for step in attempts["counting_given_maps"].missing if step.fixed_constant}
    assert fixed == {"d", "B", "Lambda"}
    assert all("Theta(log(n))" in step.needed for step in attempts["counting_given_maps"].missing)
    assert [step.hypothesis for step in attempts["polynomial_log_dimension"].missing] == ["B = o(log(n))"]


def test_explicit_constants_below_the_threshold_have_a_proved_exponent():
    answer = decided("2*log(n)", "sqrt(log(n))/10", "n**-3")
    assert answer.verdict == "undecided"
    assert answer.upper.theorem.id == "polynomial_explicit"
    assert Fraction("3.6089") < answer.upper.exponent.value < Fraction("3.6095")
    assert answer.lower.exponent.value == 2


def test_a_fixed_ratio_excludes_a_bounded_number_of_scales():
    answer = decided("log(n)", "1", "n**-3", schedule="ratio:2", scales="O(1)")
    assert answer.verdict == "inconsistent"
    assert (answer.upper, answer.lower) == (None, None)
    assert [step.hypothesis for step in answer.conflicts] == ["K = O(1)"]
    assert decided("log(n)", "1", "n**-3", schedule="ratio:2", scales="Theta(log(n))").verdict == "easy"
