"""Samples at enormous n: which level, which balls, and how deviations are read."""

import pytest
import sympy
from flint import arb, ctx
from sympy import Rational, exp, log, sqrt

from varproof.growth.monomial import SYMBOL
from varproof.growth.samples import chain, judge, natural_level, read, value_at

n = SYMBOL
L1, L2, L3 = log(n), log(log(n)), log(log(log(n)))


def test_the_natural_level() -> None:
    assert natural_level(n + L3) == 0
    assert natural_level(log(n + 1)) == 0
    assert natural_level(sqrt(L1) + L3) == 1
    assert natural_level(exp(L2**2) / L3) == 2
    assert natural_level(L3) == 3
    assert natural_level(sympy.Integer(7)) == 12
    assert natural_level(log(exp(1 / L1) ** (2 * n)) * L1 / n) == 0  # n cancels only when this is rebuilt


def test_values_at_the_natural_level() -> None:
    with ctx.workprec(200):
        value = value_at(L2 + sqrt(L1), 1, 3)
        assert value is not None
        assert value.overlaps(arb(3).exp() + arb(3).exp().exp().sqrt())
        assert value.rel_accuracy_bits() >= 40
    # cancellation of 4300 bits at k = 8 is overcome, at k = 16 it is not
    assert value_at(log(n + 1) - log(n), 0, 8) is not None
    assert value_at(log(n + 1) - log(n), 0, 16) is None
    assert value_at(n, 0, 64, deep=True) is None
    deep = value_at(1 + 1 / sqrt(n) + 1 / L3, 0, 64, deep=True)
    assert deep is not None
    with ctx.workprec(64):
        assert deep.overlaps(1 + arb(1) / 64)


def test_the_chain_stops_where_logs_are_not_positive() -> None:
    values = chain(1, 2, False, 64)
    assert set(values) == {L1, L2, L3, log(L3)}
    assert all(value > 0 for value in values.values())
    assert set(chain(0, 1, False, 64)) == {n, L1, L2}


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (1 + 1 / L3, "agree"),
        (1 - 3 / L2, "agree"),
        (log(n + 1) / L1, "agree"),
        ((log(n + 1) - log(n)) * n, "agree"),
        (sqrt(n**2 + n) - n + Rational(1, 2), "agree"),
        (2 + 1 / L1, "disagree"),
        (Rational(1, 2) + 1 / n, "disagree"),
        (L2, "disagree"),
        (1 / L1, "disagree"),
        (n, "disagree"),
        (1 + sqrt(L3 / L2), "agree"),
        (sqrt(1 - 10**4 / L1) + 1 / n, "agree"),  # not real before k = 16
        (1 - 16 / L2 + 1 / n, "agree"),  # 1/n at k = 16, too small for a ball with a single accurate bit
        (1 + 10 / log(log(log(L3))) + 1 / n, "inconclusive"),
        (Rational(11, 10) + 1 / n, "inconclusive"),  # too near to 1 to be told from slow convergence
    ],
)
def test_readings_of_formulas_that_should_tend_to_one(expr: sympy.Expr, expected: str) -> None:
    assert read(expr, 1) == expected


def test_readings_of_formulas_that_should_vanish() -> None:
    assert read(sqrt(n**2 + 2 * n + 1) - n - 1, 0) == "agree"
    assert read(exp(L1 + L2) - n * L1, 0) == "agree"
    assert read(1 / n, 0) == "disagree"
    assert read(exp(-sqrt(n)) + (n + 1) ** 2 - n**2 - 2 * n - 1, 0) == "disagree"
    assert read(sqrt(1 - n), 0) == "inconclusive"


def balls(*values: str) -> list[tuple[int, arb]]:
    return list(enumerate(balls_of(*values), start=8))


def balls_of(*values: str) -> list[arb]:
    return [arb(value) for value in values]


def test_judgement_follows_its_thresholds() -> None:
    assert judge([]) == "inconclusive"
    assert judge(balls("0.0009")) == "agree"
    assert judge(balls("0.002")) == "inconclusive"
    assert judge(balls("0.5", "0.47", "0.44")) == "agree"
    assert judge(balls("0.5", "0.47", "0.46")) == "inconclusive"
    assert judge(balls("0.7", "0.6", "0.51")) == "inconclusive"
    assert judge(balls("0.6", "0.6", "0.6")) == "disagree"
    assert judge(balls("0.6", "0.7", "0.9")) == "disagree"
    assert judge(balls("0.26", "0.26", "0.259")) == "disagree"
    assert judge(balls("0.24", "0.26", "0.26")) == "inconclusive"
    assert judge(balls("0.9", "0.8", "0.7")) == "inconclusive"
    # fewer points suffice when nothing moves: places 3, 4, 5 are k = 4, 5, 6
    assert judge(list(zip((3, 4, 5), balls_of("0.6", "0.6", "0.6"), strict=True))) == "disagree"
    assert judge(list(zip((2, 3, 4), balls_of("0.6", "0.6", "0.6"), strict=True))) == "inconclusive"
    assert judge(list(zip((3, 4, 5), balls_of("0.6", "0.6", "0.61"), strict=True))) == "inconclusive"
