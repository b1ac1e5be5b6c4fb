"""Hypotheses against classes, held to an oracle that enumerates members: functions c (log n)^p (loglog n)^q."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from varproof.regimes.checking import check
from varproof.regimes.problem import parse_problem
from varproof.regimes.theorem import Hypothesis

# (p, q) in lexicographic order is the order of growth; the constant matters only inside one (p, q)
Order = tuple[Fraction, Fraction]
ORDERS = [(Fraction(p), Fraction(q)) for p, q in (("1/2", 0), (1, -1), (1, 0), (1, 1), (2, 0))]
BETWEEN = [(Fraction(p), Fraction(q)) for p, q in ((0, 0), ("3/4", 0), (1, "-1/2"), (1, "1/2"), (1, 2), (3, 0))]
FINER = [*ORDERS, *BETWEEN]  # something below, above, and between any two
CONSTANTS = (Fraction(1, 100), Fraction(1), Fraction(100))
RELATIONS = ("", "Theta", "O", "o", "Omega", "omega")


def text(order: Order, constant: Fraction = Fraction(1)) -> str:
    power, tail = order
    return f"{constant}*log(n)**({power})*log(log(n))**({tail})"


def members(relation: str, order: Order) -> list[tuple[Order, Fraction]]:
    """Sampled members (order, constant) of relation(order); the explicit function has constant 1."""
    if relation == "":
        return [(order, Fraction(1))]
    keep = {
        "Theta": lambda other: other == order,
        "O": lambda other: other <= order,
        "o": lambda other: other < order,
        "Omega": lambda other: other >= order,
        "omega": lambda other: other > order,
    }[relation]
    return [(other, constant) for other, constant in product(FINER, CONSTANTS) if keep(other)]


def problem(relation: str, order: Order):
    given = text(order) if relation == "" else f"{relation}({text(order)})"
    return parse_problem(d=given, entry_bound="1", delta="n**-3")  # d is the quantity under test


LINE = (Fraction(1), Fraction(0))


@pytest.mark.parametrize(("relation", "order"), list(product(RELATIONS, ORDERS)))
def test_an_upper_hypothesis_holds_exactly_when_every_member_satisfies_it(relation, order):
    here = [member for member, _ in members(relation, order)]
    assert check(Hypothesis("d", "o", "log(n)"), problem(relation, order)).holds is all(m < LINE for m in here)
    assert check(Hypothesis("d", "O", "log(n)"), problem(relation, order)).holds is all(m <= LINE for m in here)


@pytest.mark.parametrize(("relation", "order"), list(product(RELATIONS, ORDERS)))
def test_a_lower_hypothesis_holds_exactly_when_some_member_satisfies_it(relation, order):
    here = members(relation, order)
    some = any(member >= LINE for member, _ in here)
    # "large": the theorem names its constant, the members with constant 100 stand for "as large as you like"
    large = any(member > LINE or (member == LINE and constant == 100) for member, constant in here)
    assert check(Hypothesis("d", "Omega", "log(n)", "some"), problem(relation, order)).holds is some
    step = check(Hypothesis("d", "Omega", "log(n)", "large"), problem(relation, order))
    assert step.holds is large
    assert step.fixed_constant is (some and not large)
    assert bool(step.needed) is not large


@pytest.mark.parametrize(
    ("delta", "below_half", "at_least_one"),
    [
        ("1/4", True, False),
        ("1/2", False, False),
        ("3/4", False, False),
        ("1", False, True),
        ("1 + 1/log(n)", False, False),  # tends to 1: not decided by the limit alone, so not claimed
        ("2", False, True),
        ("log(n)", False, True),
        ("n**-3", True, False),
        ("1/2 - 1/log(n)", False, False),
        ("Theta(1)", True, False),
        ("O(1)", True, False),
        ("o(1)", True, False),
        ("o(n)", True, False),
        ("Omega(1)", True, False),
        ("omega(1)", False, True),
        ("Omega(log(n))", False, True),
        ("omega(1/log(n))", True, False),
        ("Theta(log(n))", False, True),
        ("1/poly(n)", True, False),
        ("poly(n)", False, True),
        ("O(1)*Omega(1)", False, False),  # nothing is known, so nothing is claimed
    ],
)
def test_errors_against_numbers(delta, below_half, at_least_one):
    given = parse_problem(d="3", entry_bound="1", delta=delta)
    assert check(Hypothesis("delta", "below", "1/2", "some"), given).holds is below_half
    assert check(Hypothesis("delta", "at least", "1"), given).holds is at_least_one


@pytest.mark.parametrize(
    ("entry_bound", "of_log", "expected"),
    [
        ("log(n)**5", False, True),
        ("exp(sqrt(log(n)))", False, True),
        ("n**(1/1000)", False, False),
        ("n", True, True),
        ("exp(log(n)**3)", True, True),
        ("exp(n**(1/1000))", True, False),
        ("O(n)", True, True),
        ("Omega(1)", True, False),
    ],
)
def test_subpolynomial_growth(entry_bound, of_log, expected):
    given = parse_problem(d="3", entry_bound=entry_bound, delta="n**-3")
    assert check(Hypothesis("R", "n^o(1)", of_log=of_log), given).holds is expected


def test_a_step_carries_the_compared_orders_and_a_witness_of_failure():
    given = parse_problem(d="log(n)**2", entry_bound="1", delta="n**-3")
    step = check(Hypothesis("d", "O", "log(n)"), given)
    assert step.holds is False
    assert (step.certificate["left"], step.certificate["right"]) == ("log(n)**2", "log(n)")
    assert step.certificate["witness"]["inequality"].startswith("f/g > 1000")
    assert set(step.to_json()["routes"]) == {"algebra", "sympy", "samples"}
    kept = check(Hypothesis("d", "O", "log(n)**2"), given)
    assert kept.holds is True
    assert "witness" not in kept.certificate


def test_the_order_of_b_is_open_when_classes_point_both_ways():
    given = parse_problem(d="Omega(log(n))", entry_bound="o(1)", delta="n**-3", scale="one")
    assert str(given.logit_bound) == "any"
    for hypothesis in (Hypothesis("B", "o", "log(n)"), Hypothesis("B", "Omega", "log(n)", "some")):
        step = check(hypothesis, given)
        assert step.holds is False
        assert "open" in step.because
