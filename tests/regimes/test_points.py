"""Where questions sit on the regime map: limits of classes and functions, exact ratios at one size, titles."""

from __future__ import annotations

import math

import pytest

from varproof.regimes.decide import Regime, decide
from varproof.regimes.finite import answer_finite
from varproof.regimes.points import finite_point, growing_point
from varproof.regimes.problem import parse_problem

INF = math.inf

# d, R, delta, schedule; the limits of d/ln N, B/ln N, ln(1/delta)/ln N with N = n^2 (doubling) or n^3 (linear)
LIMITS = [
    ("2*log(n)", "3*sqrt(log(n))", "n**-3", "doubling", (1.0, 4.5, 1.5)),
    ("2*log(n)", "3*sqrt(log(n))", "n**-3", "linear", (2 / 3, 3.0, 1.0)),
    ("Theta(log(n))", "o(sqrt(log(n)))", "1/poly(n)", "doubling", (None, 0.0, None)),
    ("C*log(n)", "C*sqrt(log(n))", "n**-C", "doubling", (None, None, None)),
    ("3", "n", "n**-omega(1)", "doubling", (0.0, INF, INF)),
    ("O(log(n))", "O(1)", "Omega(1)", "doubling", (None, 0.0, 0.0)),
    ("log(n)", "Omega(log(n))", "1/2", "doubling", (0.5, INF, 0.0)),
    ("log(n)", "Omega(1)", "exp(-Theta(n))", "doubling", (0.5, None, INF)),
    ("log(n)", "omega(1)", "exp(-o(log(n)))", "doubling", (0.5, None, 0.0)),
    ("log(n)", "omega(sqrt(log(n)))", "2", "doubling", (0.5, INF, 0.0)),
    ("log(n)", "o(log(n))", "2", "doubling", (0.5, None, 0.0)),
    ("1/log(n)", "1", "1/n", "doubling", (0.0, 0.0, 0.5)),
]


@pytest.mark.parametrize(("d", "entry_bound", "delta", "schedule", "limits"), LIMITS)
def test_a_limit_is_given_exactly_where_the_input_decides_it(d, entry_bound, delta, schedule, limits):
    answer = decide(parse_problem(d=d, entry_bound=entry_bound, delta=delta, schedule=schedule))
    point, title = growing_point(answer)
    assert (point.alpha, point.logit, point.power) == limits
    assert point.verdict == answer.verdict
    assert title == f"As n grows, scale d, schedule {schedule}"


def test_the_title_has_the_temperature_and_the_label_no_entries_of_cosine():
    point, title = growing_point(decide(parse_problem(d="log(n)", delta="1/n", scale="cosine:4*log(n)")))
    assert title == "As n grows, scale cosine:4*log(n), schedule doubling"
    assert (point.label, point.logit) == ("d = log(n), delta = 1/n", 2.0)


def test_one_size_has_the_ratios_of_this_size_and_no_verdict():
    point, title = finite_point(answer_finite(d=64, delta="0.01", scale="cosine:4", schedule="256"))
    log_tokens = math.log(680)
    assert (point.alpha, point.logit) == pytest.approx((64 / log_tokens, 4 / log_tokens), rel=1e-14)
    assert point.power == pytest.approx(math.log(40001 / 400) / log_tokens, rel=1e-12)
    assert (point.label, point.verdict) == ("schedule 256, d = 64, delta = 0.01", "")
    assert title == "At N = 680 tokens, scale cosine:4"


def test_an_error_below_every_float_and_an_error_that_says_nothing():
    point, _ = finite_point(answer_finite(d=2, R="1e-3", delta="1e-900", schedule="256"))
    assert point.power == pytest.approx(900 * math.log(10) / math.log(680), rel=1e-9)
    assert point.label == "schedule 256, d = 2, R = 1.000e-3, delta = 1.000e-900"
    assert finite_point(answer_finite(d=2, R="1", delta="100", schedule="256"))[0].power == 0


@pytest.mark.parametrize(
    ("d", "entry_bound", "delta", "schedule", "proved"),
    [
        ("3", "n", "n**-3", "linear", 5 / 3),  # any_temperature: n^5 against n^3 tokens
        ("3", "n", "n**-3", "doubling", 5 / 3),
        ("C", "n", "n**-3", "doubling", None),  # below the square, the constant is open
        ("2*log(n)", "n", "n**-3", "doubling", 2),
        ("Theta(log(n))", "o(sqrt(log(n)))", "1/poly(n)", "linear", 1),
        ("n", "1", "1/2", "doubling", 5 / 2),  # d counts
        ("n", "1", "2", "doubling", 3 / 2),  # the zero output, written down
        ("1/log(n)", "1", "1/n", "doubling", None),  # contradictory
    ],
)
def test_the_proved_exponent_is_one_of_the_tokens(d, entry_bound, delta, schedule, proved):
    answer = decide(parse_problem(d=d, entry_bound=entry_bound, delta=delta, schedule=schedule))
    point, _ = growing_point(answer)
    assert point.proved == (None if proved is None else pytest.approx(proved, abs=1e-15))


def test_the_label_has_the_side_and_the_values_where_they_count():
    point, _ = finite_point(answer_finite(n=64, d=2, R="1", delta="0.5", schedule="doubling", values="3"))
    assert point.label == "schedule doubling, n = 64, d = 2, R = 1, delta = 0.5, values = 3"
    assert point.proved is None


def test_a_long_label_keeps_both_ends_of_every_part():
    long = "log(n)" + "".join(f" + 1/(n + {k})" for k in range(1, 9))
    label = growing_point(Regime(parse_problem(d=long, entry_bound="1", delta="1/n"), "undecided"))[0].label
    assert len(label) < 90
    assert " … " in label
    assert label.endswith(", R = 1, delta = 1/n")
