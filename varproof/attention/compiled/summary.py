"""The generated code of two passes over tokens before the kernel's: column ranges, squared lengths of shifted rows."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from varproof.attention.compiled.emitter import Code, Emitter
from varproof.attention.compiled.fill import add_fill, token_stride
from varproof.attention.compiled.layout import BLOCK_TOKENS
from varproof.base.extras import optional

RANGE_FIELDS = ("entries", "rows", "columns", "low", "high")
SQUARE_FIELDS = (
    *(
        "entries",
        "step",
        "entry",
        "tokens",
        "columns",
        "shift",
        "one",
        "block",
        "scale",
        "offset",
        "squares",
        "largest",
    ),
)


@lru_cache(maxsize=8)
def range_code(item_bytes: int, lanes: int) -> Code:
    """Smallest and largest entries of contiguous rows, `lanes` rows at a time.

    `low` and `high` hold `lanes` rows, whose smallest and largest entries are the columns'. There are at least `lanes`
    rows; the last step may take some of them twice.
    """
    module = optional("llvmlite.ir").Module(name="ranges")
    code = Emitter(module, "ranges", len(RANGE_FIELDS), item_bytes, lanes, public=True)
    builder = code.builder
    field = dict(zip(RANGE_FIELDS, code.arguments, strict=True))
    row_bytes = builder.mul(field["columns"], code.number(item_bytes))
    last = builder.sub(field["rows"], code.number(lanes))

    def rows(i: Any, _: list[Any]) -> list[Any]:
        first = code.smaller(builder.mul(i, code.number(lanes)), last)
        start = builder.add(field["entries"], builder.mul(first, row_bytes))

        def part(_: Any, carried: list[Any]) -> list[Any]:
            entries, low, high = (code.load(place) for place in carried)
            code.store(builder.select(builder.fcmp_ordered("<", entries, low), entries, low), carried[1])
            code.store(builder.select(builder.fcmp_ordered(">", entries, high), entries, high), carried[2])
            return [builder.add(place, code.number(code.vector_bytes)) for place in carried]

        # `lanes` rows are as many vectors as there are columns
        code.loop(field["columns"], [start, field["low"], field["high"]], part)
        return []

    steps = builder.sdiv(builder.add(field["rows"], code.number(lanes - 1)), code.number(lanes))
    code.loop(steps, [], rows)
    code.finish()
    return Code(module, "ranges", len(RANGE_FIELDS))


@lru_cache(maxsize=8)
def square_code(item_bytes: int, lanes: int) -> Code:
    """scale sum_c (a_jc - shift_c)^2 + offset in float64 for rows of any strides, called with `SQUARE_FIELDS`.

    `squares` has room for whole vectors; `largest` for one, of which the largest entry is that of all and of 0.
    """
    module = optional("llvmlite.ir").Module(name="squares")
    stride = token_stride(lanes, item_bytes)
    fill = add_fill(module, item_bytes, lanes, stride)
    code = Emitter(module, "squares", len(SQUARE_FIELDS), item_bytes, lanes, public=True)
    builder = code.builder
    field = dict(zip(SQUARE_FIELDS, code.arguments, strict=True))
    doubles = code.ir.VectorType(code.double, lanes)
    size = code.number(BLOCK_TOKENS)
    zero = code.ir.Constant(doubles, [0.0] * lanes)
    scale, offset = (code.spread(code.load(field[name], 0, code.double), doubles) for name in ("scale", "offset"))

    def block(_: Any, carried: list[Any]) -> list[Any]:
        read, write, left, above = carried
        count = code.smaller(left, size)
        steps = builder.sdiv(builder.add(count, code.number(lanes - 1)), code.number(lanes))
        args = [read, field["step"], field["entry"], field["columns"], field["shift"], field["one"], count, steps]
        builder.call(fill, [*args, field["block"]])

        def step(_: Any, carried: list[Any]) -> list[Any]:
            first, target, above = carried

            def column(_: Any, carried: list[Any]) -> list[Any]:
                row = code.load(carried[0])
                row = builder.fpext(row, doubles) if item_bytes == 4 else row
                return [builder.add(carried[0], code.number(stride)), builder.fadd(carried[1], builder.fmul(row, row))]

            total = code.loop(field["columns"], [first, zero], column)[1]
            total = builder.fadd(builder.fmul(total, scale), offset)
            code.store(total, target)
            ahead = [builder.add(first, code.number(code.vector_bytes)), builder.add(target, code.number(8 * lanes))]
            return [*ahead, code.larger(total, above)]

        above = code.loop(steps, [field["block"], write, above], step)[2]
        ahead = builder.mul(size, field["step"])
        write = builder.add(write, code.number(8 * BLOCK_TOKENS))
        return [builder.add(read, ahead), write, builder.sub(left, size), above]

    blocks = builder.sdiv(builder.add(field["tokens"], code.number(BLOCK_TOKENS - 1)), size)
    above = code.loop(blocks, [field["entries"], field["squares"], field["tokens"], zero], block)[3]
    code.store(above, field["largest"])
    code.finish()
    return Code(module, "squares", len(SQUARE_FIELDS))
