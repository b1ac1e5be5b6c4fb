"""`varproof regime`: easy, hard, undecided or contradictory as n grows; and what holds at one finite size."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from varproof.base.errors import InputError, printable
from varproof.base.rationals import parse_rational
from varproof.cli.failures import after_the_answer, looks_like_option, missing_value
from varproof.cli.output import PLOT_SUFFIXES, JsonFlag, PlotFile, check_target, emit_json, picture, results, table
from varproof.cli.progress import working

COLUMNS = ("statement", "why")
GROWTH = "growths such as log(n) need --asymptotic"


def regime(
    head_dim: Annotated[
        str | None, typer.Option("--d", metavar="D", help="Head dimension: an integer, or a growth.")
    ] = None,
    delta: Annotated[
        str | None, typer.Option("--delta", metavar="X", help="Additive entrywise error: a number, or a growth.")
    ] = None,
    entry_bound: Annotated[
        str | None, typer.Option("--R", metavar="R", help="Entry bound of Q and K; not with the scale cosine.")
    ] = None,
    scale: Annotated[
        str | None, typer.Option("--scale", metavar="SCALE", help="Score scale: d (1/d, default), sqrt, one, cosine:S.")
    ] = None,
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
        bool, typer.Option("--asymptotic", metavar="", help="Decide as n grows: d, R and delta are growths.")
    ] = False,
    scales: Annotated[
        str | None, typer.Option("--scales", metavar="K", help="Claimed number of scales as n grows, e.g. 'O(1)'.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", metavar="FILE", help="A model file (.toml, .npz) instead of its numbers.")
    ] = None,
    as_json: JsonFlag = False,
    plot: PlotFile = None,
) -> int:
    """Say which regime parameters are in, and why.

    With --asymptotic the answer is easy, hard, undecided or inconsistent, from theorems whose hypotheses are checked by
    limits that independent routes agree on. Growths are written with n, C, + - * / **, log, sqrt, exp and the classes
    Theta(..), O(..), o(..), Omega(..), omega(..), 1/poly(n). Without it, the numbers at one finite size: degree, rank,
    flops, and whether the stated hypothesis is satisfied there. With --model all of these come from a model file.

    Example:
        varproof regime --asymptotic --d "C*log(n)" --R 1 --delta "1/poly(n)"
        varproof regime --schedule 256 --d 64 --scale cosine:4 --delta 0.01
    """
    given = {"--d": head_dim, "--delta": delta, "--R": entry_bound, "--scale": scale, "--schedule": schedule}
    _refuse_swallowed({**given, "--values": values, "--scales": scales, "--model": model, "--plot": plot})
    check_target(plot, suffixes=PLOT_SUFFIXES)
    if model is not None:
        others = {
            **given,
            "--n": side,
            "--values": values,
            "--scales": scales,
            "--asymptotic": "--asymptotic" if asymptotic else None,
        }
        del others["--delta"]
        for option, value in others.items():
            _refuse(value, option, "the model file says it")
        return _of_model(model, delta, as_json, plot)
    for option, value in (("--d", head_dim), ("--delta", delta)):
        if value is None:
            raise InputError(
                f"{option} is missing",
                got=" ".join(f"{name} {text}" for name, text in given.items() if text is not None) or "no options",
                allowed=f"{option} with a value, or --model FILE",
                hint="varproof regime --help shows the options",
            )
    assert head_dim is not None
    assert delta is not None
    schedule = "doubling" if schedule is None else schedule
    scale = "d" if scale is None else scale
    if asymptotic:
        _refuse(side, "--n", "the asymptotic question has no size")
        _refuse(values, "--values", "as n grows values lie in [-1, 1]")
        return _asymptotic(head_dim, entry_bound, delta, scale, schedule, scales, as_json, plot)
    _refuse(scales, "--scales", "a finite schedule has the number of scales it has")
    values = "1" if values is None else values
    return _finite(side, head_dim, entry_bound, delta, scale, schedule, values, as_json, plot)


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
    if as_json:
        emit_json("regime", {"mode": "asymptotic", **to_json(answer)})
    else:
        stated = f"d = {problem.d}, {_entries(entry_bound, problem)}, delta = {problem.delta}"
        results().print(table(f"As n grows: {stated}", COLUMNS, argument(answer)))
    if plot is not None:
        from varproof.regimes.points import growing_point

        _draw(plot, lambda: growing_point(answer))
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
    from varproof.regimes.finite import answer_finite
    from varproof.regimes.finite_table import finite_rows

    with working("finding the least degree"):
        answer = answer_finite(
            n=side,
            d=_integer(head_dim),
            R=None if entry_bound is None else _number(entry_bound, "R"),
            delta=_number(delta, "delta"),
            scale=scale,
            schedule=schedule,
            values=_number(values, "values"),
        )
    if as_json:
        emit_json("regime", {"mode": "finite", **answer.to_json(), "model": None})
    else:
        title = f"At this size: schedule {answer.schedule_words}, d = {answer.head_dim}, "
        title += "" if entry_bound is None else f"R = {entry_bound}, "
        title += f"scale {scale}, delta = {delta}"
        title += "" if answer.values == 1 else f", values = {values}"
        results().print(table(title, ("quantity", "value", "what it says"), finite_rows(answer)))
        results().print(_list(answer.statements))
    if plot is not None:
        from varproof.regimes.points import finite_point

        _draw(plot, lambda: finite_point(answer))
    return 0


def _of_model(path: Path, delta: str | None, as_json: bool, plot: Path | None) -> int:
    from varproof.cli.var_options import chosen_model
    from varproof.regimes.finite_table import finite_rows
    from varproof.regimes.of_model import answer_model

    chosen = chosen_model(path, seed=None, dtype=None)
    with working("reading the model"):
        answer = answer_model(chosen, None if delta is None else _number(delta, "delta"))
    if as_json:
        emit_json("regime", {"mode": "finite", **answer.to_json()})
    else:
        shape = answer.model
        title = f"{path.name}: {shape['kind']} model, {shape['tokens']} tokens, one head of d = {shape['head_dim']}"
        results().print(table(printable(title), ("quantity", "value", "what it says"), finite_rows(answer.finite)))
        results().print(_list([*answer.finite.statements, *answer.sentences]))
    if plot is not None:
        from varproof.regimes.points import finite_point

        _draw(plot, lambda: finite_point(answer.finite))
    return 0


def _list(sentences: Sequence[str]) -> Table:
    """One sentence after the other, each with a dash; wrapped lines are indented."""
    made = Table.grid(padding=(0, 1))
    made.add_column()
    made.add_column(overflow="fold")
    for sentence in sentences:
        made.add_row("-", sentence)
    return made


def _draw(plot: Path, question: Callable[[], tuple[Any, str]]) -> None:
    with after_the_answer():
        from varproof.regimes.regime_plot import draw_regime

        point, title = question()
        with picture(plot) as scratch:
            draw_regime(scratch, point=point, title=title)


def _integer(text: str) -> int:
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdecimal() and len(stripped) <= 100):
        raise InputError(
            "the head dimension at a finite size is an integer", got=text, allowed="an integer d >= 1", hint=GROWTH
        )
    return int(stripped)


def _number(text: str, name: str) -> str:
    """The text, which is a number: a growth is refused with the word that was forgotten."""
    try:
        parse_rational(text, name=name)
    except InputError as error:
        hint = GROWTH if re.search(r"\bn\b|C|\(", text) else error.hint
        raise InputError(error.message, got=error.got, allowed=error.allowed, hint=hint) from error
    return text


def _refuse_swallowed(given: Mapping[str, object]) -> None:
    """Refuse an option whose value is the next option; the parser takes `--delta --json` for an error of `--json`."""
    for option, value in given.items():
        if value is not None and looks_like_option(str(value)):
            raise missing_value(option, str(value))


def _refuse(value: object, option: str, reason: str) -> None:
    if value is not None:
        raise InputError(f"{option} does not fit here: {reason}", got=value, hint="leave the option out")
