"""`varproof bench attention`: tables and JSON of canned measurements, exit codes, refusals, and one real small run."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from importlib import resources

import jsonschema
import pytest
from rich.console import Console

from varproof.attention.bench.benchmark import MeasurementError
from varproof.attention.bench.cases import CASES, named_cases
from varproof.attention.bench.result import (
    EXACT,
    SDPA,
    Benchmark,
    CaseResult,
    Cold,
    Curve,
    RankPoint,
    RankStudy,
    Row,
    Settings,
)
from varproof.cli import bench_attention
from varproof.cli.bench_attention_tables import Sheet, say, show_sheet
from varproof.cli.main import main

NUMPY = "polynomial, numpy"


def measured(*, violated: bool = False, bound: float | None = 4.2e-5) -> Benchmark:
    (case,) = named_cases(["d2-r21"])
    rows = (
        Row(
            NUMPY,
            "ours",
            seconds=(0.001, 0.00125, 9.0),
            engine="polynomial",
            degree=5,
            rank=21,
            flops=5 * 10**6,
            useful_flops=4 * 10**6,
            bound=bound,
            error=2.3e-6,
            violated=violated,
        ),
        Row("polynomial, numba", "ours", "unavailable", 'numba is not installed: pip install "varproof[fast]"'),
        Row("attend", "ours", seconds=(0.002,), engine="polynomial", degree=5, rank=21, bound=4.2e-5, error=2.3e-6),
        Row(EXACT, "baseline", seconds=(0.6,), engine="exact", bound=1e-14, error=2e-17),
        Row(SDPA, "baseline", seconds=(0.55,), error=4e-17),
        Row("KeOps", "peer", "failed", "CompileError: no compiler"),
        Row("Performer, equal rank", "peer", seconds=(0.02,), rank=21, error=0.04),
    )
    sizes = (64, 256, 1024, 4096, 16384)
    curves = (
        Curve(NUMPY, sizes, tuple(1e-6 * n for n in sizes)),
        Curve(SDPA, sizes, tuple(1e-9 * n * n for n in sizes)),
    )
    result = CaseResult(case, 5e-5, 7e10, rows, curves, (Cold(NUMPY, 0.007, 0.21, 0.09),))
    points = (RankPoint("polynomial, relative", 21, 2e-6, 4e-5, 0.1), RankPoint("Performer", 21, 0.04, None, 0.1))
    return Benchmark(Settings(), (result,), RankStudy(CASES[3], points, ("Nystroem: not installed",)), {"torch": None})


@pytest.fixture(autouse=True)
def _no_width(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch):
    def install(found: Benchmark) -> list:
        asked: list = []
        monkeypatch.setattr(bench_attention, "measure", lambda *words, **named: asked.append((words, named)) or found)
        return asked

    return install


def answer(capsys: pytest.CaptureFixture[str], line: str, code: int = 0) -> dict:
    assert main(["bench", "attention", *line.split(), "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    rules = json.loads((resources.files("varproof.cli.schemas") / "bench-attention.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, rules, cls=jsonschema.Draft202012Validator)
    return found


def lines(text: str) -> list[list[str]]:
    return [[entry.strip() for entry in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]


def test_the_json_holds_what_was_measured(canned, capsys):
    canned(measured())
    found = answer(capsys, "--case d2-r21")
    (case,) = found["cases"]
    ours, numba, _, exact, sdpa, keops, performer = case["rows"]
    assert ours["seconds"] == [0.001, 0.00125, 9.0]
    assert ours["against_sdpa"] == pytest.approx(440)
    assert ours["against_exact"] == pytest.approx(480)
    assert ours["crossover_sdpa"] == {"tokens": 1000, "at_most": False}
    assert ours["crossover_exact"] is None
    assert ours["peak_share"] == pytest.approx(5e6 / 0.00125 / 7e10)
    assert ours["useful_peak_share"] == pytest.approx(4e6 / 0.00125 / 7e10)
    assert (numba["outcome"], "varproof[fast]" in numba["reason"]) == ("unavailable", True)
    assert (exact["against_exact"], sdpa["bound"], keops["outcome"]) == (None, None, "failed")
    assert performer["error"] == 0.04
    assert case["growth"]["exponent"] == pytest.approx(1.0)
    assert [(bar["bar"], bar["met"], bar["stretch_met"]) for bar in found["bars"][:2]] == [
        (400, True, False),
        (1000, None, None),
    ]
    assert found["violated"] is False
    assert found["ranks"]["missing"] == ["Nystroem: not installed"]


def test_the_table_holds_what_was_measured(canned, capsys):
    canned(measured())
    assert main(["bench", "attention"]) == 0
    shown = capsys.readouterr().out
    rows = lines(shown)
    assert rows[0] == ["d2-r21", NUMPY, "1.25 ms", "440 x", "480 x", "6 %", "21", "4.2e-05", "2.3e-06"]
    assert rows[1][:3] == ["N = 16384", "polynomial, numba", "absent"]
    assert rows[2][1] == "attend (polynomial)"
    assert rows[4] == ["", SDPA, "550 ms", "-", "1.09 x", "-", "-", "-", "4.0e-17"]
    assert ["d2-r21", NUMPY, "7 ms", "210 ms", "90 ms", "1000", "-"] in rows
    assert ["d2-r21", "Performer, equal rank", "21", "20 ms", "4.0e-02"] in rows
    assert ["d2-r21", "KeOps", "-", "failed", "-"] in rows
    assert "d2-r21, KeOps: CompileError: no compiler" in shown
    assert ["d2-r21", "numpy: against SDPA", "440 x", "400 x: met", "600 x: NOT met"] in rows
    assert ["not measured", "28 %: open", "70 %: open"] in [row[2:] for row in rows]
    assert ["21", "4.0e-05", "2.0e-06", "4.0e-02"] in rows  # rank; bound and error of ours; error of Performer
    assert "without Nystroem: not installed" in shown
    assert "varproof[fast]" in shown
    assert "N^" not in shown  # four sizes are no basis for an exponent
    assert "VIOLATED" not in shown
    assert [line for line in shown.splitlines() if "│" in line and len(line) > 100] == []


def everything() -> Benchmark:
    """Two cases with the longest names, all peers and methods: what needs the most columns."""
    found = measured()
    (first,) = found.cases
    install = "not installed: pip install performer-pytorch"
    peers = (
        Row("Performer, equal rank", "peer", "unavailable", install),
        Row("Performer, equal time", "peer", "unavailable", install),
        Row("Nystroem, equal time", "peer", seconds=(0.2,), rank=4, error=0.04, note="slower even at this rank"),
    )
    case = replace(CASES[5], tokens=1048576)
    second = replace(first, case=case, rows=(*first.rows[:5], *peers), cold=(Cold(NUMPY, 0.0123, 0.123, 0.0456),))
    methods = ("polynomial, relative", "polynomial, weighted", "Performer", "Nystroem")
    assert found.ranks is not None
    points = tuple(
        RankPoint(method, rank, 2e-6, 4e-5 if "poly" in method else None, 0.1)
        for method in methods
        for rank in (9, 495)
    )
    return replace(found, cases=(first, second), ranks=replace(found.ranks, points=points))


WHOLE = (
    NUMPY,
    "polynomial, numba",
    "attend (polynomial)",
    SDPA,
    "Performer, equal rank",
    "weighted-d16",
    "N = 1048576",
)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_numbers_and_names_stay_whole_at_usual_widths(width, canned, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    canned(everything())
    assert main(["bench", "attention"]) == 0
    shown = capsys.readouterr().out
    tables = [line for line in shown.splitlines() if line and line[0] in "┏┃┡│└"]
    assert max(map(len, tables)) <= width
    cells = {entry for row in lines(shown) for entry in row}
    assert {"4.2e-05", "2.3e-06", "1.25 ms", "440 x", "0.917 x", "12.3 ms", "600 x: NOT met", *WHOLE} <= cells
    assert ["495", "4.0e-05", "2.0e-06", "4.0e-05", "2.0e-06", "2.0e-06", "2.0e-06"] in lines(shown)
    assert "\nweighted-d16, Performer: not installed: pip install performer-pytorch\n" in shown
    assert "\nweighted-d16, Nystroem, equal time: slower even at this rank\n" in shown
    assert '\nd2-r21, weighted-d16, polynomial, numba: numba is not installed: pip install "varproof[fast]"\n' in shown
    assert ("left out at 80 columns: peak, rank; --json has all" in shown) == (width == 80)


def on_paper(width: int, *, terminal: bool = True) -> Console:
    return Console(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system=None, highlight=False, markup=False
    )


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("width", "columns"),
    [(36, ["case", "name", "time", "rank"]), (35, ["name", "time", "rank"]), (28, ["name", "time"]), (20, None)],
)
def test_a_sheet_takes_the_first_form_that_fits(width, columns):
    console = on_paper(width)
    sheet = Sheet("", ("case", "name", "time", "rank"), [("d2-r21", "engine", "1.25 ms", "21")], spare=("rank",))
    show_sheet(console, sheet)
    shown = printed(console)
    heading = next(line for line in shown.splitlines() if "name" in line)
    if columns is not None:
        assert [entry.strip() for entry in heading.split("┃")[1:-1]] == columns
        assert "1.25 ms" in shown
    assert max(map(len, shown.splitlines())) <= width
    assert ("left out" in shown) == (columns is None or len(columns) == 2)


def test_a_command_to_copy_is_never_broken():
    text = 'weighted-d16, polynomial, numba: numba is not installed: pip install "varproof[fast]"'
    terminal, pipe = on_paper(60), on_paper(60, terminal=False)
    say(terminal, text)
    say(pipe, text)
    assert '\n  pip install "varproof[fast]"\n' in printed(terminal)
    assert max(map(len, printed(terminal).splitlines())) <= 60
    assert printed(pipe) == text + "\n"


@pytest.mark.parametrize("columns", ["0", "", "wide", "-80", "19"])
def test_a_width_that_is_none_is_ignored(columns, canned, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    canned(measured())
    assert main(["bench", "attention"]) == 0
    assert lines(capsys.readouterr().out)[0][0] == "d2-r21"


@pytest.mark.parametrize(
    ("option", "allowed"),
    [
        ("--tokens", "2 to 1048576"),
        ("--repeats", "1 to 1000"),
        ("--degree", "0 to 60"),
        ("--bound", "above 0, at most 300"),
        ("--head-dim", "an integer from 1"),
        ("--seed", "an integer from 0"),
    ],
)
def test_a_word_in_place_of_a_number_is_answered_with_the_range(option, allowed, capsys):
    assert main(["bench", "attention", option, "abc", "--json"]) == 2
    assert allowed in json.loads(capsys.readouterr().out)["error"]["allowed"]


def test_a_state_too_large_for_the_memory_is_refused_with_options_of_the_command(capsys):
    line = "--head-dim 40 --degree 8 --tokens 32 --quick --no-peers --json"
    assert main(["bench", "attention", *line.split()]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert "bytes" in error["allowed"]
    assert error["hint"] == "take a smaller --head-dim or --degree"


def test_a_violated_bound_leaves_with_1(canned, capsys):
    canned(measured(violated=True))
    assert answer(capsys, "", code=1)["violated"] is True
    assert main(["bench", "attention"]) == 1
    shown = capsys.readouterr().out
    assert lines(shown)[0][-1] == "2.3e-06 !"
    assert "VIOLATED" in shown


def test_a_missed_bar_and_a_missing_certificate_leave_with_0(canned, capsys):
    found = measured(bound=None)
    slow = replace(found.cases[0].rows[0], seconds=(1.0,))
    canned(replace(found, cases=(replace(found.cases[0], rows=(slow, *found.cases[0].rows[1:])),)))
    said = answer(capsys, "")
    assert said["bars"][0]["met"] is False
    assert said["cases"][0]["rows"][0]["bound"] is None


def test_options_arrive(canned, capsys):
    asked = canned(measured())
    line = "--head-dim 3 --degree 2 --bound 0.5 --tokens 4096 --repeats 2 --no-peers --dtype float32 --seed 7 --quick"
    answer(capsys, line)
    (cases, settings), named = asked[0]
    assert [(case.name, case.degree, case.bound) for case in cases] == [("d3-r10-B0.5", 2, 0.5)]
    assert settings == Settings(2, 7, "numpy", "cpu", "float32", False, True)
    assert named["tokens"] == 4096
    answer(capsys, "--case tree-d2 --case d2-r21")
    (cases, settings), _ = asked[1]
    assert [case.name for case in cases] == ["tree-d2", "d2-r21"]
    assert settings == Settings()


def test_a_dead_measuring_process_is_the_machine_s_fault(monkeypatch, capsys):
    def dies(*_, **__):
        raise MeasurementError("the measuring process ended without an answer: MemoryError")

    monkeypatch.setattr(bench_attention, "measure", dies)
    assert main(["bench", "attention", "--json"]) == 5
    assert "MemoryError" in json.loads(capsys.readouterr().out)["error"]["message"]


@pytest.mark.parametrize(
    ("line", "got"),
    [
        ("--case d3-r21", "d3-r21"),
        ("--case d2-r21 --degree 3", "d2-r21"),
        ("--head-dim 0", "0"),
        ("--degree 99", "99"),
        ("--degree -1", "-1"),
        ("--bound 0", "0"),
        ("--bound nan", "nan"),
        ("--bound 1e9", "1000000000"),
        ("--tokens 1", "1"),
        ("--tokens 9999999999", "9999999999"),
        ("--tokens x", "x"),
        ("--repeats 0", "0"),
        ("--seed -1", "-1"),
        ("--backend jax", "jax"),
        ("--dtype float16", "float16"),
        ("--device tpu", "tpu"),
        ("--device cuda", "cuda"),
        ("--plot bench.exe", "bench.exe"),
    ],
)
def test_bad_input_leaves_with_2_and_says_what_came(line, got, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("varproof.attention.bench.benchmark.run_task", lambda *_, **__: pytest.fail("measured"))
    assert main(["bench", "attention", *line.split(), "--json"]) == 2
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert got in error["got"]
    assert error["allowed"]
    assert "Traceback" not in shown.err
    assert not list(tmp_path.iterdir())


def test_cuda_without_a_gpu_says_so(monkeypatch, capsys):
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["bench", "attention", "--backend", "torch", "--device", "cuda", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["got"], error["allowed"]) == ("cuda", "cpu")


def test_a_real_small_run_with_its_picture(tmp_path, capsys):
    path = tmp_path / "bench.png"
    found = answer(capsys, f"--quick --no-peers --case d4-r126 --tokens 256 --repeats 1 --plot {path}")
    (case,) = found["cases"]
    row = next(row for row in case["rows"] if row["name"] == NUMPY)
    assert (row["rank"], row["degree"], row["outcome"]) == (126, 5, "measured")
    assert 0 < row["error"] <= row["bound"] < case["delta"]
    assert found["bars"] == []
    assert found["threads"]["OPENBLAS_NUM_THREADS"] == "1"
    assert path.read_bytes().startswith(b"\x89PNG")
