"""The graph as one HTML file that needs nothing else: picture, rules, routes, hypotheses; dark and light."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from reductions.graph.facts import edge_facts, hypothesis_facts, problem_facts, route_facts, size_lines
from reductions.graph.hypotheses import HYPOTHESES
from reductions.graph.model import Graph, edges_of
from reductions.graph.search import Route
from reductions.graph.svg import LINE_KINDS, graph_svg

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b263b; --soft: #5b6475; --fill: #e8f0f7; --rule: #ccd4df;
  --many-one: #0067a3; --or-many: #00785a; --truth-table: #b84a00; --real-oracle: #84407a; --cited: #5f6673; }
@media (prefers-color-scheme: dark) { :root { --paper: #12171f; --ink: #e6ebf2; --soft: #a5afbf; --fill: #223044;
  --rule: #3a4657; --many-one: #6bb8ec; --or-many: #4fcfa6; --truth-table: #ff9c5b; --real-oracle: #d99ace;
  --cited: #a3acba; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 75rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
a { color: inherit; }
.skip { position: absolute; left: -999rem; } .skip:focus { position: static; }
.scroll { overflow-x: auto; border: 1px solid var(--rule); border-radius: 8px; }
svg { display: block; margin: 0 auto; max-width: none; }
svg text { fill: var(--ink); text-anchor: middle; } .small { font-size: 11px; } .name { font-size: 14px;
  font-weight: 700; }
.box { fill: var(--fill); stroke: var(--ink); } .label { fill: var(--paper); } .line { fill: none; stroke-width: 1.6; }
.line.cited, .label.cited { stroke-dasharray: 5 3; }
svg a:focus { outline: none; } svg a:focus-visible rect, svg a:hover rect { stroke-width: 3; fill: var(--fill); }
:focus-visible { outline: 3px solid var(--many-one); outline-offset: 2px; } :target { background: var(--fill); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none; color: var(--soft); }
.legend i { display: inline-block; width: 1.8em; margin-right: .4em; vertical-align: middle; border-top: 3px solid; }
.legend .cited i { border-top-style: dashed; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; table-layout: fixed; }
p { margin: .4rem 0; } th p { font-weight: 400; } .hint { display: none; color: var(--soft); }
th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
td code { display: block; padding-left: 1.2em; text-indent: -1.2em; }
code { font: .85em/1.5 ui-monospace, monospace; }
@media (max-width: 48rem) { .hint { display: block; }
  thead { position: absolute; left: -999rem; } tr { display: block; padding: .6rem 0;
  border-bottom: 2px solid var(--rule); } th, td { display: block; border: 0; padding: .15rem 0; }
  th[scope=row] { font-size: 1.05rem; } td::before { content: attr(data-name) ": "; color: var(--soft); } }
"""
COLOURS = "".join(
    f".line.{kind}, .label.{kind} {{ stroke: var(--{kind}); }} .tip.{kind} {{ fill: var(--{kind}); }} "
    f".legend .{kind} i {{ border-color: var(--{kind}); }}\n"
    for kind in LINE_KINDS
)


def graph_html(made: Graph, routes: Sequence[Route] = (), title: str = "Reduction graph") -> str:
    """The page. It loads nothing from anywhere and runs no script."""
    edges = [edge_facts(edge) for edge in edges_of(made)]
    kinds = [kind for kind in LINE_KINDS if any(each["kind"] == kind for each in edges)]
    legend = "".join(f'<li class="{kind}"><i></i>{kind}</li>' for kind in kinds)
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}{COLOURS}</style></head><body>",
        '<a class="skip" href="#rules">Skip the picture</a>',
        f"<main><h1>{escape(title)}</h1>",
        f'<div class="scroll" tabindex="0" role="region" aria-label="picture">{graph_svg(made)}</div>',
        '<p class="hint">The picture scrolls sideways; the tables below say all of it in words.</p>',
        f'<ul class="legend" aria-label="kinds of lines">{legend}</ul>',
    ]
    if routes:
        parts.append(_table("Routes that no other beats", "routes", ROUTE, [_route(each) for each in routes]))
    parts.append(_table("Rules and cited theorems", "rules", EDGE, [_edge(each) for each in edges]))
    problems = [_problem(data["problem"]) for _, data in made.nodes(data=True)]
    parts.append(_table("Problems", "problems", PROBLEM, problems))
    parts.append(_table("Hypotheses", "hypotheses", HYPOTHESIS, [_hypothesis(each) for each in HYPOTHESES]))
    return "\n".join([*parts, "</main></body></html>"])


EDGE = ("rule", "exponents and calls", "sizes", "scope and sources")
ROUTE = ("route", "sizes at these parameters, at most", "sizes", "exponents")
PROBLEM = ("problem", "title", "N", "parameters")
HYPOTHESIS = ("hypothesis", "statement", "refuted if", "where it stands")


def _edge(facts: dict[str, Any]) -> tuple[str, list[str]]:
    ways = [f'<a href="#problem-{escape(facts[end])}">{escape(facts[end])}</a>' for end in ("source", "target")]
    first = f"{escape(facts['name'])}<p>{ways[0]} to {ways[1]}<br>{facts['kind']}</p>"
    triple = [f"rho = {facts['rho']}", f"kappa = {facts['kappa']}", f"sigma = {facts['sigma']}"]
    calls = [] if facts["calls"] is None else [f"calls <= {facts['calls']}"]
    scope = f"{escape(facts['summary'])}<p>{escape(facts['claim_scope'])}</p>{escape(', '.join(facts['sources']))}"
    return f"rule-{facts['name']}", [first, _code(triple + calls), _code(size_lines(facts)) or "asymptotic", scope]


def _route(route: Route) -> tuple[str, list[str]]:
    facts = route_facts(route)
    numbers = [f"{name} {'?' if value is None else value}" for name, value in facts["sizes"].items()]
    numbers.append(f"calls {'?' if facts['calls'] is None else facts['calls']}")
    cells = [escape(" → ".join(facts["rules"])), _code(numbers), _code(size_lines(facts)), escape(facts["exponent"])]
    return f"route-{'-'.join(facts['rules'])}", cells


def _problem(problem: type[Any]) -> tuple[str, list[str]]:
    facts = problem_facts(problem)
    meanings = [f"{name}: {meaning}" for name, meaning in facts["parameters"].items()]
    return f"problem-{facts['name']}", [facts["name"], escape(facts["title"]), _code([facts["size"]]), _code(meanings)]


def _hypothesis(each: Any) -> tuple[str, list[str]]:
    facts = hypothesis_facts(each)
    parts = [facts["status"]]
    parts += [f"from {', '.join(facts['implied_by'])}"] * bool(facts["implied_by"])
    parts += [f"by {', '.join(facts['by'])}"] * bool(facts["by"])
    parts += [f"implies {', '.join(facts['implies'])}"] * bool(facts["implies"])
    standing = "<br>".join(escape(part) for part in [*parts, ", ".join(facts["sources"])])
    return f"hypothesis-{facts['id']}", [*(escape(facts[key]) for key in ("name", "statement", "refuted_if")), standing]


def _code(lines: Sequence[str]) -> str:
    return "".join(f"<code>{escape(line)}</code>" for line in lines)


def _table(title: str, anchor: str, heads: Sequence[str], rows: Sequence[tuple[str, list[str]]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = []
    for identity, (first, *cells) in rows:
        rest = "".join(f'<td data-name="{escape(n)}">{c}</td>' for n, c in zip(heads[1:], cells, strict=True))
        body.append(f'<tr id="{escape(identity)}"><th scope="row">{first}</th>{rest}</tr>')
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f'<h2 id="{anchor}">{escape(title)}</h2>{table}'
