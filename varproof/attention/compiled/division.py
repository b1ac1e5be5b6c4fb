"""The generated code after the output pass: sums divided by their normaliser, middles added, transposed to tokens."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from varproof.attention.compiled.emitter import Code, Emitter
from varproof.attention.compiled.fill import exchange_all
from varproof.base.extras import optional

FIELDS = ("sums", "stride", "normaliser", "tokens", "columns", "middle", "values", "step", "largest", "measured")


@lru_cache(maxsize=8)
def division_code(item_bytes: int, lanes: int) -> Code:
    """values[i, c] = sums[c, i] (1 / normaliser[i]) + middle[c], called with `FIELDS`.

    Entries of a row of `values` lie side by side, rows `step` bytes apart. There are at least `lanes` tokens; the last
    vector may take some of them twice. `largest`: for `measured` = `columns` columns max_c |sums (1 / normaliser)|.
    """
    module = optional("llvmlite.ir").Module(name="division")
    code = Emitter(module, "division", len(FIELDS), item_bytes, lanes, public=True)
    builder = code.builder
    field = dict(zip(FIELDS, code.arguments, strict=True))
    one = code.ir.Constant(code.vector, [1.0] * lanes)
    last = builder.sub(field["tokens"], code.number(lanes))
    vectors = builder.sdiv(builder.add(field["tokens"], code.number(lanes - 1)), code.number(lanes))
    item = code.number(item_bytes)

    def token_offset(i: Any) -> tuple[Any, Any]:
        """The first token of vector i, and its offset in bytes in a row of sums."""
        token = code.smaller(builder.mul(i, code.number(lanes)), last)
        return token, builder.mul(token, item)

    def some_columns(width: int, count: Any, carried: list[Any]) -> list[Any]:
        """`count` times the next `width` columns."""

        def columns_at(_: Any, carried: list[Any]) -> list[Any]:
            read, middle, write = carried
            middles = [code.spread(code.load(middle, c * item_bytes, code.item)) for c in range(width)]

            def tokens_at(i: Any, _: list[Any]) -> list[Any]:
                token, offset = token_offset(i)
                inverse = builder.fdiv(one, code.load(builder.add(field["normaliser"], offset)))
                place, columns = builder.add(read, offset), []
                for centre in middles:
                    columns.append(builder.fadd(builder.fmul(code.load(place), inverse), centre))
                    place = builder.add(place, field["stride"])
                rows = exchange_all(code, columns)
                target = builder.add(write, builder.mul(token, field["step"]))
                for j in range(lanes):
                    start = j // width * width  # tokens i, i + width, ... lie side by side in vector i
                    row = rows[j % width]
                    code.store(code.shuffle(row, row, range(start, start + width)), target)
                    target = builder.add(target, field["step"])
                return []

            code.loop(vectors, [], tokens_at)
            ahead = builder.mul(field["stride"], code.number(width))
            entries = code.number(width * item_bytes)
            return [builder.add(read, ahead), builder.add(middle, entries), builder.add(write, entries)]

        return code.loop(count, carried, columns_at)

    width, place = lanes, [field["sums"], field["middle"], field["values"]]
    while width:
        count = builder.sdiv(field["columns"], code.number(width))
        place = some_columns(width, count if width == lanes else builder.and_(count, code.number(1)), place)
        width //= 2

    def ratio_at(i: Any, _: list[Any]) -> list[Any]:
        _, offset = token_offset(i)
        inverse = builder.fdiv(one, code.load(builder.add(field["normaliser"], offset)))

        def column(_: Any, carried: list[Any]) -> list[Any]:
            ratio = builder.fmul(code.load(carried[0]), inverse)
            size = builder.select(builder.fcmp_ordered("<", ratio, code.zero()), builder.fneg(ratio), ratio)
            return [builder.add(carried[0], field["stride"]), code.larger(size, carried[1])]

        start = [builder.add(field["sums"], offset), code.zero()]
        found = code.loop(field["measured"], start, column)[1]
        code.store(found, builder.add(field["largest"], offset))
        return []

    wanted = builder.icmp_signed(">", field["measured"], code.number(0))
    code.loop(builder.select(wanted, vectors, code.number(0)), [], ratio_at)
    code.finish()
    return Code(module, "division", len(FIELDS))
