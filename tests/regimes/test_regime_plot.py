"""The regime picture: its curves agree with certified balls, every kind of question is drawn, and nothing collides."""

from __future__ import annotations

import math
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from flint import arb
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from varproof.approx.degree_law import law_angle, law_degree
from varproof.approx.rank_exponent import critical_logit_bound, law_exponent
from varproof.base.balls import to_float
from varproof.base.errors import InputError
from varproof.regimes import regime_plot
from varproof.regimes.exponent_curves import (
    best_exponents,
    entropy_exponents,
    law_angles,
    law_degrees,
    method_exponents,
)
from varproof.regimes.regime_map import frame_of
from varproof.regimes.regime_plot import RegimePoint, draw_regime

LOG_TOKENS = math.log(680)
LONG = ("d = " + "x" * 50 + ", R = " + "y" * 50, "delta = " + "z" * 100)
POINTS = {
    "one size": RegimePoint(64 / LOG_TOKENS, 4 / LOG_TOKENS, math.log(100) / LOG_TOKENS, "256, d = 64"),
    "window": RegimePoint(1.0, 0.005, 1.5, "d = 2*log(n), R = sqrt(log(n))/10", "undecided"),
    "no logits": RegimePoint(1.0, 0.0, 1.0, "d = Theta(log(n)), R = o(sqrt(log(n)))", "easy"),
    "large logits": RegimePoint(1.0, math.inf, 1.0, "d = 2*log(n), R = n", "undecided"),
    "open dimension": RegimePoint(None, 0.1, 1.0, "d = C*log(n)", "hard"),
    "open logits": RegimePoint(0.02, None, None, "d = log(n)/25, R = C", "undecided"),
    "all open": RegimePoint(None, None, None, "d = C*log(n), R = C*sqrt(log(n))", "hard"),
    "wide": RegimePoint(1000.0, 0.3, 2.0, "d = 1000 ln N", "undecided"),
    "far outside": RegimePoint(1e-9, 1e-30, 0.5, "d = 1, R = 1/n", "easy"),
    "corner": RegimePoint(0.0, 0.0, 0.0, "d = 3, R = 1, delta = 1/10", "easy"),
    "opposite limits": RegimePoint(0.0, math.inf, 1.0, "d = 3, R = n", "easy"),
    "tiny error": RegimePoint(math.inf, 0.3, math.inf, "d = n, $x_1$ costs $3 " + "more " * 50, "undecided"),
    "upper right": RegimePoint(60.0, 20.0, 0.5, "d = 60 ln N", "undecided"),
    "any temperature": RegimePoint(0.0, math.inf, 1.0, "d = 3, R = n", "easy", 5 / 3),
    "large dimension": RegimePoint(math.inf, 0.3, 1.0, "d = n", "hard", 2.5),
    "long label": RegimePoint(1.0, 0.3, 1.0, ", ".join(LONG), "undecided", 2.0),
    "lower left": RegimePoint(0.03, 3e-6, 0.5, "d = ln N / 33", "undecided"),
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Draw a question of POINTS without writing the file, once, and return the laid out figure."""
    target, figures = tmp_path_factory.mktemp("regime") / "regime.png", {}

    def draw(name):
        if name not in figures:
            saved = []
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Figure, "savefig", lambda self, path, **_: saved.append(self))
                draw_regime(target, point=POINTS[name], title="a title")
            saved[0].draw_without_rendering()
            figures[name] = saved[0]
        return figures[name]

    return draw


@pytest.mark.parametrize("power", [0.01, 0.706, 1.5, 20.0])
def test_the_exponents_agree_with_certified_balls(power):
    for alpha, logit in product((1e-3, 0.5, 9.8, 1000.0), (1e-12, 1e-6, 0.005, 0.6, 5.0, 1e5)):
        exact = to_float(law_exponent(arb(alpha), arb(logit), arb(power)))
        assert method_exponents(alpha, logit, power) - 1 == pytest.approx(exact, rel=1e-9, abs=1e-9)
        assert law_degrees(logit, power) == pytest.approx(to_float(law_degree(arb(logit), arb(power))), rel=1e-12)


def test_angles_solve_their_equation_over_the_whole_range():
    ratios = np.concatenate([[0.0], np.logspace(-30, 300, 400)])
    angles = law_angles(ratios)
    assert angles[0] == 0
    assert np.all(np.diff(angles) > 0)
    small = angles[1:] < 0.01
    assert small.sum() > 10
    np.testing.assert_allclose(angles[1:][small] ** 3 / 3, ratios[1:][small], rtol=1e-4)
    large = angles > 1
    np.testing.assert_allclose((angles * np.cosh(angles) - np.sinh(angles))[large], ratios[large], rtol=1e-12)
    assert law_angles(math.inf) == angles[-1]
    for ratio in np.logspace(-14, 4, 37):
        assert law_angles(ratio) == pytest.approx(to_float(law_angle(arb(ratio))), rel=1e-13)


@pytest.mark.parametrize(("alpha", "power"), [(0.5, 1.0), (1.0, 1.0), (4.0, 1.5), (10.0, 0.25)])
def test_the_exponent_is_two_exactly_at_the_critical_logit_bound(alpha, power):
    critical = to_float(critical_logit_bound(arb(alpha), arb(power)))
    assert method_exponents(alpha, critical, power) == pytest.approx(2.0, abs=1e-12)
    below, at, above = best_exponents(alpha, np.array([0.999, 1.0, 1.001]) * critical, power)
    assert below < 1.9999
    assert at == pytest.approx(2.0, abs=1e-12)
    assert above == 2.0


def test_exponents_increase_with_each_argument_and_are_capped():
    alphas, logits, powers = np.logspace(-4, 4, 60), np.logspace(-12, 6, 60), (0.0, 0.1, 1.0, 10.0)
    grids = [method_exponents(alphas[:, None], logits[None, :], power) for power in powers]
    for grid in grids:
        assert np.all(np.diff(grid, axis=0) > 0)
        assert np.all(np.diff(grid, axis=1) > 0)
        assert np.all(grid > 1)
    assert all(np.all(small < large) for small, large in pairwise(grids))
    capped = best_exponents(alphas[:, None], logits[None, :], 1.0)
    assert capped.max() == 2.0
    assert np.array_equal(capped == 2.0, grids[2] >= 2.0)


def test_limits():
    inf, nan = math.inf, math.nan
    np.testing.assert_array_equal(law_degrees([0.0, 0.5, inf], 0.0), [0.0, 0.5, inf])
    np.testing.assert_array_equal(law_degrees([0.0, 0.5], inf), [nan, inf])
    np.testing.assert_array_equal(
        entropy_exponents([0.0, 0.0, 2.0, inf, inf], [3.0, inf, 0.0, 1.0, 0.0]), [0, nan, 0, inf, nan]
    )
    np.testing.assert_array_equal(best_exponents([1.0, 1.0, 0.0, inf], [0.0, inf, 5.0, 1e-9], 1.0), [1, 2, 1, 2])
    assert best_exponents(0.0, inf, 1.0) == 2.0  # not decided: the exact algorithm always works
    assert 1.01 < best_exponents(1.0, 1e-100, 1.0) < 1.04  # almost linear is approached very slowly


@pytest.mark.parametrize("name", POINTS)
def test_texts_and_marks_do_not_collide_and_stay_in_their_panels(drawn, name):
    figure = drawn(name)
    outer = [figure.get_suptitle(), figure.get_supxlabel()]
    assert all(outer)
    around = [text for text in figure.texts if text.get_text() in outer]
    for axes in figure.axes:
        inside = [*axes.texts, *([axes.get_legend()] if axes.get_legend() else [])]
        labels = [axes.title, axes.xaxis.label, axes.yaxis.label]
        marks = _boxes(line for line in axes.lines if line.get_marker() == "D")
        written = _boxes(text for text in inside if not isinstance(text, Annotation))
        collisions = [
            pair for pair in combinations(written + marks + _boxes(labels + around), 2) if pair[0].overlaps(pair[1])
        ]
        assert not collisions
        panel = axes.get_window_extent()
        assert all(_holds(panel, box, 0) for box in written)
        assert all(_holds(panel, box, 9) for box in marks)  # pixels: half of a mark
        assert all(_holds(panel, box, 20) for box in _boxes(text for text in inside if isinstance(text, Annotation)))
        assert all(_holds(figure.bbox, box, 0) for box in _boxes(labels + around))


def _boxes(artists):
    boxes = [
        artist.get_window_extent()
        for artist in artists
        if not isinstance(artist, Text) or artist.get_text() or isinstance(artist, Annotation)
    ]
    return [box for box in boxes if box.width > 0]


def _holds(outer, inner, margin):
    outer = outer.padded(margin)
    return outer.x0 <= inner.x0 <= inner.x1 <= outer.x1 and outer.y0 <= inner.y0 <= inner.y1 <= outer.y1


def test_the_question_is_where_it_says(drawn):
    figure = drawn("window")
    chart, curves = figure.axes[0], figure.axes[1]
    (mark,) = (line for line in chart.lines if line.get_marker() == "D")
    assert _data(chart, mark) == pytest.approx((0.005, 1.0))
    (mark,) = (line for line in curves.lines if line.get_marker() == "D")
    kappa, exponent = _data(curves, mark)
    assert kappa == pytest.approx(0.005)
    assert exponent == pytest.approx(1 + to_float(law_exponent(1, "0.005", "1.5")))
    drawn_curves = {line.get_label(): line for line in curves.lines}
    for share in ("0.5", "1", "2"):
        line = drawn_curves[f"d = {share} ln N"]
        np.testing.assert_allclose(line.get_ydata(), best_exponents(float(share), line.get_xdata(), 1.5))
    assert drawn_curves["exact attention: 2"].get_ydata() == [2.0, 2.0]
    assert figure.get_supxlabel() == "d = 2*log(n), R = sqrt(log(n))/10: undecided\nd / ln N = 1,   B / ln N = 0.005"


@pytest.mark.parametrize(
    ("name", "label", "exponent"), [("corner", "d = o(ln N)", 1), ("tiny error", "d above every C ln N", 2)]
)
def test_a_limit_of_the_dimension_has_its_own_flat_curve(drawn, name, label, exponent):
    curves = {line.get_label(): line for line in drawn(name).axes[1].lines}
    assert set(curves[label].get_ydata()) == {exponent}
    assert {"d = 0.5 ln N", "d = 1 ln N"} <= set(curves)


def test_the_edges_are_called_almost_linear_only_where_the_error_is_a_power(drawn):
    for name, point in POINTS.items():
        notes = " ".join(text.get_text() for text in drawn(name).axes[0].texts)
        assert ("almost linear" in notes) == ("rank = N" in notes) == (point.power != math.inf)


def test_limits_are_arrows_and_open_constants_are_lines(drawn):
    arrow = drawn("no logits").axes
    assert [text.xy for text in arrow[0].texts if isinstance(text, Annotation)] == [(0.0, 0.5)]
    assert [text.xy[0] for text in arrow[1].texts if isinstance(text, Annotation)] == [0.0]
    vertical = drawn("open dimension").axes[0]
    (line,) = vertical.lines
    assert _data(vertical, line) == pytest.approx((0.1, 0.01))
    assert list(line.get_ydata()) == [0.0, 1.0]
    horizontal = drawn("open logits").axes
    (line,) = horizontal[0].lines
    assert list(line.get_xdata()) == [0.0, 1.0]
    assert _data(horizontal[0], line)[1] == pytest.approx(0.02)
    assert not [one for one in horizontal[1].lines if one.get_marker() == "D"]
    assert not drawn("all open").axes[0].lines
    # d = o(ln N) and logits above ln N: the limits alone decide no exponent
    assert not [one for one in drawn("opposite limits").axes[1].lines if one.get_marker() == "D"]
    assert "C = 1" in horizontal[0].get_title()
    assert "below every power" in drawn("tiny error").axes[0].get_title()


def test_no_lower_bound_is_claimed_at_one_size(drawn):
    for name, point in POINTS.items():
        words = " ".join(text.get_text() for text in drawn(name).findobj(Text)).lower()
        assert ("seth" in words) == (name != "one size")
        assert ("hard" in words) == (point.verdict == "hard")


def _data(axes, line):
    x, y = line.get_xdata()[0], line.get_ydata()[0]
    return tuple(axes.transData.inverted().transform(axes.transAxes.transform((x, y))))


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_question_gives_the_same_bytes(tmp_path, suffix):
    first, second = (tmp_path / f"{name}.{suffix}" for name in "ab")
    for target in (first, second):
        draw_regime(target, point=POINTS["corner"], title=r"costs $\frac$, not a formula")
    assert first.read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])
    assert first.read_bytes() == second.read_bytes()


def test_the_frame_holds_every_point_that_is_not_far_out():
    for alpha, logit in product((1e-5, 1e-2, 0.5, 100.0, 1000.0, 1e8), (1e-11, 1e-6, 0.3, 100.0, 101.0, 1e8)):
        frame = frame_of(alpha, logit)
        assert 0 < frame.across(logit) < 1
        assert 0 < frame.up(alpha) < 1
    assert frame_of(math.inf, 0.0) == frame_of(None, None) == frame_of(1e-9, 1e-30)
    assert frame_of(None, None).across(1e-30) == 0.0
    assert frame_of(None, None).up(math.inf) == 1.0


@pytest.mark.parametrize("name", ["alpha", "logit", "power"])
@pytest.mark.parametrize("value", [-1.0, -math.inf, math.nan])
def test_impossible_points_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        RegimePoint(**{"alpha": 1.0, "logit": 1.0, "power": 1.0, "label": "", name: value})


def test_unknown_kinds_of_picture_are_refused(tmp_path):
    for target in ("regime.bmp", "regime"):
        with pytest.raises(InputError, match="picture"):
            draw_regime(tmp_path / target, point=POINTS["window"], title="")
    assert not list(tmp_path.iterdir())


def test_an_inconsistent_question_has_no_exponent_to_mark(tmp_path, monkeypatch):
    marks = []
    monkeypatch.setattr(regime_plot, "draw_mark", lambda axes, *place: marks.append(place))
    for verdict, expected in (("undecided", 1), ("inconsistent", 0)):
        marks.clear()
        draw_regime(tmp_path / "m.svg", point=RegimePoint(1.0, 0.005, 1.5, "question", verdict), title="As n grows")
        assert len(marks) == expected


def test_another_theorem_puts_the_mark_at_its_exponent(drawn):
    (mark,) = (line for line in drawn("any temperature").axes[1].lines if line.get_marker() == "D")
    assert _data(drawn("any temperature").axes[1], mark)[1] == pytest.approx(5 / 3)
    assert drawn("any temperature").get_supxlabel().endswith(",   proved upper bound N^1.6667")
    assert "proved" not in drawn("window").get_supxlabel()
    # d = n: the exponent of N counts d too and lies above this window
    beyond = drawn("large dimension")
    assert not [line for line in beyond.axes[1].lines if line.get_marker() == "D"]
    assert beyond.get_supxlabel().endswith("proved upper bound N^2.5")


def test_a_long_label_is_broken_at_a_comma(drawn):
    lines = drawn("long label").get_supxlabel().splitlines()
    assert lines[0] == LONG[0] + ","
    assert lines[1] == LONG[1] + ": undecided"
    assert lines[2].startswith("d / ln N")
    cut = drawn("tiny error").get_supxlabel().splitlines()
    assert cut[0] == "d = n,"
    assert cut[1].endswith("...: undecided")
    assert len(cut) == 3
