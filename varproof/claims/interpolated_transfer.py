"""Attention through up-interpolated token maps: the error bound of the block layout, on images that are executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, ctx

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.block_checks import channels
from reductions.constructions.blocks.cells import cells, transfer
from reductions.constructions.blocks.flags import Blocks
from reductions.constructions.blocks.interpolated_image import built
from reductions.oracles.exact import ExactOracle
from reductions.problems.attention import ApproximateAttention
from reductions.rules.attention_to_var_interpolated import RULE
from varproof.approx.interpolation_kernels import BSPLINE, Kernel, keys_absolute_sum, keys_cubic
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import chosen, integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally
from varproof.var.interpolation.operators import up

PAGE = "docs/explanation/attention-to-var.md"
KERNELS = ("bicubic", "bspline")
SCALES = ("d", "sqrt", "one")
BITS = 512


@dataclass(frozen=True)
class Setting:
    """Blocks of `block` cells, flag on the cells at least `margin` from their border, m = `coarse` to n = `fine`."""

    block: int
    margin: int
    coarse: int
    fine: int


RIGHT = (Setting(7, 3, 14, 28), Setting(7, 3, 14, 42), Setting(9, 4, 18, 24))
SMALL_BLOCK = Setting(3, 1, 6, 12)  # a stencil with a flag reaches the next block
NO_INTEGER = Setting(7, 3, 21, 28)  # 7 * 4/3 tokens are no integer: blocks have different flags


@dataclass(frozen=True, eq=False)
class Run:
    """One image: the change of every output, M, and what the bounds are made of."""

    changes: tuple[arb, ...]
    strength: arb
    factor: Fraction
    mixture: arb
    floor: arb
    largest_score: arb
    weight_sum: Fraction
    lift: Fraction


def check(case: Case) -> Finding:
    """Constants of the layout; flags and data of the images; the change of the outputs against two bounds."""
    return assemble(
        [
            ("constants of the layout", _constants(case)),
            ("flags and data", _structure(case)),
            ("change of the outputs", _error(case)),
        ]
    )


def sources(scale: str, power: int) -> tuple[ApproximateAttention, ...]:
    """Zero keys of one and of four values, a threshold row, and signed data; delta = 10^-power."""
    delta, zeros = Fraction(1, 10**power), np.zeros((4, 2), np.int64)
    queries = np.array([[1, 1, 1], [1, 0, 1], [0, 0, 1]])
    keys = np.array([[-1, 0, 0], [0, -1, 0], [-1, -1, 0], [0, 0, -1]])
    signed = np.array([[2, -1, 1], [-1, 2, 0]]), np.array([[1, 1, -1], [-1, 0, 2], [0, -2, 1]])
    return (
        ApproximateAttention(zeros[:1], zeros[:1], np.array([[1]]), delta, scale),
        ApproximateAttention(zeros[:1], zeros, np.array([[1], [1], [0], [1]]), delta, scale),
        ApproximateAttention(queries, keys, np.array([[1], [1], [1], [0]]), delta, scale, Fraction(3), neutral=3),
        ApproximateAttention(*signed, np.array([[1], [-1], [1]]), delta, scale),
    )


def image(source: ApproximateAttention, kernel: str, setting: Setting) -> tuple[Blocks, Any]:
    """The image with these blocks, whether or not they keep keys apart."""
    blocks = Blocks(setting.block, setting.margin, setting.coarse, setting.fine, kernel)
    sides = f"1,{setting.coarse},{setting.fine}"
    options: Mapping[str, Any] = {
        **RULE.defaults(),
        "block": setting.block,
        "margin": setting.margin,
        "kernel": kernel,
        "schedule": sides,
    }
    return blocks, built(source, options, blocks)


@lru_cache(maxsize=256)
def runs(kernel: str, setting: Setting, scale: str, power: int) -> tuple[Run, ...]:
    """The images of all sources, executed in balls."""
    oracle, found = ExactOracle("arb", BITS), []
    for instance in sources(scale, power):
        blocks, mapped = image(instance, kernel, setting)
        target, source = mapped.targets[0], layout.source_of(instance)
        with ctx.workprec(BITS):
            got, want = (oracle.outputs(each).values[:, 0] for each in (target, instance))
            margin = transfer(source, target.sides, blocks, cells(source, blocks), instance.neutral)
            strength = layout.strength_of(source, target)
            largest = layout.largest_score(source)
            changes = tuple(abs(a - b) for a, b in zip(got, want, strict=True))
        lift, weight_sum = 1 + blocks.largest_flag, blocks.weight_sum
        found.append(Run(changes, strength, margin.factor, margin.mixture, margin.floor, largest, weight_sum, lift))
    return tuple(found)


def _settings(case: Case) -> tuple[Setting, ...]:
    wrong = {"wide": SMALL_BLOCK, "whole": NO_INTEGER}
    return (*RIGHT, *(setting for name, setting in wrong.items() if not case.assumes(name)))


def _error(case: Case) -> Finding:
    """|change| <= (1+w)/2 r L e^(nu - mu - (1+f) M), and the coarser form with nu = w B, mu = -B."""
    tally, suppression = Tally(), case.constants["suppression"]
    for kernel, scale in ((kernel, scale) for kernel in chosen(case, "kernel", KERNELS) for scale in SCALES):
        for setting in _settings(case):
            if scale != "d" and setting is not RIGHT[0]:
                continue
            for power in integers(case, "digits", low=1, high=60):
                for number, run in enumerate(runs(kernel, setting, scale, power)):
                    cell = {"kernel": kernel, "scale": scale, "blocks": setting, "source": number, "digits": power}
                    with ctx.workprec(BITS):
                        damped = ball(suppression * run.lift) * run.strength
                        bound = ball(run.factor) * (run.mixture - run.floor - damped).exp()
                        coarse = ball(run.factor) * (ball(1 + run.weight_sum) * run.largest_score - damped).exp()
                        for change in run.changes:
                            tally.at_most(change, bound, **cell)
                            tally.at_most(change, coarse, **cell, form="scores in [-B, B]")
    return tally.finding(
        f"{PAGE} proves both forms; here the images that the rule makes, all outputs asked for, by balls of {BITS} bits"
    )


def _structure(case: Case) -> Finding:
    """Crossing flags are exactly -1, blocks have the same flags, other tokens carry their block's data; exactly."""
    tally = Tally()
    for kernel in chosen(case, "kernel", KERNELS):
        for setting in _settings(case):
            instance = sources("d", 6)[2]
            blocks, mapped = image(instance, kernel, setting)
            target, last = mapped.targets[0], len(mapped.targets[0].sides) - 1
            flags, unit = channels(target, [-1], {last})
            square, step = flags.reshape(setting.fine, setting.fine), setting.block * setting.fine // setting.coarse
            matrix = up(kernel, setting.coarse, setting.fine).matrix
            reach = [{k // setting.block for k, weight in enumerate(row) if weight} for row in matrix]
            crossing = [
                square[i, j] * unit for i, x in enumerate(reach) for j, y in enumerate(reach) if len(x) + len(y) > 2
            ]
            tally.holds(all(flag == -1 for flag in crossing), kernel=kernel, blocks=setting, fact="crossing flags -1")
            used = [divmod(b, blocks.per_side) for b in range(len(instance.keys))]
            seen = [square[r * step : (r + 1) * step, c * step : (c + 1) * step] for r, c in used]
            tally.holds(all(np.array_equal(each, seen[0]) for each in seen), blocks=setting, fact="same flags")
            assert RULE.structure is not None
            found = RULE.structure(instance, mapped)
            tally.holds(not found, kernel=kernel, blocks=setting, found=found)
    return tally.finding(f"{PAGE}; here exactly, token by token")


def constants_of_layout(case: Case) -> Finding:
    """The first part of `check` alone: it has no image in it."""
    return _constants(case)


def _constants(case: Case) -> Finding:
    """Distance of an interpolated value from the data, (1+w)/2 of their range, and the flag f_max between cells."""
    tally = Tally()
    kernel = keys_cubic(Fraction(-3, 4))
    spread = case.constants["spread"]
    limit = spread * (1 + keys_absolute_sum(Fraction(-3, 4)) ** 2)
    axis = kernel.weights(Fraction(1, 2))
    positive = sum((max(v * w, Fraction(0)) for v in axis for w in axis), Fraction(0))
    tally.equal(positive, limit, kernel=kernel.name, value="1 where the weight is positive, 0 elsewhere")
    for name in chosen(case, "kernel", KERNELS):
        for setting in RIGHT:
            matrix = up(name, setting.coarse, setting.fine)
            rows = [([w for w in row if w > 0], [w for w in row if w < 0]) for row in matrix.matrix]
            best = max(sum(a) * sum(c) + sum(b) * sum(d) for a, b in rows for c, d in rows)
            tally.equal(best, spread * (1 + matrix.norm), kernel=name, blocks=setting, value="largest positive part")
    for used, offset, f_max in (
        (kernel, Fraction(1, 4), Fraction(17857, 32768)),
        (kernel, Fraction(0), Fraction(1)),
        (BSPLINE, Fraction(1, 4), Fraction(-18503, 73728)),
    ):
        tally.equal(flag(used, offset), f_max, kernel=used.name, offset=offset, value="f_max")
    return tally.finding(
        f"{PAGE}: weights of sum 1 and absolute sum w have positive part (1 + w)/2, and the flag is -1 + 2 W(x) W(y) "
        "at offset (x, y); here exactly, the largest positive part of every map in use, f_max = .545 at ratio 2 and 1 "
        "at ratio 3 (a = -3/4), -.251 at ratio 2 (B-spline)"
    )


def flag(kernel: Kernel, offset: Fraction) -> Fraction:
    """The interpolated flag nearest the one cell of a block that carries +1, all others -1; weights sum to 1."""
    return -1 + 2 * kernel(offset) ** 2


CLAIM = Claim(
    id="interpolated_transfer",
    statement=(
        "Attention with values in an interval of length r that holds 0, put into blocks of s x s cells of X_{K-1} with "
        "a flag on the core, up-interpolated to L tokens: tokens that mix blocks have flag exactly -1, all blocks the "
        "same flags. With suppression M, largest flag f, w the largest absolute sum of weights, a query's best score "
        "at least mu and its scores of mixed keys at most nu >= 0, every output at the centre of a block is that of "
        "the source up to (1+w)/2 r L e^(nu - mu - (1+f)M); for scores in [-B, B] up to (1+w)/2 r L "
        "e^((1+w)B - (1+f)M)."
    ),
    kind="upper",
    hypotheses={
        "wide": "s >= 2p + 1 and p >= 3, p the distance of the flagged core from the border of its block",
        "whole": "s n/m is an integer, m and n the sides before and after interpolation",
    },
    sources=(PAGE, "docs/explanation/lower-bounds.md"),
    derived_from=("interpolation_kernel_constants", PAGE, "docs/explanation/lower-bounds.md"),
    check=check,
    falsified=(
        Variant("suppression 10% stronger", "zero keys come near the bound", {"suppression": Fraction(11, 10)}),
        Variant("spread 0.45 (1+w)", "one pattern of values attains (1+w)/2", {"spread": Fraction(9, 20)}),
        Variant("spread 0.55 (1+w)", "no pattern of values reaches it", {"spread": Fraction(11, 20)}),
        Variant("blocks of 3 x 3 cells", "a token with two keys has a flag above -1", dropped=frozenset({"wide"})),
        Variant("7 * 4/3 tokens a block", "blocks have different flags", dropped=frozenset({"whole"})),
    ),
    constants={"suppression": Fraction(1), "spread": Fraction(1, 2)},
    cells={"kernel": KERNELS, "digits": (6, 30)},
)
