"""The picture: what is drawn is what the closed forms say, for ordinary and for extreme arguments."""

from __future__ import annotations

import math

import pytest

from varproof.approx.break_even import break_even_tokens
from varproof.approx.cost import exact_flops
from varproof.approx.rank_plot import _exponents, _paying_degrees, _power_of_ten, draw_rank
from varproof.base.errors import InputError


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    return Figure().subplots()


@pytest.mark.parametrize(("head_dim", "degree", "tokens"), [(8, 4, 4096), (2, 0, None), (64, 200, 10**50), (1, 9, 2)])
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_pictures_are_written(tmp_path, head_dim, degree, tokens, suffix):
    path = tmp_path / f"rank.{suffix}"
    draw_rank(head_dim, degree, path, tokens=tokens)
    head = path.read_bytes()[:100]
    assert head.startswith(b"\x89PNG" if suffix == "png" else b"<?xml")


def test_the_two_costs_cross_at_the_break_even(axes):
    crossing = math.log10(break_even_tokens(8, 4))
    _exponents(axes, 8, 4, crossing, 6.0)
    exact, polynomial, rank = axes.lines[:3]
    for line in (exact, polynomial, rank):
        assert len(line.get_xdata()) > 100
    for x, slow, fast in zip(exact.get_xdata(), exact.get_ydata(), polynomial.get_ydata(), strict=True):
        assert (fast < slow) == (x >= crossing)
    marker = axes.lines[3]
    assert list(marker.get_xdata()) == [crossing]
    assert abs(marker.get_ydata()[0] - math.log(exact_flops(538, 8)) / math.log(538)) < 0.01


def test_the_staircase_steps_at_break_evens_and_never_levels_off(axes):
    _paying_degrees(axes, 8, 4, math.log10(break_even_tokens(8, 4)), 6.0)
    stair = axes.lines[0]
    steps = dict(zip(stair.get_ydata(), stair.get_xdata(), strict=True))
    assert steps[4] == math.log10(break_even_tokens(8, 4))
    assert stair.get_xdata()[-1] > 6.0 or stair.get_ydata()[-1] > axes.get_ylim()[1]


def test_powers_of_ten_beyond_floats():
    assert _power_of_ten(2.0) == 100
    assert abs(math.log10(_power_of_ten(987.25)) - 987.25) < 1e-9


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(InputError):
        draw_rank(0, 3, tmp_path / "x.png")
    assert not list(tmp_path.iterdir())
