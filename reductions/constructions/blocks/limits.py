"""What the rules into VAR attention refuse, with the numbers: instances, memory, and integers that are too long."""

from __future__ import annotations

from flint import arb

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.options import in_one_line
from reductions.problems.attention import ApproximateAttention
from reductions.problems.exact_arrays import INSIDE
from varproof.base.balls import ball, ceiling_integer
from varproof.base.errors import InputError
from varproof.growth.scales import parse_scale

MAX_BYTES = 2**33
ARRAYS = 10  # int64 or float64 arrays of all tokens at once, while they are interpolated, joined and attended to
MAP_ARRAYS = 3  # copies of the token maps


def refusal(instance: ApproximateAttention) -> str | None:
    """What no rule into VAR attention takes."""
    if instance.levels is not None:
        return "the source has levels already"
    if parse_scale(instance.scale).name == "cosine":
        return "under cosine scores the suppressed mass depends on the data"
    if len(instance.keys) < 1 or instance.keys.shape[1] < 1:
        return "the source needs a key and a channel"
    if instance.values.shape[1] > instance.keys.shape[1] + 8:
        return f"{instance.values.shape[1]} value columns: at most head dimension + 8"
    try:
        layout.source_of(instance)
    except InputError as error:
        return in_one_line(error)
    return None


def too_large(tokens: int, cells: int, width: int, head_dim: int, columns: int) -> str | None:
    """The refusal of an instance that needs more than `MAX_BYTES` of memory when it is built and attended to.

    `tokens` times head dimension and value columns are counted with all copies that interpolation, joining and an
    oracle hold at once, `cells` of the token maps times their `width`, and the projections. Nothing is allocated.
    """
    projections = 2 * width * head_dim
    needed = 8 * (ARRAYS * tokens * (head_dim + columns) + MAP_ARRAYS * (cells * width + projections))
    if needed <= MAX_BYTES:
        return None
    return f"{tokens} tokens of head dimension {head_dim}: about {needed} bytes of memory, at most {MAX_BYTES} bytes"


def too_long(source: layout.Source, needed: arb, copies: int, growth: int = 1) -> str | None:
    """The refusal of an instance whose exact integers exceed 62 bits in the target, None where all fit.

    `needed` is at least the suppression that `projections` is asked for; interpolation makes integers `growth` times
    as long. Entries of both projections are below the square roots here plus 2.
    """
    wide = layout.widened(source.scale, source.head_dim, copies)
    wanted = needed.max(arb(0)) * layout.FINE**2 / (source.score_unit * (wide.head_dim - source.head_dim))
    share = ball(layout.proportion(source))
    longest = {
        "queries": max(layout.FINE * source.queries.largest, ceiling_integer((wanted * share).sqrt()) + 2),
        "keys": max(layout.FINE * source.keys.largest, ceiling_integer((wanted / share).sqrt()) + 2),
        "values": source.values.largest,
    }
    for what, largest in longest.items():
        if largest * growth > INSIDE:
            bits = f"{(largest * growth).bit_length()} bits, at most {INSIDE.bit_length() - 1}"
            return f"the {what} need integers of {bits}: round them to multiples of a larger number"
    return None
