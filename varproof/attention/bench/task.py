"""What a measuring process is asked to do, and doing it in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from varproof.attention.bench.cases import Case, make_arrays
from varproof.attention.bench.result import Settings


@dataclass(frozen=True)
class Task:
    """What the process is to do: measure a case, its first call alone, errors against rank, or try KeOps."""

    what: Literal["case", "first", "ranks", "keops"]
    case: Case
    settings: Settings
    contestant: str = ""  # of "first"


@dataclass(frozen=True)
class First:
    """Seconds of loading the code and of the first call in this process."""

    load_seconds: float
    call_seconds: float


def perform(task: Task, step: Callable[[], object] = lambda: None) -> Any:
    """Do the task in this process."""
    if task.what == "first":
        return first_call(task)
    if task.what == "keops":
        return try_keops(task)
    if task.what == "ranks":
        from varproof.attention.bench.ranks import rank_study

        return rank_study(task.case, task.settings, step)
    from varproof.attention.bench.measure import measure_case

    return measure_case(task.case, task.settings, step)


def first_call(task: Task) -> First:
    """The first call of one of our engines; loading NumPy (and torch) and drawing the numbers is not counted.

    Compiling is: it happens in the call.
    """
    settings = task.settings
    rows = make_arrays(task.case, task.case.tokens, settings.seed)
    if settings.backend == "torch":
        from varproof.base.extras import optional

        optional("torch").set_num_threads(1)
    start = time.perf_counter()
    from varproof.attention.bench.contestants import case_delta, load, ours, place
    from varproof.base.tolerances import UNIT_ROUNDOFF

    load(task.contestant)
    arrays = place(rows, backend=settings.backend, device=settings.device, dtype=settings.dtype)
    loaded = time.perf_counter()
    # the table that delta is computed from is the one the engine takes: building it belongs to the call
    delta = case_delta(task.case, unit=UNIT_ROUNDOFF[settings.dtype])
    run = next(one.run for one in ours(task.case, arrays, delta) if one.name == task.contestant)
    if run is not None:
        run()
        arrays.synchronize()
    return First(loaded - start, time.perf_counter() - loaded)


def try_keops(task: Task) -> str:
    """Compile KeOps for the case's shapes: why it does not work, or ""; a crash ends this process alone."""
    from varproof.attention.bench.peers import PeerUnavailableError, keops

    try:
        keops(task.case, make_arrays(task.case, 64, task.settings.seed))()
    except PeerUnavailableError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
