"""Errors beside bounds: violations are noticed on any row, references are what they say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from flint import arb, ctx

from varproof.attention.bench.cases import CASES, make_arrays
from varproof.attention.bench.contestants import exact_result, make_head, place
from varproof.attention.bench.errors import Reference, compare, exact_reference, extended_reference, to_numpy

CASE = replace(CASES[1], tokens=64)


def reference(*bounds: float) -> Reference:
    return Reference(None, np.zeros((len(bounds), 2)), np.array(bounds))


def test_a_bound_that_holds():
    found = compare(np.array([[0.1, -0.3], [0.2, 0.0]]), np.array([0.3, 0.5]), reference(0.0, 0.0))
    assert (found.bound, found.error, found.violated) == (0.5, 0.3, False)


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_one_row_above_its_own_bound_is_a_violation(row, sign):
    values = np.zeros((2, 2))
    values[row, 1] = sign * 0.31
    certified = np.array([0.5, 0.5])
    assert not compare(values, certified, reference(0.0, 0.0)).violated
    certified[row] = 0.3
    assert compare(values, certified, reference(0.0, 0.0)).violated
    assert not compare(values, certified, reference(0.02, 0.02)).violated  # the reference may be that far off itself


def test_no_certificate_is_no_violation_and_no_bound():
    found = compare(np.array([[9.0, 0.0], [0.0, 0.0]]), np.array([math.inf, 0.1]), reference(0.0, 0.0))
    assert (found.bound, found.violated) == (None, False)
    assert not compare(np.full((2, 2), 9.0), np.array([math.nan, math.nan]), reference(0.0, 0.0)).violated
    assert compare(np.full((2, 2), 9.0), None, reference(0.0, 0.0)).bound is None


def test_a_value_that_is_no_number_violates_a_finite_bound():
    values = np.array([[math.nan, 0.0], [0.0, 0.0]])
    found = compare(values, np.array([0.1, 0.1]), reference(0.0, 0.0))
    assert (found.error, found.violated) == (None, True)


def test_chosen_rows_are_compared_with_their_own_bounds():
    some = Reference(np.array([2, 0]), np.zeros((2, 1)), np.zeros(2))
    values, certified = np.array([[0.1], [7.0], [0.3]]), np.array([0.2, 0.0, 0.4])
    assert not compare(values, certified, some).violated  # row 1 was not recomputed
    assert compare(values, np.array([0.4, 0.0, 0.2]), some).violated


def arb_row(q, k, v, row: int) -> list[arb]:
    """Exact attention of one row with the scale 1/d as a real number."""
    with ctx.workprec(120):
        weights = []
        for key in k:
            score = sum((arb(float(a)) * arb(float(b)) for a, b in zip(q[row], key, strict=True)), arb(0))
            weights.append((score / len(key)).exp())
        total = sum(weights, arb(0))
        return [
            sum((w * arb(float(x)) for w, x in zip(weights, column, strict=True)), arb(0)) / total for column in v.T
        ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_references_enclose_the_truth(dtype):
    rows = make_arrays(CASE, CASE.tokens, seed=1)
    rounded = [part.astype(dtype).astype(np.float64) for part in rows]
    every, some = exact_reference(CASE, rows, dtype), extended_reference(CASE, rows, dtype, seed=1)
    assert len(set(some.rows.tolist())) == 32
    for place_in_some, row in list(enumerate(some.rows))[:8]:
        truth = arb_row(*rounded, int(row))
        for column, true in enumerate(truth):
            assert abs(arb(float(every.values[row, column])) - true) <= arb(float(every.bound[row]))
            high = float(some.values[place_in_some, column])
            low = float(some.values[place_in_some, column] - np.longdouble(high))
            assert abs(arb(high) + arb(low) - true) <= arb(float(some.bound[place_in_some]))
    assert float(every.bound.max()) < 1e-12
    assert float(some.bound.max()) < 1e-12


def test_the_inputs_of_a_float32_reference_are_the_rounded_ones():
    rows = make_arrays(CASE, CASE.tokens, seed=1)
    assert (
        np.abs(exact_reference(CASE, rows, "float32").values - exact_reference(CASE, rows, "float64").values).max() > 0
    )


def test_exact_attention_stands_against_the_extended_reference():
    rows = make_arrays(CASE, CASE.tokens, seed=5)
    found = exact_result(make_head(CASE, place(rows, backend="numpy", device="cpu", dtype="float64"), math.inf))
    some = extended_reference(CASE, rows, "float64", seed=5)
    assert not compare(found.values, found.bound, some).violated
    spoiled = to_numpy(found.values).copy()
    spoiled[some.rows[3]] += 1e-9
    assert compare(spoiled, found.bound, some).violated
