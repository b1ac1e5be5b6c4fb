"""The reduction graph: problems are nodes, rules and cited theorems are edges of a networkx MultiDiGraph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import networkx as nx

from reductions import registry
from reductions.core.reduction import CitedEdge, Reduction
from reductions.registry import near
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
    """The edges of a graph: rules first, then cited ones, by source and target in the order of the problems."""
    found: list[Edge] = [data["edge"] for _, _, data in made.edges(data=True)]
    return tuple(sorted(found, key=lambda edge: isinstance(edge, CitedEdge)))


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


def reachable(made: Graph, source: str) -> tuple[str, ...]:
    """The problems that executable rules reach from `source`, itself among them, in the order of the graph."""
    found, waiting = {source}, [source]
    while waiting:
        for _, target, data in made.out_edges(waiting.pop(), data=True):
            if data["executable"] and target not in found:
                found.add(target)
                waiting.append(target)
    return tuple(name for name in made if name in found)


def part(made: Graph, source: str | None, target: str | None) -> Graph:
    """The part of the graph that `source` leads to and that leads to `target`, cited edges included; None: any.

    Raises `InputError` for unknown names and where nothing leads from `source` to `target`.
    """
    kept = set(made)
    if source is not None:
        node_named(made, source)
        kept &= nx.descendants(made, source) | {source}
    if target is not None:
        node_named(made, target)
        kept &= nx.ancestors(made, target) | {target}
    if source is not None and target is not None and not {source, target} <= kept:
        raise unreachable(made, source, target)
    cut: Graph = nx.MultiDiGraph()
    cut.add_nodes_from((name, data) for name, data in made.nodes(data=True) if name in kept)
    for edge in edges_of(made):
        if edge.source.NAME in kept and edge.target.NAME in kept:
            executable = isinstance(edge, Reduction)
            cut.add_edge(edge.source.NAME, edge.target.NAME, key=edge.name, edge=edge, executable=executable)
    return cut


def unreachable(made: Graph, source: str, target: str) -> InputError:
    """The error that lists what can be reached instead."""
    others = [name for name in reachable(made, source) if name != source]
    return InputError(
        f"no rules lead from {source} to {target}",
        got=target,
        allowed=", ".join(others) or f"nothing: no rule starts at {source}",
        hint="varproof graph shows all rules",
    )
