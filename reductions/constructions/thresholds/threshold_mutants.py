"""Deliberate mistakes that every rule into a threshold layout is tried with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from reductions.core.reduction import Mapped, Mutant
from reductions.precision.layout import ThresholdLayout, threshold_layout

Forward = Callable[[Any, Mapping[str, Any]], Mapped]
LayoutOf = Callable[[Any, Mapping[str, Any]], ThresholdLayout]
Image = Callable[[Any, ThresholdLayout], Mapped]


def remade(layout: ThresholdLayout, weight_gap: Fraction, **fields: Any) -> ThresholdLayout:
    """The layout made again with other arguments, used at the head dimension of the old one."""
    arguments: dict[str, Any] = {name: getattr(layout, name) for name in ("high", "low", "keys", "head_dim", "scale")}
    arguments |= {"channels": layout.channels, "digits": any(channel > 1 for channel in layout.channels), **fields}
    made = threshold_layout(weight_gap=weight_gap, **arguments)
    return replace(made, head_dim=layout.head_dim)


def layout_mutants(layout_of: LayoutOf, image: Image) -> tuple[Mutant, ...]:
    """Mistakes in the numbers: the dimension of the scale, ln n, the neutral entry, the low level by one."""

    def with_layout(change: Callable[[ThresholdLayout, Fraction], ThresholdLayout]) -> Forward:
        return lambda instance, options: image(instance, change(layout_of(instance, options), options["weight_gap"]))

    def shifted(layout: ThresholdLayout, gap: Fraction) -> ThresholdLayout:
        # an eighth of the gap: below what the lemma forgives by itself, so only noise shows it
        step = Fraction(
            max(1, round(float(layout.gap.mid() / layout.beta.mid()) / 8 * 2**20 / layout.channels[0])), 2**20
        )
        return replace(layout, entries=(layout.entries[0] + step, *layout.entries[1:]))

    return (
        Mutant(
            "scale read without the neutral channels",
            forward=with_layout(
                lambda layout, gap: remade(layout, gap, head_dim=max(1, layout.head_dim - len(layout.channels)))
            ),
        ),
        Mutant("ln n forgotten", forward=with_layout(lambda layout, gap: remade(layout, gap, keys=1))),
        Mutant("neutral score moved by an eighth of the gap", forward=with_layout(shifted)),
        Mutant(
            "low level lower by one",
            forward=with_layout(lambda layout, gap: remade(layout, gap, low=layout.low - 1)),
        ),
    )


def image_mutants(forward: Forward) -> tuple[Mutant, ...]:
    """Mistakes in the arrays: the neutral key dropped, queries one row on, one entry of the last data key changed."""

    def neutral_dropped(instance: Any, options: Mapping[str, Any]) -> Mapped:
        mapped = forward(instance, options)
        if not mapped.targets or len(mapped.targets[0].keys) < 2:
            return mapped
        target = mapped.targets[0]
        return changed(mapped, keys=target.keys[:-1], values=target.values[:-1], neutral=None)

    def rotated(instance: Any, options: Mapping[str, Any]) -> Mapped:
        mapped = forward(instance, options)
        return changed(mapped, queries=np.roll(mapped.targets[0].queries, 1, axis=0)) if mapped.targets else mapped

    def one_entry(instance: Any, options: Mapping[str, Any]) -> Mapped:
        mapped = forward(instance, options)
        if not mapped.targets or len(mapped.targets[0].keys) < 2:
            return mapped
        keys = mapped.targets[0].keys.copy()
        keys[-2, 0] += 1.0 if keys[-2, 0] < 0 else -1.0
        return changed(mapped, keys=keys)

    return (
        Mutant("neutral key dropped", forward=neutral_dropped),
        Mutant("queries rotated by one row", forward=rotated),
        Mutant("one entry of the last data key changed", forward=one_entry),
    )


def changed(mapped: Mapped, **fields: Any) -> Mapped:
    """The image with other fields of its target."""
    return replace(mapped, targets=(replace(mapped.targets[0], **fields),))
