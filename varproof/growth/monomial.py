"""Growth monomials: products of powers of n, log n, loglog n, ... times exp of a sum of infinite monomials.

With L_0 = n, L_1 = log n, L_2 = loglog n and so on, a monomial is `L_0^p_0 L_1^p_1 ... exp(c_1 m_1 + ... + c_r m_r)`
with real powers p_j, real constants c_i that are not 0, and monomials m_1 > ... > m_r that tend to infinity. No m_i is
a single L_j with j >= 1: exp(c L_j) is written L_{j-1}^c. In this form two monomials have a ratio that tends to a
finite number other than 0 only when they are equal. Proofs: docs/explanation/growth-algebra.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key

import sympy

from varproof.growth.constants import sign

SYMBOL = sympy.Symbol("n", positive=True)
Term = tuple[sympy.Expr, "Monomial"]  # coefficient and monomial
Powers = tuple[tuple[int, sympy.Expr], ...]  # level j and power of L_j


@dataclass(frozen=True)
class Monomial:
    """One monomial; `powers` are pairs (j, p_j) with p_j not 0 and j rising, `exponent` pairs (c_i, m_i), m_i falling.

    Make one with `iterated_log`, `times`, `power` and `exp_of`, which keep the form canonical.

    >>> n, log_n = iterated_log(0), iterated_log(1)
    >>> (n.power(sympy.Integer(2)).times(log_n.power(sympy.Rational(-1, 2)))).text()
    'n**2/log(n)**(1/2)'
    >>> compare(log_n.power(sympy.Integer(100)), n)
    -1
    """

    powers: Powers = ()
    exponent: tuple[Term, ...] = ()

    def times(self, other: Monomial) -> Monomial:
        """The product."""
        if not other.powers and not other.exponent:
            return self
        powers = _merged(self.powers, other.powers)
        if not self.exponent or not other.exponent:
            return Monomial(powers, self.exponent or other.exponent)
        return Monomial(powers, combine((*self.exponent, *other.exponent)))

    def power(self, exponent: sympy.Expr) -> Monomial:
        """The monomial to a constant real power."""
        if sign(exponent) == 0:
            return ONE
        return Monomial(
            tuple((level, p * exponent) for level, p in self.powers),
            tuple((c * exponent, m) for c, m in self.exponent),
        )

    def over(self, other: Monomial) -> Monomial:
        """The ratio of this monomial to `other`."""
        return self.times(other.power(sympy.Integer(-1)))

    def log_terms(self) -> tuple[Term, ...]:
        """The logarithm as a sum of constants times infinite monomials, the largest first; empty for the monomial 1."""
        logs = [(p, iterated_log(level + 1)) for level, p in self.powers]
        return combine((*self.exponent, *logs)) if self.exponent else tuple(logs)

    def text(self) -> str:
        """The monomial for people, e.g. `n**2*log(n)**(1/2)/loglog(n)`."""
        above = [f"exp({terms_text(self.exponent)})"] if self.exponent else []
        below: list[str] = []
        for level, p in self.powers:
            negative = p.is_negative is True
            (below if negative else above).append(_power_text(level, -p if negative else p))
        return "".join(["*".join(above) or "1", *(f"/{factor}" for factor in below)])

    def to_expr(self) -> sympy.Expr:
        """The monomial as a sympy expression in `SYMBOL`."""
        factors = [_log_expr(level) ** p for level, p in self.powers]
        return sympy.Mul(*factors, sympy.exp(sympy.Add(*(c * m.to_expr() for c, m in self.exponent))))


ONE = Monomial()


def iterated_log(level: int) -> Monomial:
    """L_level: n for 0, log n for 1, loglog n for 2, ..."""
    return Monomial(((level, sympy.Integer(1)),))


def exp_of(terms: Iterable[Term]) -> Monomial:
    """exp of a sum of constants times infinite monomials, in canonical form.

    >>> exp_of([(sympy.Integer(2), iterated_log(1)), (sympy.Integer(-1), iterated_log(0))]).text()
    'exp(-n)*n**2'
    """
    powers: list[tuple[int, sympy.Expr]] = []
    rest: list[Term] = []
    for c, m in combine(terms):
        level = _single_log(m)
        if level is None:
            rest.append((c, m))
        else:
            powers.append((level - 1, c))
    return Monomial(tuple(sorted(powers, key=lambda pair: pair[0])), tuple(rest))


def combine(terms: Iterable[Term]) -> tuple[Term, ...]:
    """The sum of `terms` with equal monomials collected, zero coefficients dropped and the largest monomial first."""
    collected: dict[Monomial, sympy.Expr] = {}
    for c, m in terms:
        collected[m] = collected[m] + c if m in collected else c
    merged: list[Term] = []
    for m in sorted(collected, key=_BY_SIZE, reverse=True):
        c = collected[m]
        if merged and merged[-1][1] != m and compare(merged[-1][1], m) == 0:  # same germ, powers spelled differently
            merged[-1] = (merged[-1][0] + c, merged[-1][1])
        else:
            merged.append((c, m))
    return tuple((c, m) for c, m in merged if sign(c) != 0)


def compare(left: Monomial, right: Monomial) -> int:
    """-1, 0 or 1 as left/right tends to 0, is 1, or tends to infinity; raises `UndecidedError` when a constant does."""
    term = deciding_term(left, right)
    return 0 if term is None else sign(term[0])


def deciding_term(left: Monomial, right: Monomial) -> Term | None:
    """The dominating term of log(left/right), whose sign decides the comparison; None when the two are equal."""
    if left == right:
        return None
    base = _first_difference(dict(left.powers), dict(right.powers))
    if left.exponent == right.exponent:
        return base
    difference = combine((*left.exponent, *((-c, m) for c, m in right.exponent)))
    if not difference:
        return base
    if base is None or compare(difference[0][1], base[1]) > 0:
        return difference[0]
    return base


_BY_SIZE = cmp_to_key(compare)


def terms_text(terms: Iterable[Term]) -> str:
    """A sum of constants times monomials for people.

    >>> terms_text([(sympy.Rational(1, 2), iterated_log(0)), (sympy.Integer(-1), ONE)])
    '1/2*n - 1'
    """
    text = ""
    for c, m in terms:
        piece = _term_text(c, m)
        if not text:
            text = piece
        else:
            text += f" - {piece[1:]}" if piece.startswith("-") else f" + {piece}"
    return text or "0"


def _term_text(c: sympy.Expr, m: Monomial) -> str:
    body = m.text()
    if m == ONE:
        return str(c)
    if c in (1, -1):
        return body if c == 1 else f"-{body}"
    constant = f"({c})" if c.is_Add else str(c)
    return constant + (body[1:] if body.startswith("1/") else f"*{body}")


def _merged(left: Powers, right: Powers) -> Powers:
    powers = dict(left)
    for level, p in right:
        powers[level] = powers[level] + p if level in powers else p
    return tuple((level, powers[level]) for level in sorted(powers) if sign(powers[level]) != 0)


def _first_difference(left: Mapping[int, sympy.Expr], right: Mapping[int, sympy.Expr]) -> Term | None:
    """The dominating term of the log of a ratio of products of powers: the first level at which they differ."""
    zero = sympy.Integer(0)
    for level in sorted({*left, *right}):
        p = left.get(level, zero) - right.get(level, zero)
        if sign(p) != 0:
            return p, iterated_log(level + 1)
    return None


def _single_log(m: Monomial) -> int | None:
    """j when the monomial is L_j with j >= 1, else None."""
    if m.exponent or len(m.powers) != 1 or m.powers[0][0] == 0 or sign(m.powers[0][1] - 1) != 0:
        return None
    return m.powers[0][0]


def _power_text(level: int, p: sympy.Expr) -> str:
    base = f"{'log' * level}(n)" if level else "n"
    if p == 1:
        return base
    return f"{base}**{p}" if p.is_Integer and p > 0 else f"{base}**({p})"


def _log_expr(level: int) -> sympy.Expr:
    expr: sympy.Expr = SYMBOL
    for _ in range(level):
        expr = sympy.log(expr)
    return expr
