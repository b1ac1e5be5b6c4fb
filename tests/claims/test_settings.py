"""Axis values: read exactly, typed by the axis, refused with the axis named."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.claims.cells import chosen, integers, rationals, schedules
from varproof.claims.ledger import run_claim, run_ledger
from varproof.claims.model import Case
from varproof.claims.registry import load_claim, load_claims
from varproof.claims.settings import MAX_CELLS, MAX_VALUES, override, parse_settings


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


def numbers(count: int) -> str:
    return ",".join(map(str, range(1, count + 1)))


def test_a_repeated_value_counts_once():
    assert parse_settings(["keys=2,2,3,2"], [load_claim("threshold_lemma")]) == {"keys": (2, 3)}


def test_an_axis_takes_at_most_twenty_values():
    claim = load_claim("softmax_perturbation_classical")
    allowed = parse_settings([f"u={numbers(MAX_VALUES)}"], [claim])
    assert len(override(claim, allowed)["u"]) == MAX_VALUES == 20
    with pytest.raises(InputError, match="axis u") as caught:
        parse_settings([f"u={numbers(MAX_VALUES + 1)}"], [claim])
    assert "1 to 20 values" in caught.value.allowed
    with pytest.raises(InputError, match="softmax_perturbation_classical: values of axis u"):
        run_claim(claim, {"u": tuple(Fraction(1, k) for k in range(2, 23))})


def test_a_grid_has_at_most_64_combinations_or_as_many_as_the_claims_own():
    claim = load_claim("exp_exponential_bounds")  # 3 bounds, 3 degrees, 5 parameters
    assert override(claim, {"degree": (1, 2, 3, 4)})["degree"] == (1, 2, 3, 4)  # 60
    with pytest.raises(InputError) as caught:
        override(claim, {"degree": (1, 2, 3, 4, 5)})  # 75
    assert caught.value.got == "3 bound x 5 degree x 5 parameter = 75"
    assert caught.value.allowed == f"at most {MAX_CELLS}"
    large = load_claim("layer_amplification")  # 216 combinations of its own
    assert override(large, {"ratio": (5, 6, 7)})["ratio"] == (5, 6, 7)
    with pytest.raises(InputError) as caught:
        override(large, {"ratio": (5, 6, 7, 8)})
    assert caught.value.allowed == "at most 216"


def test_too_large_a_grid_is_refused_before_any_claim_runs():
    ran: list[str] = []
    with pytest.raises(InputError, match="exp_absolute_bessel: combinations"):
        run_ledger(
            ["exp_absolute_bessel", "rank_count"],
            ["degree=0,1,2,3,4,5", f"bound={numbers(11)}"],
            after_each=lambda: ran.append("claim"),
        )
    assert ran == []


@pytest.mark.parametrize(
    ("claim_id", "setting"),
    [
        ("exp_absolute_bessel", "degree=81"),
        ("exp_relative_bessel", "bound=100"),
        ("exp_exponential_bounds", "bound=1/1000000"),
        ("degree_law", "bound=129"),
        ("minimal_degrees", "eps_digits=1"),
        ("minimal_degrees", "bound=2"),
        ("score_perturbation", "eta=1/10000000000"),
        ("rank_count", "large=3001"),
        ("schedule_token_counts", "presets=doubling"),
        ("schedule_attention_constants", "presets=300"),
    ],
)
def test_values_that_take_too_long_or_that_the_statement_does_not_cover_are_refused(claim_id, setting):
    with pytest.raises(InputError, match=f"{claim_id}: cell axis"):
        run_ledger([claim_id], [setting])


def test_an_axis_of_named_values_says_which():
    assert chosen(case(4, 16), "x", (4, 16, 64)) == (4, 16)
    with pytest.raises(InputError) as caught:
        chosen(case(5), "x", (4, 16, 64))
    assert caught.value.allowed == "4, 16, 64: the statement is about these"


def test_a_schedule_is_typed_without_commas():
    first, second, third = schedules(case("1-2-4", 256, "7-"), "x", most_tokens=700)
    assert (first.sides, first.name) == ((1, 2, 4), "1-2-4")
    assert (second.tokens, second.name) == (680, "256")
    assert third.sides == (7,)


@pytest.mark.parametrize("value", ["2-1", "0-1", "1--2", "doubling", "", "5", 5, Fraction(3, 2), "1-30", "7-"])
def test_schedules_out_of_range_are_refused_with_what_can_be_typed(value):
    with pytest.raises(InputError) as caught:
        schedules(case("1-2", value), "x", most_tokens=700, least_scales=2)
    assert "axis x" in caught.value.message
    assert caught.value.allowed == (
        "sides such as 1-2-4, or 256, 512, 1024, with at most 700 tokens and at least 2 scales"
    )


@pytest.mark.parametrize("claim", load_claims(), ids=lambda claim: claim.id)
def test_what_the_list_prints_can_be_typed_back(claim):
    for axis, values in claim.cells.items():
        printed = ",".join(map(str, values))  # as show_claims prints it
        typed = parse_settings([f"{axis}={printed}"], [claim])[axis]
        # names made of digits come back as numbers, which the checks read alike
        assert tuple(map(str, typed)) == tuple(map(str, values))
        assert override(claim, {axis: typed}).keys() == claim.cells.keys()
