"""`varproof bench approx`: what certificates for minimal degrees cost, beside Sollya."""

from __future__ import annotations

from fractions import Fraction
from statistics import median
from typing import Annotated, Any

import typer

from varproof.approx.benchmark import DEFAULT_CELLS, Benchmark, Cell, measure
from varproof.approx.benchmark_bars import Bar, bars, ratio, shown_seconds
from varproof.approx.sollya import find_sollya
from varproof.base.errors import InputError
from varproof.cli.failures import after_the_answer
from varproof.cli.output import PLOT_SUFFIXES, JsonFlag, PlotFile, check_target, emit_json, picture, results, table
from varproof.cli.progress import progress

INSTALL = "sollya is not on PATH, nothing to compare with (Debian, Ubuntu: apt-get install sollya)"
NO_PEER = "sollya was not asked (--no-peer)"


def approx(
    cells: Annotated[
        list[str] | None, typer.Option("--cell", metavar="B:EPS", help="A bound and an accuracy; may be repeated.")
    ] = None,
    repeats: Annotated[int, typer.Option("--repeats", metavar="N", help="Repetitions; medians are shown.")] = 5,
    timeout: Annotated[float, typer.Option("--timeout", metavar="S", help="Seconds for each run of Sollya.")] = 60.0,
    no_peer: Annotated[bool, typer.Option("--no-peer", metavar="", help="Measure varproof alone.")] = False,
    as_json: JsonFlag = False,
    plot: PlotFile = None,
) -> int:
    """Time certificates for minimal degrees, beside Sollya.

    Ours finds the least degree and proves both sides; Sollya is given that degree and does remez and supnorm. Runs
    alternate; medians are compared. A bar that is not met does not change the exit code.

    Example:
        varproof bench approx --cell 4:1e-8 --repeats 3
        varproof bench approx --cell 1:1e-4 --repeats 2 --plot bench.png
    """
    check_target(plot, suffixes=PLOT_SUFFIXES)
    asked = [split_cell(text) for text in cells] if cells else list(DEFAULT_CELLS)
    peer = None if no_peer else find_sollya()
    note = NO_PEER if no_peer else INSTALL if peer is None else ""
    with progress("repetitions", repeats * (len(asked) + 1)) as advance:
        found = measure(asked, repeats=repeats, timeout=timeout, peer=peer, after_each=advance)
    if as_json:
        emit_json("bench approx", answer_benchmark(found, note))
    else:
        _show(found, note)
    if plot is not None:
        from varproof.approx.benchmark_plot import draw_benchmark

        with after_the_answer(), picture(plot) as scratch:
            draw_benchmark(found, scratch)
    return 0


def split_cell(text: str) -> tuple[str, str]:
    """The two numbers of `B:EPS`, still as text.

    >>> split_cell("16:1e-16")
    ('16', '1e-16')
    """
    bound, colon, eps = text.partition(":")
    if not (bound and colon and eps):
        raise InputError("not a cell", got=text, allowed="B:EPS, for example 16:1e-16")
    return bound, eps


def answer_benchmark(found: Benchmark, note: str) -> dict[str, Any]:
    """The fields of the JSON answer; every time is in seconds."""
    return {
        "cells": [_cell_fields(cell, found.timeout) for cell in found.cells],
        "check_cell": _cell_fields(found.check_cell, found.timeout),
        "cold_seconds": found.cold_seconds,
        "timeout": found.timeout,
        "bars": [vars(bar) for bar in bars(found)],
        "note": note,
    }


def _cell_fields(cell: Cell, timeout: float) -> dict[str, Any]:
    from varproof.cli.degree import decimal  # not at the top: the cold time includes the loading of what it needs

    def enclosure(low: Fraction, high: Fraction) -> list[str]:
        return [decimal(low, up=False, digits=12) if low else "0", decimal(high, up=True, digits=12)]

    compared = ratio(cell, timeout)
    return {
        "bound": cell.bound,
        "eps": cell.eps,
        "degree": cell.degree,
        "best_error": enclosure(cell.lower, cell.upper),
        "certify_seconds": list(cell.certify_seconds),
        "check_seconds": {engine: list(times) for engine, times in cell.check_seconds.items()},
        "sollya": [
            {
                "outcome": run.outcome,
                "precision": run.precision,
                "remez_seconds": run.remez_seconds,
                "supnorm_seconds": run.supnorm_seconds,
                "sup": None if run.sup is None else enclosure(*run.sup),
                "message": run.message,
            }
            for run in cell.sollya
        ],
        "ratio": None if compared is None else {"value": compared.value, "at_least": compared.at_least},
        "agrees": cell.agrees,
    }


def _show(found: Benchmark, note: str) -> None:
    console = results()
    title = "Certificates for least degrees (relative error on [-B, B]); medians, one thread"
    columns = ("cell", "degree", "find", "check", "check, flint", "Sollya", "ratio", "agree")
    rows = [_row(cell, found.timeout) for cell in (*found.cells, found.check_cell)]
    rows[-1] = (*rows[-1][:5], "-", "-", "-")
    console.print(table(title, columns, rows, right=columns[1:]))
    console.print(
        table(
            "Bars",
            ("what", "measured", "bar", "stretch"),
            [
                (bar.what, _measured(bar), _goal(bar, bar.bar, bar.met), _goal(bar, bar.stretch, bar.stretch_met))
                for bar in bars(found)
            ],
            right=("measured",),
        )
    )
    console.print(
        f"cold: {shown_seconds(found.cold_seconds)} for the first certificate, loading the code included",
        soft_wrap=True,
    )
    for cell in found.cells:
        for run in cell.sollya:
            if run.message:
                console.print(f"Sollya at {cell.name}: {run.message}", soft_wrap=True)
    if note:
        console.print(note, soft_wrap=True)


def _row(cell: Cell, timeout: float) -> tuple[str, ...]:
    compared = ratio(cell, timeout)
    more = "> " if compared is not None and compared.at_least else ""
    outcome = cell.sollya[-1].outcome if cell.sollya else "not run"
    peer = outcome if compared is None else more + shown_seconds(compared.value * median(cell.certify_seconds))
    checks = [shown_seconds(median(cell.check_seconds[engine])) for engine in ("integers", "flint")]
    return (
        cell.name,
        str(cell.degree),
        shown_seconds(median(cell.certify_seconds)),
        *checks,
        peer,
        "-" if compared is None else f"{more}{compared.value:.0f} x",
        {True: "yes", False: "NO", None: "-"}[cell.agrees],
    )


def _measured(bar: Bar) -> str:
    if bar.measured is None:
        return "not measured"
    return ("> " if bar.at_least else "") + (
        f"{bar.measured:.0f} x" if bar.unit == "x" else shown_seconds(bar.measured)
    )


def _goal(bar: Bar, goal: float, met: bool | None) -> str:
    value = f"{goal:g} x" if bar.unit == "x" else shown_seconds(goal)
    return f"{value}: " + {True: "met", False: "NOT met", None: "undecided"}[met]
