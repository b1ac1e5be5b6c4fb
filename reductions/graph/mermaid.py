"""The graph in the language of Mermaid, which many Markdown viewers draw."""

from __future__ import annotations

from reductions.graph.facts import edge_facts
from reductions.graph.model import Graph, edges_of


def graph_mermaid(made: Graph) -> str:
    """A `flowchart TD`; cited edges are dotted. Nodes are numbered, names are labels: any name is safe."""
    number = {name: f"p{place}" for place, name in enumerate(made)}
    lines = ["flowchart TD"]
    for name, data in made.nodes(data=True):
        lines.append(f'  {number[name]}["{escaped(name)}<br/>N = {escaped(data["problem"].SIZE)}"]')
    for edge in edges_of(made):
        facts = edge_facts(edge)
        arrow = "-->" if facts["executable"] else "-.->"
        lines.append(f'  {number[facts["source"]]} {arrow}|"{escaped(facts["name"])}"| {number[facts["target"]]}')
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text for a quoted label: characters that end it, or that are markup, become entities.

    >>> escaped('a "b" <c> #d')
    'a #quot;b#quot; #lt;c#gt; #35;d'
    """
    table = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "\n": " "}
    return "".join(table.get(letter, letter) for letter in text)
