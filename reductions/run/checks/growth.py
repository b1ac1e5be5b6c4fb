"""Do the formulas of a rule grow as its exponents say: size of the targets N^rho, N^kappa calls, N^sigma operations?

Exponents are measured as slopes of the formulas between two huge sizes, in exact arithmetic. Only what grows with N
grows (both sides of a pair of lists, queries with keys, tokens with the square of the side); dimension, clauses and
the like are held fixed, so factors in them do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import sympy

from reductions.core.reduction import Reduction
from reductions.run.checks.sizes import evaluate, free_names

LOG_SIZES = (1000, 4000)  # log2 N of the two sizes: (log N)^k then adds 2k/3000 to a slope
FIXED = 6  # every size that does not grow with N
SLACK = sympy.Rational(1, 20)  # of a slope: what the o(1) of logarithmic factors comes to between these sizes

# size that N is -> sizes that grow with it, and as which power
GROWS_WITH: MappingProxyType[str, Mapping[str, int]] = MappingProxyType(
    {
        "left": {"left": 1, "right": 1},
        "keys": {"keys": 1, "queries": 1},
        "side": {"side": 1, "tokens": 2, "rows": 2},
    }
)


def check_growth(rule: Reduction) -> Iterator[str]:
    """Sentences, one for every exponent that its formula exceeds."""
    exponents = rule.exponents
    stated = {"rho": exponents.rho, "kappa": exponents.kappa, "sigma": exponents.sigma}
    measured = {"kappa": slope(rule, rule.calls), "sigma": slope(rule, rule.operations)}
    measured["rho"] = slope(rule, target_size(rule))
    for name, formula in stated.items():
        allowed = evaluate(formula, _numbers(rule, formula, LOG_SIZES[0]))
        if measured[name] > allowed + SLACK:
            yield f"{name} = {formula}, but its formula grows as N^{float(measured[name]):.3f}"


def target_size(rule: Reduction) -> sympy.Expr:
    """The bound on the target's N in sizes of the source."""
    base, power, name = rule.target.SIZE.rpartition("^")
    bound = rule.upper_size[name]
    return sympy.Integer(base) ** bound if power else bound


def slope(rule: Reduction, formula: Any) -> sympy.Expr:
    """log(formula) / log N between the two sizes, to 30 digits."""
    low, high = (
        sympy.log(sympy.Max(1, evaluate(formula, _numbers(rule, formula, size))), 2).evalf(30) for size in LOG_SIZES
    )
    return (high - low) / (LOG_SIZES[1] - LOG_SIZES[0])


def _numbers(rule: Reduction, formula: Any, log_size: int) -> tuple[tuple[str, Any], ...]:
    return tuple((name, _number(rule, name, log_size)) for name in free_names(formula))


def _number(rule: Reduction, name: str, log_size: int) -> Any:
    base, power, size = rule.source.SIZE.rpartition("^")
    if power and name == size:
        return sympy.Integer(log_size) / sympy.log(int(base), 2)
    grows = GROWS_WITH.get(size, {size: 1})
    if name in grows and not power:
        return sympy.Integer(2) ** (log_size * grows[name])
    option = rule.defaults().get(name)
    return FIXED if option is None or isinstance(option, str | bool) else sympy.sympify(option)
