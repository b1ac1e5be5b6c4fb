"""The flight record of a worker: which chunk and which case runs now, readable after the worker has died."""

from __future__ import annotations

from typing import Protocol


class Recorder(Protocol):
    """Told before each case (or batch of cases); must cost about a microsecond."""

    def case(self, index: int, point: object) -> None:
        """Case `index` of the chunk starts; `point` is its point or None (then the index names it)."""
        ...


class Silent:
    """Records nothing: for a run that nobody watches."""

    def case(self, index: int, point: object) -> None:
        """Nothing."""
