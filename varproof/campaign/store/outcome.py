"""What became of a chunk, as the coordinator hands it to the store and as the store gives it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from varproof.campaign.chunk import Chunk
from varproof.campaign.result import Result

DONE = "done"  # ran to its end, with a result
LOST = "lost"  # given up after the last attempt, with a reason
TRIED = "tried"  # an attempt was lost and another one is due: not finished
PENDING = "pending"  # not finished at its claim's revision


@dataclass(frozen=True)
class Outcome:
    """`status` is DONE, LOST or TRIED; `attempts` counts the lost ones, and the one that succeeded."""

    chunk: Chunk
    status: str
    result: Mapping[str, Any] | None = None
    reason: str = ""
    case: Mapping[str, Any] | None = None
    attempts: int = 1
    seconds: float = 0.0
    worker: str = ""


class Row(NamedTuple):
    """One planned chunk; `status` is DONE, LOST or PENDING, `case` the one that ran when a LOST chunk was lost."""

    chunk: Chunk
    status: str
    result: Result | None
    reason: str
    case: Mapping[str, Any] | None
