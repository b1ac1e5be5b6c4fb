"""Polynomials close to exp in relative error, with the error of exactly the floats in use proved.

The polynomial is the best one of its degree (exchange algorithm), rounded to float64; the error stored is the exact
sup norm of the rounded polynomial, rounded up. It includes the rounding of the coefficients, about e^{2 bound} 2^-53
relative: from bounds of about 8 on, small errors are out of reach at any degree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy import special

from varproof.approx.exchange import Exchange
from varproof.approx.polynomial_error import sup_norm
from varproof.attention.tables import cache as table_cache
from varproof.attention.tables.bound_grid import LARGEST_BOUND, grid_above
from varproof.base.balls import dyadic
from varproof.base.errors import InputError

MAX_DEGREE = 64
PROVED_AGAIN = 8  # up to this degree the proof takes less than a millisecond, and a table from disk is proved again
LEVEL_TOLERANCE = 1e-4  # relative change of the level; convergence is quadratic, so the error is within 1e-7 of it
MAX_STEPS = 40
SEARCHED_BOUND = 24.0  # beyond it the rounding of the coefficients alone exceeds 1 at every degree of use
NO_PROGRESS = 0.97  # beyond n = B one more degree gains more than this unless rounding has taken over


@dataclass(frozen=True)
class RelativeTable:
    """|p(s) e^-s - 1| <= `error` for |s| <= `bound`, proved, with p(bound t) = sum_k coefficients[k] t^k exactly.

    `coefficients` are a_0, ..., a_g with g = `degree`.
    """

    bound: float
    degree: int
    coefficients: tuple[float, ...]
    error: float


@lru_cache(maxsize=4096)
def relative_table(bound: float, degree: int) -> RelativeTable:
    """The table of one degree on [-bound, bound], kept in memory and on disk.

    Error: at most 1 (the zero polynomial has 1), and from degree `bound` on within 1e-6 of the best one, plus what the
    rounding of the coefficients adds. Raises
    `InputError` for a degree outside 0..64 or a bound outside (0, 704]. Cost: about 0.5 ms (degree 3) to 10 ms (degree
    30) the first time. Source of the problem: arXiv:2205.06249.

    >>> table = relative_table(1.0, 3)
    >>> round(table.error, 6), len(table.coefficients)
    (0.005004, 4)
    """
    bound = float(bound)
    if not 0 <= degree <= MAX_DEGREE or not 0 < bound <= LARGEST_BOUND:
        raise InputError(
            "no table of polynomials for this degree and bound",
            got=f"degree {degree}, bound {bound}",
            allowed=f"degree 0 to {MAX_DEGREE}, 0 < bound <= {LARGEST_BOUND}",
        )
    return table_cache.recall(
        "relative",
        {"bound": bound.hex(), "degree": str(degree)},
        build=lambda: _build(bound, degree),
        read=lambda content: _read(content, bound, degree),
        write=lambda table: {
            "coefficients": table_cache.hexadecimal(table.coefficients),
            "error": table.error.hex(),
        },
    )


def relative_table_for(bound: float, eps: float) -> RelativeTable | None:
    """The table of least degree with error <= `eps` on the grid value above `bound` (the table's own `bound`).

    Least: degree - 1 does not reach `eps`; errors decrease with the degree until the rounding of the coefficients takes
    over. None where no degree up to 64 is known to reach `eps`, always for bounds above 24 and for eps <= 0 or NaN.
    Raises `InputError` for a bound outside [0, 704].

    >>> relative_table_for(0.99, 1e-2).degree, relative_table_for(64.0, 1e-2)
    (3, None)
    """
    half = grid_above(bound)
    if half > SEARCHED_BOUND:
        return None
    levels, floors = _estimates(half)
    degree = next((g for g, level in enumerate(levels) if level <= eps), None)
    if degree is None:
        return None
    table = relative_table(half, degree)
    if table.error <= eps:
        # T2: below the Bessel value J_{g+1} no polynomial of degree g gets
        while degree > 0 and floors[degree - 1] <= eps and relative_table(half, degree - 1).error <= eps:
            degree -= 1
        return relative_table(half, degree)
    while table.error > eps and degree < MAX_DEGREE:
        degree, before = degree + 1, table.error
        table = relative_table(half, degree)
        if table.error > NO_PROGRESS * before and degree > half:
            break
    return table if table.error <= eps else None


@lru_cache(maxsize=1024)
def _estimates(bound: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """For degrees 0..64: a guess at the best error, decreasing, and the lower bound T2; both only steer the search."""
    orders = np.arange(1, MAX_DEGREE + 3)
    bessel = np.abs(special.jv(orders, bound))
    here, following = bessel[:-1], bessel[1:]
    ratio = np.minimum(np.divide(following, here, out=np.zeros_like(here), where=here > 0), 0.95)
    # far below n = B the best error is near 1; the guess holds beyond
    guess = np.where(orders[:-1] > bound, np.minimum(2 * here / (1 - ratio**2), 1.0), 1.0)
    return tuple(np.minimum.accumulate(guess).tolist()), tuple(here.tolist())


def _build(bound: float, degree: int) -> RelativeTable:
    """The levelled polynomial of the exchange algorithm, rounded, with its own error."""
    problem = Exchange(degree, Fraction(bound), "rel", _bits_of_error(bound, degree))
    while problem.change > LEVEL_TOLERANCE and problem.steps < MAX_STEPS:
        problem.step()
    rounded = [float(dyadic(c)) for c in problem.polynomial.coeffs()]
    coefficients = tuple(rounded + [0.0] * (degree + 1 - len(rounded)))
    error = proved_error(bound, coefficients)
    if error > 1:  # far below n = B, where nothing is much better than zero
        return RelativeTable(bound, degree, (0.0,) * (degree + 1), 1.0)
    return RelativeTable(bound, degree, coefficients, error)


def _bits_of_error(bound: float, degree: int) -> int:
    """About log2 of 1 / (best error), from the first term of the series of J_n."""
    n = degree + 1
    logarithm = n * math.log(2 * n / (math.e * bound)) if 2 * n > math.e * bound else 0.0
    return int(1.4427 * logarithm) + 24


def proved_error(bound: float, coefficients: tuple[float, ...]) -> float:
    """The least float that is at least max over |t| <= 1 of |sum_k a_k t^k e^{-bound t} - 1|, up to 2^-40 relative.

    >>> proved_error(1.0, (1.0, 1.0)) > 0.9
    True
    """
    half = Fraction(bound)
    exact = [Fraction(a) / half**k for k, a in enumerate(coefficients)]
    high = sup_norm(exact, (-half, half), kind="rel")[1]
    rounded = float(high)
    return rounded if Fraction(rounded) >= high else math.nextafter(rounded, math.inf)


def _read(content: table_cache.Content, bound: float, degree: int) -> RelativeTable:
    """The table in `content`; `ValueError` where it is none of this degree or not as good as it says."""
    coefficients = table_cache.from_hexadecimal(content["coefficients"])
    error = float.fromhex(content["error"])
    if len(coefficients) != degree + 1 or not all(map(math.isfinite, coefficients)) or not 0 < error < math.inf:
        raise ValueError("not a table of this degree")
    if degree <= PROVED_AGAIN and proved_error(bound, coefficients) > error:
        raise ValueError("the error is larger than stated")
    return RelativeTable(bound, degree, coefficients, error)
