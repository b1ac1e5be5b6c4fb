"""The enclosure of the true output: against closed forms, and never narrower than it may be."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from varproof.attention.exact.reference import enclose, row_error, visible_keys
from varproof.attention.head import Head, Stage
from varproof.base.errors import CertificateError


def make_head(q: Any, k: Any, v: Any, gamma: float = 1.0, **options: Any) -> Head:
    q, k, v = (np.asarray(x, dtype=np.float64) for x in (q, k, v))
    stages = options.pop("stages", (Stage(slice(0, len(q)), slice(0, len(k))),))
    return Head(q, k, v, gamma, 1e-3, stages, **options)


def test_two_keys_give_the_logistic_function() -> None:
    with ctx.workprec(300):
        for x in (0.0, 1.0, -3.5, 40.0):
            found = enclose(make_head([[x]], [[1.0], [0.0]], [[1.0], [0.0]]))[0][0]
            assert found.overlaps(1 / (1 + arb(-x).exp()))
            assert arb(found.rad()) < arb(2) ** -80


def test_the_scale_may_be_a_real_number() -> None:
    head = make_head([[1.0]], [[1.0], [0.0]], [[1.0], [0.0]], gamma=1 / 3)
    with ctx.workprec(300):
        third = 1 / (1 + (-arb(1) / 3).exp())
        assert enclose(head, gamma=Fraction(1, 3))[0][0].overlaps(third)
        assert not enclose(head)[0][0].overlaps(third)
        root = arb(2).sqrt()
        assert enclose(head, gamma=root)[0][0].overlaps(1 / (1 + (-root).exp()))


def test_a_factor_known_too_roughly_is_refused() -> None:
    head = make_head([[1.0]], [[1.0], [0.0]], [[1.0], [0.0]])
    with pytest.raises(CertificateError, match="could not be enclosed"):
        enclose(head, gamma=arb(1, 0.1))


def test_scores_beyond_all_floats() -> None:
    """Scores 1e600 and 1e600 + 1e300 - ...: the largest key takes all, to within exp(-1e600)."""
    head = make_head([[1e300]], [[1e300], [np.nextafter(1e300, 2e300)], [-1e300]], [[1.0], [5.0], [9.0]])
    assert enclose(head)[0][0].overlaps(arb(5))
    assert row_error(head, np.array([[5.0]]))[0] < 1e-20
    assert row_error(head, np.array([[4.0]]))[0] == pytest.approx(1.0)


def test_stages_and_masks_say_which_keys() -> None:
    stages = (Stage(slice(0, 1), slice(2, 4)), Stage(slice(1, 3), slice(0, 2)))
    zeros = np.zeros((4, 1))
    staged = make_head(zeros[:3], zeros, [[1.0], [2.0], [3.0], [4.0]], stages=stages)
    assert visible_keys(staged) == [[2, 3], [2, 3, 0, 1], [2, 3, 0, 1]]
    assert [float(row[0].mid()) for row in enclose(staged)] == [3.5, 2.5, 2.5]
    mask = np.array([[True, False, False, True], [False, True, False, False]])
    masked = make_head(zeros[:2], zeros, [[1.0], [2.0], [3.0], [4.0]], mask=mask)
    assert visible_keys(masked) == [[0, 3], [1]]
    assert row_error(masked, [[2.5], [2.0]]) == [0.0, 0.0]


def test_errors_are_rounded_up_and_sharp() -> None:
    rng = np.random.default_rng(4)
    head = make_head(rng.standard_normal((9, 2)), rng.standard_normal((9, 2)), rng.standard_normal((9, 2)))
    true = np.array([[float(entry.mid()) for entry in row] for row in enclose(head)])
    nearest = np.array(row_error(head, true))
    assert (nearest <= np.spacing(np.abs(true)).max(axis=1)).all()
    assert (nearest > 0).all()
    moved = row_error(head, true + np.array([0.25, 0.0]))
    assert np.allclose(moved, 0.25, rtol=1e-12)


def test_an_error_between_two_floats_is_rounded_up() -> None:
    """1/2 + 1e-30 is no float, and the nearest one is below."""
    found = row_error(make_head([[0.0]], [[0.0]], [[0.5]]), [[-1e-30]])[0]
    assert found == math.nextafter(0.5, 1)


def test_values_that_are_not_finite_have_infinite_errors() -> None:
    head = make_head([[0.0], [0.0]], [[1.0]], [[1.0]])
    assert row_error(head, [[math.nan], [1.0]]) == [math.inf, 0.0]
    assert row_error(head, [[math.inf], [2.0]]) == [math.inf, 1.0]


def test_no_queries() -> None:
    assert enclose(make_head(np.zeros((0, 1)), [[1.0]], [[1.0]])) == []
    assert row_error(make_head(np.zeros((0, 1)), [[1.0]], [[1.0]]), np.zeros((0, 1))) == []


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_outputs_too_near_to_a_value_for_fractions(sign: float) -> None:
    """The other weight is exp(-2e36): as a fraction it would need 10^36 bits."""
    q, k, v = np.array([[sign]]), np.array([[1e36], [-1e36]]), np.array([[0.0], [1.0]])
    head = Head(q, k, v, gamma=1.0, delta=1e-3, stages=(Stage(slice(0, 1), slice(0, 2)),))
    right = np.array([[0.0 if sign > 0 else 1.0]])
    assert row_error(head, right)[0] < 1e-50
    assert row_error(head, 1 - right)[0] >= 1.0
    assert row_error(head, right + 0.25) == [pytest.approx(0.25)]
