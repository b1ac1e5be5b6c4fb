"""The measurement: what is run in which order, how ratios, bars and agreement follow from it, and the picture."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from varproof import approx
from varproof.approx import benchmark
from varproof.approx.benchmark import Benchmark, Cell, _proved_lower, measure
from varproof.approx.benchmark_bars import bars, ratio, ratio_bar, shown_seconds
from varproof.approx.benchmark_plot import _draw_cells, draw_benchmark
from varproof.approx.sollya import SollyaRun
from varproof.base.errors import InputError

E8 = Fraction(1, 10**8)


def answered(seconds: float, low: Fraction = E8 / 2, high: Fraction = E8 / 2) -> SollyaRun:
    return SollyaRun("answered", 80, seconds * 0.75, seconds * 0.25, (low, high))


STOPPED = SollyaRun("timed out", 80, message="stopped after 60 s")
FAILED = SollyaRun("failed", 80, message="no answer")


def cell(*runs: SollyaRun, ours: tuple[float, ...] = (0.1, 0.2, 9.0), check: float = 0.01) -> Cell:
    return Cell(Fraction(4), E8, 15, E8 / 2, E8 / 2 - E8 / 1000, ours, {"integers": (check,), "flint": (1.0,)}, runs)


@pytest.fixture
def small_check_cell(monkeypatch):
    monkeypatch.setattr(benchmark, "CHECK_CELL", ("2", "1e-8"))


def test_without_a_peer():
    counted = []
    found = measure([("1/2", "1e-2"), ("1", "1e-4")], repeats=2, after_each=lambda: counted.append(1))
    assert [c.degree for c in found.cells] == [2, 5]
    assert (found.check_cell.bound, found.check_cell.eps, found.check_cell.degree) == (64, E8, 91)
    assert len(counted) == 6
    for measured in (*found.cells, found.check_cell):
        assert len(measured.certify_seconds) == 2
        assert {engine: len(times) for engine, times in measured.check_seconds.items()} == {"integers": 2, "flint": 2}
        assert min(measured.certify_seconds) > 0
        assert measured.sollya == ()
        assert measured.agrees is None
        assert ratio(measured, 60) is None
        # both proved for this very degree: 1/1000 apart by construction, upper within eps
        assert 0 < measured.lower <= measured.upper <= measured.eps
        assert measured.lower > measured.upper * Fraction(998, 1000)
    assert found.cold_seconds > 0


def test_runs_alternate_and_the_peer_gets_the_degree(monkeypatch, tmp_path, small_check_cell):
    order = []
    certify = approx.certify

    def ours(*question):
        order.append("ours")
        return certify(*question)

    def peer(degree, bound, eps, *, executable, timeout):
        order.append("peer")
        assert (degree, bound, eps, executable, timeout) == (5, 1, Fraction(1, 10**4), tmp_path, 7)
        return answered(1.0, Fraction(1, 10**4), Fraction(1, 10**4))

    monkeypatch.setattr(approx, "certify", ours)
    monkeypatch.setattr(benchmark, "run_sollya", peer)
    found = measure([("1", "1e-4")], repeats=3, timeout=7, peer=tmp_path)
    assert order[:8] == ["ours", "ours"] + ["ours", "peer"] * 3  # cold, warm, then in turn
    assert len(found.cells[0].sollya) == 3
    assert "peer" not in order[8:]  # the check alone is measured at the check cell


@pytest.mark.parametrize("bad", [STOPPED, FAILED])
def test_a_peer_that_fails_is_not_run_again(monkeypatch, tmp_path, bad, small_check_cell):
    monkeypatch.setattr(benchmark, "run_sollya", lambda *_, **__: bad)
    found = measure([("1/2", "1e-2")], repeats=4, peer=tmp_path)
    assert found.cells[0].sollya == (bad,)
    assert len(found.cells[0].certify_seconds) == 4


@pytest.mark.parametrize(
    ("runs", "value", "at_least"),
    [
        ((answered(1), answered(40), answered(20)), 100, False),  # medians 20 and 0.2
        ((STOPPED,), 300, True),
        ((answered(50), answered(54), STOPPED), 270, True),
        ((answered(50), STOPPED), 275, True),
        ((answered(4), FAILED), 20, False),
    ],
)
def test_ratio_of_medians(runs, value, at_least):
    found = ratio(cell(*runs), 60)
    assert found.value == pytest.approx(value)
    assert found.at_least is at_least


def test_no_time_no_ratio():
    assert ratio(cell(FAILED), 60) is None
    assert ratio(cell(), 60) is None


@pytest.mark.parametrize(
    ("run", "timeout", "met", "stretch_met"),
    [
        (answered(5.9), 60, False, False),
        (answered(6.1), 60, True, False),
        (answered(20.1), 60, True, True),
        (STOPPED, 60, True, True),
        (STOPPED, 10, True, None),  # at least 50 times: whether 100 is reached stays open
        (STOPPED, 1, None, None),
        (FAILED, 60, None, None),
    ],
)
def test_the_bar_against_sollya(run, timeout, met, stretch_met):
    bar = ratio_bar(cell(run), timeout)
    assert (bar.met, bar.stretch_met) == (met, stretch_met)
    assert (bar.bar, bar.stretch, bar.unit) == (30, 100, "x")


@pytest.mark.parametrize(
    ("seconds", "met", "stretch_met"), [(0.02, True, True), (0.05, True, False), (0.06, False, False)]
)
def test_the_bar_of_the_check(seconds, met, stretch_met):
    found = Benchmark((cell(),), replace(cell(check=seconds), bound=Fraction(64)), 1.0, 60.0)
    first, last = bars(found)
    assert first.met is None
    assert (last.measured, last.met, last.stretch_met) == (seconds, met, stretch_met)
    assert (last.bar, last.stretch, last.unit, last.at_least) == (0.05, 0.02, "s", False)
    assert "B = 64" in last.what


@pytest.mark.parametrize(
    ("low", "high", "agrees"),
    [
        ("0.4999", "0.5003", True),
        ("0.4", "0.6", True),
        ("0.4", "0.498", False),  # better than what is proved impossible
        ("0.501", "0.6", False),  # worse than a polynomial that exists, though within eps
        ("1.1", "1.2", False),
        ("0.500004", "0.5004", True),  # within the stopping rule of remez
        ("0.500006", "0.5004", False),
    ],
)
def test_agreement(low, high, agrees):
    run = answered(1, Fraction(low) * E8, Fraction(high) * E8)
    assert cell(run).agrees is agrees
    assert cell(answered(1), run, STOPPED).agrees is agrees


def test_no_enclosure_no_agreement():
    assert cell(STOPPED).agrees is None
    assert cell(FAILED).agrees is None


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        ([], {}),
        ([("0", "1e-2")], {}),
        ([("4", "1")], {}),
        ([("1", "1e-2"), ("x", "1e-2")], {}),
        ([("1", "1e-2")], {"repeats": 0}),
        ([("1", "1e-2")], {"repeats": 1001}),
        ([("1", "1e-2")], {"timeout": 0}),
        ([("1", "1e-2")], {"timeout": math.nan}),
        ([("1", "1e-2")], {"timeout": math.inf}),
    ],
)
def test_bad_input_is_refused_before_anything_runs(monkeypatch, cells, options):
    monkeypatch.setattr(approx, "certify", lambda *_: pytest.fail("measured"))
    with pytest.raises(InputError) as refusal:
        measure(cells, **options)
    assert refusal.value.allowed


@pytest.mark.parametrize(
    ("upper", "least", "most"),
    [("0.005004", "0.004998", "0.00500389"), ("0.0051", "0.004845", "0.00500389"), ("0.0055", "0", "0")],
)
def test_a_lower_bound_is_one_for_this_degree_however_loose_the_upper(upper, least, most):
    # the best error of degree 3 on [-1, 1] is 0.00500388..; that of degree 2 must never be taken for it
    assert Fraction(least) <= _proved_lower(Fraction(1), 3, Fraction(upper)) <= Fraction(most)


def test_names_for_people():
    assert replace(cell(), eps=Fraction(1, 10**500)).name == "B = 4, eps = 1e-500"
    assert replace(cell(), bound=Fraction(1, 3)).name == "B = 1/3, eps = 1e-8"
    assert [shown_seconds(x) for x in (0.0005, 0.9994, 1.0, 65.4321)] == ["0.5 ms", "999 ms", "1 s", "65.4 s"]


def test_the_picture_shows_the_numbers():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    _draw_cells(axes, (cell(answered(20)), cell(STOPPED), cell()), 60.0)
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.2, 20, 0.2, 60, 0.2])
    said = [text.get_text() for text in axes.texts]
    assert said == ["200 ms", "20 s, 100 x", "200 ms", "> 60 s, > 300 x", "200 ms", "Sollya: not run"]
    dashes = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "None"]
    assert dashes == pytest.approx([6, 6, 6])
    assert [line.get_xdata()[0] for line in axes.lines if line.get_marker() == ">"] == pytest.approx([60])
    left, right = axes.get_xlim()
    assert left < 0.2
    assert right > 60
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize(("suffix", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_pictures_are_written(tmp_path, suffix, head):
    path = tmp_path / f"bench.{suffix}"
    draw_benchmark(Benchmark((cell(answered(20)), cell(STOPPED), cell(FAILED)), cell(), 1.0, 60.0), path)
    assert path.read_bytes().startswith(head)
