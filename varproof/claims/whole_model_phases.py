"""The phases of a whole VAR model beside its attention: upper bounds in n from the closed forms, for S1 and S2."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals, schedules
from varproof.claims.model import Case
from varproof.claims.tally import Tally
from varproof.claims.var_passes import NORMAL_DECODER, executed, formal_models, reference_models
from varproof.growth.counts import geometric_limits
from varproof.growth.schedules import Schedule, geometric
from varproof.var.cost.forms import Form
from varproof.var.cost.maps import DECODER_ATTENTION
from varproof.var.cost.moments import Moments, moment_growth, moments
from varproof.var.cost.phases import certificate_flops, phase_forms
from varproof.var.cost.transformer import ATTENTION
from varproof.var.interpolation.operators import area, up
from varproof.var.models.config import Config, FormalConfig, ReferenceConfig

PAGE = "docs/explanation/var-cost.md"
MOST_TOKENS = 100
CONVOLUTION = "reconstruction/convolution"
DENSE = ("interpolation", "down-sampling")  # executed as dense matrix products: n^3
LARGEST_SIDE = 64  # whose interpolations are listed weight by weight


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
    """Every phase but the attentions, from above: n^2 and n^2 K, and n^3 where interpolation is dense as executed."""
    tally = Tally()
    for ratio in rationals(case, "ratios", above=1):
        for n in integers(case, "sides", low=1, high=10_000):
            schedule = geometric(n, ratio)
            tally.holds(ratio ** (schedule.number_of_scales - 1) <= n, a=ratio, n=n, scales="K <= 1 + log_a n")
            for config in _models(schedule):
                at, bounds = moments(schedule), _upper_moments(schedule, ratio)
                cell = {"a": ratio, "n": n, "model": type(config).__name__}
                for phase, form in phase_forms(config).items():
                    power = _power(form, ratio)
                    stated = 3 if phase.endswith(DENSE) else 4 if phase in (ATTENTION, DECODER_ATTENTION) else 2
                    tally.at_most(power, stated, **cell, phase=phase, quantity="power of n")
                    if phase not in (ATTENTION, DECODER_ATTENTION):
                        upper = sum(max(c, 0) * bounds[name] for name, c in form.terms.items())
                        tally.at_most(form.value(at), upper, **cell, phase=phase)
                claimed = case.constants["taps"] * 2 * _channels(config) ** 2 * at.maps + _mixing(config, at)
                tally.equal(phase_forms(config)[CONVOLUTION].value(at), claimed, **cell, phase=CONVOLUTION)
    return tally.finding(
        f"{PAGE} (how they grow) and the geometric sums of schedules.md; here the closed form of every phase against "
        "constants times n^2, K n^2 and, for interpolation as dense products, n^3"
    )


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


def sparse_phases(case: Case) -> Finding:
    """Transformer and reconstruction without attention, interpolation by its nonzero weights: at most A K n^2 flops."""
    tally = Tally()
    for ratio in rationals(case, "ratios", above=1):
        for n in integers(case, "sides", low=1, high=10_000):
            if n > LARGEST_SIDE:
                continue
            schedule = geometric(n, ratio)
            for config in _models(schedule):
                measured, constant = _sparse(case, tally, config, ratio)
                bound = constant * schedule.number_of_scales * n**2
                tally.at_most(measured, bound, a=ratio, n=n, model=type(config).__name__, A=str(constant))
    for low, high in ((8, 16), (16, 32), (32, 64), (13, 64)):
        tally.at_most(up("bicubic", low, high).taps, case.constants["taps_1d"] * high, step=f"{low} to {high}")
    return tally.finding(
        "at most 4 weights a row for up-interpolation, n + p in all for area: 16 c n^2 and 8 c n^2 flops a map of c "
        "channels; here every phase of both models against A K n^2, A free of n at fixed widths"
    )


def _sparse(case: Case, tally: Tally, config: Config, ratio: Fraction) -> tuple[int, Fraction]:
    """Flops of all phases but attention with sparse interpolation, and the constant A."""
    schedule = config.schedule
    at, n = moments(schedule), schedule.side
    # each of these sums over n^2 K, from above, free of n
    slow = dict.fromkeys(("one", "steps", "cells", "maps"), Fraction(1))
    slow |= {"first": ratio**2, "tokens": geometric_limits(ratio).tokens}
    measured, constant = 0, Fraction(0)
    for phase, form in phase_forms(config).items():
        if phase.startswith("decoder") or phase == ATTENTION or phase.endswith(DENSE):
            continue
        measured += form.value(at)
        tally.holds(set(form.terms) <= set(slow), phase=phase, sums=" ".join(form.terms))
        constant += sum((max(c, 0) * slow.get(name, Fraction(0)) for name, c in form.terms.items()), Fraction(0))
    formal, channels = isinstance(config, FormalConfig), _channels(config)
    per_row = case.constants["taps_1d"]
    chained = [(p, q) for p, q in pairwise(schedule.sides)] if formal else []
    for p, q in [*chained, *((p, n) for p in schedule.sides[:-1])]:
        flops = 2 * channels * up("bicubic", p, q).taps * (p + q)
        tally.at_most(flops, 4 * per_row * channels * q**2, step=f"{p} to {q}", c=channels)
        measured += flops
    constant += 4 * per_row * channels * (2 if formal else 1)
    for p in [] if formal else schedule.sides[1:-1]:
        flops = 2 * channels * area(n, p).taps * (p + n)
        tally.at_most(flops, 8 * channels * n**2, step=f"area {n} to {p}", c=channels)
        measured += flops
    return measured, constant + (0 if formal else 8 * channels)


def _models(schedule: Schedule) -> tuple[Config, Config]:
    """Both with the decoder whose phases cover all kinds."""
    formal = FormalConfig(schedule, depth=2, width=4, heads=2, hidden=8, decoder=NORMAL_DECODER)
    reference = ReferenceConfig(
        schedule, depth=2, width=4, heads=2, hidden=8, code_dim=3, vocabulary=7, classes=3, decoder=None
    )
    return formal, replace(reference, decoder=NORMAL_DECODER)


def _upper_moments(schedule: Schedule, ratio: Fraction) -> dict[str, Fraction]:
    """Each sum over the schedule from above: the limit's constant times its power of n, and K in place of log_a n.

    The first side of a schedule rounded down from n is below a.
    """
    n, scales = schedule.side, schedule.number_of_scales
    found = {
        name: growth.constant * n**growth.power * scales**growth.log
        for name, growth in moment_growth("cached", ratio).items()
    }
    found["first"] = ratio**2
    assert set(found) == set(Moments._fields)
    return found


def _power(form: Form, ratio: Fraction) -> int:
    return form.growth(moment_growth("cached", ratio)).power
