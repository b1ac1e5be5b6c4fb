"""The generated code that brings a block of tokens into rows of coordinates: transposed, shifted, scaled, padded."""

from __future__ import annotations

from typing import Any

from varproof.attention.numba_emitter import Emitter
from varproof.attention.numba_layout import BLOCK_TOKENS


def token_stride(lanes: int, item_bytes: int) -> int:
    """Bytes from one stored row to the next; one vector more than a block, so that rows do not share cache sets."""
    return (BLOCK_TOKENS + lanes) * item_bytes


def add_fill(module: Any, item_bytes: int, lanes: int, stride: int) -> Any:
    """A function (source, step, entry, columns, shift, factor, tokens, steps, target).

    Row c of the target becomes (source - shift[c]) * factor for `tokens` tokens, zero up to `steps` vectors. `step` and
    `entry` are the source's strides in bytes, `shift` and `factor` addresses.
    """
    code = Emitter(module, "fill", 9, item_bytes, lanes, public=False)
    source, step, entry, columns, shift, factor, tokens, steps, target = code.arguments
    builder = code.builder
    scale = code.load(factor, 0, code.item)
    item = code.number(item_bytes)

    def column(_: Any, carried: list[Any]) -> list[Any]:
        read, moved, write = carried
        centre = code.load(moved, 0, code.item)

        def token(_: Any, carried: list[Any]) -> list[Any]:
            place, target = carried
            value = builder.fsub(code.load(place, 0, code.item), centre)
            code.store(builder.fmul(value, scale), target)
            return [builder.add(place, step), builder.add(target, item)]

        code.loop(tokens, [read, write], token)
        code.zeros_after(write, tokens, steps)
        return [builder.add(read, entry), builder.add(moved, item), builder.add(write, code.number(stride))]

    code.loop(columns, [source, shift, target], column)
    return code.finish()
