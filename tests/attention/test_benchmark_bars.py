"""What a measurement says about the goals, by canned measurements; and the picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from varproof.attention.bench.bars import bars, best_row, case_crossover, case_growth, peak_share
from varproof.attention.bench.cases import CASES, named_cases
from varproof.attention.bench.plot import draw_benchmark, draw_errors, draw_speed, with_decades
from varproof.attention.bench.result import (
    EXACT,
    SDPA,
    Benchmark,
    CaseResult,
    Curve,
    RankPoint,
    RankStudy,
    Row,
    Settings,
)

NUMPY, NUMBA = "polynomial, numpy", "polynomial, numba"


def row(name: str, *seconds: float, **fields) -> Row:
    kind = "baseline" if name in (EXACT, SDPA) else "ours"
    return Row(name, kind, "measured" if seconds else "unavailable", seconds=seconds, **fields)


def result(name: str, *rows: Row, curves: tuple[Curve, ...] = ()) -> CaseResult:
    (case,) = named_cases([name])
    return CaseResult(case, 1e-3, 1e11, rows, curves)


def outcome(found: CaseResult, settings: Settings | None = None) -> list[tuple]:
    return [
        (bar.what, bar.measured, bar.met, bar.stretch_met)
        for bar in bars(Benchmark(settings or Settings(), (found,), None))
    ]


def test_speed_is_the_ratio_of_medians_against_sdpa():
    found = result(
        "d8-r165", row(NUMPY, 1.0, 2.0, 90.0), row(NUMBA, 1.0), row(SDPA, 170.0, 1.0, 400.0), row(EXACT, 9.0)
    )
    assert outcome(found) == [
        ("numpy: against SDPA", 85.0, True, False),
        ("numba: against SDPA", 170.0, True, False),
    ]


@pytest.mark.parametrize(
    ("sdpa", "met", "stretch_met"), [(79.9, False, False), (80.0, True, False), (99.9, True, False), (100, True, True)]
)
def test_the_bar_is_reached_at_its_value(sdpa, met, stretch_met):
    assert outcome(result("d8-r165", row(NUMPY, 1.0), row(SDPA, sdpa)))[0][1:] == (sdpa, met, stretch_met)


@pytest.mark.parametrize("missing", [(row(NUMPY, 1.0),), (row(SDPA, 1.0),), (row(NUMPY), row(SDPA, 1.0)), ()])
def test_without_a_measurement_a_bar_is_undecided(missing):
    assert outcome(result("d8-r165", *missing))[0][1:] == (None, None, None)


def test_goals_are_about_float64_arrays_of_numpy_on_the_processor():
    found = result("d8-r165", row(NUMPY, 1.0), row(SDPA, 80.0))
    assert len(outcome(found)) == 2
    for changed in ({"dtype": "float32"}, {"backend": "torch"}, {"backend": "torch", "device": "cuda"}):
        assert outcome(found, Settings(**changed)) == []


def test_the_share_of_the_peak_counts_what_the_method_needs():
    measured = row(NUMBA, 0.01, flops=10**9, useful_flops=6 * 10**8)
    found = result("d8-r495", measured, row(SDPA, 1.0))
    assert outcome(found)[-1] == ("numba: needed flops over GEMM peak", 0.6, True, False)
    assert peak_share(found, measured) == 1.0
    assert peak_share(found, row(NUMBA, 0.01)) is None


def curve(name: str, exponent: float, factor: float = 1e-6) -> Curve:
    (case,) = named_cases(["tree-d2"])
    return Curve(name, case.sizes, tuple(factor * n**exponent for n in case.sizes))


@pytest.mark.parametrize(("exponent", "met"), [(1.2, True), (1.26, False)])
def test_the_exponent_is_a_goal_from_above(exponent, met):
    found = result("tree-d2", row("tree", 1.0), row(SDPA, 16.0), curves=(curve("tree", exponent),))
    speed, growth = outcome(found)
    assert speed == ("against SDPA", 16.0, True, False)
    assert growth == ("growth exponent, N = 4096 to 262144", pytest.approx(exponent), met, None)


def test_growth_leaves_out_the_overhead_of_small_sizes():
    (case,) = named_cases(["d2-r21"])
    seconds = tuple(max(1e-3, 1e-6 * n) for n in case.sizes)
    found = result("d2-r21", row(NUMPY, 1.0), curves=(Curve(NUMPY, case.sizes, seconds),))
    assert case_growth(found).first == 256
    late = replace(found, curves=(Curve(NUMPY, (1024, 2048, 4096), (1.0, 2.0, 4.0)),))
    assert case_growth(late).exponent == pytest.approx(1.0)
    assert case_growth(replace(found, curves=())) is None


def test_the_fastest_of_the_own_engine_is_the_best():
    found = result("d2-r21", row(NUMPY, 2.0), row(NUMBA, 1.0), row("attend", 0.1), row(EXACT, 0.01))
    assert best_row(found).name == NUMBA
    assert best_row(found, "numpy").name == NUMPY
    assert best_row(result("d2-r21", row(NUMPY), row(EXACT, 1.0))) is None


def test_crossover_compares_at_common_sizes():
    ours = Curve(NUMPY, (64, 128, 256, 512), (1.0, 1.0, 1.0, 1.0))
    theirs = Curve(SDPA, (64, 256), (0.5, 2.0))
    found = result("d2-r21", row(NUMPY, 1.0), curves=(ours, theirs))
    assert case_crossover(found, found.rows[0], SDPA).tokens == 128
    assert case_crossover(found, found.rows[0], EXACT) is None


def test_a_violation_anywhere_is_one():
    good = result("d2-r21", row(NUMPY, 1.0), row(SDPA, 1.0))
    bad = replace(good, rows=(row(NUMPY, 1.0, violated=True),))
    assert not Benchmark(Settings(), (good,), None).violated
    assert Benchmark(Settings(), (good, bad), None).violated
    points = tuple(RankPoint("polynomial, relative", 21, 1.0, 0.5, 1.0, violated) for violated in (False, True))
    assert not Benchmark(Settings(), (good,), RankStudy(CASES[0], points[:1])).violated
    assert Benchmark(Settings(), (good,), RankStudy(CASES[0], points)).violated


STUDY = RankStudy(
    CASES[3],
    (
        RankPoint("polynomial, relative", 45, 1e-3, 2e-3, 0.1),
        RankPoint("polynomial, relative", 9, 1e-2, 2e-2, 0.1),
        RankPoint("Performer", 9, 3e-2, None, 0.1),
    ),
)


def test_the_picture_shows_the_numbers():
    from matplotlib.figure import Figure

    speed, errors = Figure().subplots(1, 2)
    draw_speed(speed, result("tree-d2", row("tree", 1.0), curves=(curve("tree", 1.0), curve(SDPA, 2.0))))
    assert [line.get_label() for line in speed.lines] == ["tree", SDPA]
    assert speed.lines[0].get_ydata()[0] == pytest.approx(4.096)  # milliseconds
    draw_errors(errors, STUDY)
    drawn = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in errors.lines}
    assert drawn == {
        "polynomial, relative": ([9, 45], [1e-2, 1e-3]),
        "polynomial, relative: certified": ([9, 45], [2e-2, 2e-3]),
        "Performer": ([9], [3e-2]),
    }


def test_titles_stay_off_the_panel_above_and_only_powers_of_ten_are_named(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    figures: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, path: figures.append(self) or save(self, path))
    case = result("tree-d2", row("tree", 1.0), curves=(Curve("tree", (64, 256), (2e-3, 4e-3)),))
    draw_benchmark(Benchmark(Settings(), (case,) * 4, STUDY), tmp_path / "bench.png")
    (figure,) = figures
    panels = figure.axes[:5]
    for above, below in ((panels[0], panels[2]), (panels[1], panels[3]), (panels[2], panels[4])):
        gap = above.xaxis.label.get_window_extent().y0 - below.title.get_window_extent().y1
        assert gap > below.title.get_window_extent().height
    for axes in panels:
        shown = [label.get_text() for label in axes.yaxis.get_minorticklabels()]
        assert not any(shown)
        low, high = axes.get_ylim()
        ticks = [tick for tick in axes.yaxis.get_majorticklocs() if low <= tick <= high]
        assert len(ticks) >= 2  # 2 to 4 ms alone lie between two powers of ten


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0.3, 20.0), (0.3, 20.0)),
        ((0.3, 7.0), (0.1, 10.0)),
        ((2.0, 4.0), (1.0, 10.0)),
        ((1.0, 10.0), (1.0, 10.0)),
        ((0.9, 1.1), (0.1, 10.0)),
    ],
)
def test_an_axis_reaches_two_powers_of_ten(limits, expected):
    assert with_decades(*limits) == pytest.approx(expected)


@pytest.mark.parametrize(("suffix", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_pictures_are_written(tmp_path, suffix, head, count):
    path = tmp_path / f"bench.{suffix}"
    cases = (result("tree-d2", row("tree", 1.0), curves=(curve("tree", 1.0),)),) * count
    draw_benchmark(Benchmark(Settings(), cases, STUDY if count > 1 else None), path)
    assert path.read_bytes().startswith(head)
