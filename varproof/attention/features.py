"""Graded monomials by tail slices: the order in which features of the polynomial method are stored.

Degree k follows degree k-1. Inside a degree, monomials are sorted by their first (smallest) variable: those whose first
variable is l are x_l times the monomials of degree k-1 whose first variable is at least l, and these are the last ones
of degree k-1, a contiguous tail. So one multiplication of a slice by a coordinate builds each group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from varproof.approx.rank import monomial_rank


@dataclass(frozen=True)
class Group:
    """The monomials x_`variable` * (rows `tail_start`:`tail_stop`), stored in rows `start`:`stop`."""

    degree: int
    variable: int
    start: int
    stop: int
    tail_start: int
    tail_stop: int


@dataclass(frozen=True)
class FeaturePlan:
    """All monomials of degree at most g = `degree` in d = `head_dim` variables, r = C(d+g, g) of them, graded.

    With t = <x, y>: t^k is the sum over the monomials of degree k of `multinomials` * x^alpha * y^alpha.

    >>> plan = feature_plan(2, 2)
    >>> plan.rank, plan.exponents.tolist()
    (6, [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]])
    >>> plan.multinomials.tolist(), plan.degrees.tolist()
    ([1.0, 1.0, 1.0, 1.0, 2.0, 1.0], [0, 1, 1, 2, 2, 2])
    """

    head_dim: int
    degree: int

    @property
    def rank(self) -> int:
        """r = C(d+g, g)."""
        return monomial_rank(self.head_dim, self.degree)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The first row of degree 0, 1, ..., g, and r."""
        return (0, *(monomial_rank(self.head_dim, k) for k in range(self.degree + 1)))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All groups of degree 1 to g in the order of their rows."""
        found = []
        first = [self.starts[0]] * self.head_dim  # where monomials of degree k-1 with first variable >= l start
        for degree in range(1, self.degree + 1):
            tail_stop, row = self.starts[degree], self.starts[degree]
            following = []
            for variable in range(self.head_dim):
                following.append(row)
                found.append(
                    Group(degree, variable, row, row + tail_stop - first[variable], first[variable], tail_stop)
                )
                row += tail_stop - first[variable]
            first = following
        return tuple(found)

    @cached_property
    def exponents(self) -> NDArray[np.int64]:
        """(r, d): the exponents of every monomial."""
        rows = np.zeros((self.rank, self.head_dim), dtype=np.int64)
        for group in self.groups:
            rows[group.start : group.stop] = rows[group.tail_start : group.tail_stop]
            rows[group.start : group.stop, group.variable] += 1
        return rows

    @cached_property
    def degrees(self) -> NDArray[np.int64]:
        """(r,): the total degree of every monomial."""
        return np.asarray(self.exponents.sum(axis=1), dtype=np.int64)

    @cached_property
    def multinomials(self) -> NDArray[np.float64]:
        """(r,): k!/prod(alpha_l!), exact in float64 while below 2^53 and rounded once beyond."""
        exact = [1] * self.rank
        for group in self.groups:
            for row in range(group.start, group.stop):
                tail = group.tail_start + row - group.start
                # (k-1)!/prod(beta!) -> k!/prod(alpha!): times k, divided by the new exponent
                exact[row] = exact[tail] * group.degree // int(self.exponents[row, group.variable])
        return np.array(exact, dtype=np.float64)


@lru_cache(maxsize=64)
def feature_plan(head_dim: int, degree: int) -> FeaturePlan:
    """The plan for d = `head_dim` and g = `degree`; `InputError` for sizes that `monomial_rank` refuses.

    >>> feature_plan(16, 3).rank
    969
    """
    monomial_rank(head_dim, degree)
    return FeaturePlan(head_dim, degree)
