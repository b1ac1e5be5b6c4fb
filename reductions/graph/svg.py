"""The picture of the graph as SVG for a page: colours come from the page, so that it follows dark and light."""

from __future__ import annotations

from html import escape
from typing import Any

from reductions.graph.facts import CITED_KIND, edge_facts
from reductions.graph.layout import Item, Line, curves, layout
from reductions.graph.model import Graph


def graph_svg(made: Graph) -> str:
    """An `<svg>` element. Labels of rules are links to `#rule-NAME`, problems to `#problem-NAME`; both take focus."""
    places = layout(made)
    parts = [
        f'<svg viewBox="0 0 {places.width:.0f} {places.height:.0f}" width="{places.width:.0f}" '
        f'height="{places.height:.0f}" role="group" aria-labelledby="picture-title">',
        '<title id="picture-title">Problems and the rules between them</title>',
    ]
    kinds = sorted({edge_facts(line.edge)["kind"] for line in places.lines})
    markers = (
        f'<marker id="tip-{kind}" class="tip {kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker>'
        for kind in kinds
    )
    parts.append(f"<defs>{''.join(markers)}</defs>")
    parts.extend(_line(line) for line in places.lines)
    parts.extend(_box(item, made.nodes[name]["problem"]) for name, item in places.boxes.items())
    return "\n".join([*parts, "</svg>"])


def _line(line: Line) -> str:
    facts, kind = edge_facts(line.edge), edge_facts(line.edge)["kind"]
    path = "M{:.1f} {:.1f}".format(*line.points[0])
    for (one, other), end in zip(curves(line), line.points[1:], strict=True):
        path += "C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in (one, other, end))
    label = line.label
    what = f"{facts['name']}, from {facts['source']} to {facts['target']}, {kind}: {facts['summary']}"
    return (
        f'<path class="line {kind}" d="{path}" marker-end="url(#tip-{kind})"/>'
        f'<a href="#rule-{escape(facts["name"])}" aria-label="{escape(what)}"><title>{escape(what)}</title>'
        f'<rect class="label {kind}" x="{label.x - label.width / 2:.1f}" y="{label.y - label.height / 2:.1f}" '
        f'width="{label.width:.1f}" height="{label.height:.1f}" rx="4"/>'
        f'<text x="{label.x:.1f}" y="{label.y + 3.7:.1f}" class="small">{escape(facts["name"])}</text></a>'
    )


def _box(item: Item, problem: type[Any]) -> str:
    return (
        f'<a href="#problem-{escape(problem.NAME)}" aria-label="problem {escape(problem.TITLE)}">'
        f"<title>{escape(problem.TITLE)}</title>"
        f'<rect class="box" x="{item.x - item.width / 2:.1f}" y="{item.y - item.height / 2:.1f}" '
        f'width="{item.width:.1f}" height="{item.height:.1f}" rx="7"/>'
        f'<text x="{item.x:.1f}" y="{item.y - 3:.1f}" class="name">{escape(problem.NAME)}</text>'
        f'<text x="{item.x:.1f}" y="{item.y + 14:.1f}" class="small">N = {escape(problem.SIZE)}</text></a>'
    )


LINE_KINDS = ("many-one", "or-many", "truth-table", "real-oracle", CITED_KIND)
