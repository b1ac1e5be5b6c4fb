"""Dataclasses that can be read like the dictionary of their plain data: for reports that copy them as they are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any


class Plain(Mapping[str, Any]):
    """A mapping made of `to_json`."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Plain data."""

    def __getitem__(self, name: str) -> Any:
        return self.to_json()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_json())

    def __len__(self) -> int:
        return len(self.to_json())
