"""Every export names every problem and rule once, survives hostile text, and the page needs nothing from outside."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import networkx as nx
import pytest
import sympy

from reductions.graph.dot import graph_dot
from reductions.graph.html import graph_html
from reductions.graph.layout import layout
from reductions.graph.mermaid import graph_mermaid
from reductions.graph.model import edges_of, graph, part
from reductions.graph.picture import draw_graph
from reductions.graph.search import pareto
from reductions.graph.svg import graph_svg
from reductions.graph.text import graph_text, routes_text
from varproof.base.errors import InputError

VOID = {"meta", "br"}


@pytest.fixture
def made(stub: SimpleNamespace) -> Any:
    return graph((*stub.rules, stub.cited))


class Balanced(HTMLParser):
    """Collects ids and links, and insists that every element is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if "href" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_graph_is_a_networkx_graph(made: Any, stub: SimpleNamespace) -> None:
    assert isinstance(made, nx.MultiDiGraph)
    assert made.number_of_edges() == len(stub.rules) + 1
    assert made.edges["ov", "gap-hamming", "cited_gap"]["executable"] is False
    assert made.edges["cnf", "cnf", "sparsify"]["edge"] is stub.sparsify
    assert edges_of(made)[-1] is stub.cited


def test_parts_keep_what_lies_between(made: Any) -> None:
    assert set(part(made, "gap-hamming", "attention")) == {"gap-hamming", "attention"}
    assert "var-attention" not in part(made, None, "attention")
    assert list(part(made, "attention", None)) == ["attention", "var-attention"]
    with pytest.raises(InputError, match="no rules lead"):
        part(made, "attention", "ov")
    with pytest.raises(InputError, match="did you mean"):
        part(made, "attentoin", None)


def test_text_names_everything_once(made: Any) -> None:
    text = graph_text(made)
    for edge in edges_of(made):
        assert len(re.findall(rf"> {edge.target.NAME}  {edge.name}  \[", text)) == 1
    assert "..> gap-hamming  cited_gap  [cited]  (rho, kappa, sigma) = (1, delta_R, delta_R + 1)" in text
    assert "left = 2**floor(variables/2)" in text
    assert "clauses <= 9*variables" in text
    assert "calls <= dim + 1" in text


def test_routes_say_sizes_and_exponents(stub: SimpleNamespace) -> None:
    text = routes_text(pareto("cnf", "attention", ("scaling",), rules=stub.rules))
    assert "cnf_to_ov -> scaling" in text
    assert "here at most: queries 256, keys 257, head_dim 69; calls 1; 2 bits of error (rule of thumb)" in text
    assert "attention in keys^(2 - eps) => cnf in 2^((1 - eps') variables), eps' = eps/2, for 0 < eps <= 1" in text


def test_dot_and_mermaid(made: Any) -> None:
    dot, mermaid = graph_dot(made), graph_mermaid(made)
    assert dot.count(" -> ") == mermaid.count('|"') == made.number_of_edges()
    assert dot.count("style=dashed") == mermaid.count("-.->") == 1
    assert dot.count("{") == dot.count("}") == 1


def test_hostile_text_stays_text(stub: SimpleNamespace) -> None:
    name = 'a"><script>x</script>\\'
    rule = stub.make(name, stub.OV, stub.GAP, {}, dict.fromkeys(("left", "right", "dim"), 1), (1, 0, 1))
    made = graph([rule])
    assert "<script" not in graph_html(made) + graph_mermaid(made)
    ET.fromstring(graph_svg(made))
    line = next(line for line in graph_dot(made).splitlines() if "->" in line)
    bare = re.sub(r"\\.", "", line)
    assert bare.count('"') % 2 == 0
    assert "script" not in re.sub(r'"[^"]*"', "", bare)


def test_the_page_is_whole_and_offline(made: Any, stub: SimpleNamespace) -> None:
    page = graph_html(made, pareto("cnf", "attention", rules=stub.rules))
    seen = Balanced()
    seen.feed(page)
    assert seen.open == []
    assert len(seen.ids) == len(set(seen.ids)), "an id twice"
    assert {link.removeprefix("#") for link in seen.links} <= set(seen.ids), "a link to nowhere"
    assert all(link.startswith("#") for link in seen.links)
    assert not re.search(r"https?:|src=|@import|<script|<link", page)
    for edge in edges_of(made):
        assert f"rule-{edge.name}" in seen.ids
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def test_colours_can_be_read(made: Any) -> None:
    style = graph_html(made)
    light, dark = style.split("@media (prefers-color-scheme: dark)")[:2]
    for block in (light, dark.split("* {")[0]):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", block))
        for name in ("ink", "soft", "many-one", "or-many", "truth-table", "real-oracle", "cited"):
            assert contrast(colours[name], colours["paper"]) >= 4.5, name


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * letter for letter in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_nothing_overlaps_in_the_picture(made: Any) -> None:
    places = layout(made)
    items = [*places.boxes.values(), *(line.label for line in places.lines)]
    for place, one in enumerate(items):
        assert one.width / 2 <= one.x <= places.width - one.width / 2
        assert one.height / 2 <= one.y <= places.height - one.height / 2
        for other in items[place + 1 :]:
            apart = abs(one.x - other.x) >= (one.width + other.width) / 2
            assert apart or abs(one.y - other.y) >= (one.height + other.height) / 2, (one.name, other.name)


def test_the_picture_is_drawn_the_same_each_time(made: Any, tmp_path: Path) -> None:
    for suffix in (".png", ".svg"):
        for name in ("one", "two"):
            draw_graph(tmp_path / (name + suffix), made)
        assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    with pytest.raises(InputError, match="unknown file type"):
        draw_graph(tmp_path / "one.gif", made)


def test_formulas_with_symbols_of_their_own_are_shown_open(stub: SimpleNamespace) -> None:
    upper = {"side": sympy.Symbol("block"), "tokens": 1}
    rule = stub.make("open", stub.ATTENTION, stub.VAR, {}, upper, (1, 0, 1), extra_symbols=frozenset({"block"}))
    assert "side ?, tokens 1" in routes_text(pareto("attention", "var-attention", rules=[rule]))
