"""Errors through the scales of chained formal models, for S6: recursion, runs with fast attention, and a growth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np

from varproof.base.verdict import Finding, Verdict
from varproof.claims.cells import chosen, integers
from varproof.claims.model import Case
from varproof.claims.tally import Tally
from varproof.growth.schedules import Schedule, doubling
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray
from varproof.var.ledger.report import Ledger, error_ledger
from varproof.var.ledger.requirement import required_delta
from varproof.var.models.config import FormalConfig
from varproof.var.models.formal import formal_random, formal_shapes, generate, random_maps

PAGE = "docs/explanation/var-model.md"
SIDES = (4, 8, 16, 32)
AMPLIFICATIONS = (Fraction(1), Fraction(121, 64), Fraction(4), Fraction(81, 10))
STEEPER = 1.05  # the growth is measured at one delta, the requirement at another


def recursion(case: Case) -> Finding:
    """E_{k+1} = G E_k + b, E_1 = b: closed form, E_K <= b K G^(K-1), and the power of n for G = a^m, all exactly."""
    tally = Tally()
    for ratio in integers(case, "ratio", low=2, high=50):
        for power in integers(case, "log_side", low=1, high=60):
            scales, side = power + 1, ratio**power
            for factor in (*AMPLIFICATIONS, Fraction(ratio), Fraction(ratio**2)):
                error = Fraction(1)
                for _ in range(scales - 1):
                    error = factor * error + 1
                cell = {"ratio": ratio, "n": side, "G": factor}
                closed = scales if factor == 1 else (factor**scales - 1) / (factor - 1)
                tally.equal(error, closed, **cell, form="closed")
                tally.at_most(error, scales * factor ** (scales - 1), **cell, form="K G^(K-1)")
            for exponent in (1, 2, 3):
                grown = Fraction(ratio**exponent) ** (scales - 1)
                tally.equal(grown, side**exponent, ratio=ratio, n=side, form="G^(K-1) = n^(log_a G)")
    return tally.finding(
        f"{PAGE} (e) proves the growth of one scale and the theorem; here the recursion is iterated, exactly; "
        "layer_amplification has F^K = F n^(log_a F)"
    )


@dataclass(frozen=True)
class Run:
    """A chained model of last side n: the delta its attention needs for a final error 1/n, and a run within it."""

    side: int
    delta: float
    growth: float
    ledger: Ledger


@cache
def runs(seed: int) -> tuple[Run, ...]:
    """Doubling sides, one layer, width 4, residuals; weights and start of `formal_random` and `random_maps`."""
    return tuple(_run(side, seed) for side in SIDES)


def _run(side: int, seed: int) -> Run:
    config = FormalConfig(doubling(side), width=4, hidden=8)
    weights, start = formal_random(config, seed), random_maps(config, seed)[0]

    def chained(ops: Bounded) -> list[BoundedArray]:
        return generate(ops, weights, config, ops.known(start))

    needed = required_delta(chained, 1 / side).delta
    bounds = [float(x.bound.max()) for x in chained(Bounded(np.empty(0), reference=False, injected=needed))]
    growth = max(after / before for before, after in pairwise(bounds))
    found = error_ledger(chained, like=np.empty(0), engine="polynomial", delta=needed)
    return Run(side, needed, growth, found)


def executed_runs(case: Case) -> Finding:
    """Bounds hold step by step, the final error is at most 1/n, and delta falls no faster than n^-(1 + log_2 G)."""
    tally, exponents = Tally(), {}
    for seed in chosen(case, "seed", (1, 2, 3)):
        found = runs(seed)
        for run in found:
            cell = {"n": run.side, "seed": seed, "delta": f"{run.delta:.3g}"}
            for entry in run.ledger.entries:
                allowed = Fraction(entry.bound) + Fraction(entry.reference_bound)
                tally.at_most(Fraction(entry.measured), allowed, **cell, step=entry.name)
            tally.at_most(Fraction(run.ledger.final_measured), Fraction(1, run.side), **cell, quantity="final error")
            engines = {call.engine for call in run.ledger.calls if call.keys > 1}
            tally.holds(engines == {"polynomial"}, **cell, engines=" ".join(sorted(engines)))
        for low, high in pairwise(found):
            drop = low.delta / high.delta
            exponents[f"seed {seed}, n = {low.side} to {high.side}"] = round(math.log2(drop), 3)
            tally.at_most(Fraction(drop), Fraction(2 * high.growth * STEEPER), n=high.side, seed=seed, quantity="drop")
    tally.evidence["exponent of the required delta"] = exponents
    steepest = max(exponents.values(), default=0.0)
    return tally.finding(
        f"chained models of sides up to {SIDES[-1]} with polynomial attention: every measured error within its "
        f"ledger's bound, the final one within 1/n; the delta that this takes falls as n^-{steepest:.2f} at most, a "
        "power 1 + log_2 G of the growth G of the bound from scale to scale",
        ok=Verdict.TESTED,
    )


def unbounded_entries(case: Case) -> Finding:
    """b -> b + R tanh(R b) at every scale: an error of the first scale grows by 1 + (3/4) R^2 at least."""
    tally = Tally()
    for entries in integers(case, "entries", low=1, high=8):
        for scales in (1, 2, 3, 4):
            grown = amplification(entries, tuple(2**k for k in range(1, scales + 1)))
            least = (1 + Fraction(3, 4) * entries**2) ** scales
            tally.at_least(Fraction(grown), least, R=entries, scales=scales)
    return tally.finding(
        f"{PAGE} (e): with entries R growing, errors grow faster than every power of n, so the theorem needs one "
        "of its conditions; here the models of that proof are run",
        ok=Verdict.TESTED,
    )


def amplification(entries: int, sides: tuple[int, ...]) -> float:
    """|change of the last map| over a change of 1e-12 of the start, in the model whose channels (A, b) do this.

    >>> [round(amplification(2, (2, 4, 8)[:k])) for k in (1, 2, 3)]
    [5, 25, 125]
    """
    config = FormalConfig(Schedule(sides), width=2, hidden=1, kernel="nearest")
    weights = {name: np.zeros(shape) for name, shape in formal_shapes(config).items()}
    weights["layer.0.query.weight"][:, 1] = 1  # q = (b, b)
    weights["layer.0.key.weight"][:, 0] = 1  # k = v = (A, A)
    weights["layer.0.value.weight"][:, 0] = 1
    weights["layer.0.output.weight"][1] = 0.5
    start = np.zeros((2, 2, 2))
    start[0, :, 0], start[1, :, 0] = entries, -entries
    ops = Plain(numpy_like())
    exact = generate(ops, weights, config, start)[-1]
    start[:, :, 1] = 1e-12
    return float(np.abs(generate(ops, weights, config, start)[-1] - exact).max()) / 1e-12
