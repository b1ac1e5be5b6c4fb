"""What the exports say about a problem, an edge, a route: plain dictionaries of text and numbers."""

from __future__ import annotations

from typing import Any

import sympy

from reductions.core.reduction import Reduction
from reductions.graph.hypotheses import Hypothesis
from reductions.graph.model import Edge
from reductions.graph.monotone import substituted
from reductions.graph.search import Route

CITED_KIND = "cited"


def problem_facts(problem: type[Any]) -> dict[str, Any]:
    """Name, title, N and parameters of a problem."""
    return {
        "name": problem.NAME,
        "title": problem.TITLE,
        "size": problem.SIZE,
        "parameters": dict(problem.PARAMETERS),
    }


def edge_facts(edge: Edge) -> dict[str, Any]:
    """Everything a table says about a rule or a cited edge; formulas are text, absent ones None or empty."""
    facts: dict[str, Any] = {
        "name": edge.name,
        "source": edge.source.NAME,
        "target": edge.target.NAME,
        "kind": CITED_KIND,
        "executable": False,
        "summary": edge.summary,
        "rho": formula(edge.exponents.rho),
        "kappa": formula(edge.exponents.kappa),
        "sigma": formula(edge.exponents.sigma),
        "calls": None,
        "operations": None,
        "exact_size": {},
        "upper_size": {},
        "claim_scope": edge.claim_scope,
        "sources": [arxiv(source) for source in edge.sources],
        "page": edge.page,
    }
    if isinstance(edge, Reduction):
        unset = frozenset(name for name, option in edge.options.items() if option.default is None)
        facts |= {
            "kind": edge.kind.value,
            "executable": True,
            "calls": formula(edge.calls),
            "operations": formula(edge.operations),
            "exact_size": {name: formula(_without(value, unset)) for name, value in edge.exact_size.items()},
            "upper_size": {name: formula(_without(value, unset)) for name, value in edge.upper_size.items()},
        }
    return facts


def _without(value: sympy.Expr, unset: frozenset[str]) -> sympy.Expr:
    """A size formula with 0 for options that are not set unless a user sets them; sizes are no less than 0 anyway."""
    if not unset & {str(symbol) for symbol in value.free_symbols}:
        return value
    known = substituted(value, {name: sympy.Integer(0) for name in unset})
    return known.replace(sympy.Max, lambda *each: sympy.Max(*(one for one in each if one != 0)))


def route_facts(route: Route) -> dict[str, Any]:
    """A route with its final sizes as formulas and as numbers (`sizes`, `calls`: at most), and exponents."""
    last = route.symbolic()[-1]
    return {
        "rules": list(route.names),
        "calls": route.calls,
        "sizes": route.sizes[-1].numbers(),
        "exact_size": {name: formula(value) for name, value in last.exact.items()},
        "upper_size": {name: formula(value) for name, value in last.upper.items()},
        "calls_formula": formula(last.calls),
        "delta_bits": route.delta_bits,
        "logit_bound": route.logit_bound,
        "measured": route.measured,
        "exponent": route.sentence(),
    }


def hypothesis_facts(each: Hypothesis) -> dict[str, Any]:
    """A hypothesis with what implies it and what it implies."""
    return {
        "id": each.id,
        "name": each.name,
        "problem": each.problem,
        "statement": each.statement,
        "status": each.status.value,
        "refuted_if": each.refuted_if,
        "implied_by": list(each.implied_by),
        "by": list(each.by),
        "implies": list(each.implies),
        "sources": [arxiv(source) for source in each.sources],
    }


def size_lines(facts: dict[str, Any]) -> list[str]:
    """One line for each size: `name = formula` where exact, `name <= formula` for bounds.

    >>> size_lines({"exact_size": {"dim": "m"}, "upper_size": {"left": "9*n", "dim": "m"}})
    ['left <= 9*n', 'dim = m']
    """
    exact = facts["exact_size"]
    return [
        f"{name} = {exact[name]}" if name in exact else f"{name} <= {bound}"
        for name, bound in facts["upper_size"].items()
    ]


def formula(value: Any) -> str:
    """A formula as text."""
    return str(sympy.sympify(value))


def arxiv(source: str) -> str:
    """A source with the prefix `arXiv:` where it is a bare number.

    >>> arxiv("1803.00904"), arxiv("arXiv:1803.00904")
    ('arXiv:1803.00904', 'arXiv:1803.00904')
    """
    return f"arXiv:{source}" if source[:1].isdigit() else source
