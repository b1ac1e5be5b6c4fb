"""`varproof check`: does a degree certificate prove what it claims?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from varproof.approx.checking import check as check_certificate
from varproof.cli.output import JsonFlag, emit_json, results


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A degree certificate (JSON).")],
    engine: Annotated[
        str, typer.Option("--engine", metavar="integers|flint", help="Python integers alone, or Arb balls.")
    ] = "integers",
    as_json: JsonFlag = False,
) -> int:
    """Check a degree certificate with a small independent program.

    Only the file is used. Exit code 0: accepted, 1: rejected (the reason is printed), 2: not a certificate. The
    default engine is one module of Python integers that imports nothing of varproof and can be run alone.

    Example:
        varproof degree --bound 4 --eps 1e-4 --cert c.json && varproof check c.json
    """
    outcome = check_certificate(file, engine=engine)  # type: ignore[arg-type]  # refused there if unknown
    if as_json:
        answer = {"file": file, "engine": outcome.engine, "accepted": outcome.accepted, "message": outcome.message}
        emit_json("check", answer)
    else:
        word = "accepted" if outcome.accepted else "rejected"
        results().print(f"{word} ({outcome.engine}): {outcome.message}", soft_wrap=True)
    return 0 if outcome.accepted else 1
