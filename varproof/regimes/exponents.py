"""Exponents of n that several theorems share: of the head dimension, of the tokens, of the rank."""

from __future__ import annotations

from fractions import Fraction

import sympy
from flint import arb, ctx

from varproof.approx.degree_law import law_degree
from varproof.approx.rank_exponent import rho
from varproof.base.balls import ball, upper_rational
from varproof.growth.constants import enclose
from varproof.growth.monomial import SYMBOL
from varproof.regimes.problem import UPPER_KINDS, Problem
from varproof.regimes.steps import decided
from varproof.regimes.theorem import Exponent

DIGITS = 10**12  # upper bounds of irrational exponents are rounded up to a multiple of 1/DIGITS


def tokens_exponent(problem: Problem) -> Exponent:
    """2 for geometric schedules, 3 for the linear one: the size of the input for d = n^o(1)."""
    return Exponent(Fraction(problem.schedule.tokens))


def pairs_exponent(problem: Problem) -> Exponent:
    """4 for geometric schedules, 6 for the linear one: the square of the tokens, the pairs of the exact algorithm."""
    return Exponent(Fraction(problem.schedule.pairs))


def head_dim_exponent(problem: Problem, *, lower: bool = False) -> Fraction | None:
    """The limit of log d / log n (of the largest members of a class), at least 0; None where it is not known.

    An irrational limit is rounded up at twelve digits, down where `lower` asks for a lower bound.
    """
    if problem.d.relation not in UPPER_KINDS:
        return None
    found = decided(sympy.log(problem.d.bound) / sympy.log(SYMBOL)).value
    if found is None or found.is_infinite:
        return None
    shift = Fraction(1, DIGITS) if lower and not found.is_Rational else 0
    return max(Fraction(0), above(found) - 2 * shift)


def above(value: sympy.Expr) -> Fraction:
    """A rational number exactly equal to a rational sympy number, else an upper bound within 1e-12."""
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    with ctx.workprec(192):
        return rounded_up(enclose(value, {}))


def rounded_up(value: arb) -> Fraction:
    """The ball's upper end, rounded up to a multiple of 1/DIGITS."""
    scaled = upper_rational(value * DIGITS)
    return Fraction(-((-scaled.numerator) // scaled.denominator), DIGITS)


def rank_exponent(problem: Problem) -> Fraction | None:
    """An upper bound on lim log C(d+g, g) / log n for explicit d, B, delta: the least degree g that the proofs allow.

    With a = lim d/log n, b = lim B/log n, c = lim ln(1/delta)/log n all positive and finite (c = 0 allowed) it is
    rho(a, g) with g from the degree law; otherwise the limit of rho(d, G)/log n with G = c1 B + 1, or
    1 + Lambda/log(Lambda/B) where Lambda/B grows. None for classes of d or R, for infinite or undecided limits, and for
    d that grows as a power of n; a class of errors counts where its constant does not matter. Proof:
    docs/explanation/regimes.md.
    """
    d, bound, inverse = problem.d, problem.logit_bound, problem.log_inverse_error
    if not d.explicit or not bound.explicit or inverse.relation not in UPPER_KINDS or inverse.exponential:
        return None
    log_n = sympy.log(SYMBOL)
    alpha, beta, power = (decided(part.bound / log_n).value for part in (d, bound, inverse))
    if alpha is None or beta is None or power is None or head_dim_exponent(problem) != 0:
        return None
    # the constant of a class of Lambda is open: it matters neither where Lambda = o(B) nor where the exponent is 0
    ratio = decided(inverse.bound / bound.bound).value
    if inverse.relation == "o" and ratio is not None and ratio.is_finite:
        ratio = power = sympy.Integer(0)
    known = inverse.relation in ("=", "~") or ratio == 0
    if known and alpha.is_finite and beta.is_finite and power.is_finite and alpha > 0 and beta > 0:
        return rounded_up(_by_law(alpha, beta, power))
    degree = _degree_germ(bound.bound, inverse.bound, ratio)
    if degree is None:
        return None
    top = decided(degree).value
    if top is not None and top.is_finite:
        return Fraction(0)  # a bounded degree: (d+1)^O(1) features, and d = n^o(1)
    entropy = d.bound * sympy.log(1 + degree / d.bound) + degree * sympy.log(1 + d.bound / degree)
    found = decided(entropy / log_n).value
    if found is None or found.is_infinite or not (known or found.is_zero):
        return None
    return above(found)


def _by_law(alpha: sympy.Expr, beta: sympy.Expr, power: sympy.Expr) -> arb:
    with ctx.workprec(192):
        share, half_range, inverse = (enclose(value, {}) for value in (alpha, beta, power))
        degree = half_range if power.is_zero else law_degree(half_range, inverse)
        return rho(share, degree)


def _degree_germ(bound: sympy.Expr, inverse: sympy.Expr, ratio: sympy.Expr | None) -> sympy.Expr | None:
    """A function that the degree does not exceed up to a factor 1 + o(1); `ratio` is the limit of Lambda/B."""
    if ratio is None:
        return None
    if ratio.is_infinite:
        return 1 + inverse / sympy.log(inverse / bound)
    with ctx.workprec(128):
        constant = ball(1) if ratio.is_zero else law_degree(1, enclose(ratio, {}))
        top = rounded_up(constant)
    return sympy.Rational(top.numerator, top.denominator) * bound + 1
