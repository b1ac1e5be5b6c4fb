"""Problems from text: derived quantities, families of schedules, contradictions, refusals."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.regimes.consistency import contradictions
from varproof.regimes.problem import parse_problem
from varproof.regimes.schedule_growth import parse_schedule_growth

GIVEN = {"d": "2*log(n)", "entry_bound": "sqrt(log(n))", "delta": "n**-3"}


@pytest.mark.parametrize(
    ("scale", "d", "entry_bound", "bound"),
    [
        ("d", "2*log(n)", "3*sqrt(log(n))", "9*log(n)"),
        ("sqrt", "4*log(n)", "2", "8*sqrt(log(n))"),
        ("one", "2*log(n)", "3", "18*log(n)"),
        ("d", "Theta(log(n))", "3", "9"),
        ("one", "Theta(log(n))", "3", "Theta(log(n))"),
        ("sqrt", "o(log(n))", "O(1)", "o(sqrt(log(n)))"),
        ("one", "Omega(1)", "o(1)", "any"),
    ],
)
def test_the_logit_bound_follows_from_the_scale(scale, d, entry_bound, bound):
    assert str(parse_problem(d=d, entry_bound=entry_bound, delta="1/poly(n)", scale=scale).logit_bound) == bound


def test_the_logarithm_of_the_rank_is_a_class_when_one_of_its_parts_is():
    expected = {"2*log(n)": "2*log(n)*log(2 + 2/log(n))", "o(log(n))": "O(", "Omega(1)": "any"}
    for d, text in expected.items():
        found = parse_problem(d=d, entry_bound="1", delta="exp(-3)").small_dimension_rank
        assert found.explicit is (d == "2*log(n)")
        assert str(found).startswith(text)


def test_cosine_takes_a_growth_as_its_temperature():
    assert str(parse_problem(d="64", delta="n**-3", scale="cosine:4").logit_bound) == "4"
    assert str(parse_problem(d="64", delta="n**-3", scale="cosine: Theta(log(n))").logit_bound) == "Theta(log(n))"


@pytest.mark.parametrize(
    ("text", "family", "tokens", "pairs", "ratio"),
    [
        ("doubling", "geometric", 2, 4, Fraction(2)),
        (" Ratio:3/2 ", "geometric", 2, 4, Fraction(3, 2)),
        ("linear", "linear", 3, 6, None),
    ],
)
def test_families_of_schedules(text, family, tokens, pairs, ratio):
    found = parse_schedule_growth(text)
    assert (found.family, found.tokens, found.pairs, found.ratio) == (family, tokens, pairs, ratio)


def test_the_exponents_of_the_families_are_those_of_the_exact_counts():
    from varproof.growth.counts import geometric_counts, linear_counts

    for name, counts in (("doubling", geometric_counts), ("linear", linear_counts)):
        growth = parse_schedule_growth(name)
        far, further = counts(2**200), counts(2**201)
        assert round(further.tokens / far.tokens) == 2**growth.tokens
        assert round(further.attention / far.attention) == 2**growth.pairs


@pytest.mark.parametrize(
    ("schedule", "scales", "consistent"),
    [
        ("ratio:2", "O(1)", False),
        ("ratio:2", "Theta(log(n))", True),
        ("ratio:2", "O(log(n))", True),
        ("ratio:2", "o(log(n))", False),
        ("ratio:2", "log(n)/log(2)", True),
        ("ratio:2", "log(n)", False),
        ("ratio:3/2", "log(n)/log(3/2) + 1", True),
        ("ratio:2", "Omega(1)", True),
        ("ratio:2", "omega(1)", True),
        ("ratio:2", "10", False),
        ("linear", "n", True),
        ("linear", "Theta(log(n))", False),
        ("linear", "O(n**2)", True),
        ("linear", "n*log(4)/(2*log(2))", True),
        ("linear", "n*log(5)/(2*log(2))", False),
        ("ratio:2", "O(1)*Omega(1)", True),
    ],
)
def test_the_number_of_scales_against_the_schedule(schedule, scales, consistent):
    found = contradictions(parse_problem(**GIVEN, schedule=schedule, scales=scales))
    assert (found == ()) is consistent
    assert all(step.hypothesis.startswith("K = ") and step.limit for step in found)


@pytest.mark.parametrize(
    ("d", "consistent"),
    [("1", True), ("1/log(n)", False), ("o(1)", False), ("o(log(n))", True), ("O(1/n)", False), ("1 - 1/n", True)],
)
def test_a_head_dimension_is_at_least_one(d, consistent):
    assert (contradictions(parse_problem(**{**GIVEN, "d": d})) == ()) is consistent


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"d": "5/2"}, "integer"),
        ({"d": "0"}, "d"),
        ({"d": "poly(n)"}, "d"),
        ({"d": "-log(n)"}, "d"),
        ({"entry_bound": "-1"}, "R"),
        ({"entry_bound": None}, "missing"),
        ({"entry_bound": "1", "scale": "cosine:4"}, "whatever the entries"),
        ({"scale": "cosine"}, "score scale"),
        ({"scale": "d:3"}, "score scale"),
        ({"scale": "two"}, "score scale"),
        ({"entry_bound": None, "scale": "cosine:0"}, "S"),
        ({"schedule": "256"}, "family"),
        ({"schedule": "1,2,4"}, "family"),
        ({"schedule": "ratio:1"}, "ratio"),
        ({"schedule": "ratio:1/2"}, "ratio"),
        ({"scales": "-1"}, "scales"),
        ({"delta": "-1/n"}, "delta"),
        ({"delta": ""}, "delta"),
    ],
)
def test_refusals_name_what_is_wrong(change, named):
    with pytest.raises(InputError) as failure:
        parse_problem(**{**GIVEN, **change})
    assert named in failure.value.message
    assert failure.value.allowed or failure.value.hint
