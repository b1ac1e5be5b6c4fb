"""Where boxes and lines of the picture go: a layered layout from top to bottom, the same for HTML and the docs.

Problems stand in rows by their longest path from the top; a rule is a label on the way from its source to its target,
and a line that passes other rows keeps a place of its own in each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import networkx as nx

from reductions.graph.model import Edge, Graph, edges_of

BOX_WIDTH, BOX_HEIGHT = 122.0, 44.0
LABEL_HEIGHT, GAP = 20.0, 10.0
LETTER = 6.8  # width of a letter of a label
MARGIN, BETWEEN = 14.0, 30.0
SWEEPS = 40

Point = tuple[float, float]


@dataclass
class Item:
    """A problem, a label of a rule, or a bend of a long line: its centre and its size."""

    name: str
    layer: int
    width: float
    height: float
    edge: Edge | None = None
    x: float = 0.0
    y: float = 0.0
    before: list[Item] = field(default_factory=list)
    after: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """One rule: its label, and the points its line goes through, from source to target."""

    edge: Edge
    label: Item
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Layout:
    """The whole picture: boxes of problems by name, lines, and the size of the canvas."""

    boxes: dict[str, Item]
    lines: tuple[Line, ...]
    width: float
    height: float


def layout(made: Graph) -> Layout:
    """Places for all problems and edges of a graph; the same graph gives the same places."""
    edges = edges_of(made)
    rows = _rows(list(made), edges)
    boxes = {name: Item(name, 2 * rows[name], BOX_WIDTH, BOX_HEIGHT) for name in made}
    items = list(boxes.values())
    chains: list[tuple[Edge, Item, list[Item]]] = []
    for edge in edges:
        first, last = boxes[edge.source.NAME], boxes[edge.target.NAME]
        width = LETTER * len(edge.name) + 14
        if last.layer <= first.layer:  # a loop, or a line back: its label stands in the row of its source
            label = Item(edge.name, first.layer, width, LABEL_HEIGHT, edge)
            items.append(label)
            chains.append((edge, label, [first, label, last]))
            continue
        middle = (first.layer + last.layer) // 2
        middle += 1 - middle % 2  # labels stand between rows
        chain = [
            Item(edge.name, layer, width, LABEL_HEIGHT, edge) if layer == middle else Item("", layer, 8.0, 8.0)
            for layer in range(first.layer + 1, last.layer)
        ]
        items.extend(chain)
        ends = [first, *chain, last]
        for one, other in pairwise(ends):
            one.after.append(other)
            other.before.append(one)
        chains.append((edge, chain[middle - first.layer - 1], ends))
    layers = _ordered(items)
    width, height = _placed(layers)
    lines = tuple(Line(edge, label, _points(ends)) for edge, label, ends in chains)
    return Layout(boxes, lines, width, height)


def _rows(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Longest path from the top; where there are cycles, only edges in the order of the names count."""
    rows = dict.fromkeys(names, 0)
    forward = [(e.source.NAME, e.target.NAME) for e in edges if e.source is not e.target]
    if not nx.is_directed_acyclic_graph(nx.DiGraph(forward)):
        forward = [(source, target) for source, target in forward if names.index(source) < names.index(target)]
    for _ in names:
        for source, target in forward:
            rows[target] = max(rows[target], rows[source] + 1)
    return rows


def _ordered(items: list[Item]) -> list[list[Item]]:
    """The items of each layer from left to right, by repeated means of their neighbours' places."""
    layers: list[list[Item]] = [[] for _ in range(1 + max((item.layer for item in items), default=0))]
    for item in items:
        layers[item.layer].append(item)
    rank: dict[int, float] = {}
    for layer in layers:
        _rank(layer, rank)
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for layer in layers if forth else layers[::-1]:
            means = {id(item): _mean(item.before if forth else item.after, item, rank) for item in layer}
            layer.sort(key=lambda item, means=means: means[id(item)])  # type: ignore[misc]
            _rank(layer, rank)
    return layers


def _rank(layer: list[Item], rank: dict[int, float]) -> None:
    for place, item in enumerate(layer):
        rank[id(item)] = (place + 0.5) / len(layer)


def _mean(neighbours: list[Item], item: Item, rank: dict[int, float]) -> float:
    if not neighbours:
        return rank[id(item)]
    return sum(rank[id(other)] for other in neighbours) / len(neighbours)


def _placed(layers: list[list[Item]]) -> tuple[float, float]:
    """Set all centres; returns the size of the canvas."""
    y = MARGIN
    for layer in layers:
        tallest = max((item.height for item in layer), default=0.0)
        for item in layer:
            item.y = y + tallest / 2
        y += tallest + BETWEEN
        _stack(layer, [0.0] * len(layer))
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            _stack(layer, [_wanted(item) for item in layer])
    left = min((item.x - item.width / 2 for layer in layers for item in layer), default=0.0) - MARGIN
    for layer in layers:
        for item in layer:
            item.x -= left
    right = max((item.x + item.width / 2 for layer in layers for item in layer), default=0.0)
    return right + MARGIN, y - BETWEEN + MARGIN


def _wanted(item: Item) -> float:
    around = [*item.before, *item.after]
    return sum(other.x for other in around) / len(around) if around else item.x


def _stack(layer: list[Item], wanted: list[float]) -> None:
    """Places from left to right as near to `wanted` as the order and the gaps allow: runs that touch
    share the mean of their wishes."""
    runs: list[tuple[list[Item], float, float]] = []  # items, sum of wishes for the left end, width
    for item, wish in zip(layer, wanted, strict=True):
        run, total, wide = [item], wish - item.width / 2, item.width + GAP
        while runs and runs[-1][1] / len(runs[-1][0]) + runs[-1][2] > total / len(run):
            before, their_total, their_wide = runs.pop()
            total = their_total + total - len(run) * their_wide
            run, wide = before + run, their_wide + wide
        runs.append((run, total, wide))
    for run, total, _ in runs:
        left = total / len(run)
        for item in run:
            item.x = left + item.width / 2
            left += item.width + GAP


def _points(ends: list[Item]) -> tuple[Point, ...]:
    """From the lower side of the source through the label to the upper side of the target."""
    first, last = ends[0], ends[-1]
    if len(ends) == 3 and ends[1].layer == first.layer:
        label, quarter = ends[1], first.height / 4
        near = first.x + (1 if label.x > first.x else -1) * first.width / 2
        far = last.x + (1 if label.x > last.x else -1) * last.width / 2
        return ((near, first.y - quarter), (label.x, label.y), (far, last.y + quarter))
    points = [(first.x + _port(first, first.after, ends[1]), first.y + first.height / 2)]
    for item in ends[1:-1]:
        points += [(item.x, item.y - item.height / 2), (item.x, item.y + item.height / 2)]
    return (*points, (last.x + _port(last, last.before, ends[-2]), last.y - last.height / 2))


def _port(box: Item, neighbours: list[Item], one: Item) -> float:
    """Where a line meets a box, from its centre: lines are spread in the order of their other ends."""
    order = sorted(neighbours, key=lambda item: item.x)
    place = next(index for index, item in enumerate(order) if item is one)
    return (place - (len(order) - 1) / 2) * min(14.0, 0.8 * box.width / len(order))


def curves(line: Line) -> list[tuple[Point, Point]]:
    """The two control points of the Bezier piece between every two points of a line."""
    made: list[tuple[Point, Point]] = []
    for (x0, y0), (x1, y1) in pairwise(line.points):
        if len(line.points) == 3:  # a loop at the side of a box
            bend = 16.0 if y1 > line.points[0][1] else -16.0
            made.append((((x0 + x1) / 2, y0 - abs(bend) * (len(made) == 0)), ((x0 + x1) / 2, y1 + bend * len(made))))
        else:
            made.append(((x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)))
    return made
