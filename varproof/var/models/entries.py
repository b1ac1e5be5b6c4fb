"""Entries of the attention inputs of a model: how large q, k and v become on the model's own pass."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.models import formal
from varproof.var.models.config import FormalConfig, ReferenceConfig
from varproof.var.models.model import Model
from varproof.var.models.resources import check_memory

LARGEST_SCALE = math.log(100)  # the cap of the learned logarithm of a head's scale
DIGITS = 6


@dataclass
class Watched(Plain):
    """A plain pass that keeps the largest |entry| of the queries, keys and values of every attention call."""

    calls: list[tuple[float, float, float]] = field(default_factory=list)

    def attention(self, q: Any, k: Any, v: Any, *, scale: str | float, levels: Any = None) -> Any:
        """Look, then attend."""
        self.calls.append(tuple(float(self.xp.max(self.xp.abs(x))) for x in (q, k, v)))  # type: ignore[arg-type]
        return super().attention(q, k, v, scale=scale, levels=levels)


@dataclass(frozen=True)
class EntryBounds:
    """Largest |entry| over all transformer layers: `scores` is sqrt(max|q| max|k|), the balanced R; `values` max|v|.

    Rounded up to six digits. Measured on the inputs of the model, so about them alone.
    """

    scores: Fraction
    values: Fraction


def measured_entries(model: Model) -> EntryBounds:
    """Run the transformer of a formal model exactly on its inputs and look at every attention call.

    >>> from varproof.var.models.model_file import model_from_table
    >>> bounds = measured_entries(model_from_table({"schedule": "1,2", "width": 4}))
    >>> 0 < bounds.scores < 2, 0 < bounds.values < 4
    (True, True)
    """
    config = model.resolved
    assert isinstance(config, FormalConfig)
    check_memory(replace(config, decoder=None), model.dtype, use="pass")
    ops = Watched(numpy_like(model.dtype))
    maps = [ops.known(each) for each in formal.random_maps(config, model.seed, model.dtype)]
    formal.teacher_forced(ops, model.loaded[1], config, maps)
    q, k, v = (max(call[i] for call in ops.calls) for i in range(3))
    return EntryBounds(upwards(math.sqrt(q) * math.sqrt(k)), upwards(v))


def largest_cosine_scale(model: Model) -> Fraction:
    """The largest score of cosine attention in a reference model: exp(min(theta, ln 100)) over all heads and layers.

    Rounded up to six digits; nothing is run, the weights say it.
    """
    config, weights = model.loaded
    assert isinstance(config, ReferenceConfig)
    largest = max(
        float(np.max(np.asarray(array, dtype=np.float64)))
        for name, array in weights.items()
        if name.endswith("scale_mul_1H11")
    )
    return upwards(math.exp(min(largest, LARGEST_SCALE)))


def upwards(value: float) -> Fraction:
    """The value with six digits, rounded up by at least its last float digits; a tiny number instead of 0.

    >>> float(upwards(1 / 3)), float(upwards(4.0000005))
    (0.333334, 4.00001)
    """
    value = max(math.nextafter(value * (1 + 1e-12), math.inf), 1e-100)
    return Fraction(Context(prec=DIGITS, rounding=ROUND_CEILING).create_decimal(Decimal(value)))
