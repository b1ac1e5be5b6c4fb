"""Samples: balls around formulas that should tend to 1, at enormous n. A check on the algebra, never a proof.

The formulas are value / leading term (`varproof.growth.probes`).

When a formula contains n only through L_m (n itself is L_0, log n is L_1, ...), it is sampled at L_m = exp(exp(k)), its
*natural level*, so that slowly growing formulas are sampled as deep as fast ones: k = 1, ..., 1024, then k = exp(8),
..., exp(8192), where n itself is too large for a ball but 1/n is not too small. Precision is raised until the ball is
accurate or the cap is met; a sample without accuracy is left out.

How the deviations e_k = |value - 1| are read: `agree` when the last one is below 1/1000, or below 1/2 and at
most 9/10 of the one two samples before; `disagree` when the last three are above 1/4, the last one is above 99/100 of
the two before, and k reached 16 (6 when the three are equal up to 1/1000); else `inconclusive`, where a right leading
term with a very slow second term ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import sympy
from flint import arb, ctx

from varproof.growth.constants import enclose
from varproof.growth.monomial import SYMBOL

Reading = Literal["agree", "disagree", "inconclusive"]
POINTS = (1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 128, 256, 512, 1024)
DEEP_POINTS = (8, 32, 128, 512, 2048, 8192)
ACCURACY = 40
_PRECISIONS = (128, 512, 2048, 8192, 20_000)
_ZERO_PRECISION = 2048
_MAX_LEVEL = 12


def natural_level(expr: sympy.Expr) -> int:
    """The largest m with `expr` a function of L_m alone; 12 for a constant.

    >>> natural_level(sympy.log(sympy.log(SYMBOL)) ** 2 + 1 / sympy.log(SYMBOL))
    1
    """
    level = 0
    current: sympy.Expr = SYMBOL
    while level < _MAX_LEVEL and not _occurs_bare(expr, current):
        level, current = level + 1, sympy.log(current)
    return level


def _occurs_bare(expr: sympy.Expr, current: sympy.Expr) -> bool:
    """Whether `current` occurs outside of its own logarithm; nothing is rebuilt, as rebuilding may cancel it."""
    if expr == current:
        return True
    return expr != sympy.log(current) and any(_occurs_bare(part, current) for part in expr.args)


def value_at(expr: sympy.Expr, level: int, k: int, *, deep: bool = False, bits: int = ACCURACY) -> arb | None:
    """A ball around `expr` at L_level = exp(exp(k)) (deep: exp(exp(exp(k)))) with at least `bits` accurate bits.

    None when no precision up to 20000 bits gives one.

    >>> print(value_at(sympy.log(SYMBOL) / SYMBOL, 0, 2).str(6, radius=False))
    0.00456628
    """
    for precision in _PRECISIONS:
        with ctx.workprec(precision):
            value = enclose(expr, chain(level, k, deep, precision))
        if value.is_finite() and value.rel_accuracy_bits() >= bits:
            return value
    return None


@lru_cache(maxsize=4096)
def chain(level: int, k: int, deep: bool, precision: int) -> Mapping[sympy.Expr, arb]:
    """Balls for L_level = exp(exp(k)) (deep: of exp(k)) and its iterated logs while positive.

    The first may be too large for a ball; it is not finite then. `precision` in bits.
    """
    current: sympy.Expr = SYMBOL
    for _ in range(level):
        current = sympy.log(current)
    with ctx.workprec(precision):
        top = arb(k).exp() if deep else arb(k)
        values = {current: top.exp().exp(), sympy.log(current): top.exp()}
        current, value = sympy.log(sympy.log(current)), top
        while value > 0:
            values[current] = value
            current, value = sympy.log(current), value.log()
    return MappingProxyType(values)


@lru_cache(maxsize=4096)
def read(expr: sympy.Expr, target: int) -> Reading:
    """Whether the samples support `expr -> 1` (target 1) or `expr = 0` (target 0). See the head of this module.

    >>> n = SYMBOL
    >>> read(1 + 1 / n, 1), read(2 + 1 / n, 1), read(n - (n**2 + n) / (n + 1), 0)
    ('agree', 'disagree', 'agree')
    """
    return judge([(place, abs(value - 1)) for place, value in _values(expr)]) if target else _read_zero(expr)


def judge(deviations: Sequence[tuple[int, arb]]) -> Reading:
    """The reading of pairs (place in the list of points, deviation); see the head of this module.

    >>> judge([(8, arb("0.6")), (9, arb("0.55")), (10, arb("0.45"))])
    'agree'
    """
    if deviations and deviations[-1][1] < arb("0.001"):
        return "agree"
    if len(deviations) < 3:
        return "inconclusive"
    earlier, middle, last = (value for _, value in deviations[-3:])
    if last < arb("0.5") and last < arb("0.9") * earlier:
        return "agree"
    far = all(value > arb("0.25") for value in (earlier, middle, last))
    falling = not (last > arb("0.99") * earlier and last > arb("0.99") * middle)
    flat = all(abs(value - last) < arb("0.001") * last for value in (earlier, middle))
    reached = deviations[-1][0] >= POINTS.index(6 if flat else 16)
    return "disagree" if far and reached and not falling else "inconclusive"


def _values(ratio: sympy.Expr) -> Iterator[tuple[int, arb]]:
    level = natural_level(ratio)
    found = False
    misses = 0
    places = [(k, False) for k in POINTS] + [(k, True) for k in DEEP_POINTS]
    for place, (k, deep) in enumerate(places):
        value = value_at(ratio, level, k, deep=deep)
        if value is not None:
            found, misses = True, 0
            yield place, value
        elif found:  # before the first value the formula may not be real yet
            misses += 1
            if misses == 2:  # cancellation has eaten all bits, or n is too large for a ball: nothing better comes
                return


def _read_zero(expr: sympy.Expr) -> Reading:
    """A germ that is exactly 0 leaves a tiny ball around 0 at every point where it can be evaluated."""
    level = natural_level(expr)
    seen = 0
    for k in (2, 3, 4):
        with ctx.workprec(_ZERO_PRECISION):
            value = enclose(expr, chain(level, k, False, _ZERO_PRECISION))
        if value.is_finite() and not value.contains(0):
            return "disagree"
        seen += bool(value.rad() < arb(2) ** (-_ZERO_PRECISION // 2))
    return "agree" if seen else "inconclusive"
