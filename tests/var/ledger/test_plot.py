"""The waterfall shows every step with its bound and its measured error, and the loosest one shaded."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from varproof.var.ledger.entries import Entry
from varproof.var.ledger.plot import LONGEST_NAME, MOST_STEPS, draw_ledger, shown_steps
from varproof.var.ledger.report import Ledger


def ledger(count: int, *, bound: float = 1e-3) -> Ledger:
    phases = ("transformer/attention", "transformer/ffn", "decoder", "")
    steps = tuple(
        Entry(f"scale {i} layer {'long ' * (i % 3) * 4}{i}", phases[i % 4], bound * 1.5**i, bound / 7, 0.0, 1.0)
        for i in range(count)
    )
    return Ledger(steps, steps[-1:], (), "polynomial", 1e-3)


@pytest.mark.parametrize("count", [1, 12, 50, 90])
def test_steps_are_drawn_in_order_with_their_numbers(count: int) -> None:
    figure, found = Figure(), ledger(count)
    draw_ledger(found, figure)
    (axes,) = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == min(count, MOST_STEPS)
    assert max(map(len, labels)) <= LONGEST_NAME
    shown = shown_steps(found.entries)
    drawn = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
    assert [tuple(map(float, ends)) for ends in drawn] == [(e.measured, e.bound) for e in shown]
    low, high = axes.get_xlim()
    assert low < min(e.measured for e in shown)
    assert high > max(e.bound for e in shown)
    assert ("not shown" in axes.get_xlabel()) == (count > MOST_STEPS)


def test_a_file_is_written_and_odd_numbers_are_no_obstacle(tmp_path: Path) -> None:
    target = tmp_path / "ledger.png"
    odd = (
        Entry("nothing", "", 0.0, 0.0, 0.0, 0.0),
        Entry("lost", "x/attention", math.inf, 0.5, 0.0, 1.0),
        Entry("worse", "x/attention", math.inf, math.inf, 0.0, 1.0),
    )
    draw_ledger(Ledger(odd, odd[-1:], (), "exact", 1e-3), target)
    assert target.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    draw_ledger(Ledger((), (), (), "exact", 1e-3), target)


def test_long_ledgers_keep_the_first_the_last_and_the_jumps() -> None:
    steps = [Entry(str(i), "", 1e-3, 0.0, 0.0, 1.0) for i in range(200)]
    steps[100] = Entry("jump", "", 1.0, 0.0, 0.0, 1.0)
    shown = shown_steps(tuple(steps), 5)
    assert len(shown) == 5
    assert shown[0] is steps[0]
    assert shown[-1] is steps[-1]
    assert steps[100] in shown
