"""The generated code that brings a block of tokens into rows of coordinates: transposed, shifted, scaled, padded."""

from __future__ import annotations

from typing import Any

from varproof.attention.compiled.emitter import Emitter, Vector
from varproof.attention.compiled.layout import BLOCK_TOKENS


def token_stride(lanes: int, item_bytes: int) -> int:
    """Bytes from one stored row to the next; one vector more than a block, so that rows do not share cache sets."""
    return (BLOCK_TOKENS + lanes) * item_bytes


def transposed(code: Emitter, pieces: list[Vector]) -> list[Vector]:
    """Columns of a small matrix: from one piece of p entries a token, `lanes` tokens, p vectors over the tokens."""
    width = pieces[0].type.count
    rows = []
    for i in range(width):
        # tokens i, i + width, ... side by side; then the bits of the vector's number and of the column change places
        parts = pieces[i::width]
        while len(parts) > 1:
            joined = range(2 * parts[0].type.count)
            parts = [code.shuffle(a, b, joined) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        rows.append(parts[0])
    return exchange_all(code, rows)


def exchange_all(code: Emitter, vectors: list[Vector]) -> list[Vector]:
    """The bits of a vector's number change places with the lowest bits of the lane, for a power of two of vectors."""
    rows, step, width = list(vectors), 1, len(vectors)
    while step < width:
        for i in range(width):
            if not i & step:
                rows[i], rows[i + step] = code.exchange(rows[i], rows[i + step], step)
        step *= 2
    return rows


def add_fill(module: Any, item_bytes: int, lanes: int, stride: int) -> Any:
    """A function (source, step, entry, columns, shift, factor, tokens, steps, target).

    Row c of the target becomes (source - shift[c]) * factor for `tokens` tokens, zero up to `steps` vectors. `step` and
    `entry` are the source's strides in bytes, `shift` and `factor` addresses.
    """
    code = Emitter(module, "fill", 9, item_bytes, lanes, public=False)
    source, step, entry, columns, shift, factor, tokens, steps, target = code.arguments
    builder = code.builder
    scale = code.load(factor, 0, code.item)
    scales = code.spread(scale)
    item, size = code.number(item_bytes), code.number(code.vector_bytes)
    # whole vectors of tokens where the columns of a token lie side by side
    whole = builder.sdiv(tokens, code.number(lanes))
    whole = builder.select(builder.icmp_signed("==", entry, item), whole, code.number(0))
    done = builder.mul(whole, code.number(lanes))

    def some_columns(width: int, count: Any, carried: list[Any]) -> list[Any]:
        """`count` times the next `width` columns."""
        kind = code.ir.VectorType(code.item, width)

        def columns_at(_: Any, carried: list[Any]) -> list[Any]:
            read, moved, write = carried
            centres = [code.spread(code.load(moved, c * item_bytes, code.item)) for c in range(width)]

            def tokens_at(_: Any, carried: list[Any]) -> list[Any]:
                place, target = carried
                pieces = []
                for _token in range(lanes):
                    pieces.append(code.load(place, 0, kind))
                    place = builder.add(place, step)
                for c, row in enumerate(transposed(code, pieces)):
                    code.store(builder.fmul(builder.fsub(row, centres[c]), scales), target, c * stride)
                return [place, builder.add(target, size)]

            code.loop(whole, [read, write], tokens_at)
            entries = code.number(width * item_bytes)
            return [
                builder.add(read, entries),
                builder.add(moved, entries),
                builder.add(write, code.number(width * stride)),
            ]

        return code.loop(count, carried, columns_at)

    width, place = lanes, [source, shift, target]
    while width:
        count = builder.sdiv(columns, code.number(width))
        if width < lanes:
            count = builder.and_(count, code.number(1))
        place = some_columns(width, count, place)
        width //= 2

    def column(_: Any, carried: list[Any]) -> list[Any]:
        read, moved, write = carried
        centre = code.load(moved, 0, code.item)

        def token(_: Any, carried: list[Any]) -> list[Any]:
            place, target = carried
            value = builder.fsub(code.load(place, 0, code.item), centre)
            code.store(builder.fmul(value, scale), target)
            return [builder.add(place, step), builder.add(target, item)]

        start = [builder.add(read, builder.mul(done, step)), builder.add(write, builder.mul(done, item))]
        code.loop(builder.sub(tokens, done), start, token)
        code.zeros_after(write, tokens, steps)
        return [builder.add(read, entry), builder.add(moved, item), builder.add(write, code.number(stride))]

    code.loop(columns, [source, shift, target], column)
    return code.finish()
