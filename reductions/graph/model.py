"""The reduction graph: problems are nodes, rules and cited theorems are edges of a networkx MultiDiGraph."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, TypeAlias

import networkx as nx

from reductions import registry
from reductions.core.reduction import CitedEdge, Reduction
from varproof.base.errors import InputError

Edge: TypeAlias = Reduction | CitedEdge
Graph: TypeAlias = "nx.MultiDiGraph[str]"


def graph(edges: Sequence[Edge] | None = None) -> Graph:
    """The graph of `edges`, by default of all rules and cited edges of the registry.

    Nodes are problem names with the attribute `problem` (the class); edges have the name of the rule as key and the
    attributes `edge` (`Reduction` or `CitedEdge`) and `executable`. Orders are those of the registry.
    """
    made: Graph = nx.MultiDiGraph()
    if edges is None:
        edges = all_edges()
        for problem in registry.problems():
            made.add_node(problem.NAME, problem=problem)
    for edge in edges:
        for problem in (edge.source, edge.target):
            if problem.NAME not in made:
                made.add_node(problem.NAME, problem=problem)
        made.add_edge(
            edge.source.NAME, edge.target.NAME, key=edge.name, edge=edge, executable=isinstance(edge, Reduction)
        )
    return made


def all_edges() -> tuple[Edge, ...]:
    """All rules of the registry, then the cited edges."""
    return (*registry.rules(), *registry.cited())


def edges_of(made: Graph) -> tuple[Edge, ...]:
    """The edges of a graph: rules first, then cited ones, each in the order in which they were added."""
    found: list[Edge] = [data["edge"] for _, _, data in made.edges(data=True)]
    order = {edge.name: place for place, edge in enumerate(made.graph.get("order", found))}
    return tuple(sorted(found, key=lambda edge: (isinstance(edge, CitedEdge), order[edge.name])))


def node_named(made: Graph, name: str) -> type[Any]:
    """The problem of this name. Raises `InputError` for others, with the nearest name as hint."""
    if name in made:
        problem: type[Any] = made.nodes[name]["problem"]
        return problem
    raise InputError("unknown problem", got=name, allowed=", ".join(made), hint=near(name, list(made)))


def edge_named(made: Graph, name: str) -> Edge:
    """The rule or cited edge of this name. Raises `InputError` for others, with the nearest name as hint."""
    found = {edge.name: edge for edge in edges_of(made)}
    if name in found:
        return found[name]
    raise InputError("unknown rule", got=name, allowed=", ".join(found), hint=near(name, list(found)))


def near(name: str, known: Sequence[str]) -> str:
    """A hint with the nearest known name, or nothing.

    >>> near("attenton", ["ov", "attention"])
    'did you mean attention?'
    """
    found = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {found[0]}?" if found else ""


def reachable(made: Graph, source: str) -> tuple[str, ...]:
    """The problems that executable rules reach from `source`, itself among them, in the order of the graph."""
    found, waiting = {source}, [source]
    while waiting:
        for _, target, data in made.out_edges(waiting.pop(), data=True):
            if data["executable"] and target not in found:
                found.add(target)
                waiting.append(target)
    return tuple(name for name in made if name in found)


def between(made: Graph, source: str, target: str) -> Graph:
    """The part of the graph that lies on walks from `source` to `target`, cited edges included.

    Raises `InputError` where there is no such walk.
    """
    kept = (nx.descendants(made, source) | {source}) & (nx.ancestors(made, target) | {target})
    if target not in kept or source not in kept:
        raise unreachable(made, source, target)
    part: Graph = made.subgraph([name for name in made if name in kept]).copy()
    return part


def unreachable(made: Graph, source: str, target: str) -> InputError:
    """The error that lists what can be reached instead."""
    others = [name for name in reachable(made, source) if name != source]
    return InputError(
        f"no rules lead from {source} to {target}",
        got=target,
        allowed=", ".join(others) or f"nothing: no rule starts at {source}",
        hint="varproof graph shows all rules",
    )
