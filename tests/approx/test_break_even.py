"""Break-even numbers against exhaustive search over tokens, and the monotonicity on which the certificates rest."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from varproof.approx.break_even import GrowingRegime, break_even_tokens, growing_bound, growing_head_dim
from varproof.approx.closed_forms import rel_upper_degree
from varproof.approx.cost import exact_flops, polynomial_flops
from varproof.base.errors import InputError, VarproofError

RULES = {
    "constant": lambda bound, eps: 3,
    "bound": lambda bound, eps: 1 + int(bound),
    "steep": lambda bound, eps: 1 + int(bound * bound),
    "error": lambda bound, eps: int(math.log2(eps.denominator)),
}


def wins(tokens: int, head_dim: int, degree: int, value_dim: int | None = None) -> bool:
    fast = polynomial_flops(tokens, head_dim, degree, value_dim=value_dim)
    return fast < exact_flops(tokens, head_dim, value_dim=value_dim)


@pytest.mark.parametrize("value_dim", [None, 1, 9])
def test_fixed_break_even_is_the_least_win(value_dim):
    for head_dim in (1, 2, 3, 5):
        for degree in range(6):
            least = break_even_tokens(head_dim, degree, value_dim=value_dim)
            found = next(n for n in range(1, 10**6) if wins(n, head_dim, degree, value_dim))
            assert least == found
            assert all(wins(n, head_dim, degree, value_dim) for n in range(least, least + 50))


def test_fixed_break_even_of_huge_ranks_sits_on_the_sign_change():
    for head_dim, degree in ((64, 7), (64, 200), (300, 900)):
        least = break_even_tokens(head_dim, degree)
        assert wins(least, head_dim, degree)
        assert not wins(least - 1, head_dim, degree)


def test_break_even_is_monotone_in_both_arguments():
    table = [[break_even_tokens(d, g) for g in range(1, 9)] for d in range(1, 30)]
    for row in table:
        assert row == sorted(row)
    for column in zip(*table, strict=True):
        assert list(column) == sorted(column)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("alpha", [Fraction(1, 2), Fraction(1), Fraction(2)])
@pytest.mark.parametrize("bound", [Fraction(1, 20), Fraction(1, 3), Fraction(2, 3)])
def test_growing_break_even_against_every_number_of_tokens(rule, alpha, bound):
    cap = 3000
    regime = GrowingRegime(alpha, bound, 1, RULES[rule])
    outcome = {n: wins(n, *regime.sizes(n)) for n in range(2, cap + 1)}
    for least in (2, 50, 1000):
        expected = next((n for n in range(least, cap + 1) if outcome[n]), None)
        assert regime.first_win(least_tokens=least, cap=cap) == expected
        lost = [n for n in range(least, cap + 1) if not outcome[n]]
        lasting = None if lost and lost[-1] == cap else (lost[-1] + 1 if lost else least)
        assert regime.lasting_win(least_tokens=least, cap=cap) == lasting


def test_the_two_wins_differ_where_the_method_wins_and_loses_again():
    regime = GrowingRegime(Fraction(1), Fraction(1, 10), 1, rel_upper_degree)
    assert regime.first_win(cap=10**30) == 4
    assert regime.lasting_win(cap=10**30) is None
    assert GrowingRegime(Fraction(1), Fraction(1, 20), 1, rel_upper_degree).lasting_win(cap=10**30) == 4


def test_never_is_an_answer():
    hopeless = GrowingRegime(Fraction(4), Fraction(2), 2, lambda bound, eps: 4 + int(8 * bound))
    assert hopeless.first_win(cap=10**200, least_tokens=100) is None
    assert hopeless.lasting_win(cap=10**200) is None


def test_ranks_beyond_every_cap_lose():
    assert GrowingRegime(Fraction(1), Fraction(1), 1, lambda bound, eps: 10**8).lasting_win(cap=10**1000) is None
    assert GrowingRegime(Fraction(500), Fraction(1), 1, lambda bound, eps: 10**5).first_win(cap=10**9) is None


def test_a_rule_that_decreases_is_refused():
    falling = GrowingRegime(Fraction(3), Fraction(1), 1, lambda bound, eps: max(1, 12 - int(bound)))
    with pytest.raises(VarproofError, match="not monotone"):
        falling.first_win(least_tokens=10)
    rising_backwards = GrowingRegime(Fraction(1), Fraction(1), 1, lambda bound, eps: 2 if bound > 20 else 5)
    with pytest.raises(VarproofError, match="not monotone"):
        rising_backwards.lasting_win(cap=10**12)


def test_sizes_grow_with_the_logarithm():
    for tokens in (2, 3, 20, 21, 1000, 10**40):
        exact = Fraction(3, 7) * Fraction(math.log(tokens))
        assert 0 <= growing_head_dim(Fraction(3, 7), tokens) - float(exact) < 1 + 1e-9
        assert 0 <= float(growing_bound(Fraction(3, 7), tokens) - exact) <= 2.0**-20 + 1e-12
    assert growing_head_dim(Fraction(1, 10**9), 2) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"alpha": Fraction(0)},
        {"alpha": 0.5},
        {"bound": Fraction(-1, 3)},
        {"bound": True},
        {"power": Fraction(1, 2)},
        {"power": 0},
    ],
)
def test_bad_regimes_are_refused(fields):
    good = {"alpha": Fraction(1), "bound": Fraction(1), "power": 1, "degree": RULES["constant"]}
    with pytest.raises(InputError):
        GrowingRegime(**{**good, **fields})


def test_bad_ranges_are_refused():
    regime = GrowingRegime(Fraction(1), Fraction(1), 1, RULES["constant"])
    for least, cap in ((1, 10), (20, 10), (2, 10**1001)):
        with pytest.raises(InputError, match="search range"):
            regime.first_win(least_tokens=least, cap=cap)
        with pytest.raises(InputError, match="search range"):
            regime.lasting_win(least_tokens=least, cap=cap)
    with pytest.raises(InputError):
        break_even_tokens(2, 2, value_dim=0)
    with pytest.raises(InputError):
        break_even_tokens(0, 2)
