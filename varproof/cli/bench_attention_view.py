"""How `varproof bench attention` shows a measurement: tables, and the fields of the JSON answer."""

from __future__ import annotations

from typing import Any

from varproof.attention.bench.bars import Bar, bars, best_row, case_crossover, case_growth, peak_share
from varproof.attention.bench.result import BASELINES, EXACT, SDPA, Benchmark, CaseResult, RankStudy, Row
from varproof.cli.bench_attention_tables import Sheet, say, show_sheet, wide_console

OUTCOMES = {"measured": "measured", "unavailable": "absent", "failed": "failed"}
FIT_POINTS = 5  # a line through fewer sizes says little


def answer_benchmark(found: Benchmark) -> dict[str, Any]:
    """The fields of the JSON answer; times are in seconds, `peak` in flops a second."""
    return {
        "settings": {name: value for name, value in vars(found.settings).items() if name != "keops"},
        "cases": [_case_fields(result) for result in found.cases],
        "ranks": None
        if found.ranks is None
        else {
            "case": found.ranks.case.name,
            "head_dim": found.ranks.case.head_dim,
            "bound": found.ranks.case.bound,
            "tokens": found.ranks.case.tokens,
            "points": [vars(point) for point in found.ranks.points],
            "missing": list(found.ranks.missing),
        },
        "bars": [vars(bar) for bar in bars(found)],
        "violated": found.violated,
        "versions": dict(found.versions),
        "threads": dict(found.threads),
    }


def _case_fields(result: CaseResult) -> dict[str, Any]:
    case, slope = result.case, case_growth(result)
    return {
        "name": case.name,
        "engine": case.engine,
        "head_dim": case.head_dim,
        "tokens": case.tokens,
        "bound": case.bound,
        "degree": case.degree,
        "eps": case.eps,
        "delta": result.delta,
        "peak": result.peak,
        "rows": [_row_fields(result, row) for row in result.rows],
        "curves": [
            {"name": one.name, "tokens": list(one.tokens), "seconds": list(one.seconds)} for one in result.curves
        ],
        "growth": None if slope is None else vars(slope),
        "cold": [vars(cold) for cold in result.cold],
    }


def _row_fields(result: CaseResult, row: Row) -> dict[str, Any]:
    def crossing(against: str) -> dict[str, Any] | None:
        at = case_crossover(result, row, against) if row.kind == "ours" else None
        return None if at is None else vars(at)

    return vars(row) | {
        "seconds": list(row.seconds),
        "against_sdpa": result.speed(row, SDPA),
        "against_exact": result.speed(row, EXACT),
        "peak_share": peak_share(result, row),
        "useful_peak_share": peak_share(result, row, useful=True),
        "crossover_sdpa": crossing(SDPA),
        "crossover_exact": crossing(EXACT),
    }


def show(found: Benchmark) -> None:
    """Print the tables for people."""
    console = wide_console()
    settings = found.settings
    where = f"{settings.backend} {settings.dtype} on {settings.device}"
    threads = ", one thread" if settings.device == "cpu" else ""
    title = f"Attention with its certificate: {where}{threads}; warm, medians of rounds"
    columns = ("case", "engine", "time", "vs SDPA", "vs exact", "peak", "rank", "bound", "error")
    rows = [line for result in found.cases for line in _engine_lines(result)]
    show_sheet(console, Sheet(title, columns, rows, right=columns[2:], spare=("peak", "rank", "vs exact")))
    for reason in _reasons(found, peers=False):
        say(console, reason)
    _show_starts(found, console)
    _show_peers(found, console)
    shown = [_bar_line(bar) for bar in bars(found)]
    if shown:
        told = ("case", "what", "measured", "bar", "stretch")
        show_sheet(console, Sheet("Bars", told, shown, right=("measured",), prose="what"))
    for result in found.cases:
        # that of a polynomial is 1 by construction, and 16384 tokens are too few to see it
        if result.case.engine == "tree" and (line := _growth_line(result)) is not None:
            say(console, line)
    if found.ranks is not None:
        _show_ranks(found.ranks, console)
    if found.violated:
        say(console, "VIOLATED: a measured error is above its certified bound, see the rows marked !")


def _reasons(found: Benchmark, *, peers: bool) -> list[str]:
    """Why rows are missing, each reason once with the cases it holds for, and notes on peers; a peer has two rows."""
    cases: dict[tuple[str, str], list[str]] = {}
    for result in found.cases:
        for row in result.rows:
            reason = row.reason or row.note
            if reason and (row.kind == "peer") == peers:
                name = row.name.partition(", ")[0] if peers and row.reason else row.name
                known = cases.setdefault((name, reason), [])
                if result.case.name not in known:
                    known.append(result.case.name)
    return [f"{', '.join(names)}, {name}: {reason}" for (name, reason), names in cases.items()]


def _engine_lines(result: CaseResult) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for row in (row for row in result.rows if row.kind != "peer"):
        first = {0: result.case.name, 1: f"N = {result.case.tokens}"}.get(len(lines), "")
        if row.median is None:
            lines.append((first, row.name, OUTCOMES[row.outcome], *["-"] * 6))
            continue
        name = row.name
        if name == "attend":
            name = f"attend ({row.engine})"
        share = peak_share(result, row)
        lines.append(
            (
                first,
                name,
                shown_time(row.median),
                _times(result.speed(row, SDPA)),
                _times(result.speed(row, EXACT)),
                "-" if share is None else f"{100 * share:.0f} %",
                str(row.rank) if row.rank else "-",
                _number(row.bound),
                _number(row.error) + (" !" if row.violated else ""),
            )
        )
    return lines


def _show_starts(found: Benchmark, console: Any) -> None:
    lines = []
    for result in found.cases:
        for cold in result.cold:
            row = next((row for row in result.rows if row.name == cold.name and row.median is not None), None)
            crossings = [None if row is None else case_crossover(result, row, other) for other in BASELINES]
            shown = ["-" if c is None else ("<= " if c.at_most else "") + str(c.tokens) for c in crossings]
            seconds = (cold.load_seconds, cold.empty_seconds, cold.filled_seconds)
            lines.append((result.case.name, cold.name, *map(shown_time, seconds), *shown))
    columns = ("case", "engine", "load", "first\ncall", "cached", "beats\nSDPA", "beats\nexact")
    if lines:
        title = "Cold: first call in a fresh process; warm: beats exact attention from N on"
        show_sheet(console, Sheet(title, columns, lines, right=columns[2:], spare=("load",)))


def _show_peers(found: Benchmark, console: Any) -> None:
    lines = []
    for result in found.cases:
        peers = [row for row in result.rows if row.kind == "peer"]
        best = best_row(result)
        for row in [best, *peers] if peers and best is not None else peers:
            time = OUTCOMES[row.outcome] if row.median is None else shown_time(row.median)
            rank = str(row.rank) if row.rank else "-"
            lines.append((result.case.name, row.name, rank, time, _number(row.error)))
    columns = ("case", "method", "rank", "time", "error")
    if lines:
        show_sheet(console, Sheet("Peers, without a certificate", columns, lines, right=columns[2:]))
    for reason in _reasons(found, peers=True):
        say(console, reason)


def _show_ranks(study: RankStudy, console: Any) -> None:
    """One line for each rank; of each method its bound, where it has one, and its error."""
    methods = list(dict.fromkeys(point.method for point in study.points))
    certified = {point.method for point in study.points if point.bound is not None}
    columns = ["rank"]
    for method in methods:
        short = method.rpartition(", ")[2]
        columns += [f"{short}:\nbound", "\nerror"] if method in certified else [f"{short}:\nerror"]
    lines = []
    for rank in sorted({point.rank for point in study.points}):
        line: tuple[str, ...] = (str(rank),)
        for method in methods:
            point = next((p for p in study.points if (p.method, p.rank) == (method, rank)), None)
            error = _number(None if point is None else point.error) + (" !" if point and point.violated else "")
            line += (_number(None if point is None else point.bound), error) if method in certified else (error,)
        lines.append(line)
    case = study.case
    sizes = f"d = {case.head_dim}, B = {case.bound:g}, N = {case.tokens}"
    title = f"Error against rank, relative and weighted polynomials: {sizes}"
    show_sheet(console, Sheet(title, tuple(columns), lines, right=tuple(columns)))
    for reason in study.missing:
        say(console, f"without {reason}")


def _bar_line(bar: Bar) -> tuple[str, ...]:
    measured = "not measured" if bar.measured is None else _value(bar.measured, bar.unit)
    return (bar.case, bar.what, measured, _goal(bar, bar.bar, bar.met), _goal(bar, bar.stretch, bar.stretch_met))


def _goal(bar: Bar, goal: float | None, met: bool | None) -> str:
    if goal is None:
        return "-"
    return f"{_value(goal, bar.unit)}: " + {True: "met", False: "NOT met", None: "open"}[met]


def _value(value: float, unit: str) -> str:
    return {"x": f"{_digits(value)} x", "%": f"{100 * value:.0f} %", "": f"{value:.3g}"}[unit]


def _growth_line(result: CaseResult) -> str | None:
    slope = case_growth(result)
    best = best_row(result)
    if slope is None or best is None or slope.low is None or slope.high is None or slope.points < FIT_POINTS:
        return None
    return (
        f"{result.case.name}, {best.name}: time grows like N^{slope.exponent:.2f} over N = {slope.first} to "
        f"{slope.last}, 95 % interval [{slope.low:.2f}, {slope.high:.2f}] (t-interval of the least-squares line of "
        f"the logarithms, {slope.points} sizes)"
    )


def shown_time(seconds: float) -> str:
    """Seconds for people, three digits.

    >>> shown_time(0.00012), shown_time(0.0123), shown_time(4.5)
    ('0.12 ms', '12.3 ms', '4.5 s')
    """
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{_digits(ratio)} x"


def _digits(value: float) -> str:
    """Three digits, all of a large number.

    >>> _digits(0.12345), _digits(1500.4)
    ('0.123', '1500')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"
