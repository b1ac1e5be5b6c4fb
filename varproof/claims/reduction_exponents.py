"""What a faster algorithm for VAR attention means for satisfiability: every path of the registry, by substitution."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache, reduce
from itertools import product

import networkx as nx
import sympy

from reductions.graph.exponents import EPS, Ledger, ledger
from reductions.graph.model import Edge, Graph, edges_of, graph
from varproof.base.verdict import Finding
from varproof.claims.cells import rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally

PAGE = "docs/explanation/reduction-graph.md"
SPARSIFY, RUBINSTEIN = "sparsify", "cited_rubinstein"
Numbers = tuple[Fraction, Fraction, Fraction]


def check(case: Case) -> Finding:
    """For all paths at once: numbers put into each edge in turn, and the symbolic ledger of the command."""
    return assemble([("by substitution of numbers", _numbers(case)), ("as the command prints it", _symbols(case))])


@cache
def paths_to_var() -> tuple[tuple[Edge, ...], ...]:
    """All paths from formulas to VAR attention that visit a problem once; sparsification may come first."""
    made: Graph = graph()
    edges = {edge.name: edge for edge in edges_of(made)}
    found = []
    for steps in nx.all_simple_edge_paths(made, "cnf", "var-attention"):
        path = tuple(edges[str(step[-1])] for step in steps)
        found += [path, (edges[SPARSIFY], *path)]
    return tuple(found)


@cache
def symbol(name: str) -> sympy.Symbol:
    """The symbol of a loss as the rules declare it."""
    every = (each for path in paths_to_var() for edge in path for each in _three(edge))
    return next(found for each in every for found in each.free_symbols if str(found) == name)


def _three(edge: Edge) -> list[sympy.Expr]:
    return [sympy.sympify(each) for each in (edge.exponents.rho, edge.exponents.kappa, edge.exponents.sigma)]


def exponent_of(edges: Sequence[Numbers], exponent: Fraction) -> Fraction:
    """The exponent of the source, last edge first: max(sigma, kappa + rho e), by its definition."""
    return reduce(lambda e, edge: max(edge[2], edge[1] + edge[0] * e), reversed(edges), exponent)


def _numbers(case: Case) -> Finding:
    tally, share, loss = Tally(), case.constants["share"], case.constants["cited"]
    gains = rationals(case, "eps", above=0, below=Fraction(41, 10))
    for path in paths_to_var():
        named = {edge.name for edge in path}
        for gamma, delta in product(
            rationals(case, "gamma", above=0, below=1), rationals(case, "delta", above=0, below=1)
        ):
            edges = [_at(edge, gamma, delta) for edge in path]
            lost = gamma * (SPARSIFY in named) + loss * delta * (RUBINSTEIN in named)
            for eps in gains:
                if case.assumes("range") and eps > case.constants["range"]:
                    continue
                cell = {"path": " ".join(edge.name for edge in path), "eps": eps, "gamma": gamma, "delta_R": delta}
                stated = 1 - (share * eps - lost)
                tally.equal(exponent_of(edges, 4 - eps), stated, **cell)
    return tally.finding(
        f"{PAGE} (lemmas on substitution and composition); here exactly, every path of the registry from formulas to "
        "VAR attention, the exponents of its rules put into each other; both sides are affine in eps on (0, 2]"
    )


@lru_cache(maxsize=4096)
def _at(edge: Edge, gamma: Fraction, delta: Fraction) -> Numbers:
    losses = {symbol("gamma_sparsify"): sympy.Rational(str(gamma)), symbol("delta_R"): sympy.Rational(str(delta))}
    rho, kappa, sigma = (Fraction(str(each.subs(losses))) for each in _three(edge))
    return rho, kappa, sigma


@cache
def ledgers() -> tuple[tuple[Ledger, sympy.Expr], ...]:
    """The ledger of every path, and the exponent of the source by plain substitution."""
    return tuple((found := ledger(path), found.through()) for path in paths_to_var())


def _symbols(case: Case) -> Finding:
    """gain, range and plain substitution of the ledger that `varproof graph` and `varproof reduce` print."""
    tally, constants = Tally(), {name: sympy.Rational(str(value)) for name, value in case.constants.items()}
    gamma, delta = symbol("gamma_sparsify"), symbol("delta_R")
    for found, through in ledgers():
        path = found.path
        named = {edge.name for edge in path}
        lost = gamma * int(SPARSIFY in named) + constants["cited"] * delta * int(RUBINSTEIN in named)
        cell = {"path": " ".join(edge.name for edge in path)}
        stated = constants["share"] * EPS - lost
        tally.holds(sympy.expand(found.gain - stated) == 0, **cell, gain=found.gain, stated=stated)
        tally.holds(found.target == 4 and found.source == 1, **cell, target=found.target, source=found.source)
        tally.holds(found.limit == constants["range"], **cell, eps_up_to=found.limit, stated=constants["range"])
        tally.holds(sympy.expand(through - 1 + found.gain) == 0, **cell, through=through)
    return tally.finding(f"{PAGE}; here with sympy, the formulas that the commands print")


CLAIM = Claim(
    id="reduction_exponents",
    statement=(
        "VAR attention over a last map of side n in time n^(4 - eps), 0 < eps <= 2, decides formulas of v variables "
        "and 2^o(v) clauses in 2^((1 - eps')v), eps' = eps/4 - gamma, with sparsification of any constant gamma > 0 in "
        "front (gamma = 0 without it), along every path of rules; eps' = eps/4 - gamma - delta_R/2 along a path with "
        "the cited edge to gap instances. Exponents up to o(1)."
    ),
    kind="identity",
    hypotheses={
        "range": "0 < eps <= 2; beyond, making the lists of vectors takes longer than what would follow",
        "cited": "the theorems of arXiv:1803.00904 and arXiv:1802.02325, on paths with these edges only",
    },
    sources=(PAGE, "docs/explanation/lower-bounds.md", "arXiv:1803.00904", "arXiv:1802.02325"),
    derived_from=(PAGE,),
    check=check,
    falsified=(
        Variant("eps' = 0.26 eps", "rho is 1/4 along every path", {"share": Fraction(13, 50)}),
        Variant("eps' = 0.24 eps", "rho is 1/4 along every path", {"share": Fraction(6, 25)}),
        Variant("0.55 delta_R lost", "N = 2^(n/2) vectors lose delta_R/2", {"cited": Fraction(11, 20)}),
        Variant("eps up to 2.1", "the lists take 2^(n/2)", {"range": Fraction(21, 10)}),
        Variant("any eps", "the lists take 2^(n/2)", dropped=frozenset({"range"})),
    ),
    constants={"share": Fraction(1, 4), "cited": Fraction(1, 2), "range": Fraction(2)},
    cells={
        "eps": (Fraction(1, 1000), Fraction(1, 2), 1, 2, Fraction(21, 10), 4),
        "gamma": (Fraction(1, 100), Fraction(1, 7)),
        "delta": (Fraction(1, 50), Fraction(1, 3)),
    },
)
