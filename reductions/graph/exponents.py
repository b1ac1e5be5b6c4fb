"""The exponent ledger: what a faster algorithm for the last problem of a path would mean for the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise, product

import sympy

from reductions.core.reduction import CitedEdge, Exponents
from reductions.graph.model import Edge
from varproof.base.errors import InputError

EPS = sympy.Symbol("eps", positive=True)
IDENTITY = Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(0))

# exponent of the exact algorithm in N, the `SIZE` of the problem
EXACT: Mapping[str, int] = {
    "cnf": 1,
    "ov": 2,
    "hamming": 2,
    "gap-hamming": 2,
    "maxip": 2,
    "attention": 2,
    "var-attention": 4,
}

Ranges = Mapping[sympy.Symbol, tuple[sympy.Expr, sympy.Expr]]


def composed(path: Sequence[Edge]) -> Exponents:
    """(rho, kappa, sigma) of a path: rho r, kappa + rho k, max(sigma, kappa + rho s) for a step (r, k, s) after it.

    Symbols stand for losses in [0, 1]; maxima are resolved where one term is largest for all of them.
    """
    return reduce(_then, (edge.exponents for edge in path), IDENTITY)


def _then(first: Exponents, second: Exponents) -> Exponents:
    rho = sympy.expand(first.rho * second.rho)
    kappa = sympy.expand(first.kappa + first.rho * second.kappa)
    sigma = resolved(sympy.Max(first.sigma, first.kappa + first.rho * second.sigma))
    return Exponents(rho, kappa, sigma)


def resolved(expression: sympy.Expr, ranges: Ranges | None = None) -> sympy.Expr:
    """A maximum without the terms that another term is never below, for symbols in `ranges` (default [0, 1]).

    Terms must be affine in every symbol for this; others are left alone. Exact: corners of the box are compared.

    >>> loss = sympy.Symbol("loss", positive=True)
    >>> resolved(sympy.Max(sympy.Rational(1, 2), 1 - EPS / 4 + loss), {EPS: (sympy.Integer(0), sympy.Integer(2))})
    -eps/4 + loss + 1
    """
    if not isinstance(expression, sympy.Max):
        return sympy.expand(expression)
    kept: list[sympy.Expr] = []
    terms = [sympy.expand(term) for term in expression.args]
    for place, term in enumerate(terms):
        rivals = [*kept, *terms[place + 1 :]]
        if not any(_never_below(rival, term, ranges or {}) for rival in rivals):
            kept.append(term)
    return sympy.Max(*kept)


def _never_below(one: sympy.Expr, other: sympy.Expr, ranges: Ranges) -> bool:
    gap = sympy.expand(one - other)
    symbols = sorted(gap.free_symbols, key=str)
    if any(not sympy.diff(gap, symbol, 2).is_zero for symbol in symbols):
        return False
    box = [ranges.get(symbol, (sympy.Integer(0), sympy.Integer(1))) for symbol in symbols]
    return all(gap.subs(dict(zip(symbols, corner, strict=True))).is_nonnegative for corner in product(*box))


@dataclass(frozen=True)
class Ledger:
    """N_target^(`target` - eps) gives N_source^(`source` - `gain`) for 0 < eps <= `limit`; `gain` is eps' of the pages.

    `losses` are the symbols in `gain` beside eps: constants that may be as small as one likes.
    """

    path: tuple[Edge, ...]
    exponents: Exponents
    source: sympy.Expr
    target: sympy.Expr
    gain: sympy.Expr
    limit: sympy.Expr

    @property
    def losses(self) -> tuple[sympy.Symbol, ...]:
        """The symbols of losses, by name."""
        return tuple(sorted(self.gain.free_symbols - {EPS}, key=str))

    def through(self) -> sympy.Expr:
        """The exponent of the source by plain substitution through `Exponents.through`, maxima resolved for eps."""
        exponent = self.target - EPS
        for edge in reversed(self.path):
            exponent = resolved(edge.exponents.through(exponent), {EPS: (sympy.Integer(0), self.limit)})
        return exponent


def ledger(path: Sequence[Edge]) -> Ledger:
    """The ledger of a path. Raises `InputError` for a path that is empty or whose edges do not fit together."""
    if not path:
        raise InputError("a path without rules has no exponents", got="no rules", allowed="at least one rule")
    for one, other in pairwise(path):
        if one.target is not other.source:
            raise InputError("these rules do not follow each other", got=f"{one.name}, {other.name}")
    found = composed(path)
    source = sympy.Integer(EXACT.get(path[0].source.NAME, 1))
    target = sympy.sympify(EXACT.get(path[-1].target.NAME, source / found.rho))
    gain = sympy.expand(source - found.kappa - found.rho * (target - EPS))
    limit = sympy.expand(target - (found.sigma - found.kappa) / found.rho)
    return Ledger(tuple(path), found, source, target, gain, limit)


def exponent_sentence(path: Sequence[Edge]) -> str:
    """What a faster algorithm for the last problem of the path means for the first, with eps' and its range."""
    if not path:
        return "Source and target are the same problem: the exponent is unchanged."
    found = ledger(path)
    first, last = path[0].source, path[-1].target
    if not found.limit.is_positive:
        return (
            f"No exponent follows for {first.NAME} from {last.NAME} on this path: making the instances takes "
            f"{power(first.SIZE, _text(found.exponents.sigma))}."
        )
    fast = power(last.SIZE, f"{_text(found.target)} - eps")
    slow = power(first.SIZE, f"{_text(found.source)} - eps'")
    words = [f"{last.NAME} in {fast} => {first.NAME} in {slow}, eps' = {_text(found.gain)}, for 0 < eps <= "]
    words.append(f"{_text(found.limit)} (exponents up to o(1)).")
    words.extend(
        f" {loss} > 0 may be any constant; the constants of the instances depend on it." for loss in found.losses
    )
    cited = [f"{edge.name} (arXiv:{edge.sources[0]})" for edge in path if isinstance(edge, CitedEdge)]
    if cited:
        words.append(f" Uses the cited theorem {' and '.join(cited)}.")
    words.extend(f" {edge.name} needs {edge.exponents.proviso}." for edge in path if edge.exponents.proviso)
    words.append(_sparse_only(path))
    return "".join(words)


def _sparse_only(path: Sequence[Edge]) -> str:
    """That formulas must have O(n) clauses: the dimension is their number, and a step behind needs O(log N).

    A step from formulas to formulas in front (sparsification) brings them there; then nothing is said.
    """
    place = next((i for i, edge in enumerate(path) if edge.source.NAME == "cnf" != edge.target.NAME), len(path))
    behind = [edge.name for edge in path[place + 1 :] if edge.exponents.log_dimension]
    if place or not behind:
        return ""
    return f" {path[0].name} is meant for formulas with O(variables) clauses here: {', '.join(behind)} " + (
        f"need{'s' if len(behind) == 1 else ''} dimension O(log N), and sparsify is not on this path."
    )


def power(base: str, exponent: str) -> str:
    """N^exponent in words, where N is the `SIZE` of a problem.

    >>> power("2^variables", "1 - eps'"), power("side", "4 - eps"), power("left", "1")
    ("2^((1 - eps') variables)", 'side^(4 - eps)', 'left^1')
    """
    wrapped = f"({exponent})" if " " in exponent or "/" in exponent else exponent
    root, found, name = base.partition("^")
    return f"{root}^({wrapped} {name})" if found else f"{base}^{wrapped}"


def _text(expression: sympy.Expr) -> str:
    """An exponent as text: the part with eps first, then constants, then losses.

    >>> _text(EPS / 4 - sympy.Symbol("gamma_sparsify", positive=True))
    'eps/4 - gamma_sparsify'
    """
    terms = sympy.Add.make_args(sympy.expand(expression))
    ordered = sorted(terms, key=lambda term: (not term.has(EPS), bool(term.free_symbols), str(term)))
    text = " + ".join(str(term) for term in ordered)
    return text.replace("+ -", "- ")
