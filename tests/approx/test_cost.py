"""Closed forms of the work against a loop that executes both methods and counts every operation."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from varproof.approx.cost import exact_flops, polynomial_flops
from varproof.approx.rank import monomial_rank
from varproof.base.errors import InputError


class Counter:
    """Numbers are not computed, only operations counted; an inner product of length m is m products and m sums."""

    def __init__(self) -> None:
        self.flops = 0

    def inner(self, length: int) -> None:
        for _ in range(length):
            self.flops += 2

    def one(self) -> None:
        self.flops += 1


def executed_exact(pairs: int, tokens: int, head_dim: int, value_dim: int) -> int:
    count = Counter()
    for _ in range(pairs):
        count.inner(head_dim)
        count.one()  # the exponential
        for _column in range(value_dim + 1):
            count.inner(1)
    for _ in range(tokens * value_dim):
        count.one()
    return count.flops


def executed_polynomial(tokens: int, head_dim: int, degree: int, value_dim: int) -> int:
    count = Counter()
    monomials = [m for k in range(degree + 1) for m in combinations_with_replacement(range(head_dim), k)]
    for _side in ("keys", "queries"):
        for _token in range(tokens):
            for monomial in monomials:
                if monomial:
                    count.one()
    for _token in range(tokens):
        for _entry in range(len(monomials) * (value_dim + 1)):
            count.inner(1)
    for _entry in range(len(monomials) * (value_dim + 1)):
        count.one()  # coefficients
    for _token in range(tokens):
        for _column in range(value_dim + 1):
            count.inner(len(monomials))
        for _column in range(value_dim):
            count.one()
    return count.flops


@pytest.mark.parametrize("tokens", [1, 2, 7])
@pytest.mark.parametrize("head_dim", [1, 3])
@pytest.mark.parametrize("value_dim", [1, 4])
def test_closed_forms_equal_the_executed_counts(tokens, head_dim, value_dim):
    assert exact_flops(tokens, head_dim, value_dim=value_dim) == executed_exact(
        tokens * tokens, tokens, head_dim, value_dim
    )
    for degree in (0, 1, 3):
        assert polynomial_flops(tokens, head_dim, degree, value_dim=value_dim) == executed_polynomial(
            tokens, head_dim, degree, value_dim
        )


def test_a_mask_counts_its_pairs_only():
    pairs = 1 + 2 + 3 + 4  # causal, four tokens
    assert exact_flops(4, 2, pairs=pairs) == executed_exact(pairs, 4, 2, 2)
    assert exact_flops(4, 2, pairs=16) == exact_flops(4, 2)


def test_value_dimension_is_the_head_dimension_unless_given():
    assert exact_flops(9, 5) == exact_flops(9, 5, value_dim=5) != exact_flops(9, 5, value_dim=6)
    assert polynomial_flops(9, 5, 2) == polynomial_flops(9, 5, 2, value_dim=5) != polynomial_flops(9, 5, 2, value_dim=6)


def test_bad_input_is_refused():
    for arguments in ({"tokens": 0, "head_dim": 1}, {"tokens": 4, "head_dim": 0}, {"tokens": 2.0, "head_dim": 2}):
        with pytest.raises(InputError):
            exact_flops(**arguments)
    for pairs in (0, 17, -3):
        with pytest.raises(InputError, match="pairs"):
            exact_flops(4, 2, pairs=pairs)
    with pytest.raises(InputError):
        polynomial_flops(4, 2, -1)
    with pytest.raises(InputError):
        polynomial_flops(4, 2, 1, value_dim=0)


def test_the_rows_of_the_state_are_scaled_once_a_scale():
    rank = monomial_rank(3, 4)
    assert polynomial_flops(21, 3, 4, scales=3) - polynomial_flops(21, 3, 4) == 2 * rank * (3 + 1)
    for scales in (0, 22, True):
        with pytest.raises(InputError):
            polynomial_flops(21, 3, 4, scales=scales)
