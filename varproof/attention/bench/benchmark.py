"""Speed of the attention engines beside exact attention, bounds beside errors, in processes of one thread.

Every case is measured in a process of its own, so that BLAS, torch and numba start with one thread whatever this one
does; inside it all contestants run in turn.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import metadata
from typing import Any

from varproof.attention.bench.cases import Case, resized
from varproof.attention.bench.ranks import study_degrees
from varproof.attention.bench.result import Benchmark, CaseResult, Cold, Settings
from varproof.attention.bench.task import First, Task
from varproof.base.errors import InputError, VarproofError
from varproof.base.extras import optional

MAX_REPEATS = 1000
KEOPS_SECONDS = 180.0  # for compiling one formula
LAST_SECONDS = 20.0  # for ending after the answer: libraries write their caches then
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")
PACKAGES = ("numpy", "torch", "numba", "performer-pytorch", "pykeops", "scikit-learn")
RANKS_OF = "d8-r495"  # the case whose d and B the error is drawn against rank for, when it is among those asked for


class MeasurementError(RuntimeError):
    """The measuring process ended without an answer; the text is the end of what it said."""


def measure(
    cases: Sequence[Case],
    settings: Settings,
    *,
    tokens: int | None = None,
    after_each: Callable[[], object] = lambda: None,
) -> Benchmark:
    """Measure every case in a process with one thread: cold starts, times, errors beside bounds, curves, peers.

    `tokens` replaces the number of tokens of every case, `settings.quick` makes everything small. `after_each` is
    called `steps(cases, settings, tokens=tokens)` times. Raises `InputError` for sizes out of range and for a device
    that is not there, `MissingExtraError` without torch where it is asked for, `MeasurementError` when a measuring
    process dies.
    """
    check_settings(settings)
    chosen = [resized(case, tokens=tokens, quick=settings.quick) for case in cases]
    measured: list[CaseResult] = []
    for case in chosen:
        here = replace(settings, keops=_keops(case, settings))
        found: CaseResult = run_task(Task("case", case, here), after_each)
        starts = [name for name in cold_contestants(case, settings) if found.row(name) is not None]
        measured.append(replace(found, cold=tuple(_cold(case, settings, name, after_each) for name in starts)))
    subject = _rank_case(chosen)
    ranks = None if subject is None else run_task(Task("ranks", subject, settings), after_each)
    versions = {name: _version(name) for name in PACKAGES}
    return Benchmark(settings, tuple(measured), ranks, versions, _threads())


def steps(cases: Sequence[Case], settings: Settings, *, tokens: int | None = None) -> int:
    """How often `measure` calls `after_each`, fewer times where an engine is missing."""
    from varproof.attention.bench.measure import case_steps

    chosen = [resized(case, tokens=tokens, quick=settings.quick) for case in cases]
    counted = sum(case_steps(case, settings) + 2 * len(cold_contestants(case, settings)) for case in chosen)
    subject = _rank_case(chosen)
    return counted + (0 if subject is None else len(study_degrees(subject, settings)))


def check_settings(settings: Settings) -> None:
    """Refuse what cannot be measured, before anything runs."""
    if not 1 <= settings.repeats <= MAX_REPEATS:
        raise InputError("the number of repeats is out of range", got=settings.repeats, allowed=f"1 to {MAX_REPEATS}")
    if settings.backend == "torch":
        torch = optional("torch")
        if settings.device == "cuda" and not torch.cuda.is_available():
            raise InputError("torch finds no CUDA device here", got="cuda", allowed="cpu")
    elif settings.device != "cpu":
        raise InputError(
            "NumPy arrays live on the CPU", got=settings.device, allowed="cpu", hint="--backend torch --device cuda"
        )


def cold_contestants(case: Case, settings: Settings) -> tuple[str, ...]:
    """The engines whose first call is measured."""
    if case.engine == "tree":
        return ("tree",)
    names = [f"polynomial, {settings.backend}"]
    if settings.backend == "numpy" and not settings.quick and _version("numba") is not None:
        names.append("polynomial, numba")
    return tuple(names)


def _cold(case: Case, settings: Settings, name: str, after_each: Callable[[], object]) -> Cold:
    """Two fresh processes with the same caches, which are empty for the first one."""
    with tempfile.TemporaryDirectory(prefix="varproof-bench-") as folder:
        caches = {"VARPROOF_CACHE_DIR": folder, "NUMBA_CACHE_DIR": os.path.join(folder, "numba")}
        found: list[First] = []
        for _ in range(2):
            found.append(run_task(Task("first", case, settings, name), environment=caches))
            after_each()
    empty, filled = found
    return Cold(name, empty.load_seconds, empty.call_seconds, filled.call_seconds)


def _keops(case: Case, settings: Settings) -> str:
    """Why KeOps is left out, after trying it in a process of its own; empty when it works or is not asked for."""
    if not settings.peers or settings.device != "cpu" or case.engine != "polynomial" or _version("pykeops") is None:
        return ""
    try:
        return str(run_task(Task("keops", case, settings), limit=KEOPS_SECONDS))
    except MeasurementError as error:
        return str(error)


def _rank_case(cases: Sequence[Case]) -> Case | None:
    polynomial = [case for case in cases if case.engine == "polynomial"]
    return next((case for case in polynomial if case.name == RANKS_OF), polynomial[0] if polynomial else None)


def run_task(
    task: Task,
    step: Callable[[], object] = lambda: None,
    *,
    environment: dict[str, str] | None = None,
    limit: float | None = None,
) -> Any:
    """The result of a task in a fresh process with one thread; `limit` in seconds stops it and all it started."""
    variables = os.environ | _threads() | (environment or {})
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "varproof.attention.bench.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=variables,
            start_new_session=True,
        )
        late = threading.Event()

        def stop_late() -> None:
            late.set()
            _stop(process)

        timer = threading.Timer(limit or 0.0, stop_late)
        try:
            if limit is not None:
                timer.start()
            kind, content = _converse(process, task, step)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LAST_SECONDS)
        finally:
            timer.cancel()
            _stop(process)
            process.wait()
        if kind == "error":
            raised, (message, got, allowed, hint) = content
            error: VarproofError = raised(message, got=got, allowed=allowed, hint=hint)
            raise error
        if kind == "done":
            return content
        if late.is_set():
            raise MeasurementError(f"stopped after {limit:g} s")
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise MeasurementError(f"the measuring process ended without an answer: {lines[-1]}")


def _converse(process: subprocess.Popen[bytes], task: Task, step: Callable[[], object]) -> tuple[str, Any]:
    """Send the task, count its steps, return its last message; ("", None) when it ends before."""
    assert process.stdin is not None  # both are pipes
    assert process.stdout is not None
    try:
        pickle.dump(task, process.stdin)
        process.stdin.flush()  # open until the answer: the process ends when this one does
        while True:
            kind, content = pickle.load(process.stdout)
            if kind != "step":
                return kind, content
            step()
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        return "", None
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started; one that ended by itself has nothing left to end."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _threads() -> dict[str, str]:
    return dict.fromkeys(THREADS, "1")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
