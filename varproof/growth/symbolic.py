"""Elementary functions of a number or of a sympy expression: exact where the result is rational, else an Arb ball.

A *number* is an int, a `fractions.Fraction` or a python-flint ball `arb`; a *quantity* is a number or a sympy
expression. Every function here sends numbers to numbers and expressions to expressions; sympy is imported only when an
argument already is a sympy object. A float is refused: it is not exact and is never evidence. Balls have at least
`PRECISION` bits. Logarithms are natural.
"""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from flint import arb, ctx

from varproof.base.balls import ball
from varproof.base.errors import CertificateError, InputError

if TYPE_CHECKING:
    import sympy

    Quantity: TypeAlias = int | Fraction | arb | sympy.Expr

Number = int | Fraction | arb
PRECISION = 128
MAX_BINOMIAL = 100_000


def is_symbolic(x: object) -> bool:
    """Whether `x` is a sympy object; asks without importing sympy.

    >>> is_symbolic(3)
    False
    """
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(x, sympy.Basic)


def lift(*values: Quantity) -> tuple[Any, ...]:
    """The values made fit for each other: all sympy as soon as one is, otherwise unchanged.

    Raises `InputError` for a float, a bool, or a ball beside an expression (a ball has no exact expression).
    """
    for value in values:
        if not is_symbolic(value) and (isinstance(value, bool) or not isinstance(value, (int, Fraction, arb))):
            raise InputError(
                "not an exact number",
                got=f"{value!r} ({type(value).__name__})",
                allowed="int, Fraction, a python-flint ball or a sympy expression",
                hint='write decimals as text and read them with parse_rational, e.g. parse_rational("0.1")',
            )
    if not any(is_symbolic(value) for value in values):
        return values
    import sympy

    if any(isinstance(value, arb) for value in values):
        raise InputError("a ball cannot be mixed with a sympy expression", got=values, allowed="one kind in a call")
    return tuple(sympy.sympify(value) for value in values)


def product(left: Quantity, right: Quantity) -> Quantity:
    """`left * right`, a ball as soon as one factor is a ball."""
    a, b = lift(left, right)
    if isinstance(a, arb) or isinstance(b, arb):
        with ctx.workprec(max(ctx.prec, PRECISION)):
            return ball(a) * ball(b)
    return a * b


def quotient(left: Quantity, right: Quantity) -> Quantity:
    """`left / right`, exact for integers and fractions; raises `InputError` when `right` is zero or may be.

    >>> quotient(1, 3)
    Fraction(1, 3)
    """
    a, b = lift(left, right)
    if (isinstance(b, arb) and b.contains(0)) or (not isinstance(b, arb) and b == 0):
        raise InputError("division by zero", got=right, allowed="a divisor that is certainly not zero")
    if is_symbolic(a):
        return a / b
    if isinstance(a, arb) or isinstance(b, arb):
        with ctx.workprec(max(ctx.prec, PRECISION)):
            return ball(a) / ball(b)
    return Fraction(a) / Fraction(b)


def sqrt(x: Quantity) -> Quantity:
    """The square root: an exact rational when `x` is the square of one, else a ball; raises `InputError` below 0.

    >>> sqrt(Fraction(9, 4))
    Fraction(3, 2)
    >>> print(sqrt(2).str(12, radius=False))
    1.41421356237
    """
    (x,) = lift(x)
    if is_symbolic(x):
        import sympy

        return sympy.sqrt(x)
    if not x >= 0:
        raise InputError("square root of a negative number", got=x, allowed="x >= 0, certainly so for a ball")
    if not isinstance(x, arb):
        exact = Fraction(x)
        roots = math.isqrt(exact.numerator), math.isqrt(exact.denominator)
        if roots[0] ** 2 == exact.numerator and roots[1] ** 2 == exact.denominator:
            return Fraction(*roots)
    with ctx.workprec(max(ctx.prec, PRECISION)):
        return ball(x).sqrt()


def log(x: Quantity) -> Quantity:
    """The natural logarithm: 0 at 1, else a ball; raises `InputError` unless `x > 0` certainly."""
    (x,) = lift(x)
    if is_symbolic(x):
        import sympy

        return sympy.log(x)
    if not x > 0:
        raise InputError("logarithm of a number that is not positive", got=x, allowed="x > 0, certainly so for a ball")
    if not isinstance(x, arb) and x == 1:
        return 0
    with ctx.workprec(max(ctx.prec, PRECISION)):
        return ball(x).log()


def ceil(x: Quantity) -> Quantity:
    """The least integer that is at least `x`; raises `CertificateError` when a ball does not decide it.

    >>> ceil(Fraction(7, 2)), ceil(sqrt(2))
    (4, 2)
    """
    (x,) = lift(x)
    if is_symbolic(x):
        import sympy

        return sympy.ceiling(x)
    if not isinstance(x, arb):
        return math.ceil(x)
    decided = x.ceil().unique_fmpz()
    if decided is None:
        raise CertificateError(
            "the ball straddles an integer", got=x, hint="compute it with more bits (flint.ctx.prec)"
        )
    return int(decided)


def binomial(top: Quantity, bottom: Quantity) -> Quantity:
    """The binomial coefficient C(top, bottom) of integers 0 <= bottom <= top <= 100000, or of expressions.

    >>> binomial(10, 3)
    120
    """
    a, b = lift(top, bottom)
    if is_symbolic(a):
        import sympy

        return sympy.binomial(a, b)
    if not isinstance(a, int) or not isinstance(b, int) or not 0 <= b <= a <= MAX_BINOMIAL:
        raise InputError(
            "binomial coefficient out of range", got=(a, b), allowed=f"integers 0 <= bottom <= top <= {MAX_BINOMIAL}"
        )
    return math.comb(a, b)
