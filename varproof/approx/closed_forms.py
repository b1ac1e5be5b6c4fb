"""Closed forms T1-T4: lower and upper bounds on the best polynomial approximation of exp, each proved in the docs.

Notation: n = degree + 1, interval [-B, B],
`A_g(B)` = min over polynomials P of degree <= g of max |P(x) - e^x|, and
`R_g(B)` = min over polynomials P of degree <= g of max |P(x) e^-x - 1| (what arXiv:2302.13214 needs of
arXiv:2205.06249). Proofs: docs/explanation/polynomials-for-exp.md. All values are Arb balls.
"""

from __future__ import annotations

from collections.abc import Callable

from flint import arb, ctx

from varproof.approx.bessel import bessel_i, bessel_i_tail, bessel_j, bessel_j_tail, working_precision
from varproof.base.balls import Exact, ball, ceiling_integer
from varproof.base.errors import InputError


def absolute_lower(degree: int, bound: Exact) -> arb:
    """T1, lower: `A_g(B) >= 2 I_{g+1}(B)`.

    >>> bool(absolute_lower(3, 1) < absolute_upper(3, 1))
    True
    """
    return 2 * bessel_i(degree + 1, bound)


def absolute_upper(degree: int, bound: Exact) -> arb:
    """T1, upper: `A_g(B) <= 2 sum_{k > g} I_k(B)`, the truncated Chebyshev series."""
    return 2 * bessel_i_tail(degree + 1, bound)


def relative_lower(degree: int, bound: Exact) -> arb:
    """T2, lower: `R_g(B) >= |J_{g+1}(B)|`, for every degree g >= 0."""
    return abs(bessel_j(degree + 1, bound))


def relative_upper(degree: int, bound: Exact) -> arb | None:
    """T2, upper: `R_g(B) <= 2 S_n(B) / (1 - S_2n(2B))` with n = g + 1; None where n <= B or S_2n(2B) >= 1.

    S_n(B) is the tail sum of J_k(B) over k >= n.
    """
    n = degree + 1
    if n <= bound:
        return None
    contraction = bessel_j_tail(2 * n, 2 * bound)
    if not contraction < 1:
        return None
    with ctx.workprec(working_precision(bound)):
        return 2 * bessel_j_tail(n, bound) / (1 - contraction)


def absolute_exponential(degree: int, bound: Exact, parameter: Exact | arb) -> arb:
    """T3, abs: `A_{n-1}(B) <= 2 e^{B cosh b - n b} / (1 - e^-b)` for any b = `parameter` > 0.

    The best b is near asinh(n/B); any positive rational is a valid certificate.
    """
    b = _positive(parameter, "b")
    return 2 * (ball(bound) * b.cosh() - (degree + 1) * b).exp() / (1 - (-b).exp())


def relative_exponential(degree: int, bound: Exact, parameter: Exact | arb) -> arb | None:
    """T3, rel: `R_{n-1}(B) <= 2u / (1 - e^-a - u^2)`, u = e^{B sinh a - n a}, any a = `parameter` > 0.

    None where the denominator is not positive (it can be positive only for n > B). The best a is near acosh(n/B).
    """
    a = _positive(parameter, "a")
    u = (ball(bound) * a.sinh() - (degree + 1) * a).exp()
    denominator = 1 - (-a).exp() - u * u
    return 2 * u / denominator if denominator > 0 else None


def relative_poisson(degree: int, bound: Exact, parameter: Exact | arb) -> arb:
    """T4, rel: `R_{n-1}(B) <= (1 + 2/mu) e^{mu B} (1 + mu)^-n` for any mu = `parameter` > 0 and every n >= 1."""
    mu = _positive(parameter, "mu")
    return (1 + 2 / mu) * (mu * ball(bound)).exp() * (1 + mu) ** -(degree + 1)


def absolute_lambert_degree(bound: Exact, eps: Exact | arb) -> int:
    """T4, abs: a degree g with `A_g(B) <= eps`, 0 < eps < 1, in closed form.

    g + 1 = ceil(max(B, (B/2) exp(1 + W(2 (ln(1/eps) + B/4 + ln 4) / (e B))))), W the Lambert function.
    """
    B, accuracy = ball(bound), _unit(eps)
    argument = 2 * (-accuracy.log() + B / 4 + arb(4).log()) / (arb.const_e() * B)
    return ceiling_integer(B.max(B / 2 * (1 + argument.lambertw()).exp())) - 1


def relative_lambert_degree(bound: Exact, eps: Exact | arb) -> int:
    """T4, rel: a degree g with `R_g(B) <= eps`, 0 < eps < 1, in closed form.

    g + 1 = ceil(max(5B/4, B exp(1 + W((ln(9/eps) - B) / (e B))))), W the Lambert function.
    """
    B, accuracy = ball(bound), _unit(eps)
    argument = ((9 / accuracy).log() - B) / (arb.const_e() * B)
    return ceiling_integer((5 * B / 4).max(B * (1 + argument.lambertw()).exp())) - 1


def rel_upper_degree(bound: Exact, eps: Exact | arb) -> int:
    """The least degree for which T2 proves `R_g(bound) <= eps`: an upper bound on the minimal degree.

    >>> from fractions import Fraction
    >>> rel_lower_degree(16, Fraction(1, 10**8)), rel_upper_degree(16, Fraction(1, 10**8))
    (33, 33)
    """
    accuracy = _unit(eps)

    def reached(degree: int) -> bool:
        value = relative_upper(degree, bound)
        return value is not None and bool(value <= accuracy)

    return first_integer(reached, int(bound))


def rel_lower_degree(bound: Exact, eps: Exact | arb) -> int:
    """A lower bound on the minimal degree: the largest n with `|J_n(bound)| > eps` (0 if there is none)."""
    accuracy = _unit(eps)
    # J_n(B) decreases in n for n >= B, so the first failure there is the last change
    start = int(bound) + 1
    first_below = first_integer(lambda n: not relative_lower(n - 1, bound) > accuracy, start)
    if first_below > start:
        return first_below - 1
    return next((n for n in range(start - 1, 0, -1) if relative_lower(n - 1, bound) > accuracy), 0)


def abs_upper_degree(bound: Exact, eps: Exact | arb) -> int:
    """The least degree for which T1 proves `A_g(bound) <= eps`: an upper bound on the minimal degree."""
    accuracy = ball(eps)
    return first_integer(lambda degree: bool(absolute_upper(degree, bound) <= accuracy), 0)


def abs_lower_degree(bound: Exact, eps: Exact | arb) -> int:
    """A lower bound on the minimal degree: the largest n with `2 I_n(bound) > eps` (0 if there is none)."""
    accuracy = ball(eps)
    return first_integer(lambda n: not absolute_lower(n - 1, bound) > accuracy, 1) - 1


def first_integer(holds: Callable[[int], bool], start: int) -> int:
    """The least integer >= start where a monotone predicate holds, by doubling and bisection."""
    step = 1
    low, high = start - 1, start
    while not holds(high):
        low, high = high, high + step
        step *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _positive(x: Exact | arb, name: str) -> arb:
    value = ball(x)
    if not value > 0:
        raise InputError(f"the free parameter {name} must be positive", got=x, allowed=f"{name} > 0")
    return value


def _unit(eps: Exact | arb) -> arb:
    accuracy = ball(eps)
    if not (accuracy > 0 and accuracy < 1):
        raise InputError("eps must lie strictly between 0 and 1", got=eps, allowed="0 < eps < 1")
    return accuracy
