"""`varproof bench campaign`: what campaigns cost and how well they find and shrink, beside their bars."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from varproof.base.errors import InputError
from varproof.cli.output import JsonFlag, emit_json, results, table
from varproof.cli.progress import progress

NAMES = ("overhead", "iid", "search", "shrink", "resume")


def campaign(
    names: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help=f"{', '.join(NAMES)}; may be repeated.")
    ] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", metavar="N", min=1, max=99, help="Repetitions; ratios of medians are shown.")
    ] = 5,
    as_json: JsonFlag = False,
) -> int:
    """Measure what campaigns cost, and how well they search and shrink.

    The cost of a case beside bare Hypothesis, the speed of batches, the share
    of known suprema that the search reaches, false lemmas shrunk to their
    smallest size, and the resume of a large finished campaign. A bar that is
    missed does not change the exit code.

    Example:
        varproof bench campaign --only search
    """
    unknown = [name for name in names or () if name not in NAMES]
    if unknown:
        raise InputError("unknown measurement", got=unknown[0], allowed=", ".join(NAMES))
    from varproof.campaign.bench.benchmark import Row, measures

    chosen = {name: measure for name, measure in measures(repeats).items() if not names or name in names}
    rows: list[Row] = []
    with progress("measurements", len(chosen)) as advance:
        for measure in chosen.values():
            rows += measure()
            advance()
    if as_json:
        emit_json("bench campaign", {"rows": [_fields(row) for row in rows], "repeats": repeats})
    else:
        columns = ("what", "measured", "bar", "met")
        shown = [(row.what, _text(row.measured, row.unit), _bar(row), "yes" if row.met else "no") for row in rows]
        results().print(table("", columns, shown, right=("measured", "bar")))
    return 0


def _fields(row: Any) -> dict[str, Any]:
    return {**vars(row), "met": row.met}


def _text(number: float, unit: str) -> str:
    return f"{number:.4g} {unit}".strip()


def _bar(row: Any) -> str:
    return f"{'>=' if row.at_least else '<='} {_text(row.bar, row.unit)}"
