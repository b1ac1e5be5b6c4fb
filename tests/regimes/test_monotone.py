"""A smaller entry bound or a larger error never turns easy into hard, and never raises the proved exponent."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varproof.regimes.decide import Regime, decide
from varproof.regimes.problem import parse_problem

# functions of n in increasing order, each o of the next
ENTRIES = (
    "1/log(log(n))",
    "1",
    "log(n)**(1/4)",
    "sqrt(log(n))/log(log(n))",
    "sqrt(log(n))",
    "log(n)",
    "n**(1/100)",
    "n",
)
# errors in decreasing order; ln(1/delta) is 0, O(1), log n, log^2 n
ERRORS = ("1", "1/10", "n**-3", "exp(-log(n)**2)")
DIMENSIONS = ("3", "log(log(n))", "log(n)/log(log(n))", "2*log(n)", "Theta(log(n))", "O(log(n))", "log(n)**2", "C")
WRAPS = (
    "{}",
    "Theta({})",
    "O({})",
    "o({})",
)  # a set, and sets whose members are dominated by members of those after it


@cache
def decided(d: str, entry_bound: str, delta: str, scale: str, schedule: str) -> Regime:
    return decide(parse_problem(d=d, entry_bound=entry_bound, delta=delta, scale=scale, schedule=schedule))


def entry_pair(low: int, high: int, wrap_low: str, wrap_high: str) -> tuple[str, str] | None:
    """Two statements about R such that every member of the first is at most a member of the second, or None."""
    small, large = wrap_low.format(ENTRIES[low]), wrap_high.format(ENTRIES[high])
    if low < high:
        return small, large
    nested = [("{}", "Theta({})"), ("{}", "O({})"), ("Theta({})", "O({})"), ("o({})", "Theta({})"), ("o({})", "O({})")]
    return (small, large) if low == high and ((wrap_low, wrap_high) in nested or wrap_low == wrap_high) else None


def no_harder(easier: Regime, harder: Regime) -> None:
    assert not (harder.verdict == "easy" and easier.verdict == "hard")
    assert not (easier.verdict == "hard" and harder.verdict not in ("hard", "undecided"))
    if harder.upper is not None:
        assert easier.upper is not None
        assert easier.upper.exponent.value <= harder.upper.exponent.value
    if easier.lower is not None:
        assert harder.lower is not None
        assert harder.lower.exponent.value >= easier.lower.exponent.value


@given(
    low=st.integers(0, len(ENTRIES) - 1),
    high=st.integers(0, len(ENTRIES) - 1),
    wraps=st.tuples(st.sampled_from(WRAPS), st.sampled_from(WRAPS)),
    d=st.sampled_from(DIMENSIONS),
    delta=st.sampled_from((*ERRORS, "1/poly(n)", "Theta(1)")),
    scale=st.sampled_from(("d", "sqrt", "one")),
    schedule=st.sampled_from(("doubling", "linear")),
)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_a_smaller_entry_bound_is_no_harder(low, high, wraps, d, delta, scale, schedule):
    pair = entry_pair(min(low, high), max(low, high), *wraps)
    if pair is not None:
        no_harder(*(decided(d, entry_bound, delta, scale, schedule) for entry_bound in pair))


@pytest.mark.slow
@given(
    errors=st.tuples(st.integers(0, len(ERRORS) - 1), st.integers(0, len(ERRORS) - 1)),
    wraps=st.sampled_from((("{}", "{}"), ("Theta({})", "{}"), ("{}", "o({})"), ("Theta({})", "Theta({})"))),
    entry_bound=st.sampled_from((*ENTRIES, "Theta(sqrt(log(n)))", "o(sqrt(log(n)))", "Theta(1)")),
    d=st.sampled_from(DIMENSIONS),
    scale=st.sampled_from(("d", "sqrt", "one")),
    schedule=st.sampled_from(("doubling", "linear")),
)
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
def test_a_larger_error_is_no_harder(errors, wraps, entry_bound, d, scale, schedule):
    first, second = sorted(errors)
    if first < second:
        larger, smaller = wraps[0].format(ERRORS[first]), wraps[1].format(ERRORS[second])
        no_harder(decided(d, entry_bound, larger, scale, schedule), decided(d, entry_bound, smaller, scale, schedule))


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["d", "sqrt", "one"])
@pytest.mark.parametrize("d", DIMENSIONS)
def test_every_pair_of_neighbours_on_the_whole_grid(d, scale):
    for delta in ERRORS:
        answers = [decided(d, entry_bound, delta, scale, "doubling") for entry_bound in ENTRIES]
        for easier, harder in pairwise(answers):
            no_harder(easier, harder)
    for entry_bound in ENTRIES:
        answers = [decided(d, entry_bound, delta, scale, "doubling") for delta in ERRORS]
        for easier, harder in pairwise(answers):
            no_harder(easier, harder)
