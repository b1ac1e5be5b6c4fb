"""Samples: balls around value / leading term at enormous n, compared with 1. A check on the algebra, never a proof.

When a formula contains n only through L_m (n itself is L_0, log n is L_1, ...), it is sampled at L_m = exp(exp(k)), its
*natural level*, so that slowly growing formulas are sampled as deep as fast ones. Precision is raised until the ball is
accurate or the cap is met; a sample without accuracy is left out.

How the deviations e_k = |value/leading - 1| are read: `agree` when the last one is below 1/1000, or below 1/2 and at
most 9/10 of the one two samples before; `disagree` when the last three are at least 1/4 and do not fall by more than
1/100, and k reached 16; else `inconclusive`. A correct leading term with a very slow second term (1/L_5) ends there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import sympy
from flint import arb, ctx

from varproof.growth.constants import enclose
from varproof.growth.monomial import SYMBOL

Reading = Literal["agree", "disagree", "inconclusive"]
POINTS = (1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 128, 256, 512, 1024)
ACCURACY = 40
_PRECISIONS = (128, 512, 2048, 8192, 20_000)
_MAX_LEVEL = 12


def natural_level(expr: sympy.Expr) -> int:
    """The largest m with `expr` a function of L_m alone.

    >>> natural_level(sympy.log(sympy.log(SYMBOL)) ** 2 + 1 / sympy.log(SYMBOL))
    1
    """
    level = 0
    current: sympy.Expr = SYMBOL
    while level < _MAX_LEVEL:
        stand_in = sympy.Dummy(positive=True)
        if expr.xreplace({sympy.log(current): stand_in}).has(current):
            return level
        level, current = level + 1, sympy.log(current)
    return level


def value_at(expr: sympy.Expr, level: int, k: int, *, bits: int = ACCURACY) -> arb | None:
    """A ball around `expr` at L_level = exp(exp(k)) with at least `bits` accurate bits; None when none is found.

    >>> print(value_at(sympy.log(SYMBOL) / SYMBOL, 0, 2).str(6, radius=False))
    0.00456628
    """
    for precision in _PRECISIONS:
        with ctx.workprec(precision):
            value = enclose(expr, chain(level, k))
        if value.is_finite() and value.rel_accuracy_bits() >= bits:
            return value
    return None


def chain(level: int, k: int) -> dict[sympy.Expr, arb]:
    """Balls for L_level = exp(exp(k)) and the iterated logs after it, as long as they are positive."""
    current: sympy.Expr = SYMBOL
    for _ in range(level):
        current = sympy.log(current)
    values = {current: arb(k).exp().exp(), sympy.log(current): arb(k).exp()}
    current, value = sympy.log(sympy.log(current)), arb(k)
    while value > 0:
        values[current] = value
        current, value = sympy.log(current), value.log()
    return values


def read(expr: sympy.Expr, lead: sympy.Expr) -> Reading:
    """Whether the samples support `expr ~ lead`; with `lead` 0, that `expr` is exactly 0. See the head of this module.

    >>> n = SYMBOL
    >>> read(n**2 + n, n**2), read(n**2 + n, 2 * n**2)
    ('agree', 'disagree')
    """
    if lead == 0:
        return _read_zero(expr)
    ratio = expr / lead
    level = natural_level(ratio)
    usable: list[tuple[int, arb]] = []
    for k, value in _values(ratio, level):
        usable.append((k, abs(value - 1)))
    if not usable:
        return "inconclusive"
    return judge(usable)


def judge(deviations: list[tuple[int, arb]]) -> Reading:
    """The reading of pairs (k, deviation), k rising; see the head of this module."""
    k, last = deviations[-1]
    if last < arb("1e-3"):
        return "agree"
    if len(deviations) < 3:
        return "inconclusive"
    earlier, middle = deviations[-3][1], deviations[-2][1]
    if last < 0.5 and last < 0.9 * earlier:
        return "agree"
    stuck = earlier > 0.25 and middle > 0.25 and last > 0.25 and last > 0.99 * earlier and last > 0.99 * middle
    return "disagree" if stuck and k >= 16 else "inconclusive"


def _values(ratio: sympy.Expr, level: int) -> Iterator[tuple[int, arb]]:
    misses = 0
    for k in POINTS:
        value = value_at(ratio, level, k)
        if value is not None:
            misses = 0
            yield k, value
        elif k > 4:
            misses += 1
            if misses == 2:  # beyond the point where cancellation eats all bits nothing more comes
                return


def _read_zero(expr: sympy.Expr) -> Reading:
    level = natural_level(expr)
    seen = 0
    for k in (2, 3, 4):
        with ctx.workprec(_PRECISIONS[2]):
            value = enclose(expr, chain(level, k))
        if value.is_finite():
            if not value.contains(0):
                return "disagree"
            seen += 1
    return "agree" if seen else "inconclusive"
