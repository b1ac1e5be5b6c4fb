"""Normalisation with errors: (x - mean)/s and x/|x|, by a lower bound on the true divisor that is measured here.

s = sqrt(mean(c^2) + eps) moves by at most the root mean square of the error of c, and |x| by its length: norms are
1-Lipschitz. With a lower bound s_lo > 0 on the true divisor, |y~ - y| <= |e_i|/s_lo + |y~_i| rms(e)/s_lo.
"""

from __future__ import annotations

import math

import numpy as np

from varproof.base.tolerances import SMALLEST_NORMAL, rounding_bound
from varproof.var.ledger.bounded_array import INFLATION, Floats

TINY = SMALLEST_NORMAL["float64"]
LEAST_SQUARE = 2.0**-800
LARGEST_SHARE = 0.25  # of the divisor: larger errors are left to the plain bound


def centring_rounding(x: Floats) -> Floats:
    """Rounding of x - mean(x) over the last axis in float64, entrywise."""
    count = x.shape[-1]
    sizes = np.abs(x)
    mean = sizes.mean(axis=-1, keepdims=True) * INFLATION
    return np.asarray(rounding_bound(count + 3, 1.0) * (mean + sizes) + (count + 3) * TINY)


def normalised_bound(centred: Floats, normal: Floats, error: Floats, eps: float) -> Floats:
    """Entrywise |normal - true|: `centred` c~ as computed with |c~ - c| <= `error`, `normal` y~ = c~/s~ in float64.

    Over the last axis. Never more than |y~| + sqrt(C): the true entries are at most sqrt(C) in size.
    """
    count = centred.shape[-1]
    rounding = rounding_bound(count + 12, 1.0)
    mean_square = np.mean(centred * centred, axis=-1, keepdims=True) + eps
    # below, squares underflow and the computed divisor has no relative accuracy
    divisor = np.where(mean_square > LEAST_SQUARE, np.sqrt(mean_square) * (1 - rounding) * (1 - 1e-12), 0.0)
    rms = np.sqrt(np.mean(error * error, axis=-1, keepdims=True)) * INFLATION + TINY
    return _quotient(normal, error, rms, divisor, rounding, math.sqrt(count), count * TINY)


def normalised_form(
    centred: Floats, normal: Floats, generators: list[Floats], remainder: Floats, plain: Floats, eps: float
) -> tuple[list[Floats], Floats]:
    """Generators and remainder of the error of y = c/s; per row this form or, where it says more, the bound `plain`.

    `generators` (rows..., C, m) and `remainder` (rows..., C) of the error of c, `plain` from `normalised_bound`. To
    first order the error is J e, J = (I - y~ y~^T/C)/s~; the rest is quadratic (Lemma 6b of the docs page).
    """
    count = centred.shape[-1]
    rounding = rounding_bound(count + 12, 1.0)
    divisor = np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + eps)
    sizes = np.abs(normal)

    def mapped(error: Floats) -> Floats:
        return np.asarray((error + sizes * np.mean(sizes * error, axis=-1, keepdims=True)) / divisor)

    given = np.asarray(sum((np.abs(part).sum(axis=-1) for part in generators), np.zeros_like(remainder)))
    share = np.sqrt(np.mean((given + remainder) ** 2, axis=-1, keepdims=True)) / divisor * INFLATION
    # squares that overflowed or underflowed say nothing
    known = (share <= LARGEST_SHARE) & (divisor * divisor > LEAST_SQUARE) & (divisor < math.inf)
    safe = np.where(known, share, 0.0)
    quadratic = plain * safe + (sizes + plain) * safe**2 / (2 * (1 - safe))
    rest = mapped(remainder) + quadratic + rounding * (sizes + 4 * mapped(given)) + count * TINY
    turned = [
        (part - normal[..., None] * np.mean(normal[..., None] * part, axis=-2, keepdims=True)) / divisor[..., None]
        for part in generators
    ]
    total = rest + np.asarray(sum((np.abs(part).sum(axis=-1) for part in turned), np.zeros_like(rest)))
    better = known & (total.max(axis=-1, keepdims=True) < plain.max(axis=-1, keepdims=True))
    kept = [np.where(better[..., None], part, 0.0) for part in turned]
    return kept, np.where(better, rest * INFLATION, plain)


def unit_bound(x: Floats, unit: Floats, error: Floats, smallest: float) -> Floats:
    """Entrywise |unit - true| for unit = x/max(|x|, smallest) in float64, |x~ - x| <= `error`; at most |unit| + 1."""
    count = x.shape[-1]
    rounding = rounding_bound(count + 12, 1.0)
    norm = np.sqrt(np.sum(x * x, axis=-1, keepdims=True))
    # squares that underflow take at most sqrt(count * TINY) from the norm
    divisor = np.maximum((norm - math.sqrt(count * TINY)) * (1 - rounding) * (1 - 1e-12), smallest * (1 - 2.0**-52))
    length = np.sqrt(np.sum(error * error, axis=-1, keepdims=True)) * INFLATION + math.sqrt(count * TINY)
    return _quotient(unit, error, length, divisor, rounding, 1.0, 0.0, floor=smallest * (1 - 2.0**-52))


def _quotient(
    normal: Floats,
    error: Floats,
    moved: Floats,
    divisor: Floats,
    rounding: float,
    largest: float,
    underflow: float,
    floor: float = 0.0,
) -> Floats:
    """|e_i|/s_lo + |y~_i| moved/s_lo + rounding, s_lo = max(divisor - moved, floor); the cap where that is useless."""
    lower = np.maximum(divisor - moved, floor) / INFLATION
    size = np.abs(normal)
    with np.errstate(all="ignore"):
        bound = (error + size * moved) / lower + rounding * size + underflow + TINY
    cap = (size + largest) * INFLATION
    useful = (lower > 0) & (bound < cap) & (divisor < math.inf)  # False for NaN, and where squares overflowed
    return np.where(useful, bound, cap) * INFLATION
