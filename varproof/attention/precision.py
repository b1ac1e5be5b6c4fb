"""float32 heads computed in float64: the same engine on converted arrays, the result rounded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from varproof.attention.head import Head
from varproof.attention.result import HeadResult
from varproof.base.tolerances import UNIT_ROUNDOFF

HALF_SMALLEST = 2.0**-150  # float32 numbers below 2^-126 are 2^-149 apart
COVER = 1 + 2.0**-48  # the rounding of the bound's own float64 operations


def in_float64(engine: Callable[[Head], HeadResult], head: Head) -> HeadResult:
    """`engine` run in float64 on a float32 head; values rounded to float32, and the rounding added to the bound.

    Converting float32 to float64 is exact, so the bound is one for the head as given. The engine is asked for what
    the final rounding is sure to leave of delta, and for a thousandth where that is too little to tell: then the bound
    is close to the rounding itself, the least that float32 can do.
    """
    xp = head.xp
    rounding = UNIT_ROUNDOFF["float32"] * float(xp.max(xp.abs(xp.astype(head.v, xp.float64)))) * COVER + HALF_SMALLEST
    left = head.delta - rounding if rounding < head.delta / 2 else head.delta / 1000
    q, k, v = (xp.astype(array, xp.float64) for array in (head.q, head.k, head.v))
    answer = engine(replace(head, q=q, k=k, v=v, delta=left))
    values = xp.astype(answer.values, xp.float32)
    moved = xp.max(xp.abs(xp.astype(values, xp.float64) - answer.values), axis=1)
    return replace(
        answer,
        values=values,
        bound=(answer.bound + moved) * COVER,
        notes=(*answer.notes, "computed in float64 and rounded to float32"),
    )
