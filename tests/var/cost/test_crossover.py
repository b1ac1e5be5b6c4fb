"""Shares with their ceilings, and the least n at which attention exceeds the rest, against a plain search."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.growth.schedules import Schedule, doubling, geometric, linear, parse_schedule
from varproof.var.cost.answer import cost_answer, number
from varproof.var.cost.crossover import approximate_crossover, crossover
from varproof.var.cost.phases import flops_by_phase
from varproof.var.cost.shares import Share, attention_shares
from varproof.var.models.config import DecoderConfig, FormalConfig, ReferenceConfig


def formal(schedule: Schedule, width: int, heads: int = 1) -> FormalConfig:
    return FormalConfig(schedule, width=width, heads=heads, hidden=4 * width)


def attention_leads(config, variant="cached") -> bool:
    flops = flops_by_phase(config, variant)
    inside = {phase: count for phase, count in flops.items() if phase.startswith("transformer/")}
    return 2 * inside["transformer/attention"] > sum(inside.values())


@pytest.mark.parametrize("variant", ["cached", "dense"])
@pytest.mark.parametrize("width", [4, 64, 512])
def test_doubling(width, variant):
    config = formal(doubling(1), width)
    wanted = next(2**j for j in range(20) if attention_leads(replace(config, schedule=doubling(2**j)), variant))
    assert crossover(config, variant).n == wanted
    # the closed form lies in the octave below, give or take the terms that it leaves out
    assert wanted / 2 * 0.8 < approximate_crossover(config, variant) < wanted * 1.2


@pytest.mark.parametrize("width", [16, 256])
def test_all_n_of_linear_and_ratio(width):
    config = formal(linear(3), width, heads=4)
    wanted = next(n for n in range(1, 200) if attention_leads(replace(config, schedule=linear(n))))
    found = crossover(config)
    assert (found.n, found.searched) == (wanted, wanted)
    config = formal(geometric(3, Fraction(5, 2)), width, heads=4)
    wanted = next(n for n in range(1, 200) if attention_leads(replace(config, schedule=geometric(n, Fraction(5, 2)))))
    assert crossover(config).n == wanted


def test_presets_among_themselves_and_lists():
    narrow, wide = formal(parse_schedule("256"), 16), formal(parse_schedule("256"), 4096)
    assert crossover(narrow).n == next(n for n in (16, 32, 64) if n >= crossover(narrow).n) == 16
    assert crossover(wide).n is None
    assert crossover(wide).searched == 64
    assert approximate_crossover(wide) is None
    assert crossover(formal(Schedule((1, 2)), 16)) is None


def test_it_grows_like_the_square_root_of_the_width():
    """Doubling: 24 C^2 a token against 4 C a pair, so n* tends to sqrt(45 C / 8); linear to (36 C)^(1/3)."""
    for width in (2**10, 2**14, 2**18):
        error = 1 / width
        assert abs(approximate_crossover(formal(doubling(1), width)) / (45 * width / 8) ** 0.5 - 1) < error
        assert abs(approximate_crossover(formal(linear(1), width)) / (36 * width) ** (1 / 3) - 1) < error


def test_a_ratio_near_one_ends_where_its_schedules_end():
    config = formal(parse_schedule("ratio:10001/10000", 2), 2**12)
    found = crossover(config)
    assert found.n is None
    assert found.searched == 2


def test_shares_are_exact():
    config = ReferenceConfig(parse_schedule("256"))
    flops = flops_by_phase(config)
    shares = attention_shares(flops)
    assert shares["all"].whole == sum(flops.values())
    assert shares["with decoder attention"].part == flops["transformer/attention"] + flops["decoder/attention"]
    assert shares["transformer"].whole == sum(c for p, c in flops.items() if p.startswith("transformer"))
    for share in shares.values():
        assert share.ceiling == 1 / (1 - share.share)
    assert shares["all"].share < shares["with decoder attention"].share < shares["transformer"].share
    no_decoder = attention_shares(flops_by_phase(replace(config, decoder=None)))
    assert no_decoder["all"] == no_decoder["with decoder attention"]
    assert Share(3, 4).ceiling == 4


def test_amdahl_is_the_limit_of_faster_and_faster_attention():
    flops = flops_by_phase(formal(doubling(32), 64))
    share, whole = attention_shares(flops)["all"], sum(flops.values())
    before = Fraction(1)
    for factor in (10, 100, 10**9):
        gain = Fraction(whole) / (whole - share.part + Fraction(share.part, factor))
        assert before < gain < share.ceiling
        before = gain
    assert share.ceiling - before < Fraction(1, 10**6)


def test_numbers_beyond_floats_stay_exact():
    answer = cost_answer(formal(doubling(2**1000), 4))
    assert isinstance(answer["speedup_ceiling"], int | float)
    assert answer["attention_share"] == 1.0
    assert number(Fraction(10**400, 3)) == 10**400 // 3
    assert answer["attention_pairs"] == (64 * 2**4000 - 20 * 2**2000 + 1) // 45
    assert answer["exponent"] == 4


def test_exponents_of_presets_are_measured():
    answer = cost_answer(ReferenceConfig(parse_schedule("512")))
    assert answer["exponent_kind"] == "between n = 32 and 64"
    assert answer["exponent"] == answer["slope"]["total"]
    assert answer["exponents"] == {}
    nothing = cost_answer(formal(Schedule((1, 2)), 4))
    assert nothing["exponent"] is nothing["exponent_kind"] is nothing["slope"] is nothing["crossover"] is None


def test_decoder_attention_grows_as_the_fourth_power():
    config = replace(formal(doubling(4), 8), decoder=DecoderConfig(base=4, multipliers=(1, 2), groups=0))
    growth = cost_answer(config)["exponents"]["decoder/attention"]
    assert (growth["power"], growth["log"]) == (4, 0)
    assert growth["constant"] == 4 * (4 * 8 + 3)  # four heads of 8 channels: the middle and three blocks
