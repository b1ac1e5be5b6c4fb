"""The precision that an image over VAR scales needs: delta, gap, bits, logit bound and the entries attended to."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from reductions.constructions.blocks import layout
from reductions.precision.budget import budget
from reductions.precision.rounding import working_precision
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball, to_float
from varproof.growth.scales import parse_scale


def needs(source: layout.Source, target: VarAttention, logit_bound: arb) -> dict[str, Any]:
    """The precision of a target: its delta, the gap that a threshold with this delta has, B, entries by convention.

    Entry bounds are those of the queries of the rows asked, which carry a query of the source exactly, and of the keys
    of all tokens, interpolated ones included, which may be larger than those of cells.
    """
    d = int(target.key_projection.shape[1])
    with working_precision():
        size = ball(parse_scale(target.scale).gamma(d)) * ball(_largest_query(source, target) * largest_key(target))
        entries = {name: to_float((size / ball(parse_scale(name).gamma(d))).sqrt()) for name in ("d", "sqrt", "one")}
        half = ball(min(Fraction(999, 1000), 2 * target.delta))
        gap = 4 * half.atanh()
        return budget(target.delta, gap, logit_bound, entries, target.tokens).as_mapping()


def _largest_query(source: layout.Source, target: VarAttention) -> Fraction:
    own, projection = source.head_dim, target.query_projection
    cell = max(int(np.abs(each[..., :own]).max(initial=0)) for each in target.maps)
    # the constant channel of the suppression is 1 on every token
    return max(int(projection[:, :own].max()) * cell, int(projection[:, own:].max(initial=0))) * target.query_unit


def largest_key(target: VarAttention) -> Fraction:
    """The largest |entry| of a key of any token, exactly. Channels with the same projection are computed once."""
    distinct = np.unique(target.key_projection, axis=1)
    keys = target.projected(distinct, target.key_unit, "keys", set(range(len(target.sides))))
    return keys.largest * keys.unit
