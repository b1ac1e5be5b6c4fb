"""Cases of the extrapolation weights: noise on a polynomial, other nodes of the interval, noisy outputs and counts.

Four parts: a drawn polynomial known at the extremal points up to noise; drawn nodes against the least sum of weights;
one output, and the counts of a row, from `noisy_counts`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from reductions.constructions.counting.chebyshev_extrapolation import weights_at_zero
from varproof.base.balls import ball
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.joined import joined
from varproof.claims.attack_parts.noisy_counts import COUNT, DECAY, OUTPUT, extremal, weights_of
from varproof.claims.extrapolation_weights import AGREE, closed_form, exact_weights
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Point, Seed, Space

SIZE = 1024.0  # coefficients lie in [-SIZE, SIZE], noise in [-1, 1]
LOWER = 0.8  # of e^-s: where points may lie when they need not lie in the interval


def build_polynomial(point: Point, case: Case) -> Instance:
    """Random coefficients; noise of alternating signs, which attains the sum, of one size, at one node, or drawn."""
    degree = int(point["degree"])
    rng = np.random.default_rng(int(point["seed"]))
    noise: NDArray[Any] = rng.uniform(-1, 1, degree + 1)
    if point["noise"] == "alternating":
        noise = (-1.0) ** np.arange(degree, -1, -1)
    elif point["noise"] == "one sign":
        noise = np.ones(degree + 1)
    elif point["noise"] == "one node":
        noise = np.where(np.arange(degree + 1) == rng.integers(degree + 1), noise, 0.0)
    return Instance(
        {"coefficients": rng.uniform(-SIZE, SIZE, degree + 1), "noise": noise},
        {"half_decay": float(point["half_decay"])},
        {"degree": (("coefficients", 0), ("noise", 0))},
        {"coefficients": (-SIZE, SIZE), "noise": (-1.0, 1.0)},
    )


def measure_polynomial(instance: Instance, case: Case) -> Measurement | None:
    """|extrapolated value - S(0)| over T_d(coth(s/2)) times the noise 1."""
    coefficients, noise = instance.arrays["coefficients"], instance.arrays["noise"]
    degree, z = len(noise) - 1, float(instance.numbers["half_decay"])
    if degree < 1:
        return None
    nodes = extremal(z, degree)[: degree + case.assumes("points")]
    known = np.polynomial.polynomial.polyval(nodes, coefficients) + noise[: len(nodes)]
    error = abs(float(weights_of(nodes) @ known - coefficients[0]))
    bound = float(case.constants["amplification"] * closed_form(Fraction(z), degree))
    return Measurement(error / bound, degree, error, bound)


def judge_polynomial(instance: Instance, case: Case) -> Judgement:
    """The same by balls at the exact extremal points; a bound that is attained holds to 100 bits."""
    coefficients, noise = (instance.arrays[name].tolist() for name in ("coefficients", "noise"))
    degree, z = len(noise) - 1, Fraction(float(instance.numbers["half_decay"]))
    with ctx.workprec(512 + 64 * degree):
        low = ball(z) ** 2
        nodes = [(1 + low) / 2 + (1 - low) / 2 * (arb(t) / degree).cos_pi() for t in range(degree + 1)]
        nodes = nodes[: degree + case.assumes("points")]
        found = sum((w * (_value(coefficients, x) + ball(Fraction(e))) for w, x, e in _rows(nodes, noise)), arb(0))
        error = abs(found - ball(Fraction(coefficients[0])))
        bound = ball(case.constants["amplification"] * closed_form(z, degree) * (1 + AGREE))
        return _judged(bool(error <= bound), bool(error > bound))


def _rows(nodes: list[arb], noise: list[float]) -> list[tuple[arb, arb, float]]:
    return list(zip(weights_at_zero(nodes), nodes, noise, strict=False))


def _value(coefficients: list[float], x: arb) -> arb:
    value = arb(0)
    for coefficient in reversed(coefficients):
        value = value * x + ball(Fraction(coefficient))
    return value


def _judged(holds: bool, fails: bool) -> Judgement:
    return Judgement.PASS if holds else Judgement.VIOLATED if fails else Judgement.AMBIGUOUS


def build_nodes(point: Point, case: Case) -> Instance:
    """Places in [0, 1] of degree + 1 nodes: the extremal ones, those moved a little, evenly spread, or drawn."""
    degree = int(point["few"])
    rng = np.random.default_rng(int(point["seed"]))
    places = (1 + np.cos(np.pi * np.arange(degree + 1) / degree)) / 2
    if point["places"] == "near":
        places = np.clip(places + rng.normal(0, 0.01, degree + 1), 0, 1)
    elif point["places"] == "even":
        places = np.linspace(0, 1, degree + 1)
    elif point["places"] == "drawn":
        places = rng.random(degree + 1)
    return Instance(
        {"places": places},
        {"half_decay": float(point["half_decay"])},
        {"degree": (("places", 0),)},
        {"places": (0.0, 1.0)},
    )


def _nodes(instance: Instance, case: Case) -> list[Fraction] | None:
    """The nodes, exactly; None where two fall together."""
    z = Fraction(float(instance.numbers["half_decay"]))
    low = z * z * (1 if case.assumes("interval") else Fraction(LOWER))
    nodes = [low + (1 - low) * Fraction(place) for place in instance.arrays["places"].tolist()]
    return nodes if len(set(nodes)) == len(nodes) > 1 else None


def measure_nodes(instance: Instance, case: Case) -> Measurement | None:
    """The least sum of weights over the sum at these nodes."""
    exact = _nodes(instance, case)
    if exact is None:
        return None
    nodes: NDArray[Any] = np.array([float(x) for x in exact])
    if len(set(nodes.tolist())) < len(nodes):
        return None
    degree = len(nodes) - 1
    with np.errstate(over="ignore"):
        total = float(np.abs(weights_of(nodes)).sum())
    least = float(
        case.constants["amplification"] * closed_form(Fraction(float(instance.numbers["half_decay"])), degree)
    )
    return Measurement(least / total, degree, total, least)


def judge_nodes(instance: Instance, case: Case) -> Judgement:
    """Exactly: nodes are rational, and so are the weights and the least sum."""
    nodes = _nodes(instance, case)
    if nodes is None:
        return Judgement.PASS
    z = Fraction(float(instance.numbers["half_decay"]))
    total = sum(map(abs, exact_weights(nodes)), Fraction(0))
    least = case.constants["amplification"] * closed_form(z, len(nodes) - 1)
    return Judgement.PASS if total >= least else Judgement.VIOLATED


POLYNOMIAL = Attack(
    Space(
        {
            "half_decay": DECAY,
            "degree": Integer(1, 40, log=True),
            "noise": Choice(("alternating", "one sign", "one node", "drawn")),
            "seed": Seed(),
        }
    ),
    build_polynomial,
    measure_polynomial,
    judge_polynomial,
    ("half_decay", "degree"),
    attains=Fraction(999, 1000),
    cost=2e-4,
)
NODES = Attack(
    Space(
        {
            "half_decay": DECAY,
            "few": Integer(1, 8),
            "places": Choice(("extremal", "near", "even", "drawn")),
            "seed": Seed(),
        }
    ),
    build_nodes,
    measure_nodes,
    judge_nodes,
    ("half_decay", "few"),
    attains=Fraction(999, 1000),
    cost=2e-4,
)

ATTACK = joined(
    {"polynomial": POLYNOMIAL, "nodes": NODES, "one output": OUTPUT, "counts": COUNT}, cells=("part", "half_decay")
)
