"""The measurement of one case in this process: alternated times, errors beside bounds, the curve against N, peers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from varproof.attention.bench import contestants, peers
from varproof.attention.bench.cases import Case, make_arrays
from varproof.attention.bench.contestants import Arrays, Contestant
from varproof.attention.bench.errors import Reference, compare, exact_reference, extended_reference
from varproof.attention.bench.result import ATTEND, EXACT, SDPA, CaseResult, Curve, Row, Settings
from varproof.attention.bench.statistics import alternate
from varproof.base.errors import InputError, MissingExtraError, shorten
from varproof.base.extras import optional
from varproof.base.tolerances import UNIT_ROUNDOFF

PEAK = "matrix product"
PEAK_SIZE = {"cpu": 1500, "cuda": 8192}
WARM_TOKENS = 256  # baselines are warmed up on few tokens
SLOW = 3.0  # seconds: curves leave out exact attention where one call would take longer
SMALLER = "take a smaller --head-dim or --degree"  # the engine's own hint speaks of arguments in Python
LONG_ROUNDS = 3  # rounds of a head with more than 2^15 tokens, of curves, and of peers


@dataclass(frozen=True)
class Bench:
    """What one case needs along the way."""

    case: Case
    settings: Settings
    rows: peers.Rows
    arrays: Arrays
    delta: float


def measure_case(case: Case, settings: Settings, after_each: Callable[[], object] = lambda: None) -> CaseResult:
    """Times, errors, curve and peers of one case; `after_each` is called `case_steps(case, settings)` times."""
    bench = _prepare(case, settings, case.tokens)
    listed = [
        *contestants.ours(case, bench.arrays, bench.delta),
        contestants.sdpa(case, bench.arrays),
    ]
    outputs, failed = _warm(bench, listed)
    peak, flops = contestants.matrix_product(bench.arrays, 200 if settings.quick else PEAK_SIZE[settings.device])
    peak()
    running = [one for one in listed if one.name not in failed]
    actions = {PEAK: peak} | {one.name: _timed(one, bench.arrays, outputs) for one in running}
    times = alternate(actions, rounds(case, settings), fill=_fill(settings), after_round=after_each)
    references = _references(bench)
    after_each()
    rows = [failed.get(one.name) or _row(bench, one, times[one.name], outputs, references) for one in listed]
    found = CaseResult(case, bench.delta, flops / median(times[PEAK]), tuple(rows), _curves(bench, rows, after_each))
    if settings.peers and case.engine == "polynomial":
        from varproof.attention.bench.peer_rows import peer_rows

        found = replace(found, rows=(*rows, *peer_rows(bench, found, references[0])))
    after_each()
    return found


def rounds(case: Case, settings: Settings) -> int:
    """Repetitions of a case: as asked, three at most where exact attention takes many seconds."""
    return min(settings.repeats, LONG_ROUNDS) if case.tokens > 2**15 else settings.repeats


def case_steps(case: Case, settings: Settings) -> int:
    """How often `measure_case` calls `after_each`."""
    return rounds(case, settings) + len(_curve_sizes(case)) + 2


def _prepare(case: Case, settings: Settings, tokens: int) -> Bench:
    rows = make_arrays(case, tokens, settings.seed)
    if settings.backend == "torch":
        torch = optional("torch")
        if settings.device == "cpu":
            torch.set_num_threads(1)
    arrays = contestants.place(rows, backend=settings.backend, device=settings.device, dtype=settings.dtype)
    return Bench(case, settings, rows, arrays, contestants.case_delta(case, unit=UNIT_ROUNDOFF[settings.dtype]))


def _fill(settings: Settings) -> float:
    return 0.0 if settings.quick else 0.03


def _warm(bench: Bench, listed: Sequence[Contestant]) -> tuple[dict[str, Any], dict[str, Row]]:
    """A first call of everybody, of slow ones on few tokens; those that cannot run become rows with a reason."""
    few = _prepare(bench.case, bench.settings, min(WARM_TOKENS, bench.case.tokens))
    on_few = {one.name: one for one in contestants.ours(few.case, few.arrays, few.delta)}
    on_few[SDPA] = contestants.sdpa(few.case, few.arrays)
    outputs: dict[str, Any] = {}
    failed: dict[str, Row] = {}
    for one in listed:
        if one.run is None:
            failed[one.name] = Row(one.name, one.kind, "unavailable", one.reason)
            continue
        # the front may choose exact attention, which is slow; its code is warm once a few tokens went through
        short = on_few[one.name] if one.name in (EXACT, SDPA, ATTEND) else one
        try:
            outputs[one.name] = short.run() if short.run is not None else None
        except InputError as refusal:  # the case itself is refused, a rank too large for the memory for example
            raise InputError(refusal.message, got=refusal.got, allowed=refusal.allowed, hint=SMALLER) from refusal
        except MissingExtraError as missing:
            failed[one.name] = Row(one.name, one.kind, "unavailable", f"{missing.message}: {missing.hint}")
        except Exception as error:
            failed[one.name] = Row(one.name, one.kind, "failed", shorten(f"{type(error).__name__}: {error}", 200))
    return outputs, failed


def _timed(one: Contestant, arrays: Arrays, outputs: dict[str, Any]) -> Callable[[], object]:
    assert one.run is not None  # those that cannot run were left out
    run = one.run

    def action() -> None:
        outputs[one.name] = run()
        arrays.synchronize()

    return action


def _references(bench: Bench) -> tuple[Reference, Reference]:
    """Every row in float64, and some rows in extended precision for those that are exact themselves."""
    dtype = bench.settings.dtype
    every = exact_reference(bench.case, bench.rows, dtype)
    return every, extended_reference(bench.case, bench.rows, dtype, seed=bench.settings.seed)


def _row(
    bench: Bench,
    one: Contestant,
    seconds: tuple[float, ...],
    outputs: dict[str, Any],
    references: tuple[Reference, Reference],
) -> Row:
    output = outputs[one.name]
    if one.name == SDPA:
        return Row(one.name, one.kind, seconds=seconds, error=compare(output, None, references[1]).error)
    errors = compare(output.values, output.bound, references[1 if output.engine == EXACT else 0])
    tokens, d = bench.case.tokens, bench.case.head_dim
    polynomial = output.engine == "polynomial"
    return Row(
        one.name,
        one.kind,
        seconds=seconds,
        engine=output.engine,
        degree=output.degree,
        rank=output.rank,
        flops=output.flops,
        useful_flops=tokens * output.rank * (4 * (d + 1) + 2) if polynomial else 0,
        rows_rerun=output.rows_rerun,
        bound=errors.bound,
        error=errors.error,
        violated=errors.violated,
    )


def _curve_sizes(case: Case) -> tuple[int, ...]:
    return tuple(size for size in case.sizes if size != case.tokens)


def _curves(bench: Bench, rows: Sequence[Row], after_each: Callable[[], object]) -> tuple[Curve, ...]:
    """Medians against N for every row that was measured; the case's own size is taken from there."""
    points: dict[str, dict[int, float]] = {
        row.name: {bench.case.tokens: median(row.seconds)} for row in rows if row.outcome == "measured"
    }
    for size in _curve_sizes(bench.case):
        small = _prepare(bench.case, bench.settings, size)
        listed = [*contestants.ours(small.case, small.arrays, small.delta), contestants.sdpa(small.case, small.arrays)]
        taking = [one for one in listed if one.name in points and _affordable(one.name, points[one.name], size)]
        outputs: dict[str, Any] = {}
        actions = {one.name: _timed(one, small.arrays, outputs) for one in taking}
        for action in actions.values() if size <= WARM_TOKENS else ():
            action()  # buffers of this size are fresh
        count = min(bench.settings.repeats, LONG_ROUNDS)
        for name, seconds in alternate(actions, count, fill=_fill(bench.settings)).items():
            points[name][size] = median(seconds)
        after_each()
    return tuple(
        Curve(name, tuple(sorted(known)), tuple(known[size] for size in sorted(known)))
        for name, known in points.items()
    )


def _affordable(name: str, known: dict[int, float], size: int) -> bool:
    """Our engines are always measured; exact attention, which the front may choose too, up to some seconds."""
    return name not in (EXACT, SDPA, ATTEND) or _expected(known, size) <= SLOW


def _expected(known: dict[int, float], size: int) -> float:
    """Seconds at `size` if the time grows like the square of N from the nearest smaller size; 0 without one.

    >>> _expected({1000: 0.5, 8000: 9.0}, 2000), _expected({8000: 9.0}, 2000)
    (2.0, 0)
    """
    smaller = [tokens for tokens in known if tokens < size]
    if not smaller:
        return 0
    near = int(np.max(smaller))
    return known[near] * math.pow(size / near, 2)
