"""How the compiled kernel walks over the monomials: register tiles, groups of rows, the order of its sums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from varproof.attention.features import FeaturePlan, Group

MOST_COLUMNS = {32: 9, 16: 4}  # vector registers of the machine -> columns of a register tile
SPARE_REGISTERS = 4  # for operands, beside the sums
MOST_TILE_ROWS = 8
BLOCK_TOKENS = 192
# a group of the last degree with at least this many rows a column is deferred: its sums are multiplied, not its rows
DEFERRED_ROWS_PER_COLUMN = 2


@dataclass(frozen=True)
class Machine:
    """What the generated code depends on: bytes of a vector register and how many registers there are."""

    vector_bytes: int
    registers: int

    def lanes(self, item_bytes: int) -> int:
        """Entries of a vector register."""
        return self.vector_bytes // item_bytes


@dataclass(frozen=True)
class Tiling:
    """Columns cut into register tiles of nearly equal width, each of up to `depth` rows or vectors of tokens."""

    columns: int
    registers: int

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Columns of each tile.

        >>> Tiling(17, 32).widths, Tiling(17, 32).depth
        ((9, 8), 3)
        """
        count = -(-self.columns // MOST_COLUMNS[self.registers])
        wide = self.columns - count * (self.columns // count)
        return (self.columns // count + 1,) * wide + (self.columns // count,) * (count - wide)

    @property
    def depth(self) -> int:
        """Sums of a column that stay in registers."""
        return min(MOST_TILE_ROWS, (self.registers - SPARE_REGISTERS) // self.widths[0])

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """First column of each tile."""
        return tuple(sum(self.widths[:i]) for i in range(len(self.widths)))


@dataclass(frozen=True)
class Layout:
    """Rows of a plan as the compiled code stores them for `columns` columns.

    Stored rows: `plain` ones (degrees 0 and 1, copied from the tokens), then those of `built` groups (a stored row
    times a coordinate). The remaining, `deferred`, groups of the last degree are never stored: their sums run over
    stored rows and are multiplied by the coordinate once.
    """

    plan: FeaturePlan
    columns: int
    registers: int

    @cached_property
    def tiling(self) -> Tiling:
        return Tiling(self.columns, self.registers)

    @property
    def plain(self) -> int:
        """Rows of degree at most 1."""
        return self.plan.starts[min(self.plan.degree, 1) + 1]

    @cached_property
    def deferred(self) -> tuple[Group, ...]:
        """Groups of the last degree long enough; they come first in their degree, since tails shrink."""
        least = DEFERRED_ROWS_PER_COLUMN * min(self.columns, self.tiling.widths[0])
        last = [group for group in self.plan.groups if group.degree == self.plan.degree]
        return tuple(group for group in last if self.plan.degree > 1 and group.stop - group.start >= least)

    @cached_property
    def built(self) -> tuple[Group, ...]:
        """Groups of degree 2 and more whose rows are stored."""
        return tuple(group for group in self.plan.groups if group.degree > 1 and group not in self.deferred)

    @cached_property
    def stored(self) -> int:
        """Rows stored."""
        return self.plan.rank - sum(group.stop - group.start for group in self.deferred)

    @property
    def rows(self) -> int:
        """Rows of memory: the stored ones, and at least 1 and the coordinates."""
        return max(self.stored, 1 + self.plan.head_dim)

    def place(self, row: int) -> int:
        """Where a stored row of the plan is kept: rows after the deferred ones move up."""
        first = self.deferred[0].start if self.deferred else self.plan.rank
        return row if row < first else row - (self.plan.rank - self.stored)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """(r,): the plan's rows in the order in which tables are packed: stored rows, then deferred ones."""
        moved = np.concatenate([np.arange(group.start, group.stop) for group in self.deferred] or [np.arange(0)])
        return np.concatenate([np.setdiff1d(np.arange(self.plan.rank), moved), moved]).astype(np.int64)

    @cached_property
    def records(self) -> NDArray[np.int64]:
        """(groups, 4): first row read, first row written, rows, row of the coordinate; built groups, then deferred."""
        rows = [
            (group.tail_start, self.place(group.start), group.stop - group.start, 1 + group.variable)
            for group in (*self.built, *self.deferred)
        ]
        return np.array(rows, dtype=np.int64).reshape(-1, 4)

    @cached_property
    def depth(self) -> int:
        """Rows of a register tile of the state: the depth whose estimated time is least, small groups being wasteful.

        A step over a vector of tokens takes depth * width fused operations, two at a time, at least 4 cycles; the
        tree of lanes at the end about 3 for each sum.
        """
        width, steps = self.tiling.widths[0], BLOCK_TOKENS // 8

        def cycles(depth: int) -> float:
            tiles = -(-self.plain // depth) + int((-(-self.records[:, 2] // depth)).sum())
            return tiles * (steps * max(depth * width / 2, (depth + width + 1) / 2, 4.0) + 3 * depth * width + 20)

        return min(range(1, self.tiling.depth + 1), key=cycles)

    @cached_property
    def row_tiles(self) -> NDArray[np.int64]:
        """(groups,): register tiles of each record; the last of a group may hold rows that nobody reads."""
        return -(-self.records[:, 2] // self.depth)

    @property
    def plain_tiles(self) -> int:
        """Register tiles of the plain rows."""
        return -(-self.plain // self.depth)

    def tile_entries(self, width: int, lanes: int) -> int:
        """Sums of one register tile, rounded up to whole vectors."""
        return -(-self.depth * width // lanes) * lanes

    def state_index(self, lanes: int) -> NDArray[np.int64]:
        """(r, columns): where the compiled code leaves each sum of the state."""
        depth = self.depth
        tile = np.empty(self.plan.rank, dtype=np.int64)
        place = np.empty(self.plan.rank, dtype=np.int64)
        tile[: self.plain], place[: self.plain] = np.divmod(np.arange(self.plain), depth)
        seen = self.plain_tiles
        for group, tiles in zip((*self.built, *self.deferred), self.row_tiles.tolist(), strict=True):
            ahead, place[group.start : group.stop] = np.divmod(np.arange(group.stop - group.start), depth)
            tile[group.start : group.stop] = seen + ahead
            seen += tiles
        parts, base = [], 0
        for width in self.tiling.widths:
            entries = self.tile_entries(width, lanes)
            parts.append((base + tile * entries + place * width)[:, None] + np.arange(width))
            base += seen * entries
        return np.concatenate(parts, axis=1)

    def state_entries(self, lanes: int) -> int:
        """Sums that the compiled code keeps, unread ones included."""
        tiles = self.plain_tiles + int(self.row_tiles.sum())
        return tiles * sum(self.tile_entries(width, lanes) for width in self.tiling.widths)


@lru_cache(maxsize=64)
def layout_of(plan: FeaturePlan, columns: int, registers: int) -> Layout:
    """The layout of `plan` for `columns` columns on a machine with `registers` vector registers."""
    return Layout(plan, columns, registers)
