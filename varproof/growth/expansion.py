"""Truncated expansions `c_1 m_1 + ... + c_r m_r + O(m)` of germs at infinity, growth monomials m_1 > ... > m_r > m.

Sums and products of expansions; powers, logarithms and exponentials are in `varproof.growth.series`. An expansion
without remainder is exact. Coefficients are real constants that are not 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy

from varproof.growth.constants import UndecidedError
from varproof.growth.monomial import ONE, Monomial, Term, combine, compare, terms_text


class MoreTermsNeededError(UndecidedError):
    """The terms kept do not settle the question; more of them may."""


@dataclass(frozen=True)
class Expansion:
    """The germ `sum of terms + O(remainder)`, terms falling and above the remainder; `remainder` None means exact.

    >>> from varproof.growth.monomial import iterated_log
    >>> n = iterated_log(0)
    >>> print(Expansion(((sympy.Integer(2), n), (sympy.Integer(-1), ONE)), n.power(sympy.Integer(-1))))
    2*n - 1 + O(1/n)
    """

    terms: tuple[Term, ...]
    remainder: Monomial | None = None

    def __str__(self) -> str:
        return terms_text(self.terms) + (f" + O({self.remainder.text()})" if self.remainder is not None else "")

    @property
    def is_zero(self) -> bool:
        """Whether the germ is exactly 0."""
        return not self.terms and self.remainder is None

    def lead(self) -> Term:
        """The leading term; raises `MoreTermsNeededError` when cancellation left none."""
        if not self.terms:
            raise MoreTermsNeededError("cancellation left no certain leading term", got=str(self))
        return self.terms[0]

    def scaled(self, c: sympy.Expr, m: Monomial) -> Expansion:
        """The product with one term c m, c not 0."""
        terms = tuple((_tidy(a * c), b.times(m)) for a, b in self.terms)
        return Expansion(terms, None if self.remainder is None else self.remainder.times(m))


ZERO = Expansion(())


def build(terms: Iterable[Term], remainder: Monomial | None, keep: int) -> Expansion:
    """The expansion of a sum of terms in any order plus O(remainder), cut after the `keep` largest terms."""
    ordered = combine((_tidy(c), m) for c, m in terms)
    if remainder is not None:
        cut = next((i for i, (_, m) in enumerate(ordered) if compare(m, remainder) <= 0), len(ordered))
        ordered = ordered[:cut]
    if len(ordered) > keep:
        return Expansion(ordered[:keep], ordered[keep][1])  # what is cut lies above an older remainder
    return Expansion(ordered, remainder)


def constant(c: sympy.Expr) -> Expansion:
    """The exact expansion of a real constant."""
    return Expansion(combine([(c, ONE)]))


def add(parts: Iterable[Expansion], keep: int) -> Expansion:
    """The sum."""
    parts = list(parts)
    remainder = largest(part.remainder for part in parts)
    return build((term for part in parts for term in part.terms), remainder, keep)


def multiply(left: Expansion, right: Expansion, keep: int) -> Expansion:
    """The product."""
    if left.is_zero or right.is_zero:
        return ZERO
    for one, other in ((left, right), (right, left)):
        if len(one.terms) == 1 and one.remainder is None:
            return other.scaled(*one.terms[0])
    tops = [part.terms[0][1] if part.terms else part.remainder for part in (left, right)]
    remainder = largest(
        rest.times(top)
        for rest, top in ((left.remainder, tops[1]), (right.remainder, tops[0]))
        if rest is not None and top is not None
    )
    products = ((a * b, m.times(k)) for a, m in left.terms for b, k in right.terms)
    return build(products, remainder, keep)


def largest(monomials: Iterable[Monomial | None]) -> Monomial | None:
    """The largest of the monomials that are given; None when there are none."""
    best: Monomial | None = None
    for m in monomials:
        if m is not None and (best is None or compare(m, best) > 0):
            best = m
    return best


def _tidy(c: sympy.Expr) -> sympy.Expr:
    return c if c.is_Rational else sympy.expand(c)
