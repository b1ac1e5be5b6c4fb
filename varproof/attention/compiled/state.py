"""The generated code of the state pass: sum over tokens of features times values, in register tiles rows x columns.

Tokens lie in vector lanes. A block of tokens is transposed, shifted and scaled; then for every tile of columns and of
rows the sums run over the block in registers, the lanes are added as a tree, and the totals join sums kept in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from varproof.attention.compiled.emitter import Address, Code, Emitter, Vector
from varproof.attention.compiled.fill import add_fill, token_stride
from varproof.attention.compiled.layout import BLOCK_TOKENS, Tiling
from varproof.base.extras import optional

FIELDS = (
    *("k", "k_step", "k_entry", "v", "v_step", "v_entry", "tokens", "head_dim", "value_dim", "shift", "value_shift"),
    *("factor", "one", "features", "weights", "scaled", "sums", "plain_tiles", "records", "built", "deferred"),
)


def add_lanes(code: Emitter, vectors: Sequence[Vector]) -> Vector:
    """The vector of the lane sums of `lanes` vectors, as a tree: log2(lanes) additions of each entry."""
    level, step = list(vectors), 1
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [code.builder.fadd(*code.exchange(first, second, step)) for first, second in pairs]
        step *= 2
    return level[0]


def add_to_sums(code: Emitter, totals: Sequence[Vector], sums: Address) -> None:
    """Lane sums of all `totals` added to the float64 numbers at `sums`."""
    doubles = code.ir.VectorType(code.double, code.lanes)
    for part, start in enumerate(range(0, len(totals), code.lanes)):
        group = list(totals[start : start + code.lanes])
        reduced = add_lanes(code, group + [code.zero()] * (code.lanes - len(group)))
        if code.item_bytes == 4:
            reduced = code.builder.fpext(reduced, doubles)
        offset = part * 8 * code.lanes
        code.store(code.builder.fadd(code.load(sums, offset, doubles), reduced), sums, offset)


def add_rows(module: Any, name: str, width: int, depth: int, item_bytes: int, lanes: int, *, build: bool) -> Any:
    """A function (source, target, coordinate, weights, sums, tiles, steps): `tiles` tiles of `depth` x `width` sums.

    With `build` the rows at `target` become those at `source` times the coordinate, and are summed; else the rows at
    `source` are.
    """
    code = Emitter(module, name, 7, item_bytes, lanes, public=False)
    source, target, coordinate, weights, sums, tiles, steps = code.arguments
    stride = token_stride(lanes, item_bytes)
    builder = code.builder
    tile_bytes = -(-depth * width // lanes) * lanes * 8

    def token_step(_: Any, carried: list[Any]) -> list[Any]:
        (read, write, factor, weight), running = carried[:4], carried[4:]
        rows = [code.load(read, i * stride) for i in range(depth)]
        if build:
            along = code.load(factor)
            rows = [builder.fmul(row, along) for row in rows]
            for i, row in enumerate(rows):
                code.store(row, write, i * stride)
        following = []
        for c in range(width):
            column = code.load(weight, c * stride)
            following += [code.multiply_add(rows[i], column, running[c * depth + i]) for i in range(depth)]
        step = code.number(code.vector_bytes)
        return [*(builder.add(address, step) for address in (read, write, factor, weight)), *following]

    def tile(_: Any, carried: list[Any]) -> list[Any]:
        read, write, kept = carried
        start = [read, write, coordinate, weights] + [code.zero()] * (depth * width)
        totals = code.loop(steps, start, token_step)[4:]
        add_to_sums(code, [totals[c * depth + i] for i in range(depth) for c in range(width)], kept)
        ahead = code.number(depth * stride)
        return [builder.add(read, ahead), builder.add(write, ahead), builder.add(kept, code.number(tile_bytes))]

    code.loop(tiles, [source, target, sums], tile)
    return code.finish()


def add_scaled(module: Any, name: str, width: int, item_bytes: int, lanes: int) -> Any:
    """A function (weights, coordinate, scaled, steps): `width` columns times the coordinate."""
    code = Emitter(module, name, 4, item_bytes, lanes, public=False)
    weights, coordinate, scaled, steps = code.arguments
    stride = token_stride(lanes, item_bytes)

    def step(_: Any, carried: list[Any]) -> list[Any]:
        read, factor, write = carried
        along = code.load(factor)
        for c in range(width):
            code.store(code.builder.fmul(code.load(read, c * stride), along), write, c * stride)
        return [code.builder.add(address, code.number(code.vector_bytes)) for address in carried]

    code.loop(steps, [weights, coordinate, scaled], step)
    return code.finish()


@lru_cache(maxsize=64)
def state_code(tiling: Tiling, depth: int, item_bytes: int, lanes: int) -> Code:
    """Machine code of the state pass in tiles of `depth` rows, for any plan, called with `FIELDS`."""
    module = optional("llvmlite.ir").Module(name="state")
    fill = add_fill(module, item_bytes, lanes, token_stride(lanes, item_bytes))
    parts: dict[int, tuple[Any, Any, Any]] = {}
    for width in tiling.widths:
        if width not in parts:
            built, plain = (
                add_rows(module, f"{kind}{width}", width, depth, item_bytes, lanes, build=kind == "build")
                for kind in ("build", "plain")
            )
            parts[width] = built, plain, add_scaled(module, f"scale{width}", width, item_bytes, lanes)

    code = Emitter(module, "state", len(FIELDS), item_bytes, lanes, public=True)
    builder = code.builder
    field = dict(zip(FIELDS, code.arguments, strict=True))
    stride = token_stride(lanes, item_bytes)

    def over(first: Any, count: Any, sums: Any, entries: int, body: Callable[[list[Any], Any], None]) -> Any:
        """`body(record, sums)` for `count` records; `sums` move on by `entries` numbers for each tile of a record."""

        def one(_: Any, carried: list[Any]) -> list[Any]:
            place, kept = carried
            record = [code.load(place, 8 * i, code.integer) for i in range(4)]
            body(record, kept)
            moved = builder.mul(record[2], code.number(8 * entries))
            return [builder.add(place, code.number(32)), builder.add(kept, moved)]

        return code.loop(count, [first, sums], one)[1]

    def column_tile(index: int, sums: Any, steps: Any) -> Any:
        """All rows of one tile of columns; only the first tile has to make the stored rows."""
        width, base = tiling.widths[index], field["features"]
        build, plain, scale = parts[width]
        weights = builder.add(field["weights"], code.number(tiling.starts[index] * stride))
        entries = -(-depth * width // lanes) * lanes
        tiles = field["plain_tiles"]
        builder.call(plain, [base, base, base, weights, sums, tiles, steps])
        sums = builder.add(sums, builder.mul(tiles, code.number(8 * entries)))

        def stored(record: list[Any], kept: Any) -> None:
            read, write, along = (builder.add(base, record[i]) for i in (0, 1, 3))
            called, first = (build, read) if index == 0 else (plain, write)
            builder.call(called, [first, write, along, weights, kept, record[2], steps])

        def deferred(record: list[Any], kept: Any) -> None:
            read, along = (builder.add(base, record[i]) for i in (0, 3))
            builder.call(scale, [weights, along, field["scaled"], steps])
            builder.call(plain, [read, read, read, field["scaled"], kept, record[2], steps])

        late = builder.add(field["records"], builder.mul(field["built"], code.number(32)))
        sums = over(field["records"], field["built"], sums, entries, stored)
        return over(late, field["deferred"], sums, entries, deferred)

    def block(_: Any, carried: list[Any]) -> list[Any]:
        k, v, left = carried
        count = code.smaller(left, code.number(BLOCK_TOKENS))
        steps = builder.sdiv(builder.add(count, code.number(lanes - 1)), code.number(lanes))
        first_row = builder.add(field["features"], code.number(stride))
        args = [k, field["k_step"], field["k_entry"], field["head_dim"], field["shift"], field["factor"]]
        builder.call(fill, [*args, count, steps, first_row])
        args = [v, field["v_step"], field["v_entry"], field["value_dim"], field["value_shift"], field["one"]]
        builder.call(fill, [*args, count, steps, field["weights"]])
        # the last column is one for tokens and zero for padding
        code.zeros_after(
            builder.add(field["weights"], builder.mul(field["value_dim"], code.number(stride))), count, steps
        )
        sums = field["sums"]
        for index in range(len(tiling.widths)):
            sums = column_tile(index, sums, steps)
        size = code.number(BLOCK_TOKENS)
        ahead = [builder.mul(size, field["k_step"]), builder.mul(size, field["v_step"])]
        return [builder.add(k, ahead[0]), builder.add(v, ahead[1]), builder.sub(left, size)]

    blocks = builder.sdiv(builder.add(field["tokens"], code.number(BLOCK_TOKENS - 1)), code.number(BLOCK_TOKENS))
    code.loop(blocks, [field["k"], field["v"], field["tokens"]], block)
    code.finish()
    return Code(module, "state", len(FIELDS))
