"""Are the sizes, the number of targets and the operations what the formulas of the rule say, in exact arithmetic?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import sympy

from reductions.run.checks.image import Image
from varproof.base.errors import InputError


def check_sizes(image: Image) -> Iterator[str]:
    """Sentences, one for every size that breaks its formula."""
    rule = image.rule
    calls = at_most(len(image.targets), rule.calls, image)
    if calls:
        yield f"{calls} targets"
    operations = at_most(image.mapped.operations, rule.operations, image)
    if operations:
        yield f"{operations} operations"
    for index, target in enumerate(image.targets):
        sizes = target.parameters()
        if set(sizes) != set(rule.target.PARAMETERS):
            yield f"target {index}: parameters {sorted(sizes)}, declared are {sorted(rule.target.PARAMETERS)}"
            continue
        for name, size in sizes.items():
            if name in rule.exact_size and value(rule.exact_size[name], image) != size:
                promised = value(rule.exact_size[name], image)
                yield f"target {index}: {name} = {size}, exactly {promised} was promised by {rule.exact_size[name]}"
            above = at_most(size, rule.upper_size[name], image)
            if above:
                yield f"target {index}: {name}: {above}"


def at_most(number: int, formula: Any, image: Image) -> str:
    """Empty when `number` is at most the formula's value, otherwise what is wrong."""
    bound = value(formula, image)
    if sympy.Integer(number) <= bound:
        return ""
    return f"{number}, but at most {bound} was promised by {formula}"


def value(formula: Any, image: Image) -> sympy.Expr:
    """The exact value of a size formula for this image."""
    names = free_names(formula)
    return evaluate(formula, tuple((name, symbol_value(name, image)) for name in names))


def symbol_value(name: str, image: Image) -> Any:
    """What a symbol of a formula stands for: a size of the source, a number among the options, an entry of the context.

    Symbols of `extra_symbols` are attributes (or keys) of `Mapped.context`. Raises `InputError` for others.
    """
    sizes: dict[str, int] = image.case.instance.parameters()
    if name in sizes:
        return sizes[name]
    option = image.case.options.get(name)
    if option is not None and not isinstance(option, str | bool):
        return sympy.sympify(option)
    context = image.mapped.context
    found = context.get(name) if isinstance(context, Mapping) else getattr(context, name, None)
    if found is None:
        raise InputError(
            f"rule {image.rule.name}: nothing says what {name} is",
            got=name,
            allowed="a size of the source, a number among the options, or an attribute of the context",
        )
    return sympy.sympify(found)


def free_names(formula: Any) -> tuple[str, ...]:
    """Names of the symbols of a formula, sorted."""
    return tuple(sorted(str(symbol) for symbol in sympy.sympify(formula).free_symbols))


@lru_cache(maxsize=4096)
def evaluate(formula: Any, numbers: tuple[tuple[str, Any], ...]) -> sympy.Expr:
    """The formula with numbers for its symbols. Raises `InputError` when that is no real number."""
    given = dict(numbers)
    expression = sympy.sympify(formula)
    result = expression.subs({symbol: given[str(symbol)] for symbol in expression.free_symbols})
    if not result.is_number or result.is_extended_real is False or result is sympy.nan:
        raise InputError("a size formula has no value", got=f"{expression} at {given}", allowed="a real number")
    return result
