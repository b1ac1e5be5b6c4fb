"""The generated code of the output pass: features of a few tokens times a packed table, in register tiles.

Tokens lie in vector lanes; a register tile holds `depth` vectors of tokens x `width` columns while the rows of the
table stream by, each entry spread over a vector. Deferred groups sum apart and are multiplied by their coordinate once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from varproof.attention.compiled.emitter import Code, Emitter
from varproof.attention.compiled.fill import add_fill
from varproof.attention.compiled.layout import Tiling
from varproof.base.extras import optional

FIELDS = (
    *("q", "q_step", "q_entry", "tokens", "head_dim", "shift", "factor", "features", "sums", "tables", "outputs"),
    *("output_stride", "plain", "stored", "records", "built", "deferred", "rank"),
)


def add_tile(module: Any, name: str, width: int, depth: int, item_bytes: int, lanes: int, *, build: bool) -> Any:
    """A function (features, table, sums, plain, records, built, deferred) for a tile of tokens x `width` columns.

    `sums` become the tile's outputs, column after column. With `build` the rows of the `built` records are made and
    stored on the way; else all stored rows count as `plain` and `built` is 0.
    """
    code = Emitter(module, name, 7, item_bytes, lanes, public=False)
    features, table, sums, plain, records, built, deferred = code.arguments
    builder = code.builder
    size = code.vector_bytes
    row_bytes, table_bytes = code.number(depth * size), code.number(width * item_bytes)

    def accumulate(rows: list[Any], entries: Any, running: list[Any]) -> list[Any]:
        following = []
        for c in range(width):
            weight = code.spread(code.load(entries, c * item_bytes, code.item))
            following += [code.multiply_add(rows[i], weight, running[c * depth + i]) for i in range(depth)]
        return following

    def plain_row(_: Any, carried: list[Any]) -> list[Any]:
        read, entries = carried[:2]
        rows = [code.load(read, i * size) for i in range(depth)]
        return [
            builder.add(read, row_bytes),
            builder.add(entries, table_bytes),
            *accumulate(rows, entries, carried[2:]),
        ]

    def built_group(_: Any, carried: list[Any]) -> list[Any]:
        place, entries = carried[:2]
        source, target, rows, along = (code.load(place, 8 * i, code.integer) for i in range(4))
        factor = builder.add(features, along)

        def row(_: Any, carried: list[Any]) -> list[Any]:
            read, write, entries = carried[:3]
            made = [builder.fmul(code.load(read, i * size), code.load(factor, i * size)) for i in range(depth)]
            for i in range(depth):
                code.store(made[i], write, i * size)
            ahead = [builder.add(read, row_bytes), builder.add(write, row_bytes), builder.add(entries, table_bytes)]
            return [*ahead, *accumulate(made, entries, carried[3:])]

        start = [builder.add(features, source), builder.add(features, target), entries, *carried[2:]]
        after = code.loop(rows, start, row)
        return [builder.add(place, code.number(32)), *after[2:]]

    def deferred_group(_: Any, carried: list[Any]) -> list[Any]:
        place, entries = carried
        source, _, rows, along = (code.load(place, 8 * i, code.integer) for i in range(4))
        start = [builder.add(features, source), entries] + [code.zero()] * (depth * width)
        after = code.loop(rows, start, plain_row)
        factor = builder.add(features, along)
        for c in range(width):
            for i in range(depth):
                offset = (c * depth + i) * size
                total = code.multiply_add(
                    after[2 + c * depth + i], code.load(factor, i * size), code.load(sums, offset)
                )
                code.store(total, sums, offset)
        return [builder.add(place, code.number(32)), after[1]]

    low = code.loop(plain, [features, table] + [code.zero()] * (depth * width), plain_row)
    running, following = low[1:], records
    if build:
        following, *running = code.loop(built, [records, *low[1:]], built_group)
    for i, value in enumerate(running[1:]):
        code.store(value, sums, i * size)
    code.loop(deferred, [following, running[0]], deferred_group)
    return code.finish()


@lru_cache(maxsize=64)
def output_code(tiling: Tiling, item_bytes: int, lanes: int) -> Code:
    """Machine code of the output pass for any plan and the columns of `tiling`, called with `FIELDS`."""
    module = optional("llvmlite.ir").Module(name="outputs")
    depth = tiling.depth
    size = lanes * item_bytes
    fill = add_fill(module, item_bytes, lanes, depth * size)
    first = add_tile(module, "build", tiling.widths[0], depth, item_bytes, lanes, build=True)
    others = {
        width: add_tile(module, f"plain{width}", width, depth, item_bytes, lanes, build=False)
        for width in sorted(set(tiling.widths[1:]))
    }
    code = Emitter(module, "outputs", len(FIELDS), item_bytes, lanes, public=True)
    builder = code.builder
    field = dict(zip(FIELDS, code.arguments, strict=True))
    tile_tokens = code.number(depth * lanes)
    all_records = field["records"]
    late_records = builder.add(all_records, builder.mul(field["built"], code.number(32)))

    def tile(_: Any, carried: list[Any]) -> list[Any]:
        q, write, left = carried
        count = code.smaller(left, tile_tokens)
        first_row = builder.add(field["features"], code.number(depth * size))
        args = [q, field["q_step"], field["q_entry"], field["head_dim"], field["shift"], field["factor"], count]
        builder.call(fill, [*args, code.number(depth), first_row])
        table, target = field["tables"], write
        for index, width in enumerate(tiling.widths):
            if index == 0:
                args = [field["plain"], all_records, field["built"]]
            else:
                args = [field["stored"], late_records, code.number(0)]
            called = first if index == 0 else others[width]
            builder.call(called, [field["features"], table, field["sums"], *args, field["deferred"]])
            for c in range(width):
                for i in range(depth):
                    code.store(code.load(field["sums"], (c * depth + i) * size), target, i * size)
                target = builder.add(target, field["output_stride"])
            table = builder.add(table, builder.mul(field["rank"], code.number(width * item_bytes)))
        ahead = builder.mul(tile_tokens, field["q_step"])
        return [builder.add(q, ahead), builder.add(write, code.number(depth * size)), builder.sub(left, tile_tokens)]

    tiles = builder.sdiv(builder.add(field["tokens"], code.number(depth * lanes - 1)), tile_tokens)
    code.loop(tiles, [field["q"], field["outputs"], field["tokens"]], tile)
    code.finish()
    return Code(module, "outputs", len(FIELDS))
