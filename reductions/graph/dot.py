"""The graph in the DOT language of Graphviz."""

from __future__ import annotations

from reductions.graph.facts import edge_facts
from reductions.graph.model import Graph, edges_of


def graph_dot(made: Graph) -> str:
    """A `digraph` with quoted names; cited edges are dashed.

    Lines stand in the order of the graph, so that the same graph gives the same text.
    """
    lines = ["digraph reductions {", "  node [shape=box, style=rounded];"]
    for name, data in made.nodes(data=True):
        label = quoted(name)[:-1] + "\\nN = " + quoted(data["problem"].SIZE)[1:]
        lines.append(f"  {quoted(name)} [label={label}];")
    for edge in edges_of(made):
        facts = edge_facts(edge)
        style = "" if facts["executable"] else ", style=dashed"
        tooltip = quoted(f"{facts['kind']}: {facts['summary']}")
        lines.append(
            f"  {quoted(facts['source'])} -> {quoted(facts['target'])} "
            f"[label={quoted(facts['name'])}, tooltip={tooltip}{style}];"
        )
    return "\n".join([*lines, "}"])


def quoted(text: str) -> str:
    r"""A string of the DOT language.

    >>> quoted('a "b" \\ c')
    '"a \\"b\\" \\\\ c"'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
