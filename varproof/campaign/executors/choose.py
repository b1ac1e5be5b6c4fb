"""The executor of a name, as the command line takes it."""

from __future__ import annotations

import re
from pathlib import Path

from varproof.base.errors import InputError
from varproof.campaign.executors.executor import Executor
from varproof.campaign.executors.inline import InlineExecutor

NAMES = "inline, local:N with N workers, or dask://HOST:PORT"
DIGITS = 6  # more are no number of workers, nor a port


def executor_named(name: str, claims_module: Path | None = None) -> Executor:
    """`inline`, `local:N` or `dask://HOST:PORT`.

    Raises `InputError` for anything else, for a cluster that does not answer or has other code than this process, and
    `MissingExtraError` where Dask is not installed.

    >>> executor_named("inline").capacity, executor_named("local:3").capacity
    (1, 6)
    """
    if name == "inline":
        return InlineExecutor(claims_module)
    if found := re.fullmatch(rf"local:([0-9]{{1,{DIGITS}}})", name, re.ASCII):
        from varproof.campaign.executors.local import LocalExecutor

        return LocalExecutor(int(found[1]), claims_module)
    if found := re.fullmatch(rf"dask://(\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]@]+):([0-9]{{1,{DIGITS}}})/?", name, re.ASCII):
        if not 1 <= int(found[2]) <= 65535:
            raise InputError("port of a Dask scheduler", got=found[2], allowed="1 to 65535", hint="the default is 8786")
        from varproof.campaign.executors.dask import DaskExecutor

        return DaskExecutor(f"tcp://{found[1]}:{found[2]}", claims_module)
    raise InputError("unknown executor", got=name, allowed=NAMES, hint="local:2 is a good start on a laptop")
