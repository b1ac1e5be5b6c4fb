"""How large the feature map of the reference model can be: the pass itself in exact rationals against the bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.verdict import Finding
from varproof.claims.attention_cases import fractions
from varproof.claims.cells import schedules
from varproof.claims.exact_maps import extremal_row, sign_map
from varproof.claims.exact_passes import Rational
from varproof.claims.model import Case
from varproof.claims.tally import Tally
from varproof.growth.schedules import Schedule
from varproof.var.interpolation.operators import up
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.reference_shapes import phi_of_scale
from varproof.var.models.reference_tokens import KERNEL, feature_map

PAGE = "docs/explanation/var-model.md"
MOST_TOKENS = 150  # exact fractions are slow
ATTAINING = (4, 5)  # sides whose interpolation reaches 121/64
CODES = np.array([[Fraction(x), Fraction(x)] for x in (1, -1)], dtype=object)  # a map of ids is a map of signs
EMBEDDING = "vae.quantize.embedding.weight"


def reconstruction(case: Case) -> Finding:
    """|sum_k phi_k(Up(X_k))| of `feature_map` on codes of size 1, with phi(x) = (1-r) x + r conv(x), r = 0, 1/2, 1."""
    tally = Tally()
    for schedule in schedules(case, "schedule", most_tokens=MOST_TOKENS, least_scales=2):
        for ratio in (0.0, 0.5, 1.0):
            _compare(tally, case, small_model(schedule, ratio))
    return tally.finding(
        f"{PAGE} (b) proves it; here the pass itself in exact rationals, with drawn convolutions, on the signs of the "
        "weights of one cell and on drawn signs"
    )


def small_model(schedule: Schedule, ratio: float) -> ReferenceConfig:
    """Two channels and two codes."""
    return ReferenceConfig(
        schedule, depth=1, width=1, heads=1, code_dim=2, vocabulary=2, classes=1, phi_ratio=ratio, decoder=None
    )


def _compare(tally: Tally, case: Case, config: ReferenceConfig) -> None:
    sides, ratio = config.schedule.sides, Fraction(config.phi_ratio)
    weights = drawn_weights(config)
    steps = [up(KERNEL, p, sides[-1]) for p in sides[:-1]]
    norms = [phi_norm(weights[f"{phi_of_scale(config, k)}.weight"], ratio) for k in range(len(sides))]
    interpolations = [step.norm for step in steps] + [Fraction(1)]
    by_scale = sum((phi * norm for phi, norm in zip(norms, interpolations, strict=True)), Fraction(0))
    by_count = len(sides) * case.constants["bound"] * max(norms)
    attaining = [np.array(sign_map(step.matrix[extremal_row(step)])) < 0 for step in steps]
    attaining.append(np.zeros((sides[-1], sides[-1]), dtype=bool))
    drawn = [np.random.default_rng(k).integers(0, 2, (side, side)) for k, side in enumerate(sides)]
    for ids in (attaining, drawn):
        reached = largest_entry(config, weights, [each.astype(np.int64) for each in ids])
        cell = {"schedule": config.schedule.name, "r": ratio, "ids": "drawn" if ids is drawn else "signs of weights"}
        tally.at_most(reached, by_scale, **cell, against="sum over scales")
        tally.at_most(reached, by_count, **cell, against="K 121/64")
        if ids is attaining and sides == ATTAINING and not ratio:
            tally.equal(reached, case.constants["bound"] + 1, **cell, against="121/64 + 1, attained")


def largest_entry(config: ReferenceConfig, weights: Mapping[str, Any], ids: Sequence[NDArray[np.int64]]) -> Fraction:
    """max |feature map| of the ids, exact."""
    return max(abs(Fraction(entry)) for entry in feature_map(Rational(), weights, config, ids).ravel())


def drawn_weights(config: ReferenceConfig) -> dict[str, Any]:
    """The codes, and for every scale's convolution drawn fractions without a bias."""
    channels = config.code_dim
    found: dict[str, Any] = {EMBEDDING: CODES}
    for seed, scale in enumerate(range(config.schedule.number_of_scales)):
        name = phi_of_scale(config, scale)
        found[f"{name}.weight"] = fractions(seed, 9 * channels**2, 1).reshape(channels, channels, 3, 3)
        found[f"{name}.bias"] = np.array([Fraction(0)] * channels, dtype=object)
    return found


def phi_norm(kernel: Any, ratio: Fraction) -> Fraction:
    """The norm of x -> (1-r) x + r conv(x): the centre tap of a channel's own input has 1-r on top."""
    whole = kernel * ratio
    for channel in range(whole.shape[0]):
        whole[channel, channel, 1, 1] += 1 - ratio
    return max(Fraction(sum(abs(entry) for entry in row.ravel())) for row in whole)
