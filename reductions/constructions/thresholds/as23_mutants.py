"""Deliberate mistakes in the rule after arXiv:2302.13214, for the generic tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from reductions.constructions.thresholds import gap_hamming_signs as signs
from reductions.constructions.thresholds.as23_image import WEIGHT_GAP, image, layout_of, neutral_at_distance_zero
from reductions.constructions.thresholds.threshold_mutants import Forward, changed, remade
from reductions.core.reduction import Mapped, Mutant
from reductions.precision.rounding import working_precision
from reductions.problems.gap_hamming import GapHamming
from varproof.base.balls import ball, dyadic


def mutants(forward: Forward) -> tuple[Mutant, ...]:
    """All mutants of the rule, whose `forward` is passed to keep imports one way."""

    def five_x(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
        mapped = forward(instance, options)
        near, far = signs.distances_of(instance)
        keys = mapped.context.layout.keys
        with working_precision():
            x = (-ball(4 * keys).log() * near / (far - near)).exp() / (8 * keys)
            return replace(mapped, context=replace(mapped.context, threshold=dyadic(5 * x)))

    def neutral_key_missing(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
        mapped = forward(instance, options)
        target = mapped.targets[0]
        if len(target.keys) < 2:
            return mapped
        return changed(mapped, keys=target.keys[:-1], values=target.values[:-1])

    def four_forgotten(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
        layout = layout_of(instance, options)
        weak = remade(layout, Fraction(101, 100))
        return image(instance, replace(weak, entries=layout.entries, delta=layout.delta))

    def far_by_one(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
        layout = layout_of(instance, options)
        return image(
            instance, neutral_at_distance_zero(remade(layout, WEIGHT_GAP, low=layout.low - 2), instance.left.dim)
        )

    def scale_at_source_dimension(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
        layout = layout_of(instance, options)
        made = remade(layout, WEIGHT_GAP, head_dim=max(1, instance.left.dim))
        return image(instance, replace(layout, unit=made.unit))

    def half_as_threshold(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
        mapped = forward(instance, options)
        return replace(mapped, context=replace(mapped.context, threshold=Fraction(1, 2)))

    return (
        Mutant("threshold 5x and not the middle of the levels", forward=five_x),
        Mutant("one neutral key missing", forward=neutral_key_missing),
        Mutant("ln n in place of ln 4n", forward=four_forgotten),
        Mutant("T larger by one", forward=far_by_one),
        Mutant("scale read at d and not at 2d", forward=scale_at_source_dimension),
        Mutant("threshold 1/2", forward=half_as_threshold),
    )
