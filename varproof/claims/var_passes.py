"""Passes of small VAR models for claims: what they execute by phase, and the configurations that they cover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from varproof.growth.schedules import Schedule
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.cost.maps import DECODER_ATTENTION
from varproof.var.cost.phases import certificate_flops, flops_by_phase
from varproof.var.cost.transformer import ATTENTION
from varproof.var.models import reference
from varproof.var.models.config import Config, DecoderConfig, FormalConfig, ReferenceConfig
from varproof.var.models.decoder import decode
from varproof.var.models.formal import (
    formal_random,
    generate,
    random_maps,
    teacher_forced,
    teacher_forced_cached,
)
from varproof.var.models.reconstruction import formal_reconstruction

PLAIN_DECODER = DecoderConfig(base=2, multipliers=(1,), blocks=0, groups=0, activation="relu")
NORMAL_DECODER = DecoderConfig(base=2, multipliers=(1, 2), blocks=1, groups=2)
LABEL = 1


def formal_models(schedule: Schedule, depth: int, head_dim: int) -> Iterator[FormalConfig]:
    """Two heads; with residuals or without, with positions or without, three activations, with decoder or without."""
    plain = FormalConfig(schedule, depth=depth, width=2 * head_dim, heads=2, hidden=3)
    yield plain
    yield replace(plain, residual=False, positions=True, activation="gelu", kernel="nearest", decoder=PLAIN_DECODER)
    yield replace(plain, activation="silu", decoder=NORMAL_DECODER)


def reference_models(schedule: Schedule, depth: int, head_dim: int) -> Iterator[ReferenceConfig]:
    """Two heads; cosine scores or not, modulation and convolutions shared or not, with decoder or without."""
    small = ReferenceConfig(
        schedule,
        depth=depth,
        width=2 * head_dim,
        heads=2,
        hidden=3,
        code_dim=2,
        vocabulary=5,
        classes=3,
        decoder=None,
    )
    yield small
    yield replace(small, cosine=False, shared_modulation=True, phis=0, decoder=NORMAL_DECODER)


@cache
def executed(config: Config, *, keeps_cache: bool = True, chained: bool = True) -> dict[str, int]:
    """The flops that `Plain` counts by phase while one image is made, attention by the exact engine.

    `keeps_cache` False: every step is a pass over all scales up to its own. `chained` is for the formal model.
    """
    return _reference(config) if isinstance(config, ReferenceConfig) else _formal(config, keeps_cache, chained)


def _formal(config: FormalConfig, keeps_cache: bool, chained: bool) -> dict[str, int]:
    ops, weights, maps = Plain(numpy_like()), formal_random(config, 0), random_maps(config, 0)
    if keeps_cache and chained:
        outputs = generate(ops, weights, config, maps[0])
    elif keeps_cache:
        outputs = teacher_forced_cached(ops, weights, config, maps)
    else:
        for k in range(1, config.schedule.number_of_scales + 1):
            prefix = replace(config, schedule=Schedule(config.schedule.sides[:k]), decoder=None)
            outputs = teacher_forced(ops, formal_random(prefix, 0), prefix, maps[:k])
    feature = formal_reconstruction(ops, weights, config, outputs)
    if config.decoder is not None:
        decode(ops, weights, config.decoder, feature)
    return _counted(ops)


def _reference(config: ReferenceConfig) -> dict[str, int]:
    """The ids are given; each step reads the feature map of the ids before."""
    ops, weights = Plain(numpy_like()), reference.reference_random(config, 0)
    reference.whole_cached(ops, weights, config, LABEL, reference.random_ids(config, 0))
    return _counted(ops)


def _counted(ops: Plain) -> dict[str, int]:
    return {phase: flops for phase, flops in ops.flops.items() if flops}


def closed_forms(config: Config) -> dict[str, int]:
    """`flops_by_phase`, and what the exact engine counts for its certificates beyond it."""
    found = flops_by_phase(config)
    schedule, heads = config.schedule, config.depth * config.heads
    for queries, keys in zip(schedule.tokens_per_scale, schedule.cumulative_tokens, strict=True):
        found[ATTENTION] += heads * certificate_flops(queries, keys, config.head_dim)
    if config.decoder is not None and config.decoder.attention:
        cells, layers = schedule.side**2, config.decoder.blocks + 2
        found[DECODER_ATTENTION] += layers * certificate_flops(cells, cells, config.decoder.top_channels)
    return {phase: flops for phase, flops in found.items() if flops}
