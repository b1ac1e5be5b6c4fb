"""Axis values: read exactly, typed by the axis, refused with the axis named."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case
from varproof.claims.registry import load_claim
from varproof.claims.settings import override, parse_settings


def case(*values: int | Fraction | str) -> Case:
    return Case({}, {"x": values})


def test_values_are_read_as_they_are():
    assert integers(case(1, Fraction(4, 2)), "x", low=1, high=2) == (1, 2)
    assert rationals(case(1, Fraction(1, 3)), "x", above=0, below=2) == (Fraction(1), Fraction(1, 3))


@pytest.mark.parametrize("value", [0, 9, Fraction(5, 2), "one"])
def test_integers_outside_the_range_are_refused(value):
    with pytest.raises(InputError) as caught:
        integers(case(2, value), "x", low=1, high=8)
    assert "axis x" in caught.value.message
    assert caught.value.allowed == "integers from 1 to 8"


@pytest.mark.parametrize("value", [0, 2, -1, "one", Fraction(1, 10**60)])
def test_rationals_outside_the_range_or_too_long_are_refused(value):
    with pytest.raises(InputError):
        rationals(case(value), "x", above=0, below=2)


def test_only_the_named_axes_are_replaced():
    claim = load_claim("threshold_lemma")
    cells = parse_settings(["keys=2", "keys=3"], [claim])
    assert override(claim, cells) == {"root": claim.cells["root"], "keys": (3,)}
    assert override(load_claim("score_perturbation"), cells) == load_claim("score_perturbation").cells


def test_a_later_claim_of_the_selection_brings_its_axes():
    both = [load_claim("threshold_lemma"), load_claim("score_perturbation")]
    assert parse_settings(["eta=1/3,2"], both) == {"eta": (Fraction(1, 3), 2)}
