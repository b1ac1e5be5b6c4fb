"""Threshold layouts against the lemma, recomputed row by row in balls."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from flint import arb, ctx

from reductions.precision.layout import ThresholdLayout, output_levels, threshold_layout
from varproof.approx.threshold import tolerance
from varproof.base.balls import ball
from varproof.base.errors import InputError

BITS = 200
NINE = Fraction(9)


def row_output(layout: ThresholdLayout, products: list[int]) -> arb:
    """One row of softmax: these data products and the neutral key, scores with gamma unit^2."""
    gamma = {"d": arb(1) / layout.head_dim, "sqrt": 1 / arb(layout.head_dim).sqrt(), "one": arb(1)}[layout.scale]
    beta = gamma * ball(layout.unit) * ball(layout.unit)
    neutral = sum(Fraction(q) * k for q, k in zip(layout.channels, layout.entries, strict=True))
    data = sum(((beta * p).exp() for p in products), arb(0))
    return data / (data + (beta * ball(neutral)).exp())


LAYOUTS = [
    {"high": high, "low": low, "keys": keys, "head_dim": dim, "scale": scale, "weight_gap": gap}
    for (high, low), keys, dim, scale, gap in product(
        [(0, -1), (3, 2), (7, -4)], [1, 2, 1000], [1, 6], ["d", "sqrt", "one"], [NINE, Fraction(11, 10)]
    )
]


@pytest.mark.parametrize("arguments", LAYOUTS[::5])
def test_delta_is_just_below_the_distance_of_both_attained_levels(arguments):
    layout = threshold_layout(**arguments, channels=(1,) * 7)
    keys, high, low = arguments["keys"], arguments["high"], arguments["low"]
    with ctx.workprec(BITS):
        below = row_output(layout, [low] * keys)
        above = row_output(layout, [high] + [low - 100] * (keys - 1))
        half, delta = ball(Fraction(1, 2)), ball(layout.delta)
        assert below + delta < half
        assert above - delta > half
        slack = below + delta * ball("1.01") > half or above - delta * ball("1.01") < half
        assert slack, "1% more noise than delta must turn one of the two rows"
        assert delta < tolerance(layout.gap)
        assert layout.gap >= ball(arguments["weight_gap"]).log()


@pytest.mark.parametrize("arguments", LAYOUTS[::7])
def test_numbers_are_small_dyadic_rationals(arguments):
    layout = threshold_layout(**arguments, channels=(1,) * 7)
    assert all(entry * 2**20 == int(entry * 2**20) and abs(entry) <= 1 for entry in layout.entries)
    assert layout.unit.denominator & (layout.unit.denominator - 1) == 0
    assert layout.unit.numerator.bit_length() <= 22


def test_the_gap_counts_every_key():
    """With ln n forgotten the same scores would put all keys at the low level above 1/2."""
    layout = threshold_layout(high=0, low=-1, keys=1, weight_gap=NINE, head_dim=3, scale="d")
    with ctx.workprec(BITS):
        assert row_output(layout, [-1]) < ball(Fraction(1, 2))
        assert row_output(layout, [-1] * 40) > ball(Fraction(1, 2))


def test_an_off_centre_neutral_key_narrows_the_smaller_side():
    layout = threshold_layout(high=0, low=-1, keys=16, weight_gap=NINE, head_dim=3, scale="one")
    moved = replace(layout, entries=(layout.entries[0] + Fraction(1, 8),))
    (below, above), (was_below, was_above) = moved.levels, layout.levels
    assert below < was_below
    assert above < was_above
    assert above - ball(layout.delta) < ball(Fraction(1, 2))


def test_no_keys_count_as_one_and_copies_share_the_mass():
    none, one = (threshold_layout(high=0, low=-1, keys=n, weight_gap=NINE, head_dim=2, scale="d") for n in (0, 1))
    assert (none.unit, none.entries, none.delta) == (one.unit, one.entries, one.delta)
    with ctx.workprec(BITS):
        below, above = output_levels(arb(1), 0, -3, 5, Fraction(-2), copies=5)
        assert below.overlaps(arb(-3).exp() / (arb(-3).exp() + arb(-2).exp()))
        assert above.overlaps(1 / (1 + 5 * arb(-2).exp()))


def test_digits_spread_a_large_neutral_score_exactly():
    layout = threshold_layout(
        high=1000,
        low=999,
        keys=50,
        weight_gap=NINE,
        head_dim=9,
        scale="d",
        channels=(1, *(11,) * 9),
        digits=True,
    )
    assert all(entry.denominator == 1 and abs(entry) <= 11 for entry in layout.entries[1:])
    assert abs(layout.entries[0]) <= 11
    assert Fraction(1998, 2) / 2 < layout.neutral_product < 1000
    assert layout.delta > Fraction(24, 100)


def test_the_scale_is_read_at_the_final_dimension():
    narrow, wide = (threshold_layout(high=0, low=-1, keys=8, weight_gap=NINE, head_dim=d, scale="d") for d in (4, 16))
    assert abs(float(wide.unit / narrow.unit) - 2) < 1e-5
    assert abs(float(narrow.entry_bounds()["one"] * 2 / narrow.entry_bounds()["d"]) - 1) < 1e-12
    assert abs(float(narrow.beta.mid()) - float(wide.beta.mid())) < 1e-4


def test_logit_bound_includes_the_neutral_key():
    layout = threshold_layout(high=5, low=4, keys=8, weight_gap=NINE, head_dim=4, scale="d", channels=(1,) * 5)
    with ctx.workprec(BITS):
        assert layout.logit_bound(0) > ball(4) * layout.beta
        assert layout.logit_bound(9).overlaps(layout.beta * 9)


@pytest.mark.parametrize(
    "change",
    [{"low": 0}, {"low": 1}, {"weight_gap": Fraction(1)}, {"weight_gap": 0.5}, {"scale": "cosine:3"}, {"head_dim": 0}],
)
def test_refusals(change):
    arguments = {"high": 0, "low": -1, "keys": 4, "weight_gap": NINE, "head_dim": 3, "scale": "d"}
    with pytest.raises(InputError):
        threshold_layout(**{**arguments, **change})


def test_a_gap_that_rounding_eats_is_refused():
    """Ten million channels of one entry: its rounding moves the neutral score by more than the gap."""
    with pytest.raises(InputError, match="rounding"):
        threshold_layout(
            high=3_000_001, low=3_000_000, keys=4, weight_gap=Fraction(10001, 10000), head_dim=3, scale="one",
            channels=(10**7,),
        )  # fmt: skip
