"""`varproof regime`: easy, hard, undecided or contradictory as n grows; and what holds at one finite size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from varproof.base.errors import InputError
from varproof.cli.output import PLOT_SUFFIXES, JsonFlag, PlotFile, check_target, emit_json, picture, results, table
from varproof.cli.progress import working

COLUMNS = ("statement", "why")


def regime(
    head_dim: Annotated[str, typer.Option("--d", metavar="D", help="Head dimension: an integer, or a growth.")],
    delta: Annotated[
        str, typer.Option("--delta", metavar="X", help="Additive entrywise error: a number, or a growth.")
    ],
    entry_bound: Annotated[
        str | None, typer.Option("--R", metavar="R", help="Entry bound of Q and K; not with the scale cosine.")
    ] = None,
    scale: Annotated[
        str, typer.Option("--scale", metavar="SCALE", help="Score scale: d (1/d), sqrt, one, or cosine:S.")
    ] = "d",
    schedule: Annotated[
        str | None,
        typer.Option("--schedule", metavar="SCHEDULE", help="256, 512, 1024, doubling, ratio:A, linear, or 1,2,4,.."),
    ] = None,
    side: Annotated[
        int | None, typer.Option("--n", metavar="N", help="Side of the last token map, for one finite size.")
    ] = None,
    values: Annotated[
        str | None, typer.Option("--values", metavar="V", help="Values lie in [-V, V] (finite size; 1 unless given).")
    ] = None,
    asymptotic: Annotated[
        bool, typer.Option("--asymptotic", help="Decide as n grows: d, R and delta are growths.")
    ] = False,
    scales: Annotated[
        str | None, typer.Option("--scales", metavar="K", help="Claimed number of scales as n grows, e.g. 'O(1)'.")
    ] = None,
    as_json: JsonFlag = False,
    plot: PlotFile = None,
) -> int:
    """Say which regime parameters are in, and why.

    With --asymptotic the answer is easy, hard, undecided or inconsistent, from theorems whose hypotheses are checked by
    limits that independent routes agree on. Growths are written with n, C, + - * / **, log, sqrt, exp and the classes
    Theta(..), O(..), o(..), Omega(..), omega(..), 1/poly(n). Without it, the numbers at one finite size: degree, rank,
    flops, and whether the stated hypothesis is satisfied there.

    Example:
        varproof regime --asymptotic --d "Theta(log(n))" --R "o(sqrt(log(n)))" \\
        --delta "1/poly(n)"
        varproof regime --schedule 256 --d 64 --scale cosine:4 --delta 0.01
    """
    check_target(plot, suffixes=PLOT_SUFFIXES)
    if asymptotic:
        _refuse(side, "--n", "the asymptotic question has no size")
        _refuse(values, "--values", "as n grows values lie in [-1, 1]")
        return _asymptotic(head_dim, entry_bound, delta, scale, schedule or "doubling", scales, as_json, plot)
    _refuse(scales, "--scales", "a finite schedule has the number of scales it has")
    return _finite(side, head_dim, entry_bound, delta, scale, schedule or "doubling", values or "1", as_json, plot)


def _asymptotic(
    head_dim: str,
    entry_bound: str | None,
    delta: str,
    scale: str,
    schedule: str,
    scales: str | None,
    as_json: bool,
    plot: Path | None,
) -> int:
    from varproof.regimes.answer import to_json
    from varproof.regimes.argument import argument
    from varproof.regimes.decide import decide
    from varproof.regimes.problem import parse_problem

    problem = parse_problem(
        d=head_dim, entry_bound=entry_bound, delta=delta, scale=scale, schedule=schedule, scales=scales
    )
    with working("taking limits"):
        answer = decide(problem)
    if plot is not None:
        from varproof.regimes.points import growing_point

        _draw(plot, growing_point(answer))
    if as_json:
        emit_json("regime", {"mode": "asymptotic", **to_json(answer)})
    else:
        stated = f"d = {problem.d}, {_entries(entry_bound, problem)}, delta = {problem.delta}"
        results().print(table(f"As n grows: {stated}", COLUMNS, argument(answer)))
    return 0


def _entries(entry_bound: str | None, problem: Any) -> str:
    if entry_bound is None:
        return f"scale cosine:{problem.temperature}"
    return f"R = {problem.entry_bound}, scale {problem.scale}"


def _finite(
    side: int | None,
    head_dim: str,
    entry_bound: str | None,
    delta: str,
    scale: str,
    schedule: str,
    values: str,
    as_json: bool,
    plot: Path | None,
) -> int:
    from varproof.regimes.finite import answer_finite, finite_rows

    with working("finding the least degree"):
        answer = answer_finite(
            n=side,
            d=_integer(head_dim),
            R=entry_bound,
            delta=delta,
            scale=scale,
            schedule=schedule,
            values=values,
        )
    if plot is not None:
        from varproof.regimes.points import finite_point

        _draw(plot, finite_point(answer))
    if as_json:
        emit_json("regime", {"mode": "finite", **answer.to_json()})
    else:
        stated = answer.to_json()
        entries = "" if stated["R"] is None else f", R = {stated['R']}"
        title = (
            f"At this size: schedule {stated['schedule']}, d = {stated['d']}{entries}, "
            f"scale {stated['scale']}, delta = {stated['delta']}"
        )
        results().print(table(title, ("quantity", "value", "what it says"), finite_rows(answer)))
    return 0


def _draw(plot: Path, drawn: tuple[Any, str]) -> None:
    from varproof.regimes.regime_plot import draw_regime

    point, title = drawn
    with picture(plot) as scratch:
        draw_regime(scratch, point=point, title=title)


def _integer(text: str) -> int:
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdecimal() and len(stripped) <= 9):
        raise InputError(
            "the head dimension at a finite size is an integer",
            got=text,
            allowed="an integer from 1 to 999999999",
            hint="growths such as log(n) need --asymptotic",
        )
    return int(stripped)


def _refuse(value: object, option: str, reason: str) -> None:
    if value is not None:
        raise InputError(f"{option} does not fit here: {reason}", got=value, hint="leave the option out")
