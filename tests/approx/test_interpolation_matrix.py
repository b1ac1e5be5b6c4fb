"""Interpolation matrices: structure, norms against brute force over sign patterns, the chain of the 256 px model."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from math import prod

import pytest

from varproof.approx.interpolation_kernels import BILINEAR, BSPLINE, NEAREST, keys_absolute_sum, keys_cubic
from varproof.approx.interpolation_matrix import MAX_SIDE, chain_norm, infinity_norm, interpolation_matrix
from varproof.base.errors import InputError

BICUBIC = keys_cubic("-3/4")
PRESET = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16)
KERNELS = (NEAREST, BILINEAR, BSPLINE, BICUBIC, keys_cubic("-1/2"))


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
@pytest.mark.parametrize(("source", "target"), [(1, 5), (2, 4), (3, 7), (5, 6), (9, 13)])
def test_rows_sum_to_one_and_mirror(kernel, source, target):
    matrix = interpolation_matrix(kernel, source, target)
    assert (len(matrix), {len(row) for row in matrix}) == (target, {source})
    assert all(sum(row) == 1 for row in matrix)
    if kernel != NEAREST:  # whose ties go to one side
        assert [tuple(reversed(row)) for row in reversed(matrix)] == list(matrix)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_norm_is_the_largest_value_over_all_sign_patterns(kernel):
    for source, target in ((1, 3), (2, 4), (3, 5), (4, 8), (5, 7)):
        matrix = interpolation_matrix(kernel, source, target)
        largest = max(
            abs(sum(w * s for w, s in zip(row, signs, strict=True)))
            for row in matrix
            for signs in product((-1, 1), repeat=source)
        )
        assert infinity_norm(kernel, source, target) == largest


def test_identity_for_interpolating_kernels_only():
    for kernel in (NEAREST, BILINEAR, BICUBIC):
        assert interpolation_matrix(kernel, 4, 4) == tuple(tuple(int(i == j) for j in range(4)) for i in range(4))
    assert interpolation_matrix(BSPLINE, 4, 4)[1][1] == Fraction(2, 3)


def test_bilinear_doubling_by_hand():
    assert interpolation_matrix(BILINEAR, 2, 4) == (
        (1, 0),
        (Fraction(3, 4), Fraction(1, 4)),
        (Fraction(1, 4), Fraction(3, 4)),
        (0, 1),
    )


def test_doubling_norms_of_the_reference_kernel():
    expected = {1: Fraction(1), 2: Fraction(155, 128), 3: Fraction(155, 128)}
    for side in (*range(1, 40), 64):
        assert infinity_norm(BICUBIC, side, 2 * side) == expected.get(side, Fraction(41, 32))
    assert Fraction(41, 32) == Fraction("1.28125")
    assert abs(Fraction(155, 128) - Fraction("1.2109")) < Fraction(1, 10**4)


def test_norms_stay_below_the_supremum_over_phases():
    for source in range(1, 12):
        for target in range(source, 25):
            assert 1 <= infinity_norm(BICUBIC, source, target) <= keys_absolute_sum("-3/4")
            for kernel in (NEAREST, BILINEAR, BSPLINE):
                assert infinity_norm(kernel, source, target) == 1


def test_chain_of_the_smallest_preset():
    chain = chain_norm(BICUBIC, PRESET)
    assert abs(chain - Fraction("88.86720668")) < Fraction(1, 10**8)
    factors = [infinity_norm(BICUBIC, a, b) ** 2 for a, b in pairwise(PRESET)]
    assert chain == prod(factors)
    assert chain_norm(BSPLINE, PRESET) == 1


@pytest.mark.parametrize("sides", [(0, 4), (4, 0), (True, 4), (4, MAX_SIDE + 1), (2.0, 4)])
def test_bad_sides_are_refused(sides):
    for function in (interpolation_matrix, infinity_norm):
        with pytest.raises(InputError, match="side"):
            function(BICUBIC, *sides)
    with pytest.raises(InputError, match="side"):
        chain_norm(BICUBIC, sides)


def test_a_chain_needs_two_sides():
    with pytest.raises(InputError, match="two sides"):
        chain_norm(BICUBIC, (4,))
