"""The sizes a rule promises for one instance: its formulas with the instance's numbers put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from reductions.core.reduction import Reduction


@dataclass(frozen=True)
class Promised:
    """Target parameter -> number: with equality, and as upper bound; `calls` and `operations` are upper bounds."""

    exact: dict[str, int]
    upper: dict[str, int]
    calls: int
    operations: int


def promised(rule: Reduction, instance: Any, options: Mapping[str, Any]) -> Promised:
    """The formulas of `rule` at `instance`. Numbers of options stand in for their symbols.

    >>> from reductions.problems.cnf import Cnf
    >>> from reductions.registry import rule_named
    >>> promised(rule_named("cnf_to_ov"), Cnf(5, ((1, -2), (3,))), {}).exact
    {'left': 4, 'right': 8, 'dim': 2}
    """
    numbers = {**{name: value for name, value in options.items() if _is_number(value)}, **instance.parameters()}

    def value(formula: sympy.Expr) -> int:
        wanted = {symbol: numbers[str(symbol)] for symbol in sympy.sympify(formula).free_symbols}
        return int(sympy.ceiling(sympy.sympify(formula).subs(wanted)))

    return Promised(
        {name: value(formula) for name, formula in rule.exact_size.items()},
        {name: value(formula) for name, formula in rule.upper_size.items()},
        value(rule.calls),
        value(rule.operations),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
