"""Polynomials p and W with |p(s) - e^s| <= W(s): an error bound that is itself a polynomial, small where scores are.

The sum of W over the keys costs one more output column and bounds the error of every query afterwards. Written as
U = p + W >= e^s and L = p - W <= e^s, the best pair for a law of t = s/bound is a pair of best one-sided
approximations in the mean. All derivatives of e^s are positive, so both are Hermite interpolations at the nodes of
the Gauss rules of the law: Gauss (degree odd) or Radau with node -1 (even) for L, Lobatto (odd) or Radau with node 1
(even) for U. Proof: e^s - H = e^xi bound^{g+1}/(g+1)! prod (t - t_i) has one sign there; and for any polynomial
L <= e^s of degree g, E[L] = rule(L) <= rule(e^s) = E[H], because the rule has positive weights and is exact for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from flint import arb, arb_poly, ctx
from scipy import special

from varproof.attention.tables import cache as table_cache
from varproof.attention.tables.bound_grid import LARGEST_DIMENSION
from varproof.attention.tables.majorant_check import majorant_holds
from varproof.base.errors import CertificateError, InputError

MAX_DEGREE = 32
LARGEST_BOUND = 32.0  # the rounding of the coefficients costs e^bound 2^-52: beyond, tables say little
PROVED_AGAIN = 5  # up to this degree the proof takes about a millisecond, and a table from disk is proved again
NO_PROGRESS = 0.97  # beyond the bound one more degree gains more than this unless rounding has taken over
ATTEMPTS = 8


@dataclass(frozen=True)
class WeightedTable:
    """|p(s) - e^s| <= W(s) for |s| <= `bound`, proved, with p(bound t) = sum_k coefficients[k] t^k and
    W(bound t) = sum_k weights[k] t^k exactly.

    `predicted` is E[W]/E[e^s] (a float near it, no evidence) when t = s/bound has the law of <u, w> for independent
    uniform unit vectors in `dimension` dimensions: density proportional to (1 - t^2)^((dimension-3)/2).
    """

    bound: float
    degree: int
    dimension: float
    coefficients: tuple[float, ...]
    weights: tuple[float, ...]
    predicted: float


@lru_cache(maxsize=4096)
def weighted_table(bound: float, degree: int, dimension: float) -> WeightedTable:
    """The pair of least `predicted` among polynomials of this degree, kept in memory and on disk.

    The rounding of the coefficients to float64 is made good by a larger weights[0] (about e^bound 2^-52). Raises
    `InputError` for a degree outside 0..32, a bound outside (0, 32] or a dimension outside (1, 1024], and
    `CertificateError` where no proof was found. Cost: 1 ms (degree 2) to 5 ms (degree 12) the first time.

    >>> table = weighted_table(1.0, 2, 16.0)
    >>> round(table.predicted, 5)
    0.00995
    """
    bound, dimension = float(bound), float(dimension)
    if not (0 <= degree <= MAX_DEGREE and 0 < bound <= LARGEST_BOUND and 1 < dimension <= LARGEST_DIMENSION):
        raise InputError(
            "no weighted table for this degree, bound and dimension",
            got=f"degree {degree}, bound {bound}, dimension {dimension}",
            allowed=f"degree 0 to {MAX_DEGREE}, 0 < bound <= {LARGEST_BOUND}, 1 < dimension <= {LARGEST_DIMENSION}",
        )
    return table_cache.recall(
        "weighted",
        {"bound": bound.hex(), "degree": str(degree), "dimension": dimension.hex()},
        build=lambda: _build(bound, degree, dimension),
        read=lambda content: _read(content, bound, degree, dimension),
        write=lambda table: {
            "coefficients": table_cache.hexadecimal(table.coefficients),
            "weights": table_cache.hexadecimal(table.weights),
        },
    )


def _build(bound: float, degree: int, dimension: float) -> WeightedTable:
    """The optimal pair, rounded, with weights[0] raised by what the rounding moved; then proved from scratch."""
    bits = 192 + int(6 * bound) + degree * (8 + max(0, -math.frexp(bound)[1]))
    with ctx.workprec(bits):
        below, above = nodes(degree, dimension)
        lower, upper = hermite(below, bound), hermite(above, bound)
        exact = [(upper[k] + lower[k]) / 2 for k in range(degree + 1)]
        exact += [(upper[k] - lower[k]) / 2 for k in range(degree + 1)]
        rounded = [float(c.mid()) for c in exact]
        moved = sum((abs(arb(a) - b) for a, b in zip(rounded, exact, strict=True)), arb(0))
        slack = float(moved.upper().mid())
    coefficients, weights = rounded[: degree + 1], rounded[degree + 1 :]
    least = weights[0]
    for attempt in range(ATTEMPTS):
        weights[0] = math.nextafter(least + math.ldexp(slack, attempt), math.inf)
        if majorant_holds(coefficients, weights, bound):
            table = tuple(coefficients), tuple(weights)
            return WeightedTable(bound, degree, dimension, *table, predicted(table[1], bound, dimension))
    raise CertificateError("the majorant could not be proved", got=f"degree {degree}, bound {bound}")


def nodes(degree: int, dimension: float) -> tuple[list[float], list[float]]:
    """degree + 1 interpolation points each for L and for U, doubled ones twice in a row.

    >>> nodes(1, 3.0), nodes(0, 3.0)
    (([0.0, 0.0], [-1.0, 1.0]), ([-1.0], [1.0]))
    """
    power = (dimension - 3) / 2
    if degree % 2:
        inside = _doubled((degree + 1) // 2, power, power)
        return inside, [-1.0, *_doubled((degree - 1) // 2, power + 1, power + 1), 1.0]
    inside = _doubled(degree // 2, power, power + 1)
    return [-1.0, *inside], [*(-t for t in reversed(inside)), 1.0]


def _doubled(count: int, left: float, right: float) -> list[float]:
    """The Gauss nodes of the weight (1-t)^left (1+t)^right, each twice."""
    if count == 0:
        return []
    found = special.roots_jacobi(count, left, right)[0]
    return [float(t) for t in np.repeat(np.clip(found, -1.0, 1.0), 2)]


def hermite(points: list[float], bound: float) -> arb_poly:
    """The polynomial in t that interpolates e^{bound t} at increasing `points`, derivatives too where one is doubled.

    Newton's form with divided differences, in balls of the current precision.
    """
    h, places = arb(bound), [arb(t) for t in points]
    column = [(h * t).exp() for t in places]
    result, basis = arb_poly([column[0]]), arb_poly([1])
    for order in range(1, len(points)):
        basis = basis * arb_poly([-places[order - 1], 1])
        column = [
            h * (h * places[i]).exp()
            if points[i] == points[i + order]
            else (column[i + 1] - column[i]) / (places[i + order] - places[i])
            for i in range(len(points) - order)
        ]
        result = result + basis * column[0]
    return result


def predicted(weights: tuple[float, ...], bound: float, dimension: float) -> float:
    """E[W]/E[e^{bound t}] under the law of the dimension, in floats: E[t^{2k}] = (1/2)_k / (dimension/2)_k."""
    total, moment = 0.0, 1.0
    for k in range(0, len(weights), 2):
        total += weights[k] * moment
        moment *= (k + 1) / (dimension + k)
    return total / float(special.hyp0f1(dimension / 2, bound * bound / 4))


def _read(content: table_cache.Content, bound: float, degree: int, dimension: float) -> WeightedTable:
    """The table in `content`; `ValueError` where it is none of this degree or its majorant does not hold."""
    coefficients = table_cache.from_hexadecimal(content["coefficients"])
    weights = table_cache.from_hexadecimal(content["weights"])
    if not len(coefficients) == len(weights) == degree + 1 or not all(map(math.isfinite, (*coefficients, *weights))):
        raise ValueError("not a table of this degree")
    if degree <= PROVED_AGAIN and not majorant_holds(coefficients, weights, bound):
        raise ValueError("the majorant does not hold")
    return WeightedTable(bound, degree, dimension, coefficients, weights, predicted(weights, bound, dimension))
