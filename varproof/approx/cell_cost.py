"""The one-level cell method for small head dimensions: its work in flops, and the best way to cut. Exact integers.

Every axis of the box that holds the keys is cut into m parts. In a cell with centre c the score of a query x and a key
y is gamma<x,c> + gamma<x,y-c>, and the second term is at most B/m in absolute value: a polynomial of a lower degree g
serves it, with a table of its own for every cell. The weights keep the relative error of the polynomial. This is one
method of the tree family, so its work is an upper bound for what a tree engine needs. Statement, proof and the count
term by term: docs/explanation/finite-size.md.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate

from flint import arb, ctx

from varproof.approx.bessel import bessel_j
from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import first_integer, relative_lower
from varproof.approx.cost import pair_flops
from varproof.approx.rank import monomial_rank
from varproof.approx.sufficient_degree import constant_suffices, growth_refutes, rounded_outwards, sufficient_degree
from varproof.base.balls import ball, upper_rational
from varproof.base.errors import InputError

MAX_HEAD_DIM = 3
MAX_CELL_DEGREE = 32  # part of the method: cells are cut until this degree suffices
ROOTS = {1: Fraction(1), 2: Fraction(99, 70), 3: Fraction(97, 56)}  # just above sqrt(d): 99^2 > 2 70^2, 97^2 > 3 56^2


@dataclass(frozen=True)
class CellMethod:
    """m = `parts` of every axis, polynomials of degree `degree` in a cell, and the work `flops` of all queries."""

    parts: int
    degree: int
    flops: int


def cell_reach(bound: Fraction, parts: int, *, head_dim: int, unit_vectors: bool = False) -> Fraction:
    """The largest |gamma<x, y-c>| in a cell: B/m; for unit vectors S sqrt(d)/m (rounded up), and S itself for m = 1.

    `bound` is B, or S for `unit_vectors` (cosine attention), d = `head_dim` at most 3.

    >>> cell_reach(Fraction(12), 4, head_dim=2), cell_reach(Fraction(12), 1, head_dim=2, unit_vectors=True)
    (Fraction(3, 1), Fraction(12, 1))
    """
    spread = ROOTS[head_dim] if unit_vectors and parts > 1 else Fraction(1)
    return bound * spread / parts


@dataclass(frozen=True)
class Blocks:
    """The token counts (N_1, ..., N_K) of the scales; block k is served S_k = N_1 + ... + N_k keys."""

    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.sizes or not all(isinstance(size, int) and size >= 1 for size in self.sizes):
            raise InputError("the blocks are the token counts of the scales", got=self.sizes, allowed="integers >= 1")

    @cached_property
    def seen(self) -> tuple[int, ...]:
        """(S_1, ..., S_K)."""
        return tuple(accumulate(self.sizes))

    @cached_property
    def pairs(self) -> tuple[int, ...]:
        """(0, N_1 S_1, N_1 S_1 + N_2 S_2, ...)."""
        return (0, *accumulate(map(operator.mul, self.sizes, self.seen)))

    @property
    def tokens(self) -> int:
        """N = S_K."""
        return self.seen[-1]

    def query_cells(self, cells: int) -> int:
        """sum_k N_k min(M, S_k): pairs of a query and a non-empty cell, at most, for M = `cells`.

        >>> Blocks((1, 4, 16)).query_cells(4), Blocks((1, 4, 16)).query_cells(10**6)
        (81, 357)
        """
        small = bisect_right(self.seen, cells)  # blocks whose keys cannot fill more than all cells
        return self.pairs[small] + cells * (self.tokens - (self.seen[small - 1] if small else 0))


def cell_flops(blocks: Blocks, head_dim: int, parts: int, degree: int, *, value_dim: int | None = None) -> int:
    """N (5d + 2(r-1) + 2r(d_v+1) + r + d_v) + C (E + 2r(d_v+1)), r = C(d+g, g), E = 2d + 1 + 2(d_v+1).

    N tokens in `blocks`, C = `blocks.query_cells(m^d)`, flops as in `varproof.approx.cost`. Key: place it and take
    y - c (5d), features (r-1), table (2r(d_v+1)). Query: features (r-1), coefficients (r), division (d_v). Query and
    cell: <x,c> and its exponential (2d + 1), table product (2r(d_v+1)), weigh and add (2(d_v+1)). An upper bound,
    attained when the keys fill min(m^d, S_k) cells. Raises `InputError` for sizes below 1, a negative degree or d > 3.

    >>> cell_flops(Blocks((100,)), 1, 4, 2)
    10100
    """
    value_dim = head_dim if value_dim is None else value_dim
    for name, number in (("head_dim", head_dim), ("parts", parts), ("value_dim", value_dim)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1 or head_dim > MAX_HEAD_DIM:
            raise InputError(
                f"{name} is out of range", got=number, allowed=f"integers >= 1, head_dim <= {MAX_HEAD_DIM}"
            )
    rank = monomial_rank(head_dim, degree)
    table = 2 * rank * (value_dim + 1)
    per_token = 5 * head_dim + 2 * (rank - 1) + table + rank + value_dim
    return blocks.tokens * per_token + blocks.query_cells(parts**head_dim) * (pair_flops(head_dim, value_dim) + table)


def best_cell_method(
    blocks: Blocks, head_dim: int, bound: Fraction, eps: Fraction, *, unit_vectors: bool = False
) -> CellMethod | None:
    """The cut with the least `cell_flops` (d_v = d) among all m whose cells need degree at most 32; None for d > 3.

    `bound` is B > 0 (S for unit vectors), `eps` the relative error of every weight, eps >= 1 for any. For each degree
    g the least m that g serves is best, as the work grows with m. For g >= 1 only m^d < N counts: from there on more
    parts change nothing and g = 0 does less. A degree is dropped when its work at a number of parts no more than the
    least it serves is already no less than the best known; the others are decided by certified errors.

    >>> best_cell_method(Blocks((4096,)), 2, Fraction(20), Fraction(1, 100))
    CellMethod(parts=2, degree=15, flops=18604032)
    """
    if head_dim > MAX_HEAD_DIM:
        return None
    search = _Search(blocks, head_dim, rounded_outwards(bound)[1], eps, unit_vectors)
    best = search.method(search.parts_for_constants(), 0)
    top = first_integer(lambda m: m**head_dim >= blocks.tokens, 1) - 1  # the largest m with m^d < N
    for degree in range(1, MAX_CELL_DEGREE + 1):
        if eps >= 1 or search.method(1, degree).flops >= best.flops:
            break  # higher degrees cost more at every m
        refuted = search.refuted_parts(degree, top)
        if search.method(refuted + 1, degree).flops >= best.flops:
            continue
        parts = search.least_parts(degree, refuted, top)
        if parts <= top:
            best = min(best, search.method(parts, degree), key=lambda found: found.flops)
    return best


@dataclass(frozen=True)
class _Search:
    """One question of `best_cell_method`: which degrees serve which numbers of parts."""

    blocks: Blocks
    head_dim: int
    bound: Fraction
    eps: Fraction
    unit_vectors: bool

    def reach(self, parts: int) -> Fraction:
        return cell_reach(self.bound, parts, head_dim=self.head_dim, unit_vectors=self.unit_vectors)

    def method(self, parts: int, degree: int) -> CellMethod:
        return CellMethod(parts, degree, cell_flops(self.blocks, self.head_dim, parts, degree))

    def serves(self, degree: int, parts: int) -> bool:
        reach = self.reach(parts)
        if self.eps >= 1 or degree == 0:
            return self.eps >= 1 or constant_suffices(reach, self.eps)
        if growth_refutes(degree, reach, self.eps):
            return False
        sides = best_error(degree, reach, "rel")
        if sides.lower <= self.eps < sides.upper:  # they agree to 1e-5
            return sufficient_degree(reach, self.eps).degree <= degree
        return sides.upper <= self.eps

    def parts_for_constants(self) -> int:
        """The least m with tanh(reach(m)) <= eps: then one constant serves a cell."""
        if self.serves(0, 1):
            return 1
        digits = self.bound.numerator.bit_length() + self.eps.denominator.bit_length()
        with ctx.workprec(128 + 2 * digits):
            needed = upper_rational(ball(2 * self.reach(2)) / ball(self.eps).atanh())
        return max(2 if self.unit_vectors else 1, -(-needed.numerator // needed.denominator))

    def refuted_parts(self, degree: int, top: int) -> int:
        """Some m <= top (0: none) for which T2 or growth proves that `degree` does not serve; nor does a smaller m."""

        def undecided(parts: int) -> bool:
            return parts > top or not relative_lower(degree, self.reach(parts)) > ball(self.eps)

        by_growth = first_integer(lambda m: m > top or not growth_refutes(degree, self.reach(m), self.eps), 1) - 1
        # |J| oscillates where the reach exceeds degree + 1: start where it no longer does
        start = min(top + 1, max(1, math.ceil(self.reach(2) * 2 / (degree + 1))))
        return max(by_growth, first_integer(undecided, start) - 1 if not undecided(start) else 0)

    def least_parts(self, degree: int, refuted: int, top: int) -> int:
        """The least m in (refuted, top] that `degree` serves, top + 1 for none; starts from an estimate."""

        def near(parts: int) -> bool:
            return parts > top or estimated_error(degree, self.reach(parts)) <= ball(self.eps)

        guess = first_integer(near, refuted + 1)
        if guess <= top and not self.serves(degree, guess):
            return first_integer(lambda m: m > top or self.serves(degree, m), guess + 1)
        steps = first_integer(lambda k: guess - k <= refuted or not self.serves(degree, guess - k), 1)
        return guess - steps + 1


def estimated_error(degree: int, half: Fraction) -> arb:
    """About R_g(half): 2 J_n / (1 - q^2), n = g + 1, q = J_(n+1)/J_n, 1 for half >= n: steers, proves nothing."""
    if half >= degree + 1:
        return arb(1)
    here, following = bessel_j(degree + 1, half), bessel_j(degree + 2, half)
    return 2 * here / (1 - (following / here) ** 2)
