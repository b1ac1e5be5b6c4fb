"""Many targets of one rule, made one at a time: only the one that is being answered is in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload


@dataclass(frozen=True, eq=False)
class LazyTargets(Sequence[Any]):
    """`size` targets, target k made by `make(k)` each time it is asked for and not kept.

    >>> LazyTargets(3, lambda k: k * k)[-1]
    4
    """

    size: int
    make: Callable[[int], Any]

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self.make(k) for k in range(self.size)[index]]
        return self.make(range(self.size)[index])
