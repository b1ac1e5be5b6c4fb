"""Closed forms of the token and attention-pair counts of geometric and linear schedules, in a number or a symbol n.

Notation: scale k has side p_k and N_k = p_k^2 tokens, S_k = N_1 + ... + N_k, p_K = n. Four counts, all exact:
`tokens` = S_K; `attention` = sum_k N_k S_k (keys and values of earlier scales are kept); `dense` = sum_k S_k^2 (every
step recomputes all its tokens against all of them); `masked` = sum_k sum_{j<=k} N_j S_j (every step recomputes all its
tokens, pairs hidden by the block-causal mask are skipped). Proofs: docs/explanation/schedules.md.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from varproof.base.errors import InputError
from varproof.growth.symbolic import is_symbolic, log, quotient

if TYPE_CHECKING:
    from varproof.growth.symbolic import Quantity

# coefficients of n^0, n^1, ... over one common denominator; each is the polynomial f with f(0) = 0 and
# f(n) - f(n-1) = the n-th summand
_LINEAR: dict[str, tuple[int, tuple[int, ...]]] = {
    "tokens": (6, (0, 1, 3, 2)),
    "attention": (360, (0, -6, 5, 90, 155, 96, 20)),
    "dense": (1260, (0, -6, 35, 245, 455, 371, 140, 20)),
    "masked": (2520, (0, -48, 98, 665, 980, 623, 182, 20)),
}


class Counts(NamedTuple):
    """The four counts of a schedule, or their leading coefficients; see the head of this module."""

    tokens: Any
    attention: Any
    dense: Any
    masked: Any


def geometric_counts(n: Quantity, ratio: int = 2) -> Counts:
    """The counts of the schedule 1, a, a^2, ..., n with integer ratio a >= 2 (identity; doubling is a = 2).

    With b = a^2, x = n^2 and K = log n / log a + 1 scales: tokens = (b x - 1)/(b - 1) and
    attention = (b (b^2 x^2 - 1)/(b^2 - 1) - (b x - 1)/(b - 1))/(b - 1). Raises `InputError` unless a number n is a
    power of a. Constant number of operations besides K.

    >>> geometric_counts(16)
    Counts(tokens=341, attention=93093, dense=123973, masked=99269)
    """
    b = _ratio(ratio) ** 2
    scales: Any = quotient(log(n), log(_as_symbol(ratio))) + 1 if is_symbolic(n) else _scales(n, ratio)
    x: Any = n**2
    singles = _divide(b * x - 1, b - 1)  # sum of b^k for k = 0..K-1
    squares = _divide(b**2 * x**2 - 1, b**2 - 1)  # sum of b^2k
    attention = _divide(b * squares - singles, b - 1)
    dense = _divide(b**2 * squares - 2 * b * singles + scales, (b - 1) ** 2)
    masked = _divide(b * _divide(b**2 * squares - scales, b**2 - 1) - _divide(b * singles - scales, b - 1), b - 1)
    return Counts(singles, attention, dense, masked)


def geometric_limits(ratio: int | Fraction = 2) -> Counts:
    """The suprema of tokens/n^2 and of the pair counts over n^4 among schedules that shrink by `ratio` from the top.

    Upper bound, tight: every schedule with p_{K-i} <= n / a^i has tokens <= t n^2, attention <= c n^4, and so on, with
    these numbers for any rational a > 1; the pure powers of an integer a attain them as n grows. With b = a^2:
    t = b/(b-1), c = b^3/((b-1)^2 (b+1)), dense b^4/((b-1)^2 (b^2-1)), masked b^5/((b-1)^2 (b+1) (b^2-1)).

    >>> print(*geometric_limits(2))
    4/3 64/45 256/135 1024/675
    """
    if isinstance(ratio, bool) or not isinstance(ratio, (int, Fraction)) or ratio <= 1:
        raise InputError("not a ratio", got=ratio, allowed="an int or a Fraction above 1")
    b = Fraction(ratio) ** 2
    tokens = b / (b - 1)
    attention = b**3 / ((b - 1) ** 2 * (b + 1))
    return Counts(tokens, attention, b**4 / ((b - 1) ** 2 * (b**2 - 1)), attention * b**2 / (b**2 - 1))


def linear_counts(n: Quantity) -> Counts:
    """The counts of the schedule 1, 2, 3, ..., n: polynomials in n, exact for n >= 1, without a loop.

    attention = n(n+1)(n+2)(2n+1)(2n+3)(5n-1)/360 = n^6/18 + 4n^5/15 + ...; dense = n^7/63 + n^6/9 + ...;
    masked = n^7/126 + 13 n^6/180 + ....

    >>> linear_counts(3)
    Counts(tokens=14, attention=147, dense=222, masked=169)
    """
    if not is_symbolic(n) and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
        raise InputError("not a side", got=n, allowed="a positive integer or a sympy expression")
    values = []
    for name in Counts._fields:
        value: Any = 0
        for coefficient in reversed(linear_polynomial(name)):
            value = value * n + (coefficient if not is_symbolic(n) else _as_symbol(coefficient))
        values.append(value if is_symbolic(n) else _integral(value))
    return Counts(*values)


def linear_polynomial(name: str) -> tuple[Fraction, ...]:
    """The coefficients of n^0, n^1, ... of a count of the linear schedule; `name` is a field of `Counts`."""
    denominator, coefficients = _LINEAR[name]
    return tuple(Fraction(c, denominator) for c in coefficients)


def _ratio(ratio: object) -> int:
    if isinstance(ratio, bool) or not isinstance(ratio, int) or ratio < 2:
        raise InputError(
            "the closed forms need an integer ratio", got=ratio, allowed="an int >= 2", hint="use Schedule.counts"
        )
    return ratio


def _scales(n: object, ratio: int) -> int:
    scales, side = 1, n
    while isinstance(side, int) and side > 1 and side % ratio == 0:
        scales, side = scales + 1, side // ratio
    if isinstance(n, bool) or not isinstance(n, int) or side != 1:
        raise InputError(f"the closed forms need a power of {ratio}", got=n, hint="use Schedule.counts")
    return scales


def _divide(x: Any, divisor: int) -> Any:
    return x / divisor if is_symbolic(x) else _integral(Fraction(x, divisor))


def _integral(x: Fraction) -> int | Fraction:
    return x.numerator if x.denominator == 1 else x


def _as_symbol(x: int | Fraction) -> Any:
    import sympy

    return sympy.sympify(x)
