"""The measuring process: one thread, results and errors carried back, deaths and time limits; and a whole small run."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from varproof.attention.bench import benchmark, contestants
from varproof.attention.bench import measure as measuring
from varproof.attention.bench.benchmark import (
    MeasurementError,
    check_settings,
    cold_contestants,
    measure,
    run_task,
    steps,
)
from varproof.attention.bench.cases import CASES, make_arrays, named_cases, resized
from varproof.attention.bench.errors import extended_reference
from varproof.attention.bench.result import EXACT, SDPA, CaseResult, RankStudy, Row, Settings
from varproof.attention.bench.task import First, Task, perform
from varproof.attention.result import HeadResult
from varproof.base.errors import InputError

QUICK = Settings(repeats=2, quick=True, peers=False)
SMALL = replace(resized(CASES[0], tokens=200, quick=True), sweep=(50, 200))


def test_a_process_of_one_thread_brings_its_result_back(monkeypatch, tmp_path):
    started = []
    popen = subprocess.Popen

    def watched(*words, **options):
        started.append(options["env"])
        return popen(*words, **options)

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    monkeypatch.setattr(benchmark.subprocess, "Popen", watched)
    found = run_task(Task("first", SMALL, QUICK, EXACT), environment={"VARPROOF_CACHE_DIR": str(tmp_path)})
    assert isinstance(found, First)
    assert found.call_seconds > 0
    assert {started[0][name] for name in benchmark.THREADS} == {"1"}
    assert started[0]["VARPROOF_CACHE_DIR"] == str(tmp_path)
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"


def test_a_refusal_comes_back_as_it_was_raised():
    with pytest.raises(InputError) as refusal:
        run_task(Task("first", replace(SMALL, bound=1e9), QUICK, EXACT))
    assert "1000000000" in refusal.value.got
    assert refusal.value.allowed


def test_a_process_that_dies_says_its_last_line():
    with pytest.raises(MeasurementError, match="without an answer: ZeroDivisionError"):
        run_task(Task("first", replace(SMALL, head_dim=0), QUICK, EXACT))


def test_a_process_that_takes_too_long_is_stopped():
    with pytest.raises(MeasurementError, match=r"stopped after 0\.05 s"):
        run_task(Task("case", SMALL, QUICK), limit=0.05)


def test_a_process_that_answered_may_end_in_peace(tmp_path):
    written = tmp_path / "cache"
    lines = (
        f"import atexit, time\natexit.register(lambda: (time.sleep(0.3), open({str(written)!r}, 'w').write('whole')))"
    )
    (tmp_path / "sitecustomize.py").write_text(lines)
    run_task(Task("first", SMALL, QUICK, EXACT), environment={"PYTHONPATH": str(tmp_path)})
    assert written.read_text() == "whole"  # KeOps writes its cache so late; cut short, it does not load any more


def test_a_process_ends_with_the_one_that_asked():
    words = [sys.executable, "-m", "varproof.attention.bench.child"]
    long = replace(CASES[-1], tokens=2**17)  # exact attention of this takes half a minute
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        pickle.dump(Task("first", long, QUICK, EXACT), process.stdin)
        process.stdin.close()
        assert process.wait(timeout=20) == 1


def test_keops_that_fails_is_left_out(monkeypatch):
    def dies(task, **_):
        assert task.what == "keops"
        raise MeasurementError("no compiler")

    monkeypatch.setattr(benchmark, "_version", lambda name: "1.0")
    monkeypatch.setattr(benchmark, "run_task", dies)
    assert benchmark._keops(CASES[0], Settings()) == "no compiler"
    assert benchmark._keops(CASES[0], Settings(peers=False)) == ""
    assert benchmark._keops(CASES[-1], Settings()) == ""  # no peers beside the tree


def test_a_whole_small_run_counts_its_steps(monkeypatch):
    tasks, counted = [], []
    monkeypatch.setattr(
        benchmark, "run_task", lambda task, step=None, **_: tasks.append(task) or perform(task, step or (lambda: None))
    )
    cases = named_cases(["d2-r21", "tree-d2"])
    found = measure(cases, QUICK, tokens=128, after_each=lambda: counted.append(1))
    assert len(counted) == steps(cases, QUICK, tokens=128)
    assert [task.what for task in tasks] == ["case", "first", "first", "case", "first", "first", "ranks"]
    assert not found.violated
    first, second = found.cases
    for name in ("polynomial, numpy", EXACT):
        row = first.row(name)
        assert len(row.seconds) == 2
        assert 0 <= row.error <= row.bound < 1e-3
    assert (first.row("polynomial, numpy").rank, first.row("polynomial, numpy").degree) == (21, 5)
    assert second.row("tree").bound <= second.delta == 1e-3
    assert [cold.name for cold in (*first.cold, *second.cold)] == ["polynomial, numpy", "tree"]
    assert {curve.tokens for curve in first.curves} == {(128,)}
    assert isinstance(found.ranks, RankStudy)
    certified = [point for point in found.ranks.points if point.bound is not None]
    assert all(point.error <= point.bound for point in certified)
    assert len({point.method for point in certified}) == 2
    assert found.threads["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize("kind", [ZeroDivisionError, ModuleNotFoundError])
def test_an_engine_that_fails_is_a_row_with_its_reason(monkeypatch, kind):
    def broken() -> HeadResult:
        raise kind("by design")

    ours = contestants.ours

    def one_broken(*words):
        return [replace(one, run=broken) if one.name.startswith("polynomial") else one for one in ours(*words)]

    monkeypatch.setattr(contestants, "ours", one_broken)
    found = measuring.measure_case(SMALL, QUICK)
    row = next(row for row in found.rows if row.name == "polynomial, numpy")
    assert (row.outcome, row.reason, row.seconds) == ("failed", f"{kind.__name__}: by design", ())
    assert found.row(EXACT).seconds


def test_one_row_outside_its_bound_is_noticed(monkeypatch):
    ours = contestants.ours
    sampled = extended_reference(SMALL, make_arrays(SMALL, 200, QUICK.seed), "float64", seed=QUICK.seed).rows
    hidden = next(row for row in range(200) if row not in sampled)

    def spoiled(run) -> HeadResult:
        found = run()
        found.values[min(hidden, len(found.values) - 1)] += 1.01 * found.bound.max() + 1e-4
        return found

    def one_spoiled(*words):
        return [
            replace(one, run=lambda run=one.run: spoiled(run)) if one.name == "polynomial, numpy" else one
            for one in ours(*words)
        ]

    assert not measuring.measure_case(SMALL, QUICK).row("polynomial, numpy").violated
    monkeypatch.setattr(contestants, "ours", one_spoiled)
    found = measuring.measure_case(SMALL, QUICK)
    assert found.row("polynomial, numpy").violated
    assert not found.row(EXACT).violated


def test_without_torch_its_row_names_the_extra(monkeypatch):
    def missing(name):
        raise contestants.MissingExtraError(f"{name} is not installed", hint='pip install "varproof[torch]"')

    monkeypatch.setattr(contestants, "optional", missing)
    found = measuring.measure_case(SMALL, QUICK)
    row = next(row for row in found.rows if row.name == SDPA)
    assert (row.outcome, "varproof[torch]" in row.reason) == ("unavailable", True)
    numba = next(row for row in found.rows if row.name == "polynomial, numba")
    assert numba.outcome in ("unavailable", "measured")  # the kernel may have been made before


def test_speed_is_a_ratio_of_medians():
    rows = (
        Row("a", "ours", seconds=(1.0, 2.0, 30.0)),
        Row(SDPA, "baseline", seconds=(5.0, 4.0, 90.0)),
        Row("b", "ours", "failed"),
    )
    found = CaseResult(CASES[0], 1.0, 1.0, rows)
    assert found.speed(rows[0], SDPA) == 2.5
    assert found.speed(rows[2], SDPA) is None
    assert found.speed(rows[0], "b") is None
    assert found.speed(rows[1], SDPA) is None


@pytest.mark.parametrize(
    "settings",
    [Settings(repeats=0), Settings(repeats=1001), Settings(device="cuda")],
)
def test_settings_out_of_range(settings):
    with pytest.raises(InputError):
        check_settings(settings)


def test_cuda_is_refused_where_there_is_none(monkeypatch):
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="no CUDA device"):
        check_settings(Settings(backend="torch", device="cuda"))


def test_torch_arrays_take_the_same_way():
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    settings, threads = replace(QUICK, backend="torch", dtype="float32"), torch.get_num_threads()
    try:
        found = measuring.measure_case(SMALL, settings)
    finally:
        torch.set_num_threads(threads)
    row = found.row("polynomial, torch")
    assert not row.violated
    assert 0 < row.error <= row.bound < 1e-3
    assert 1e-9 < found.row(SDPA).error < 1e-5  # float32, measured against the rounded inputs
    assert next(row for row in found.rows if row.name == "polynomial, numba").outcome == "unavailable"
    assert cold_contestants(SMALL, settings) == ("polynomial, torch",)
