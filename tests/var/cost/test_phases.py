"""The closed forms are what a pass executes: every phase, to the last flop, for random small models of both kinds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from varproof.growth.schedules import Schedule
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.cost.moments import VARIANTS, moments
from varproof.var.cost.phases import certificate_flops, flops_by_phase, phase_forms
from varproof.var.models import reference
from varproof.var.models.config import DecoderConfig, FormalConfig, ReferenceConfig
from varproof.var.models.decoder import decode
from varproof.var.models.formal import (
    formal_random,
    formal_reconstruction,
    generate,
    random_maps,
    teacher_forced,
    teacher_forced_cached,
)

ATTENTION = "transformer/attention"
DECODER = "decoder/attention"


def random_schedule(rng: random.Random) -> Schedule:
    return Schedule(tuple(sorted(rng.sample(range(1, 7), rng.randint(1, 4)))))


def random_decoder(rng: random.Random) -> DecoderConfig | None:
    if rng.random() < 0.25:
        return None
    groups = rng.choice([0, 2])
    return DecoderConfig(
        base=rng.choice([2, 4]),
        multipliers=tuple(rng.choice([1, 2]) for _ in range(rng.randint(1, 3))),
        blocks=rng.randint(0, 2),
        groups=groups,
        activation=rng.choice(["relu", "silu", "gelu"]),
        attention=rng.random() < 0.7,
        upsampling=rng.choice(["nearest", "bilinear", "bicubic"]),
    )


def random_formal(seed: int) -> FormalConfig:
    rng = random.Random(seed)
    heads = rng.choice([1, 2, 3])
    return FormalConfig(
        random_schedule(rng),
        depth=rng.randint(1, 3),
        width=heads * rng.randint(1, 3),
        heads=heads,
        hidden=rng.randint(1, 7),
        activation=rng.choice(["relu", "gelu", "silu"]),
        kernel=rng.choice(["bicubic", "nearest", "bspline", "bilinear"]),
        residual=rng.random() < 0.5,
        positions=rng.random() < 0.5,
        decoder=random_decoder(rng),
    )


def random_reference(seed: int) -> ReferenceConfig:
    rng = random.Random(seed)
    heads = rng.choice([1, 2, 3])
    return ReferenceConfig(
        random_schedule(rng),
        depth=rng.randint(1, 3),
        width=heads * rng.randint(1, 3),
        heads=heads,
        hidden=rng.randint(1, 7),
        cosine=rng.random() < 0.5,
        shared_modulation=rng.random() < 0.5,
        code_dim=rng.choice([2, 4]),
        vocabulary=rng.randint(1, 6),
        classes=3,
        phis=rng.choice([0, 1, 4]),
        decoder=random_decoder(rng),
    )


def formal_executed(config: FormalConfig, *, chained: bool) -> dict[str, int]:
    ops, weights = Plain(numpy_like()), formal_random(config, 0)
    maps = random_maps(config, 0)
    found = generate(ops, weights, config, maps[0]) if chained else teacher_forced_cached(ops, weights, config, maps)
    feature = formal_reconstruction(ops, weights, config, found)
    if config.decoder is not None:
        decode(ops, weights, config.decoder, feature)
    return counted(ops)


def reference_executed(config: ReferenceConfig) -> dict[str, int]:
    """One image as it is generated, the ids given: cached steps, then the last map, then the decoder."""
    ops, weights = Plain(numpy_like()), reference.reference_random(config, 0)
    reference.whole_cached(ops, weights, config, 1, reference.random_ids(config, 0))
    return counted(ops)


def counted(ops: Plain) -> dict[str, int]:
    return {phase: flops for phase, flops in ops.flops.items() if flops}


def expected(config: FormalConfig | ReferenceConfig, variant: str = "cached") -> dict[str, int]:
    """The closed forms, and what the exact engine counts for its certificates (its calls have all their pairs)."""
    found = flops_by_phase(config, variant)  # type: ignore[arg-type]
    schedule, calls = config.schedule, config.depth * config.heads
    steps = zip(schedule.tokens_per_scale, schedule.cumulative_tokens, strict=True)
    if variant == "one-pass":
        steps = zip([schedule.tokens], [schedule.tokens], strict=True)
    found[ATTENTION] += calls * sum(certificate_flops(queries, keys, config.head_dim) for queries, keys in steps)
    if DECODER in found:
        assert config.decoder is not None
        attentions = 2 + config.decoder.blocks
        cells = schedule.side**2
        found[DECODER] += attentions * certificate_flops(cells, cells, config.decoder.top_channels)
    return {phase: flops for phase, flops in found.items() if flops}


@pytest.mark.parametrize("seed", range(40))
def test_formal_model_step_by_step(seed: int) -> None:
    config = random_formal(seed)
    assert formal_executed(config, chained=seed % 2 == 0) == expected(config)


@pytest.mark.parametrize("seed", range(40))
def test_reference_model_as_it_generates(seed: int) -> None:
    config = random_reference(seed)
    assert reference_executed(config) == expected(config)


@pytest.mark.parametrize("seed", range(20))
def test_one_pass_over_all_scales(seed: int) -> None:
    """The engine serves rows in blocks and computes some hidden pairs; nothing else differs."""
    config = random_formal(seed)
    ops = Plain(numpy_like())
    teacher_forced(ops, formal_random(config, 0), config, random_maps(config, 0))
    found, wanted = counted(ops), expected(config, "one-pass")
    hidden = found.pop(ATTENTION) - wanted.pop(ATTENTION)
    pairs, left = divmod(hidden, config.depth * config.heads * (4 * config.head_dim + 3))
    assert left == 0
    assert 0 <= pairs <= config.schedule.tokens**2 - config.schedule.attention_pairs
    transformer = {phase: flops for phase, flops in wanted.items() if phase.startswith("transformer")}
    assert found == transformer


@pytest.mark.parametrize("seed", range(20))
def test_one_pass_of_the_reference_model(seed: int) -> None:
    config = random_reference(seed)
    ops = Plain(numpy_like())
    reference.teacher_forced(ops, reference.reference_random(config, 0), config, 1, reference.random_ids(config, 0))
    found, wanted = counted(ops), expected(config, "one-pass")
    names = [name for name in wanted if name.startswith("transformer") and name != ATTENTION]
    assert {name: found[name] for name in names} == {name: wanted[name] for name in names}
    assert found[ATTENTION] >= wanted[ATTENTION]


@pytest.mark.parametrize("seed", range(20))
def test_recomputing_is_the_passes_over_every_prefix(seed: int) -> None:
    """Recomputed = for every k one pass over the first k scales, executed; the transformer of both models."""
    config = random_formal(seed)
    sides = config.schedule.sides
    found = dict.fromkeys((n for n in flops_by_phase(config) if n.startswith("transformer") and n != ATTENTION), 0)
    for k in range(1, len(sides) + 1):
        prefix = replace(config, schedule=Schedule(sides[:k]), decoder=None)
        ops = Plain(numpy_like())
        teacher_forced(ops, formal_random(prefix, 0), prefix, random_maps(prefix, 0))
        for name in found:
            found[name] += ops.flops[name]
    for variant in ("recomputed", "dense"):
        wanted = flops_by_phase(config, variant)
        assert found == {name: wanted[name] for name in found}


@pytest.mark.parametrize("seed", range(20))
def test_recomputing_the_reference_model(seed: int) -> None:
    config = random_reference(seed)
    sides, whole = config.schedule.sides, flops_by_phase(config, "recomputed")
    found = dict.fromkeys((n for n in whole if n.startswith("transformer") and n != ATTENTION), 0)
    for k in range(1, len(sides) + 1):
        prefix = replace(config, schedule=Schedule(sides[:k]), decoder=None)
        ops = Plain(numpy_like())
        reference.teacher_forced(ops, reference.reference_random(prefix, 0), prefix, 1, reference.random_ids(prefix, 0))
        for name in found:
            found[name] += ops.flops[name]
    # the class embedding is activated and, where shared, projected once for the image and not in every step
    once = dict(phase_forms(config)["transformer/modulation"].terms)["one"]
    found["transformer/modulation"] -= once * (len(sides) - 1)
    assert found == {name: whole[name] for name in found}


def test_pairs_of_every_variant_by_a_loop() -> None:
    """Pairs counted one by one: queries of the step, keys of a level that the variant lets them see."""
    schedule = Schedule((1, 3, 4))
    levels = [k for k, tokens in enumerate(schedule.tokens_per_scale) for _ in range(tokens)]
    found = dict.fromkeys(VARIANTS, 0)
    for step in range(3):
        here = [level for level in levels if level <= step]
        for query in here:
            found["dense"] += len(here)
            found["recomputed"] += sum(key <= query for key in here)
            found["cached"] += len(here) if query == step else 0
    found["one-pass"] = sum(key <= query for query in levels for key in levels)
    assert found == {variant: moments(schedule, variant).pairs for variant in VARIANTS}
    assert found["cached"] == found["one-pass"] < found["recomputed"] < found["dense"]


@pytest.mark.parametrize("scale", [0, 1])
def test_a_wrong_coefficient_is_noticed(scale: int) -> None:
    """Every coefficient of every form matters in some executed model: changed by one, the equality fails."""
    config = replace(random_reference(1) if scale else random_formal(1), schedule=Schedule((1, 2, 3, 5)))
    config = replace(
        config, decoder=DecoderConfig(base=2, multipliers=(1, 2), groups=2, blocks=0, upsampling="bilinear")
    )
    executed = (
        reference_executed(config) if isinstance(config, ReferenceConfig) else formal_executed(config, chained=True)
    )
    assert executed == expected(config)
    at = moments(config.schedule)
    for phase, form in phase_forms(config).items():
        for name in form.terms:
            assert getattr(at, name) > 0, f"{phase} would not notice its coefficient of {name}"
