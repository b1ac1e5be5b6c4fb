"""The flops of a VAR pass: closed forms by phase equal what an executed pass counts, to the last flop."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np

from varproof.base.verdict import Finding
from varproof.claims.cells import integers, schedules
from varproof.claims.counted_numbers import Count
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally
from varproof.claims.var_passes import closed_forms, executed, formal_models, reference_models
from varproof.growth.schedules import Schedule
from varproof.var.arithmetic.flops import ACTIVATION_FLOPS
from varproof.var.arithmetic.plain import Plain
from varproof.var.arithmetic.protocol import Activation
from varproof.var.cost.moments import moments
from varproof.var.cost.phases import certificate_flops
from varproof.var.interpolation.operators import area, up, up_products
from varproof.var.models.config import Config, FormalConfig

PAGE = "docs/explanation/var-cost.md"
Operation = Callable[[Count, Plain], object]
MOST_TOKENS = 60  # a pass of each of five models runs for every cell


def check(case: Case) -> Finding:
    """Every phase of both models; the formal model's phases as the statement writes them; one operation at a time."""
    return assemble([("every phase", _phases(case)), ("the formal model", _stated(case)), ("operations", _each(case))])


def _configurations(case: Case) -> list[tuple[Schedule, int, int]]:
    depths = integers(case, "depth", low=1, high=4)
    widths = integers(case, "head_dim", low=1, high=8)
    return list(product(schedules(case, "schedule", most_tokens=MOST_TOKENS), depths, widths))


def _phases(case: Case) -> Finding:
    tally = Tally()
    for schedule, depth, head_dim in _configurations(case):
        configs: list[Config] = [
            *formal_models(schedule, depth, head_dim),
            *reference_models(schedule, depth, head_dim),
        ]
        for number, config in enumerate(configs):
            counted, claimed = executed(config), closed_forms(config)
            for phase in dict.fromkeys([*counted, *claimed]):
                cell = {"schedule": schedule.name, "depth": depth, "d": head_dim, "model": number, "phase": phase}
                tally.equal(counted.get(phase, 0), claimed.get(phase, 0), **cell)
    return tally.finding(
        f"{PAGE} has the convention; here chained passes of formal models and passes of reference models from ids, "
        "with and without decoder, are executed and every phase is compared"
    )


def _stated(case: Case) -> Finding:
    """The formulas of the statement against executed passes of the formal model, with the cache or without it."""
    tally = Tally()
    for schedule, depth, head_dim in _configurations(case):
        for config in formal_models(schedule, depth, head_dim):
            for chained in (True, False):
                counted = executed(config, keeps_cache=case.assumes("cache"), chained=chained)
                for phase, claimed in _formulas(case, config).items():
                    cell = {"schedule": schedule.name, "depth": depth, "d": head_dim, "phase": phase}
                    tally.equal(counted.get(phase, 0), claimed, **cell, chained=chained)
    return tally.finding(f"{PAGE} derives the formulas; here passes are executed, chained and with given maps")


def _formulas(case: Case, config: FormalConfig) -> dict[str, Fraction]:
    """As in the statement; attention with the certificate that its engine counts too."""
    number, at = case.constants, moments(config.schedule)
    depth, width, hidden, d = config.depth, config.width, config.hidden, config.head_dim
    residual, weights = width if config.residual else 0, up_products(config.kernel)
    steps = zip(config.schedule.tokens_per_scale, config.schedule.cumulative_tokens, strict=True)
    certificates = sum(certificate_flops(queries, keys, d) for queries, keys in steps)
    head = (number["pair"] * d + 3) * at.pairs + d * at.tokens + certificates
    channels = number["feed_forward"] * width + ACTIVATION_FLOPS[config.activation]
    return {
        "transformer/projections": depth * at.tokens * (number["projections"] * width**2 + residual),
        "transformer/attention": depth * config.heads * head,
        "transformer/ffn": depth * at.tokens * (channels * hidden + residual),
        "transformer/interpolation": number["resampling"] * weights * width * at.chain
        + (width * at.tokens if config.positions else 0),
        "reconstruction/interpolation": number["resampling"] * weights * width * (at.lift + at.maps - at.cells),
        "reconstruction/convolution": number["convolution"] * width**2 * at.maps + width * (at.maps - at.cells),
    }


def _each(case: Case) -> Finding:
    """Each operation on numbers that count; an inner product without a start has one sum fewer than it is counted."""
    tally = Tally()
    for rows, inputs, outputs in product(integers(case, "rows", low=1, high=6), (1, 2, 4), (1, 3)):
        for name, (operation, starts) in _operations(rows, inputs, outputs).items():
            count, ops = Count(), Plain(np.empty(0, dtype=object))
            operation(count, ops)
            tally.equal(count.flops + starts, ops.flops[""], operation=name, rows=rows, inputs=inputs, outputs=outputs)
    return tally.finding(
        "the operations run on numbers that count, attention apart: streamed_attention_cost and S1 count that; an "
        "inner product that starts from nothing is counted as one that starts from 0"
    )


def _operations(rows: int, inputs: int, outputs: int) -> dict[str, tuple[Operation, int]]:
    """Operation and how many of its inner products have no start."""

    def drawn(count: Count, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
        return count.array(shape, seed=sum(shape))

    lifted = (rows + 2) * rows * inputs + (rows + 2) ** 2 * inputs  # outputs of both axes
    found: dict[str, tuple[Operation, int]] = {
        "linear": (lambda c, o: o.linear(drawn(c, rows, inputs), drawn(c, outputs, inputs), drawn(c, outputs)), 0),
        "linear without bias": (
            lambda c, o: o.linear(drawn(c, rows, inputs), drawn(c, outputs, inputs)),
            rows * outputs,
        ),
        "convolution": (
            lambda c, o: o.convolve(
                drawn(c, rows, rows + 1, inputs), drawn(c, outputs, inputs, 3, 3), drawn(c, outputs)
            ),
            0,
        ),
        "up-interpolation": (
            lambda c, o: o.resample(drawn(c, rows, rows, inputs), up("bicubic", rows, rows + 2)),
            lifted,
        ),
        "area": (
            lambda c, o: o.resample(drawn(c, rows + 2, rows + 2, inputs), area(rows + 2, rows)),
            rows * (rows + 2) * inputs + rows**2 * inputs,
        ),
        "layer norm": (lambda c, o: o.layer_norm(drawn(c, rows, inputs), 1e-6), 0),
        "group norm": (
            lambda c, o: o.group_norm(
                drawn(c, rows, rows, 2 * inputs), 2, 1e-6, drawn(c, 2 * inputs), drawn(c, 2 * inputs)
            ),
            0,
        ),
        "unit rows": (lambda c, o: o.unit_rows(drawn(c, rows, inputs)), rows),
        "add": (lambda c, o: o.add(drawn(c, rows, inputs), drawn(c, inputs)), 0),
        "multiply": (lambda c, o: o.multiply(drawn(c, rows, inputs), drawn(c, inputs)), 0),
        "scaled": (lambda c, o: o.scaled(drawn(c, rows, inputs), 0.5), 0),
    }

    def activation(name: Activation) -> Operation:
        return lambda c, o: o.activation(drawn(c, rows, inputs), name)

    return found | {name: (activation(name), 0) for name in ACTIVATION_FLOPS}


CLAIM = Claim(
    id="var_pass_flops",
    statement=(
        "A pass of the formal model with a cache (C channels, D layers, h heads of d, F hidden, N_k = p_k^2, L tokens, "
        "P = sum_k N_k S_k) executes exactly, by phase: projections D L (8 C^2 + C), attention D h ((4d+3) P + d L), "
        "feed-forward D L (4 C F + s F + C) with s = 0, 9, 4 for relu, gelu, silu, interpolation by t weights a row (4 "
        "for bicubic, 0 for nearest) 2 t C sum_k p_k (p_{k-1} + p_k) for the inputs, with C L for positions, and 2 t C "
        "sum_{k<K} n (p_k + n) for the reconstruction, its convolutions 18 C^2 K n^2 + C (K-1) n^2; without residuals "
        "the terms C of a layer are absent. The closed forms of varproof.var.cost equal what executed passes of both "
        "models count in every phase, decoder included. The engine of exact attention counts (N_k + S_k) 6d - N_k d "
        "more a call and head, for its certificate."
    ),
    kind="identity",
    hypotheses={"cache": "a step computes its own tokens only; keys and values of earlier scales are kept"},
    sources=(PAGE, "arXiv:2501.04377", "arXiv:2404.02905"),
    derived_from=("schedule_attention_constants", "streamed_attention_cost"),
    check=check,
    falsified=(
        Variant("7.2 C^2 a token for projections", "four of them", {"projections": Fraction(36, 5)}),
        Variant("(4.4d+3) a pair", "two products of 2d", {"pair": Fraction(22, 5)}),
        Variant("3.6 C F a token", "two layers of 2 C F", {"feed_forward": Fraction(18, 5)}),
        Variant("1.8 t C for interpolation", "two flops a multiply-add", {"resampling": Fraction(9, 5)}),
        Variant("19.8 C^2 a cell", "nine taps of 2 C^2", {"convolution": Fraction(99, 5)}),
        Variant("no cache", "every step computes all tokens so far", dropped=frozenset({"cache"})),
    ),
    constants={
        "projections": Fraction(8),
        "pair": Fraction(4),
        "feed_forward": Fraction(4),
        "resampling": Fraction(2),
        "convolution": Fraction(18),
    },
    cells={"schedule": ("1-2-4", "2-3", "1-3-4"), "depth": (1, 2), "head_dim": (1, 3), "rows": (1, 3)},
)
