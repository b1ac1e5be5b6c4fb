"""Attention instances: what is refused, the bounds, the reference solver against closed forms, what verify accepts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from reductions.core.answer import Outputs
from reductions.problems.attention import ApproximateAttention
from varproof.attention.exact.reference import enclose
from varproof.attention.head import Head, Stage
from varproof.base.balls import ball
from varproof.base.errors import InputError

FINE = {
    "queries": np.array([[1, 2], [0, 1], [0, 0]]),
    "keys": np.array([[1, 0], [-3, 1]]),
    "values": np.array([[1], [0]]),
    "delta": Fraction(1, 10),
}


def make(**fields: Any) -> ApproximateAttention:
    return ApproximateAttention(**(FINE | fields))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"keys": np.zeros((2, 3), dtype=int)}, "fit together"),
        ({"values": np.zeros((3, 1), dtype=int)}, "fit together"),
        ({"keys": np.zeros((0, 2), dtype=int), "values": np.zeros((0, 1))}, "nothing to average"),
        ({"values": np.zeros((2, 0))}, "nothing to average"),
        ({"queries": np.zeros(2)}, "matrix"),
        ({"queries": [[1], [1, 2]]}, "matrix"),
        ({"queries": np.array([["a", "b"]])}, "matrix"),
        ({"queries": np.array([[1j, 0]])}, "matrix"),
        ({"queries": np.array([[2**70, 0]])}, "matrix"),
        ({"queries": np.array([[2**63, 0]], dtype=np.uint64)}, "too large"),
        ({"queries": np.array([[np.nan, 0]])}, r"nan at \(0, 0\)"),
        ({"values": np.array([[0.0], [np.inf]])}, r"inf at \(1, 0\)"),
        ({"delta": Fraction(0)}, "delta"),
        ({"delta": 0.1}, r"Fraction\(number\)"),
        ({"key_unit": Fraction(-1)}, "key_unit"),
        ({"value_unit": True}, "value_unit"),
        ({"scale": "cosine:3"}, "no fixed factor"),
        ({"scale": "2"}, "score scale"),
        ({"adverse": 2}, "direction"),
        ({"neutral": 2}, "neutral"),
        ({"neutral": -1}, "neutral"),
        ({"levels": np.zeros(3, dtype=int)}, "pair"),
        ({"levels": (np.zeros(3, dtype=int), np.zeros(3, dtype=int))}, "levels of the keys"),
        ({"levels": (np.zeros(3), np.zeros(2, dtype=int))}, "levels of the queries"),
        ({"levels": (np.array([1, 0, 1]), np.array([1, 2]))}, "sees no key"),
    ],
)
def test_what_is_no_instance_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        make(**fields)


def test_numbers_become_int64_or_float64_and_stay_the_same() -> None:
    case = make(
        queries=np.array([[1, 2]], dtype=np.uint8),
        keys=np.array([[0.1, 0], [1, 1]], dtype=np.float32),
        values=np.array([[True], [False]]),
        delta=1,
    )
    assert [x.dtype for x in (case.queries, case.keys, case.values)] == [np.int64, np.float64, np.int64]
    assert case.keys[0, 0] == np.float32(0.1)
    assert (case.delta, case.parameters()) == (Fraction(1), {"queries": 1, "keys": 2, "head_dim": 2})


def test_bounds_are_those_of_the_scores() -> None:
    """Products 1, -1 / 0, 1 / 0, 0: B = gamma 1/3, h = gamma (1 - -1)/2 1/3; the entry bound counts units."""
    case = make(query_unit=Fraction(1, 3), scale="one")
    assert (case.entry_bound, case.logit_bound, case.half_range) == (Fraction(3), Fraction(1, 3), Fraction(1, 3))
    assert make(keys=np.array([[-4, 0], [1, 1]]), scale="one").logit_bound == 4  # the lowest score is the farthest
    assert replace(case, scale="d").logit_bound == Fraction(1, 6)
    root = replace(case, scale="sqrt").logit_bound
    assert root**2 > Fraction(1, 18) > (root - Fraction(1, 2**100)) ** 2
    assert make(keys=-FINE["keys"] / 8, values=np.array([[-2], [1]])).entry_bound == 2
    assert make(value_unit=Fraction(9, 2)).entry_bound == Fraction(9, 2)


def test_pairs_that_nobody_sees_do_not_count() -> None:
    levels = (np.array([0, 0, 0]), np.array([0, 1]))
    case = make(scale="one", levels=levels)
    assert (case.logit_bound, case.half_range) == (1, 0)
    assert make(scale="one").half_range == 1


def test_entry_bounds_give_the_same_scores_in_each_convention() -> None:
    """gamma R^2 is the same in all: at d = 4, R doubles from one to sqrt and again from sqrt to d."""
    case = ApproximateAttention(np.full((1, 4), 9), np.full((1, 4), -4), np.full((1, 1), 100), Fraction(1, 4), "sqrt")
    bounds = case.entry_bounds
    assert bounds["sqrt"] == pytest.approx(6)
    assert bounds["d"] == pytest.approx(6 * 2**0.5)
    assert bounds["one"] == pytest.approx(6 / 2**0.5)


def test_no_query_no_bound() -> None:
    case = make(queries=np.zeros((0, 2), dtype=int))
    assert (case.logit_bound, case.half_range) == (0, 0)
    found = case.solve().outputs
    assert found is not None
    assert (found.values.shape, found.error) == ((0, 1), 0)


@pytest.mark.parametrize("scale", ["d", "sqrt", "one"])
def test_the_solver_gives_the_logistic_function(scale: str) -> None:
    """Two keys, scores s and 0: the output is 1/(1 + e^-s), s = gamma 6 (1/3) at d = 3."""
    case = ApproximateAttention(
        np.array([[1, 2, 3]]), np.array([[1, 1, 1], [0, 0, 0]]), np.array([[1], [0]]), Fraction(1, 10**30), scale,
        query_unit=Fraction(1, 3),
    )  # fmt: skip
    found = case.solve().outputs
    assert found is not None
    with ctx.workprec(300):
        gamma = {"d": arb(1) / 3, "sqrt": 1 / arb(3).sqrt(), "one": arb(1)}[scale]
        assert found.values[0, 0].overlaps(1 / (1 + (-2 * gamma).exp()))
    assert found.error * 2**40 <= case.delta


def test_the_solver_agrees_with_the_judge_of_the_engines() -> None:
    """`attention.exact.reference` encloses the same outputs from floats; units go into its factor."""
    compared = 0
    for case in islice(ApproximateAttention.samples(6), 60):
        found = case.solve().outputs
        if case.levels is not None or not len(case.queries):
            continue
        q, k, v = (np.asarray(x, dtype=np.float64) for x in (case.queries, case.keys, case.values))
        head = Head(q, k, v, 1.0, 1.0, (Stage(slice(0, len(q)), slice(0, len(k))),))
        with ctx.workprec(400):
            gamma = ball(case.gamma) * ball(case.query_unit * case.key_unit)
            assert found is not None
            for row, ours in zip(enclose(head, gamma=gamma), found.values, strict=True):
                for theirs, mine in zip(row, ours, strict=True):
                    assert (theirs * ball(case.value_unit)).overlaps(mine)
        compared += 1
    assert compared > 30


def test_verify_accepts_outputs_within_delta_and_nothing_else() -> None:
    case = make(scale="one", queries=np.array([[0, 0]]), delta=Fraction(1, 8))  # exactly 1/2
    assert case.verify(Outputs(np.array([[0.5]]), Fraction(0)))
    assert case.verify(np.array([[0.625]]))
    assert not case.verify(np.array([[np.nextafter(0.625, 1)]]))
    assert not case.verify(Outputs(np.array([[0.3]]), Fraction(0)))
    assert case.verify(case.solve().outputs)
    wide = np.empty((1, 1), dtype=object)
    wide[0, 0] = arb(0.5, 0.2)
    assert not case.verify(Outputs(wide, Fraction(0)))
    for malformed in (None, (), (0, 1), 0.5, np.array([0.5]), np.array([[np.nan]]), np.array([["a"]]), "ab", {}):
        assert not case.verify(malformed)
    assert not case.verify((np.ma.masked,))
    assert not case.verify([[np.ma.masked]])  # NumPy warns of these, and warnings are errors here


def test_dimension_zero_averages_all_keys() -> None:
    case = make(queries=np.zeros((2, 0)), keys=np.zeros((2, 0)))
    found = case.solve().outputs
    assert found is not None
    assert [float(x.mid()) for x in found.values.ravel()] == [0.5, 0.5]
    assert (case.logit_bound, case.entry_bounds["d"]) == (0, 0.0)
