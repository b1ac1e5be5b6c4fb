"""Paths through the graph: all that are not dominated in final sizes, calls and precision, and one sensible choice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reductions import registry
from reductions.core.reduction import Reduction
from reductions.graph import model
from reductions.graph.exponents import exponent_sentence
from reductions.graph.first_instance import FirstInstances, assumed_bits
from reductions.graph.pairs import too_many_pairs
from reductions.graph.sizes import Sizes, after, along, start
from varproof.base.errors import InputError

# sizes that searches without an instance compare at: a 3-CNF of 16 variables, and what it becomes
REFERENCE: Mapping[str, int] = {
    "variables": 16,
    "clauses": 68,
    "width": 3,
    "left": 256,
    "right": 256,
    "dim": 68,
    "threshold": 17,
    "near": 17,
    "far": 34,
    "magnitude": 1,
    "queries": 256,
    "keys": 257,
    "head_dim": 69,
    "side": 16,
    "tokens": 340,
    "rows": 256,
}
SHOWN = 4  # reasons that an error lists
UNKNOWN = float("inf")  # a size that still holds a symbol: larger than every number


@dataclass(frozen=True)
class Route:
    """A path with its sizes at the parameters searched with, all upper bounds, the source first.

    `delta_bits` is -log2 of the error allowed, rounded up; `logit_bound` the largest |score|. `measured` says whether
    the two come from an instance; otherwise they are a rule of thumb (`assumed_bits`) and not known.
    """

    rules: tuple[Reduction, ...]
    sizes: tuple[Sizes, ...]
    delta_bits: int
    logit_bound: float | None
    measured: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rules."""
        return tuple(rule.name for rule in self.rules)

    @property
    def calls(self) -> int | None:
        """The number of final instances, at most."""
        return self.sizes[-1].numbers_of_calls()

    def sentence(self) -> str:
        """The exponent ledger of the path as a sentence."""
        return exponent_sentence(self.rules)

    def symbolic(self) -> list[Sizes]:
        """The sizes along the path as formulas in the parameters of the source."""
        return along(self.rules)

    def vector(self) -> tuple[float, ...]:
        """What routes are compared in: all final parameters, calls, bits of the error, logit bound."""
        final = [UNKNOWN if value is None else value for value in self.sizes[-1].numbers().values()]
        calls = UNKNOWN if self.calls is None else self.calls
        return (*final, calls, self.delta_bits, UNKNOWN if self.logit_bound is None else self.logit_bound)


def pareto(
    source: Any,
    target: str,
    via: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    *,
    rules: Sequence[Reduction] | None = None,
    reference: Mapping[str, int] | None = None,
) -> list[Route]:
    """The routes that no other route beats, in the order of `find_path`.

    `source` is an instance, a problem class or a problem name. With an instance sizes start at its parameters, rules
    that refuse the first image are left out, and precision is what rules say of the first image (others may need
    more). Otherwise sizes start at `REFERENCE`, replaced by `reference`. `via` names rules that a route must contain in
    this order. A route uses a rule at most once. One route beats another if its `vector` is nowhere larger and
    somewhere smaller. Raises `InputError` for unknown names and where there is no route.
    """
    chosen = _routes(source, target, via, options, rules, reference)
    if not isinstance(source, (str, type)):
        seen = FirstInstances(source, options)
        reasons = {route.names: _reason(route, seen) for route in chosen}
        kept = [_measured(route, seen) for route in chosen if reasons[route.names] is None]
        if chosen and not kept:
            raise _refused([reason for reason in reasons.values() if reason is not None])
        chosen = sorted(kept, key=_order)
    return [route for route in chosen if not any(_beats(other, route) for other in chosen)]


def find_path(
    source: Any,
    target: str,
    via: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    *,
    rules: Sequence[Reduction] | None = None,
    reference: Mapping[str, int] | None = None,
) -> list[Reduction]:
    """One path of executable rules: fewest calls, then the smallest final sizes, then bits, then fewest rules.

    Arguments and errors are those of `pareto`. With an instance, the first path in this order whose rules all take
    the first of their instances; images are built only for paths that are tried. An empty path where source and
    target are the same problem and `via` is empty.
    """
    name = source if isinstance(source, str) else source.NAME
    if name == target and not via:
        model.node_named(model.graph(rules), name)
        return []
    chosen = _routes(source, target, via, options, rules, reference)
    if isinstance(source, (str, type)):
        return list(chosen[0].rules)
    seen, reasons = FirstInstances(source, options), []
    for route in chosen:
        reason = _reason(route, seen)
        if reason is None:
            return list(route.rules)
        reasons.append(reason)
    raise _refused(reasons)


def paths(made: model.Graph, source: str, target: str, via: Sequence[str] = ()) -> Iterator[tuple[Reduction, ...]]:
    """All walks of executable rules from `source` to `target`, each rule at most once, with `via` in order."""
    waiting: list[tuple[str, tuple[Reduction, ...]]] = [(source, ())]
    while waiting:
        place, walked = waiting.pop(0)
        names = iter([rule.name for rule in walked])
        if walked and place == target and all(name in names for name in via):
            yield walked
        for _, _, data in made.out_edges(place, data=True):
            rule = data["edge"]
            if data["executable"] and rule not in walked:
                waiting.append((rule.target.NAME, (*walked, rule)))


def _routes(
    source: Any,
    target: str,
    via: Sequence[str],
    options: Mapping[str, Any] | None,
    rules: Sequence[Reduction] | None,
    reference: Mapping[str, int] | None,
) -> list[Route]:
    made = model.graph(rules)
    name = source if isinstance(source, str) else source.NAME
    problem = model.node_named(made, name)
    model.node_named(made, target)
    for each in via:
        if not isinstance(model.edge_named(made, each), Reduction):
            raise registry.cannot_be_run(each)
    if isinstance(source, (str, type)):
        table = {**REFERENCE, **(reference or {})}
        parameters = {key: table.get(key, 16) for key in problem.PARAMETERS}
    else:
        parameters = source.parameters()
    walks = list(paths(made, name, target, via))
    if not walks:
        if via and any(True for _ in paths(made, name, target)):
            hint = "varproof graph shows all rules; a path uses a rule at most once"
            raise InputError(f"no path from {name} to {target} has these rules in order", got=", ".join(via), hint=hint)
        raise model.unreachable(made, name, target)
    # an option is meant for a rule that has it; where no path has rules for all of them every path is looked at
    wanted = [walk for walk in walks if set(options or {}) <= {key for rule in walk for key in rule.options}]
    sizes: dict[tuple[str, ...], Sizes] = {(): start(problem, parameters)}
    found = [_route(walk, sizes, options) for walk in wanted or walks]
    return sorted(found, key=_order)


def _route(
    walk: tuple[Reduction, ...], sizes: dict[tuple[str, ...], Sizes], options: Mapping[str, Any] | None
) -> Route:
    names = tuple(rule.name for rule in walk)
    for place, rule in enumerate(walk):
        if names[: place + 1] not in sizes:
            sizes[names[: place + 1]] = after(rule, sizes[names[:place]], options)
    steps = tuple(sizes[names[:place]] for place in range(len(names) + 1))
    last = steps[-1].numbers()
    bits = assumed_bits(walk, steps[-1].numbers_of_calls(), last.get("keys", last.get("tokens")))
    return Route(walk, steps, bits, None, measured=False)


def _measured(route: Route, seen: FirstInstances) -> Route:
    found = seen.precision(route.rules)
    if found is None:
        return route
    bits = (math.ceil(1 / found["delta"]) - 1).bit_length()  # least b with 2^-b <= delta
    return Route(route.rules, route.sizes, bits, float(found["logit_bound"]), measured=True)


def _order(route: Route) -> tuple[Any, ...]:
    calls = UNKNOWN if route.calls is None else route.calls
    numbers = [UNKNOWN if value is None else value for value in route.sizes[-1].numbers().values()]
    return (calls, tuple(numbers), route.delta_bits, len(route.rules))


def _beats(one: Route, other: Route) -> bool:
    pairs = list(zip(one.vector(), other.vector(), strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _reason(route: Route, seen: FirstInstances) -> str | None:
    """Why the route does not take the instance: what costs nothing is asked first, and images are made last."""
    first = seen.refusal(route.rules[:1])
    return first or too_many_pairs(route.rules, route.sizes) or seen.refusal(route.rules)


def _refused(reasons: Sequence[str]) -> InputError:
    """The error with one reason a line in the hint, where nothing is cut."""
    different = list(dict.fromkeys(reasons))
    more = [f"and {len(different) - SHOWN} more reasons on other paths"] if len(different) > SHOWN else []
    return InputError(
        "no path takes this instance",
        got="1 path that refuses" if len(reasons) == 1 else f"{len(reasons)} paths that all refuse",
        allowed="an instance that every rule of a path takes",
        hint="\n           ".join([*different[:SHOWN], *more]),
    )
