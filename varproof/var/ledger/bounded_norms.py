"""Normalisations with a bound beside every number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from varproof.base.tolerances import SMALLEST_NORMAL, UNIT_ROUNDOFF
from varproof.var.arithmetic.plain import SMALLEST_NORM
from varproof.var.ledger.bounded_array import INFLATION, BoundedArray, Floats, Group, numbers
from varproof.var.ledger.core import Core
from varproof.var.ledger.normalisation import centring_rounding, normalised_bound, normalised_form, unit_bound

UNIT, TINY = UNIT_ROUNDOFF["float64"], SMALLEST_NORMAL["float64"]

Groups = tuple[Group, ...]


class Norms(Core):
    """Layer norm, group norm, unit rows."""

    def layer_norm(self, x: BoundedArray, eps: float) -> BoundedArray:
        """(x - mean)/sqrt(var + eps) over the last axis."""
        x = self._with_symbols(x, x.shape[-1])

        def error() -> tuple[Any, Groups]:
            rows = x.numbers
            generators = [group.generators - group.generators.mean(axis=-2, keepdims=True) for group in x.groups]
            slip = sum(8 * rows.shape[-1] * UNIT * group.bound.max(axis=-1, keepdims=True) for group in x.groups)
            remainder = _centred_errors(x.remainder) + centring_rounding(rows) + slip
            moved = (remainder + sum(np.abs(part).sum(axis=-1) for part in generators)) * INFLATION
            centred, normal = _normal(rows, eps)
            plain = normalised_bound(centred, normal, np.where(np.isnan(moved), math.inf, moved), eps)
            if not x.groups:
                return plain, ()
            turned, rest = normalised_form(centred, normal, generators, remainder, plain, eps)
            return rest, tuple(Group(g.names, part) for g, part in zip(x.groups, turned, strict=True))

        return self._made("layer_norm", (x,), (eps,), error)

    def group_norm(self, x: BoundedArray, groups: int, eps: float, weight: Any, bias: Any) -> BoundedArray:
        """Over rows, columns and the channels of a group."""
        height, width, channels = x.shape

        def error() -> Any:
            plain = x.plain
            rows, errors = (_grouped(part, groups) for part in (plain.numbers, plain.remainder))
            moved = (_centred_errors(errors) + centring_rounding(rows)) * INFLATION
            centred, normal = _normal(rows, eps)
            found = normalised_bound(centred, normal, np.where(np.isnan(moved), math.inf, moved), eps)

            def as_map(x: Floats) -> Floats:
                by_group = x.reshape(groups, height, width, channels // groups)
                return np.moveaxis(by_group, 0, 2).reshape(height, width, channels)

            w, b = numbers(weight), numbers(bias)
            values = as_map(normal) * w + b
            # the pass adds up in another order: where rounding is all that is left, that is another result
            wide = self._wide.group_norm(plain.numbers, groups, eps, w, b)
            rounding = np.abs(wide - values) + 2 * UNIT * (np.abs(values) + np.abs(b)) + 64 * TINY
            return (as_map(found) * np.abs(w) + rounding) * INFLATION

        return self._made("group_norm", (x,), (groups, eps, weight, bias), error, ())

    def unit_rows(self, x: BoundedArray) -> BoundedArray:
        """x / max(|x|, 1e-12)."""

        def error() -> Any:
            moved = np.where(np.isnan(x.bound), math.inf, x.bound)
            return unit_bound(x.numbers, self._wide.unit_rows(x.numbers), moved, SMALLEST_NORM)

        return self._made("unit_rows", (x,), (), error, ())


def _centred_errors(error: Floats) -> Floats:
    """|e_i - mean(e)| <= (1 - 1/C) |e_i| + (1/C) sum of the others, over the last axis."""
    count = error.shape[-1]
    return np.asarray(((1 - 2 / count) * error + error.mean(axis=-1, keepdims=True)) if count > 1 else 0 * error)


def _normal(rows: Floats, eps: float) -> tuple[Floats, Floats]:
    """The centred rows, and those over their standard deviation, in float64."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    return centred, centred / np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + eps)


def _grouped(x: Floats, groups: int) -> Floats:
    """(h, w, C) to (groups, h w C / groups)."""
    height, width, channels = x.shape
    return np.moveaxis(x.reshape(height, width, groups, channels // groups), 2, 0).reshape(groups, -1)
