"""Sizes along a path by substitution: symbols from a problem's parameters, or numbers from those of an instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from reductions.core.reduction import Reduction, size
from reductions.graph.monotone import TooLargeError, substituted, upper_bound
from varproof.base.errors import InputError


@dataclass(frozen=True)
class Sizes:
    """Parameters of one problem on a path. `upper` bounds every one; those in `exact` hold with equality.

    `calls` bounds the number of instances of this problem, `operations` all elementary operations that made them.
    """

    exact: Mapping[str, sympy.Expr]
    upper: Mapping[str, sympy.Expr]
    calls: sympy.Expr
    operations: sympy.Expr

    def numbers(self) -> dict[str, int | None]:
        """The upper bounds as integers, rounded down (parameters are integers); None where a symbol is left."""
        return {name: whole(value) for name, value in self.upper.items()}

    def numbers_of_calls(self) -> int | None:
        """`calls` as an integer; None where a symbol is left."""
        return whole(self.calls)


def start(source: type[Any], parameters: Mapping[str, int] | None = None) -> Sizes:
    """The sizes before the first rule: the symbols of `source`, or the numbers `parameters` of an instance.

    Raises `InputError` where a parameter is missing.
    """
    if parameters is None:
        table = {name: size(name) for name in source.PARAMETERS}
    else:
        missing = set(source.PARAMETERS) - set(parameters)
        if missing:
            raise InputError("sizes are missing", got=", ".join(sorted(missing)), allowed=", ".join(source.PARAMETERS))
        table = {name: sympy.Integer(parameters[name]) for name in source.PARAMETERS}
    return Sizes(table, table, sympy.Integer(1), sympy.Integer(0))


def after(rule: Reduction, before: Sizes, options: Mapping[str, Any] | None = None) -> Sizes:
    """The sizes after one more rule.

    A parameter stays exact where the rule has an exact formula in parameters that are exact; otherwise the rule's
    bound is taken at the bounds so far (`upper_bound`). Numbers among the options (the rule's defaults, replaced by
    `options`) are put in, 0 for an option that is None (nothing chosen); options that are no numbers, and symbols of
    the rule's own, stay symbols.
    """
    settings = option_values(rule, options)
    exact, upper = {}, {}
    for name in rule.target.PARAMETERS:
        formula = rule.exact_size.get(name)
        if formula is not None:
            formula = substituted(sympy.sympify(formula), settings)
            if {str(symbol) for symbol in formula.free_symbols} & set(before.upper) <= set(before.exact):
                try:
                    exact[name] = upper[name] = substituted(formula, before.exact)
                except TooLargeError:
                    upper[name] = sympy.oo
                continue
        bounds = [each for each in (formula, rule.upper_size[name]) if each is not None]
        values = [_bound(substituted(sympy.sympify(each), settings), before) for each in bounds]
        upper[name] = values[0] if len(values) == 1 else sympy.Min(*values)
    calls = _bound(substituted(sympy.sympify(rule.calls), settings), before)
    operations = _bound(substituted(sympy.sympify(rule.operations), settings), before)
    return Sizes(exact, upper, before.calls * calls, before.operations + before.calls * operations)


def along(
    path: Sequence[Reduction],
    parameters: Mapping[str, int] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[Sizes]:
    """The sizes at every problem of a path, the source first: symbolic, or numbers before anything is run.

    `options` replaces defaults of every rule that has an option of that name.
    """
    if not path:
        return []
    found = [start(path[0].source, parameters)]
    for rule in path:
        found.append(after(rule, found[-1], options))
    return found


def option_values(rule: Reduction, options: Mapping[str, Any] | None) -> dict[str, sympy.Expr]:
    """The options of a rule that are numbers, by name; None counts as 0, text as no number."""
    chosen = {**rule.defaults(), **{name: value for name, value in (options or {}).items() if name in rule.options}}
    return {
        name: sympy.Rational(value.numerator, value.denominator)
        if isinstance(value, Fraction)
        else sympy.sympify(value or 0)
        for name, value in chosen.items()
        if value is None or (isinstance(value, (int, Fraction)) and not isinstance(value, bool))
    }


def whole(value: sympy.Expr) -> int | None:
    """The integer part of a formula without symbols, exactly; None for others.

    >>> whole(sympy.log(100)), whole(size("dim"))
    (4, None)
    """
    if value.free_symbols or not value.is_finite:
        return None
    return int(sympy.floor(value))


def _bound(formula: sympy.Expr, before: Sizes) -> sympy.Expr:
    if any(before.upper[str(symbol)] == sympy.oo for symbol in formula.free_symbols if str(symbol) in before.upper):
        return sympy.oo
    try:
        return upper_bound(formula, before.exact, before.upper)
    except (InputError, TooLargeError):
        return sympy.oo  # no bound is known: larger than everything in comparisons, never an estimate
