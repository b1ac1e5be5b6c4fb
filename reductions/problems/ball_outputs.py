"""Outputs in balls made fit for fractions: exponents stay near delta.

A weight of e^(-10^300) is a ball like any other, but its fraction would fill the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import arb, ctx

from reductions.core.answer import Outputs
from varproof.base.balls import ball, upper_rational


def settled(rows: Sequence[Sequence[arb]], columns: int, delta: Fraction) -> Outputs:
    """The balls as `Outputs` (rows, columns); `error` is the largest diameter, 0 only where all radii are.

    With the working precision p of the caller, exact numbers stay, radii become at least delta 4^-p, and a ball below
    that is centred at 0.
    """
    least = delta / 4**ctx.prec
    limit = ball(least)
    values = np.empty((len(rows), columns), dtype=object)
    widest = arb(0)
    for place, row in enumerate(rows):
        for column, entry in enumerate(row):
            settled_entry = entry
            if not entry.is_exact() and abs(entry) < limit:
                settled_entry = arb(0, limit.upper())
            elif not entry.is_exact() and arb(entry.rad()) < limit:
                settled_entry = entry + arb(0, limit.upper())
            values[place, column] = settled_entry
            widest = max(widest, arb(settled_entry.rad()))  # radii are exact numbers: their order is total
    return Outputs(values, 2 * upper_rational(widest))
