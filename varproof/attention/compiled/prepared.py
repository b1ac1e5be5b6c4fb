"""Both passes of the compiled kernel made ready for one plan: code, tables of its groups, sizes of scratch memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.compiled import outputs as numba_outputs
from varproof.attention.compiled import state as numba_state
from varproof.attention.compiled.emitter import Code
from varproof.attention.compiled.fill import token_stride
from varproof.attention.compiled.layout import Machine, layout_of
from varproof.attention.features import FeaturePlan

Array = NDArray[Any]


def address(array: Array) -> int:
    """Where the first entry lies."""
    return int(array.__array_interface__["data"][0])


@dataclass(frozen=True)
class Prepared:
    """What a pass needs besides its arrays: `code`, sizes of scratch memory, `index` into packed entries, `counts`.

    `counts` are the last arguments of the code; `records`, whose address is among them, is kept alive here.
    """

    code: Code
    feature_rows: int
    width: int
    entries: int
    index: Array
    records: Array
    counts: tuple[int, ...]
    stride: int = 0
    tile: int = 0


@lru_cache(maxsize=64)
def prepared_state(plan: FeaturePlan, columns: int, item_bytes: int, machine: Machine) -> Prepared:
    """The state pass of one plan: records hold offsets in bytes, and rows in register tiles."""
    lanes = machine.lanes(item_bytes)
    layout = layout_of(plan, columns, machine.registers)
    stride = token_stride(lanes, item_bytes)
    records = np.ascontiguousarray(layout.records * np.array([stride, stride, 0, stride]))
    records[:, 2] = layout.row_tiles
    return Prepared(
        code=numba_state.state_code(layout.tiling, layout.depth, item_bytes, lanes),
        feature_rows=layout.rows + layout.depth,
        width=layout.tiling.widths[0],
        entries=layout.state_entries(lanes),
        index=layout.state_index(lanes),
        records=records,
        counts=(layout.plain_tiles, address(records), len(layout.built), len(layout.deferred)),
        stride=stride,
    )


@lru_cache(maxsize=64)
def prepared_outputs(plan: FeaturePlan, columns: int, item_bytes: int, machine: Machine) -> Prepared:
    """The output pass of one plan: records hold offsets in bytes, and rows; `index` packs the table by column tiles."""
    layout = layout_of(plan, columns, machine.registers)
    tiling = layout.tiling
    tile = tiling.depth * machine.lanes(item_bytes)
    records = np.ascontiguousarray(
        layout.records * np.array([tile * item_bytes, tile * item_bytes, 1, tile * item_bytes])
    )
    parts = [
        (layout.order[:, None] * columns + np.arange(start, start + width)).ravel()
        for start, width in zip(tiling.starts, tiling.widths, strict=True)
    ]
    return Prepared(
        code=numba_outputs.output_code(tiling, item_bytes, machine.lanes(item_bytes)),
        feature_rows=layout.rows,
        width=tiling.widths[0],
        entries=0,
        index=np.concatenate(parts),
        records=records,
        counts=(layout.plain, layout.stored, address(records), len(layout.built), len(layout.deferred), plan.rank),
        tile=tile,
    )
