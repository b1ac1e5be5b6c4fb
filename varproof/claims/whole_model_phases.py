"""The phases of a whole VAR model beside its attention: upper bounds in n from the closed forms, for S1 and S2."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals, schedules
from varproof.claims.model import Case
from varproof.claims.tally import Tally
from varproof.claims.var_passes import NORMAL_DECODER, executed, formal_models, reference_models
from varproof.growth.counts import geometric_limits
from varproof.growth.schedules import Schedule, geometric
from varproof.var.cost.maps import DECODER_ATTENTION
from varproof.var.cost.moments import Moments, moments
from varproof.var.cost.phases import certificate_flops, phase_forms
from varproof.var.cost.transformer import ATTENTION
from varproof.var.models.config import Config, FormalConfig, ReferenceConfig

PAGE = "docs/explanation/var-cost.md"
MOST_TOKENS = 100
CONVOLUTION, INTERPOLATION = "reconstruction/convolution", "reconstruction/interpolation"


def attention_of_a_pass(case: Case) -> Finding:
    """Executed passes of the formal model: D layers of `flops` C + 3h for every pair, one division an output."""
    tally = Tally()
    for schedule in schedules(case, "law", most_tokens=MOST_TOKENS):
        for config in formal_models(schedule, 2, 2):
            steps = zip(schedule.tokens_per_scale, schedule.cumulative_tokens, strict=True)
            extra = config.heads * sum(certificate_flops(new, seen, config.head_dim) for new, seen in steps)
            each = case.constants["flops"] * config.width + 3 * config.heads
            claimed = config.depth * (each * schedule.attention_pairs + config.width * schedule.tokens + extra)
            tally.equal(
                executed(config)[ATTENTION], claimed, schedule=schedule.name, decoder=config.decoder is not None
            )
    return tally.finding(
        "chained passes of the formal model, executed: beside the products, 3 flops a pair and head (exponential, "
        "sum), a division an output, and what the engine counts for its certificate; var_pass_flops has all phases"
    )


def other_phases(case: Case) -> Finding:
    """Every phase but the attentions: A n^2 at most, A free of n, in the reconstruction A K n^2; two closed forms."""
    tally = Tally()
    for ratio in rationals(case, "ratios", above=1):
        for n in integers(case, "sides", low=1, high=10_000):
            schedule = geometric(n, ratio)
            tally.holds(ratio ** (schedule.number_of_scales - 1) <= n, a=ratio, n=n, scales="K <= 1 + log_a n")
            for config in _models(schedule):
                _each_phase(tally, case, config, ratio)
    return tally.finding(
        f"{PAGE} (how they grow) and the geometric sums of schedules.md; here the closed form of every phase of both "
        "models, executed in var_pass_flops, against A n^2, in the reconstruction A K n^2, with an A that depends on "
        "widths, depth and ratio only"
    )


def _each_phase(tally: Tally, case: Case, config: Config, ratio: Fraction) -> None:
    at, n, scales = moments(config.schedule), config.schedule.side, config.schedule.number_of_scales
    cell = {"a": ratio, "n": n, "model": type(config).__name__}
    slow, channels = _over_square(ratio), _channels(config)
    for phase, form in phase_forms(config).items():
        if phase in (ATTENTION, DECODER_ATTENTION):
            continue
        # only the reconstruction has a map of n x n for each scale; elsewhere K itself is at most n^2
        with_scales = phase.startswith("reconstruction")
        allowed = set(slow) if with_scales else set(slow) - {"maps", "lift", "area"}
        tally.holds(set(form.terms) <= allowed, **cell, phase=phase, sums=" ".join(form.terms))
        constant = sum((max(c, 0) * slow.get(name, Fraction(0)) for name, c in form.terms.items()), Fraction(0))
        bound = constant * n**2 * (scales if with_scales else 1)
        tally.at_most(form.value(at), bound, **cell, phase=phase, A=constant)
    forms = phase_forms(config)
    claimed = case.constants["taps"] * 2 * channels**2 * at.maps + _mixing(config, at)
    tally.equal(forms[CONVOLUTION].value(at), claimed, **cell, phase=CONVOLUTION)
    entries = sum(n * (p + n) for p in config.schedule.sides[:-1])
    claimed = case.constants["weights"] * 2 * channels * entries
    tally.equal(forms[INTERPOLATION].value(at), claimed, **cell, phase=INTERPOLATION)


def _over_square(ratio: Fraction) -> dict[str, Fraction]:
    """Sums over the schedule that are at most this times K n^2 for every n; p_{K-i} <= n / a^i, so p_1 < a.

    An area window from n to p has at most n/p + 2 cells, so t p (n + p) <= n^2 + 3 n p + 2 p^2.
    """
    steps, squares = 1 / (ratio - 1), 1 / (ratio**2 - 1)  # sums of a^-i and a^-2i, i >= 1
    tokens = geometric_limits(ratio).tokens
    return {
        **dict.fromkeys(("one", "steps", "cells", "maps"), Fraction(1)),
        "first": ratio**2,
        "tokens": tokens,
        "chain": (1 + 1 / ratio) * tokens,
        "lift": steps,
        "area": 1 + 3 * steps + 2 * squares,
    }


def _channels(config: Config) -> int:
    """Of the token maps."""
    return config.width if isinstance(config, FormalConfig) else config.code_dim


def _mixing(config: Config, at: Moments) -> int:
    """What a map costs beside its convolution: a sum, and for the reference two scalings and one more sum."""
    each = 1 if isinstance(config, FormalConfig) else 4
    return _channels(config) * (each * at.maps - at.cells)


def decoder_attention(case: Case) -> Finding:
    """Its layers are (flops w + 3) n^4 + w n^2 each, w the channels, by closed form and by executed passes."""
    tally = Tally()
    for schedule in schedules(case, "law", most_tokens=MOST_TOKENS):
        models: list[Config] = [*formal_models(schedule, 1, 1), *reference_models(schedule, 1, 1)]
        for config in models:
            if config.decoder is None:
                continue
            width, cells, layers = config.decoder.top_channels, schedule.side**2, config.decoder.blocks + 2
            claimed = layers * ((case.constants["flops"] * width + 3) * cells**2 + width * cells)
            cell = {"schedule": schedule.name, "layers": layers, "w": width}
            tally.equal(phase_forms(config)[DECODER_ATTENTION].value(moments(schedule)), claimed, **cell)
            extra = layers * certificate_flops(cells, cells, width)
            tally.equal(executed(config)[DECODER_ATTENTION], claimed + extra, **cell, counted="executed")
    return tally.finding(f"{PAGE}: all pairs of n^2 cells; here closed forms and executed passes, exactly")


def _models(schedule: Schedule) -> tuple[Config, Config]:
    """Both with the decoder whose phases cover all kinds."""
    formal = FormalConfig(schedule, depth=2, width=4, heads=2, hidden=8, decoder=NORMAL_DECODER)
    reference = ReferenceConfig(
        schedule, depth=2, width=4, heads=2, hidden=8, code_dim=3, vocabulary=7, classes=3, decoder=None
    )
    return formal, replace(reference, decoder=NORMAL_DECODER)
