"""`varproof bench attention`: tables and JSON of canned measurements, exit codes, refusals, and one real small run."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources

import jsonschema
import pytest

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
    assert ["d2-r21", "Performer, equal rank", "21", "20 ms", "4.0e-02", ""] in rows
    assert ["d2-r21", "KeOps", "-", "failed", "-", "CompileError: no compiler"] in rows
    assert ["d2-r21", "numpy: against SDPA", "440 x", "400 x: met", "600 x: NOT met"] in rows
    assert ["not measured", "28 %: open", "70 %: open"] in [row[2:] for row in rows]
    assert ["21", "4.0e-05", "2.0e-06", "4.0e-02"] in rows  # rank; bound and error of ours; error of Performer
    assert "without Nystroem: not installed" in shown
    assert "varproof[fast]" in shown
    assert "N^" not in shown  # four sizes are no basis for an exponent
    assert "VIOLATED" not in shown
    assert [line for line in shown.splitlines() if "│" in line and len(line) > 100] == []


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
