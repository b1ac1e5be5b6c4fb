"""All problems and all rules, in the order in which pages and searches list them. A new rule is one line in `RULES`."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence
from typing import Any

from reductions.core.reduction import CitedEdge, Reduction
from varproof.base.errors import InputError

# modules that define PROBLEM, the class of one problem
PROBLEMS: tuple[str, ...] = (
    "cnf",
    "orthogonal_vectors",
    "hamming",
    "gap_hamming",
    "maxip",
    "attention",
    "var_attention",
)

# modules of reductions/rules that define RULE
RULES: tuple[str, ...] = (
    "sparsify",
    "cnf_to_ov",
    "ov_to_hamming",
    "hamming_to_gap_hamming",
    "ov_to_maxip",
    "ov_to_maxip_tensor",
    "ov_to_maxip_crt",
    "ov_to_maxip_reed_solomon",
    "ov_to_attention_scaling",
    "ov_to_attention_counting",
    "maxip_to_attention",
    "gap_hamming_to_attention",
    "gap_hamming_to_attention_as23",
    "attention_to_var_free",
    "attention_to_var_interpolated",
)


def problems() -> tuple[type[Any], ...]:
    """The classes of all problems, in order."""
    return tuple(importlib.import_module(f"reductions.problems.{name}").PROBLEM for name in PROBLEMS)


def problem_named(name: str) -> type[Any]:
    """The problem of this name. Raises `InputError` for others, with the nearest name as hint.

    >>> problem_named("ov").NAME
    'ov'
    """
    for problem in problems():
        if name == problem.NAME:
            return problem
    names = [each.NAME for each in problems()]
    raise InputError("unknown problem", got=name, allowed=", ".join(names), hint=near(name, names))


def rules() -> tuple[Reduction, ...]:
    """All executable rules, in order."""
    return tuple(importlib.import_module(f"reductions.rules.{name}").RULE for name in RULES)


def rule_named(name: str) -> Reduction:
    """The rule of this name. Raises `InputError` for others, with the nearest name as hint, and for cited theorems.

    >>> rule_named("cnf_to_ov").kind.value
    'many-one'
    """
    for rule in rules():
        if rule.name == name:
            return rule
    known = [*RULES, *(edge.name for edge in cited())]
    if name in known:
        raise cannot_be_run(name)
    raise InputError("unknown rule", got=name, allowed=", ".join(RULES), hint=near(name, known))


def cannot_be_run(name: str) -> InputError:
    """The error for a cited theorem where a rule is needed."""
    return InputError(
        "a cited theorem cannot be run",
        got=name,
        allowed="names of executable rules",
        hint="it is a published result without a program here: varproof graph shows it, dashed, and what runs",
    )


def near(name: str, known: Sequence[str]) -> str:
    """A hint with the nearest known name, or nothing.

    >>> near("attenton", ["ov", "attention"])
    'did you mean attention?'
    """
    found = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {found[0]}?" if found else ""


def cited() -> tuple[CitedEdge, ...]:
    """The edges that are theorems of others: used in exponents only."""
    from reductions.graph.cited import CITED

    return CITED
