"""The second phase: every token map is brought to the last side, convolved, and the results are summed.

Formal model: sum_k (W_k * Up(X_k) + b_k), a 3x3 convolution of its own for each scale (arXiv:2501.04377). Reference
model: the same sum with phi(x) = (1 - r) x + r conv(x), its convolutions shared over the scales (arXiv:2404.02905).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from varproof.base.errors import InputError
from varproof.var.arithmetic.protocol import Arithmetic
from varproof.var.interpolation.operators import up
from varproof.var.models.config import FormalConfig
from varproof.var.models.weights import Weights

T = TypeVar("T")


def accumulate(ops: Arithmetic[T], total: T | None, token_map: T, side: int, kernel: str, phi: Callable[[T], T]) -> T:
    """total + phi(Up(token map)), (side, side, C); a map that has the side already is not interpolated.

    `total` None starts the sum. The map is square, (p, p, C).
    """
    with ops.phase("reconstruction"):
        source = int(ops.value(token_map).shape[0])
        if source != side:
            with ops.phase("interpolation"):
                token_map = ops.resample(token_map, up(kernel, source, side))
        with ops.phase("convolution"):
            term = phi(token_map)
            return term if total is None else ops.add(total, term)


def formal_reconstruction(ops: Arithmetic[T], weights: Weights, config: FormalConfig, maps: Sequence[T]) -> T:
    """sum_k (W_k * Up(X_k) + b_k), (n, n, C), from the maps X_k of shape (p_k, p_k, C).

    Weights "reconstruction.{k}.weight" (C, C, 3, 3) and "reconstruction.{k}.bias" (C,), k from 0. Raises `InputError`
    unless there is one map of the right shape for each scale. Source: arXiv:2501.04377.
    """
    got = [tuple(int(size) for size in ops.value(each).shape) for each in maps]
    wanted = [(side, side, config.width) for side in config.schedule.sides]
    if got != wanted:
        raise InputError("the token maps do not fit the schedule", got=got, allowed=str(wanted))
    total: T | None = None
    for k, token_map in enumerate(maps):
        weight, bias = weights[f"reconstruction.{k}.weight"], weights[f"reconstruction.{k}.bias"]

        def convolved(x: T, weight: object = weight, bias: object = bias) -> T:
            return ops.convolve(x, weight, bias)

        total = accumulate(ops, total, token_map, config.schedule.side, config.kernel, convolved)
        with ops.phase("reconstruction"):
            total = ops.step(total, f"reconstruction up to side {config.schedule.sides[k]}")
    assert total is not None  # a schedule has a scale
    return total


def phi_index(step: int, steps: int, phis: int) -> int:
    """Which of the shared convolutions serves scale `step` (from 0) of `steps`; `phis` 0: each scale its own.

    Scale k sits at k/(K-1) (at 0 when K = 1), convolution j of m at a tick: ticks run evenly from 1/(2m) to
    1 - 1/(2m), for m = 4 from 1/(3m) to 1 - 1/(3m). The nearest tick serves, in float64 as the reference computes it:
    with 10 scales and 4 convolutions, scales 2 and 7 lie exactly between two ticks and rounding decides. Raises
    `InputError` for a step outside 0..K-1. Source: FoundationVision/VAR, models/quant.py at 78b9539.

    >>> [phi_index(k, 10, 4) for k in range(10)]
    [0, 0, 1, 1, 1, 2, 2, 3, 3, 3]
    """
    if steps < 1 or not 0 <= step < steps:
        raise InputError("no such scale", got=f"scale {step} of {steps}", allowed="0 to the number of scales minus 1")
    if phis < 0:
        raise InputError("the number of convolutions is negative", got=phis, allowed="0 or more")
    if phis == 0:
        return step
    if phis == 1 or steps == 1:
        return 0
    edge = 1 / (3 if phis == 4 else 2) / phis
    first, last = edge, 1 - edge
    gap = (last - first) / (phis - 1)
    ticks = [j * gap + first for j in range(phis - 1)] + [last]
    distances = [abs(tick - step / (steps - 1)) for tick in ticks]
    return distances.index(min(distances))
