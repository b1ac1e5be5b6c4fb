"""The staircase picture shows the answer it was asked about, at every size, and its bounds in the right order."""

from __future__ import annotations

from fractions import Fraction

import pytest
from matplotlib.figure import Figure

from varproof.approx.degree_certificate import certify
from varproof.approx.degree_plot import _window, draw_degree

CASES = [
    ("16", "1e-16", "rel", "sym"),
    ("1e-6", "1/2", "rel", "sym"),
    ("64", "9/10", "rel", "sym"),
    ("32", "1e-3", "abs", "neg"),
    ("1/2", "1e-2", "abs", "pos"),
]


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draw a question and return its axes; the figure is caught when it is saved."""

    def draw(bound, eps, kind, interval):
        saved = []
        write = Figure.savefig
        monkeypatch.setattr(Figure, "savefig", lambda self, path: (saved.append(self), write(self, path)))
        answer = certify(bound, eps, kind=kind, interval=interval)
        target = tmp_path / "staircase.png"
        draw_degree(answer, target)
        assert target.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        return answer, saved[0].axes[0]

    return draw


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_certified_point_lies_inside_the_picture_and_on_the_staircase(drawn, case):
    answer, axes = drawn(*case)
    lines = {line.get_label(): line for line in axes.get_lines()}
    mark = next(line for line in axes.get_lines() if line.get_marker() == "o")
    (x,), (y,) = mark.get_data()
    assert axes.get_xlim()[0] <= x <= axes.get_xlim()[1]
    assert axes.get_ylim()[0] <= y <= axes.get_ylim()[1]
    decades, degrees = lines["least degree (levelled error)"].get_data()
    enough = [degree for decade, degree in zip(decades, degrees, strict=True) if decade >= x]
    assert min(enough) == answer.degree == y


@pytest.mark.parametrize("case", [CASES[0], CASES[3]], ids="-".join)
def test_the_bounds_enclose_the_staircase(drawn, case):
    _, axes = drawn(*case)
    lines = {line.get_label(): line for line in axes.get_lines()}
    level, upper, lower = (
        next(dict(zip(line.get_ydata(), line.get_xdata(), strict=True)) for name, line in lines.items() if word in name)
        for word in ("levelled", "upper (Bessel", "lower (Bessel")
    )
    # decades of accuracy that a degree is proved to reach <= that it reaches <= beyond which it is proved to fail
    assert all(upper[g] <= level[g] + 1e-6 for g in level.keys() & upper.keys())
    assert all(level[g] <= lower[g] + 1e-6 for g in level.keys() & lower.keys())
    assert len(level.keys() & upper.keys()) > 5


@pytest.mark.parametrize("degree", [0, 3, 50, 348, 510])
def test_the_window_holds_the_answer_and_stays_affordable(degree):
    answer = certify(1, Fraction(1, 10))
    window = _window(type(answer)(degree, "rel", "sym", answer.bound, answer.eps, answer.certificate))
    assert degree in window
    assert degree + 1 in window
    assert len(window) <= 62
    assert sum(0.04 * (g / 91) ** 3 for g in window) < 60  # seconds, by the measured cost of one degree
