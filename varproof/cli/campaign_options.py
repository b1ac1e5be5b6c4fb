"""Options shared by the `campaign` commands, and the refusals they share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from varproof.base.errors import InputError

MAX_CASES = 10**7
MAX_WORKERS = 256

Claims = Annotated[list[str] | None, typer.Argument(metavar="CLAIM", help="Claim ids; all by default.")]
Cases = Annotated[
    int | None, typer.Option("--cases", metavar="N", min=1, max=MAX_CASES, help="Cases per claim and arm (1000).")
]
Module = Annotated[
    Path | None, typer.Option("--claims", metavar="FILE.py", help="Your own claims, instead of the ledger's.")
]
StoreFile = Annotated[Path, typer.Option("--store", metavar="FILE", help="The file that holds the campaign.")]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="W", min=1, max=MAX_WORKERS, help="Processes here; same as --executor local:W."),
]
ExecutorText = Annotated[
    str | None,
    typer.Option("--executor", metavar="WHO", help="local:W, inline, or dask://HOST:PORT (default: local:1)."),
]
TimeLimit = Annotated[
    float | None,
    typer.Option("--time", metavar="S", help="Seconds after which no more chunks start; resume goes on."),
]


def executor_text(workers: int | None, executor: str | None) -> str:
    """The executor that the two options name.

    >>> executor_text(3, None), executor_text(None, "inline"), executor_text(None, None)
    ('local:3', 'inline', 'local:1')
    """
    if workers is not None and executor is not None:
        raise InputError(
            "--workers and --executor both say who works",
            got=f"--workers {workers} --executor {executor}",
            allowed="one of them",
        )
    return f"local:{workers or 1}" if executor is None else executor


def checked_time(seconds: float | None) -> float | None:
    """The time budget; raises `InputError` for one that is not a positive number."""
    if seconds is not None and not 0 < seconds < float("inf"):
        raise InputError("--time needs a positive number of seconds", got=seconds, allowed="for example 120")
    return seconds
