"""`varproof graph`: problems, the rules between them, and the paths from one to another that no other path beats."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from varproof.base.certificate import replacing
from varproof.base.errors import printable
from varproof.cli.failures import looks_like_option, missing_value
from varproof.cli.output import JsonFlag, check_target, emit_json, results


class Format(StrEnum):
    """How the graph is written."""

    TEXT = "text"
    DOT = "dot"
    MERMAID = "mermaid"
    HTML = "html"


def graph(
    form: Annotated[Format, typer.Option("--format", help="How the graph is written.")] = Format.TEXT,
    source: Annotated[str | None, typer.Option("--from", metavar="P", help="Only what this problem leads to.")] = None,
    target: Annotated[str | None, typer.Option("--to", metavar="Q", help="Only what leads to this problem.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to this file instead of printing.")
    ] = None,
    as_json: JsonFlag = False,
) -> int:
    """Show problems, the reductions between them, and the best paths.

    Every rule with its sizes, exponents and sources; theorems of others that cannot be run are marked. With --from and
    --to also the paths that no other path beats in final sizes, calls and precision, with composed sizes and with what
    a faster algorithm for Q would mean for P. Numbers are those of a 3-CNF with 16 variables and 68 clauses.

    Example:
        varproof graph --from cnf --to var-attention
        varproof graph --format html --out graph.html
    """
    for option, value in (("--from", source), ("--to", target), ("--out", out)):
        if value is not None and looks_like_option(str(value)):
            raise missing_value(option, str(value))
    check_target(out)
    from reductions.graph import model

    made = model.part(model.graph(), source, target)
    routes = _routes(source, target)
    written = None
    if out is not None:
        with replacing(out) as scratch:
            scratch.write_text(_shown(form, made, routes) + "\n", encoding="utf-8")
        written = out
    if as_json:
        emit_json("graph", {"from": source, "to": target, **_facts(made, routes), "written": written})
    elif written is not None:
        results().print(f"wrote {printable(written)}", soft_wrap=True)
    else:
        sys.stdout.write(_shown(form, made, routes) + "\n")
    return 0


def _routes(source: str | None, target: str | None) -> list[Any]:
    from reductions.graph.search import pareto

    if source is None or target is None:
        return []
    return pareto(source, target)


def _shown(form: Format, made: Any, routes: list[Any]) -> str:
    from reductions.graph.dot import graph_dot
    from reductions.graph.html import graph_html
    from reductions.graph.mermaid import graph_mermaid
    from reductions.graph.text import graph_text, routes_text

    if form is Format.DOT:
        return graph_dot(made)
    if form is Format.MERMAID:
        return graph_mermaid(made)
    if form is Format.HTML:
        return graph_html(made, routes)
    return graph_text(made) + (f"\n\nPaths that no other path beats\n\n{routes_text(routes)}" if routes else "")


def _facts(made: Any, routes: list[Any]) -> dict[str, Any]:
    from reductions.graph.facts import edge_facts, hypothesis_facts, problem_facts, route_facts
    from reductions.graph.hypotheses import HYPOTHESES
    from reductions.graph.model import edges_of

    return {
        "problems": [problem_facts(data["problem"]) for _, data in made.nodes(data=True)],
        "edges": [edge_facts(edge) for edge in edges_of(made)],
        "hypotheses": [hypothesis_facts(each) for each in HYPOTHESES],
        "routes": [route_facts(route) for route in routes],
    }
