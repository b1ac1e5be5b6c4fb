"""Counts of monomials: exact values against an independent recursion, and the caps on both sides."""

from __future__ import annotations

import pytest

from varproof.approx.rank import MAX_ARGUMENT, MAX_DIGITS, as23_rank, digits, monomial_rank
from varproof.base.errors import InputError


def pascal(head_dim: int, degree: int) -> int:
    """The count by recursion: monomials without the last variable, plus those divisible by it."""
    row = [1] * (degree + 1)
    for _ in range(head_dim):
        for g in range(1, degree + 1):
            row[g] += row[g - 1]
    return row[degree]


def test_counts_agree_with_the_recursion():
    for head_dim in (1, 2, 3, 7, 20):
        for degree in (0, 1, 2, 5, 30):
            assert monomial_rank(head_dim, degree) == pascal(head_dim, degree)


def test_the_joint_form_counts_monomials_of_twice_the_size():
    for head_dim in (1, 3, 8):
        for degree in (0, 1, 4, 9):
            assert as23_rank(head_dim, degree) == pascal(2 * head_dim, 2 * degree)


@pytest.mark.parametrize(("head_dim", "degree"), [(0, 3), (-1, 3), (3, -1), (True, 3), (3, 2.0), ("3", 2), (3, None)])
def test_sizes_that_make_no_sense_are_refused(head_dim, degree):
    for function in (monomial_rank, as23_rank):
        with pytest.raises(InputError) as caught:
            function(head_dim, degree)
        assert "integer from" in caught.value.allowed


def test_caps_are_stated_and_sit_where_they_say():
    with pytest.raises(InputError, match="out of range"):
        monomial_rank(MAX_ARGUMENT + 1, 1)
    assert monomial_rank(MAX_ARGUMENT, 1) == MAX_ARGUMENT + 1
    with pytest.raises(InputError) as caught:
        monomial_rank(10**6, 10**6)
    assert str(MAX_DIGITS) in caught.value.allowed
    assert "602060" in str(caught.value.got)


def test_every_accepted_number_can_be_written_out():
    """Python refuses to print integers above 4300 digits; the caps keep both forms below that."""
    degree = next(g for g in range(3000, 4000) if digits(3400, g + 1) > MAX_DIGITS)
    assert len(str(monomial_rank(3400, degree))) <= MAX_DIGITS
    assert 2 * MAX_DIGITS - 10 < len(str(as23_rank(3400, degree))) <= 4300
    with pytest.raises(InputError):
        monomial_rank(3400, degree + 1)


def test_estimated_digits_are_close_from_above():
    for head_dim, degree in ((1, 5), (8, 4), (64, 200), (500, 500)):
        exact = len(str(monomial_rank(head_dim, degree)))
        assert exact - 1 <= digits(head_dim, degree) <= exact + len(str(head_dim + degree))
