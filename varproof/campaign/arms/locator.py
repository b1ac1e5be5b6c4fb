"""Finds the cell of the coverage map that a point falls in."""

from __future__ import annotations

from collections.abc import Callable

from varproof.campaign.chunk import cell_text
from varproof.families.space import Choice, Part, Point, Space, Value


def locator(space: Space, names: tuple[str, ...]) -> Callable[[Point], str | None]:
    """A function from points to the text of their cell; None for a point that lacks a field or lies in no bin.

    A real on the edge of two bins counts for the lower one.

    >>> from varproof.families.space import Integer
    >>> where = locator(Space({"keys": Integer(1, 100, log=True)}), ("keys",))
    >>> where({"keys": 5}), where({"keys": 1000})
    ('keys=4..10', None)
    """
    bins = [(name, list(space.bins(name).items())) for name in names]

    def located(point: Point) -> str | None:
        cell = []
        for name, parts in bins:
            label = _label(parts, point[name]) if name in point else None
            if label is None:
                return None
            cell.append((name, label))
        return cell_text(tuple(cell))

    return located


def _label(parts: list[tuple[str, Part]], value: Value) -> str | None:
    for label, part in parts:
        if isinstance(part, Choice):
            if value in part.options:
                return label
        elif not isinstance(value, str) and part.low <= value <= part.high:
            return label
    return None
