"""The graph as text: problems with the rules that leave them, and routes with their sizes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from reductions.graph.facts import edge_facts, route_facts, size_lines
from reductions.graph.model import Graph, edges_of
from reductions.graph.search import Route

WIDTH = 118


def graph_text(made: Graph) -> str:
    """All problems, each with its rules: kind, exponents, calls, sizes, sources. Cited edges are marked."""
    facts = [edge_facts(edge) for edge in edges_of(made)]
    lines: list[str] = []
    for name, data in made.nodes(data=True):
        problem = data["problem"]
        lines.append(f"{name}  ({problem.TITLE}; N = {problem.SIZE})")
        for each in (one for one in facts if one["source"] == name):
            arrow = "->" if each["executable"] else "..>"
            triple = f"({each['rho']}, {each['kappa']}, {each['sigma']})"
            lines.append(
                f"  {arrow} {each['target']}  {each['name']}  [{each['kind']}]  (rho, kappa, sigma) = {triple}"
            )
            sizes = size_lines(each)
            if each["calls"] is not None and each["calls"] != "1":
                sizes.append(f"calls <= {each['calls']}")
            lines.extend(_folded("; ".join(sizes) or each["summary"], 7))
        lines.append("")
    lines.append("-> a rule that runs, ..> a cited theorem that enters exponents only")
    return "\n".join(lines)


def routes_text(routes: Sequence[Route]) -> str:
    """Routes one after the other: rules, final sizes as formulas and numbers, calls, bits, exponents."""
    lines: list[str] = []
    for number, route in enumerate(routes, 1):
        facts = route_facts(route)
        lines.append(f"{number}. {' -> '.join(facts['rules'])}")
        numbers = [f"{name} {'?' if value is None else value}" for name, value in facts["sizes"].items()]
        calls = "?" if facts["calls"] is None else facts["calls"]
        source = "" if route.measured else " (rule of thumb)"
        lines.extend(
            _folded(f"here at most: {', '.join(numbers)}; calls {calls}; {route.delta_bits} bits of error{source}", 3)
        )
        lines.extend(_folded(f"sizes: {'; '.join(size_lines(facts))}; calls <= {facts['calls_formula']}", 3))
        lines.extend(_folded(facts["exponent"], 3))
    return "\n".join(lines)


def _folded(text: str, indent: int) -> list[str]:
    blank = " " * indent
    return textwrap.wrap(text, WIDTH, initial_indent=blank, subsequent_indent=blank + "  ", break_long_words=False)
