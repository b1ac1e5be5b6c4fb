"""Limits of the sums against the sums themselves, exponents and constants of whole phases, and falsified constants."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.growth.counts import linear_counts
from varproof.growth.schedules import Schedule, doubling, geometric, linear, parse_schedule
from varproof.var.cost.answer import cost_answer
from varproof.var.cost.forms import Form
from varproof.var.cost.growth import at_side, neighbours, phase_growth, slopes, total_growth
from varproof.var.cost.moments import VARIANTS, Growth, moment_growth, moments
from varproof.var.cost.phases import flops_by_phase, phase_forms
from varproof.var.models.config import DecoderConfig, FormalConfig, ReferenceConfig

FORMAL = FormalConfig(
    doubling(8), width=8, heads=2, hidden=32, decoder=DecoderConfig(base=4, groups=0, activation="relu")
)
BIG = 2**400


def scaled(value: int, growth: Growth, side: int, log: int) -> Fraction:
    """value / (n^power (log_a n)^log)."""
    return Fraction(value, side**growth.power * log**growth.log)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("ratio", [2, 3, 10, Fraction(3, 2), Fraction(7, 3)])
def test_limits_of_geometric_schedules(variant, ratio):
    """At n = ratio^m (rounded) every sum is its limit to a part in m; those without a logarithm far closer."""
    m = 300
    side = int(Fraction(ratio) ** m)
    found, limits = moments(geometric(side, ratio), variant), moment_growth(variant, ratio)
    assert set(limits) == set(found._fields)
    for name, growth in limits.items():
        if name == "first":  # bounded, between 1 and ratio^2 a pass
            continue
        quotient = scaled(getattr(found, name), growth, side, m) / growth.constant
        # floors drop repeated small sides: fewer scales than m + 1, by at most a few; windows of averages reach up to
        # two cells beyond n/p
        few = 3 / (Fraction(ratio) - 1) + 2 / (Fraction(ratio) ** 2 - 1) if name == "area" else 0
        slack = (4 + few) / m if growth.log else Fraction(1, 10**9)
        assert abs(quotient - 1) < slack, name


@pytest.mark.parametrize("variant", VARIANTS)
def test_limits_of_linear_schedules(variant):
    """The error halves or quarters when n doubles: it is the next term, and there is no other limit nearby."""
    limits = moment_growth(variant, None)
    found = {n: moments(linear(n), variant) for n in (1000, 2000)}
    for name, growth in limits.items():
        if not growth.limit:
            continue
        near, far = (abs(scaled(getattr(found[n], name), growth, n, 1) / growth.constant - 1) for n in (1000, 2000))
        assert far < Fraction(1, 200), name
        assert far == near == 0 or Fraction(24, 100) < far / near < Fraction(55, 100), name


def test_averages_of_the_linear_schedule_have_a_limit_below_their_constant():
    """pi^2/12 + zeta(3)/3 + 5/3 = 2.88982...; the constant that is given is an upper bound of it."""
    growth = moment_growth("cached", None)["area"]
    assert (growth.rate, growth.limit) == ("n^3", False)
    limit = Fraction(288982, 100000)
    for n, error in ((100, Fraction(1, 4)), (1000, Fraction(1, 25)), (10_000, Fraction(1, 150))):
        quotient = scaled(moments(linear(n)).area, growth, n, 1)
        assert limit - error < quotient < limit < growth.constant
    averages = phase_growth(ReferenceConfig(linear(4)))["reconstruction/down-sampling"]
    assert (averages.constant, averages.limit) == (2 * 32 * growth.constant, False)
    assert all(each.limit for each in phase_growth(ReferenceConfig(doubling(4))).values())


def test_the_constants_of_resampling():
    """Doubling, four weights, 8 channels: 2 * 4 * 8 = 64 a unit; the decoder enlarges 16, 8, 8 and 4 channels."""
    found = phase_growth(replace(FORMAL, decoder=replace(FORMAL.decoder, upsampling="bilinear")))
    assert found["transformer/interpolation"] == Growth(2, 0, Fraction(64 * 2))
    assert phase_growth(FORMAL, "dense")["transformer/interpolation"] == Growth(2, 0, Fraction(64) * 2 * Fraction(4, 3))
    assert found["reconstruction/interpolation"] == Growth(2, 1, Fraction(64))
    assert found["decoder/interpolation"] == Growth(2, 0, Fraction(12 * 2 * (16 + 8 * 4 + 8 * 16 + 4 * 64)))
    narrow = phase_growth(replace(FORMAL, kernel="bilinear"))
    assert narrow["reconstruction/interpolation"].constant == 32
    # nearest copies
    assert "decoder/interpolation" not in phase_growth(FORMAL)
    assert not any("interpolation" in phase for phase in phase_growth(replace(FORMAL, kernel="nearest")))


def test_the_constants_of_the_theory():
    cached, recomputed, dense = (moment_growth(v, 2)["pairs"].constant for v in ("cached", "recomputed", "dense"))
    assert (cached, recomputed, dense) == (Fraction(64, 45), Fraction(1024, 675), Fraction(256, 135))
    found = {v: moment_growth(v, None)["pairs"] for v in VARIANTS}
    assert found["cached"] == found["one-pass"] == Growth(6, 0, Fraction(1, 18))
    assert found["dense"] == Growth(7, 0, Fraction(1, 63))
    assert found["recomputed"] == Growth(7, 0, Fraction(1, 126))
    assert moment_growth("cached", None)["tokens"] == Growth(3, 0, Fraction(1, 3))


@pytest.mark.parametrize(
    ("preset", "constants"),
    [("256", (4.3706, 7.0612, 11.3473)), ("512", (3.1184, 4.3951, 6.7070)), ("1024", (3.3947, 5.0095, 7.8641))],
)
def test_the_constants_of_the_presets(preset, constants):
    schedule = parse_schedule(preset)
    found = [moments(schedule, variant).pairs / schedule.side**4 for variant in ("cached", "recomputed", "dense")]
    assert [round(each, 4) for each in found] == list(constants)


def test_linear_pairs_are_the_polynomials():
    for n in (1, 2, 17):
        counts = linear_counts(n)
        found = [moments(linear(n), variant).pairs for variant in ("cached", "recomputed", "dense")]
        assert found == [counts.attention, counts.masked, counts.dense]


def test_exponents_of_the_formal_model():
    rates = {phase: growth.rate for phase, growth in phase_growth(FORMAL).items()}
    assert rates == {
        "transformer/interpolation": "n^2",
        "transformer/projections": "n^2",
        "transformer/attention": "n^4",
        "transformer/ffn": "n^2",
        "reconstruction/interpolation": "n^2 log n",
        "reconstruction/convolution": "n^2 log n",
        "decoder/convolution": "n^2",
        "decoder/attention": "n^4",
        "decoder/projections": "n^2",
    }
    bare = replace(FORMAL, decoder=None)
    growing = replace(bare, schedule=linear(4))
    assert {p: g.rate for p, g in phase_growth(growing).items()} == {
        "transformer/interpolation": "n^3",
        "transformer/projections": "n^3",
        "transformer/attention": "n^6",
        "transformer/ffn": "n^3",
        "reconstruction/interpolation": "n^3",
        "reconstruction/convolution": "n^3",
    }
    assert phase_growth(growing, "dense")["transformer/attention"].rate == "n^7"
    assert phase_growth(growing, "dense")["transformer/ffn"].rate == "n^4"
    assert total_growth(growing, "recomputed").rate == "n^7"


def test_leading_constants_are_those_of_the_exact_flops():
    """At a huge n the exact flops of every phase over their leading term are 1 to n^-1/2 (1/log n with logarithms)."""
    for config in (FORMAL, ReferenceConfig(doubling(8), depth=2, width=8, heads=2, hidden=32)):
        for variant in VARIANTS:
            growth = phase_growth(config, variant)
            flops = flops_by_phase(replace(config, schedule=doubling(BIG)), variant)
            assert growth.keys() == flops.keys()
            for phase, count in flops.items():
                quotient = scaled(count, growth[phase], BIG, 400) / growth[phase].constant
                assert abs(quotient - 1) < (Fraction(1, 100) if growth[phase].log else Fraction(1, 10**30)), phase


def test_a_falsified_constant_is_caught():
    """1% off, and the limit test would fail: the exact quotient is within 1e-9 of the true constant only."""
    wrong = replace_constant(moment_growth("cached", 2)["pairs"], Fraction(101, 100))
    pairs = moments(doubling(2**300)).pairs
    assert abs(scaled(pairs, wrong, 2**300, 1) / wrong.constant - 1) > Fraction(1, 200)


def replace_constant(growth: Growth, factor: Fraction) -> Growth:
    return growth._replace(constant=growth.constant * factor)


def test_matrix_products_cost_4_c_depth_pairs():
    config = replace(FORMAL, depth=3, schedule=parse_schedule("256"))
    answer = cost_answer(config)
    assert answer["matrix_product_flops"] == 4 * 8 * 3 * 286434
    # the whole phase adds 3 flops a pair and head, and the divisions
    rest = 3 * 2 * 3 * 286434 + 3 * 8 * 680
    assert answer["flops"]["transformer/attention"] == answer["matrix_product_flops"] + rest


def test_slopes_between_n_and_2n():
    found = slopes(replace(FORMAL, schedule=doubling(1024)))
    assert (found.start, found.end) == (1024, 2048)
    assert abs(found.phases["transformer/attention"] - 4) < 1e-5
    assert abs(found.phases["decoder/attention"] - 4) < 1e-4
    assert abs(found.phases["decoder/convolution"] - 2) < 1e-12
    assert 2.05 < found.phases["reconstruction/convolution"] < 2.3  # 2 + 1/log n and so on
    assert slopes(replace(FORMAL, schedule=Schedule((1, 2, 4)))) is None


@pytest.mark.parametrize(
    ("text", "n", "pair"),
    [
        ("256", None, (16, 32)),
        ("512", None, (32, 64)),
        ("1024", None, (32, 64)),
        ("doubling", 2**1000, (2**999, 2**1000)),
        ("doubling", 1, (1, 2)),
        ("ratio:3", 10, (10, 20)),
        ("linear", 6000, (3000, 6000)),
        ("ratio:10001/10000", 2, (1, 2)),  # at side 4 the ratio needs more steps than schedules may have
    ],
)
def test_neighbouring_sizes(text, n, pair):
    assert tuple(each.side for each in neighbours(parse_schedule(text, n))) == pair


def test_sizes_that_a_family_has_not():
    assert at_side(doubling(4), 3) is None
    assert at_side(parse_schedule("linear", 3), 10_001) is None
    assert neighbours(Schedule((1, 3))) is None


def test_forms_are_sums():
    at = moments(Schedule((1, 2)))
    form = Form.of(tokens=3, cells=2)
    assert form.value(at) == 3 * 5 + 2 * 4
    assert (form * 2 + form).value(at) == 3 * form.value(at)
    assert (form + form * -1).terms == {}
    assert Form.of().growth(moment_growth("cached", 2)) == Growth(0, 0, Fraction(0))


def test_one_scale_alone_has_nothing_to_interpolate():
    forms = phase_forms(replace(FORMAL, schedule=Schedule((5,))))
    at = moments(Schedule((5,)))
    assert forms["reconstruction/interpolation"].value(at) == forms["transformer/interpolation"].value(at) == 0
    assert at.pairs == 5**4
    assert at.lift == at.area == at.chain == 0


@pytest.mark.parametrize("variant", ["", "Cached", "all", None, 3])
def test_unknown_variants(variant):
    for call in (lambda: moments(doubling(4), variant), lambda: moment_growth(variant, 2)):
        with pytest.raises(InputError, match="variant"):
            call()
