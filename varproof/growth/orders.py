"""Relations between explicit positive functions of n: o, O, Theta, omega, Omega and ~, each with a certificate.

For positive germs f and g the ratio f/g has a limit in [0, oo], and each relation is a statement about this limit. The
certificate holds the compared leading terms, which decide. When a relation fails it also holds a witness to look at: an
inequality against the relation, decided in ball arithmetic at two concrete points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import sympy
from flint import arb, ctx

from varproof.base.errors import InputError
from varproof.growth.algebra import Behaviour, behaviour
from varproof.growth.bounded import run_bounded
from varproof.growth.constants import UndecidedError, enclose, equal
from varproof.growth.limits import Limit, limit
from varproof.growth.monomial import SYMBOL, iterated_log
from varproof.growth.samples import POINTS, natural_level, value_at
from varproof.growth.series import germ

Name = Literal["o", "O", "Theta", "omega", "Omega", "~"]
FACTOR = 1000


@dataclass(frozen=True)
class Comparison:
    """Two germs compared: `limit` of f/g and the leading terms of f, of g and of the ratio ("" where not known).

    `deciding` is the dominating term of log(f/g); "" when the ratio tends to a number other than 0.
    """

    limit: Limit
    left: str
    right: str
    ratio: str
    deciding: str


@dataclass(frozen=True)
class Answer:
    """Whether a relation holds (None: not decided), the limit of f/g behind it, and the certificate as plain data."""

    holds: bool | None
    limit: Limit
    certificate: dict[str, Any]


_HOLDS: dict[Name, Callable[[sympy.Expr], bool]] = {
    "o": lambda value: bool(value == 0),
    "O": lambda value: value is not sympy.oo,
    "Theta": lambda value: value is not sympy.oo and value != 0,
    "omega": lambda value: value is sympy.oo,
    "Omega": lambda value: bool(value != 0),
    "~": lambda value: equal(value, sympy.Integer(1)),
}


def relation(f: sympy.Expr | int, g: sympy.Expr | int, *, budget: float = 5.0) -> Comparison:
    """The comparison of two explicit functions that are positive for large n; `budget` in seconds a route.

    Raises `InputError` when f or g is zero or negative for large n, or is not real there.

    >>> n = sympy.Symbol("n", positive=True)
    >>> found = relation(n * sympy.log(n), n + 1)
    >>> found.limit.value, found.left, found.right, found.ratio, found.deciding
    (oo, 'n*log(n)', 'n', 'log(n)', 'loglog(n)')
    """
    left, right = _positive(germ(f), "f", budget), _positive(germ(g), "g", budget)
    ratio = germ(f) / germ(g)
    found = _behaviour(ratio, budget)
    return Comparison(
        limit(ratio, budget=budget),
        left.text if left else "",
        right.text if right else "",
        found.text if found else "",
        found.deciding if found else "",
    )


def holds(name: Name, f: sympy.Expr | int, g: sympy.Expr | int, *, budget: float = 5.0) -> Answer:
    """Whether f = o(g), O(g), Theta(g), omega(g), Omega(g), or f ~ g (the ratio tends to 1).

    `holds` is None unless the routes to the limit agree. Raises `InputError` as `relation` does, and for another name.

    >>> n = sympy.Symbol("n", positive=True)
    >>> answer = holds("O", n * sympy.log(n), n)
    >>> answer.holds, answer.certificate["witness"]["inequality"]
    (False, 'f/g > 1000 at both points, and larger at the second')
    """
    if name not in _HOLDS:
        raise InputError("not a relation", got=name, allowed=", ".join(_HOLDS))
    found = relation(f, g, budget=budget)
    value = found.limit.value
    # a germ whose sign is not known may be negative, and then the limit says nothing
    answer = None if value is None or not (found.left and found.right) else _holds(name, value)
    certificate: dict[str, Any] = {
        "relation": name,
        "holds": answer,
        "left": found.left,
        "right": found.right,
        "ratio": found.ratio,
        "deciding": found.deciding,
        "limit": found.limit.to_json(),
    }
    if answer is False:
        assert value is not None
        certificate["witness"] = _bounded_witness(name, germ(f) / germ(g), value, budget)
    return Answer(answer, found.limit, certificate)


def witness(name: Name, ratio: sympy.Expr, value: sympy.Expr) -> dict[str, Any] | None:
    """Two points and an inequality that contradict `name` for a ratio with limit `value`; None when none is found.

    The points are {"variable": "n" or its iterated log, "value": "exp(exp(k))", "k": [k, k']}; the first pair of
    neighbours from 4 on in `varproof.growth.samples.POINTS` at which the balls decide the inequality is taken.
    """
    level = natural_level(ratio) if ratio.has(SYMBOL) else 0
    text, test = _inequality(name, value)
    before: tuple[int, arb] | None = None
    for k in (k for k in POINTS if k >= 4):
        ball = value_at(ratio, level, k)
        if before is not None and ball is not None and test(before[1], ball):
            return {
                "variable": iterated_log(level).text(),
                "value": "exp(exp(k))",
                "k": [before[0], k],
                "inequality": text,
            }
        before = None if ball is None else (k, ball)
    return None


def _bounded_witness(name: Name, ratio: sympy.Expr, value: sympy.Expr, budget: float) -> dict[str, Any] | None:
    try:
        return run_bounded(lambda: witness(name, ratio, value), budget)
    except TimeoutError:
        return None


def _inequality(name: Name, value: sympy.Expr) -> tuple[str, Callable[[arb, arb], bool]]:
    if value is sympy.oo:
        return (
            f"f/g > {FACTOR} at both points, and larger at the second",
            lambda one, two: bool(one > FACTOR and two > one),
        )
    if value == 0:
        return (
            f"g/f > {FACTOR} at both points, and larger at the second",
            lambda one, two: bool(one * FACTOR < 1 and two < one),
        )
    with ctx.workprec(256):
        bound = enclose(value, {})
    if name == "o":
        return f"f/g > ({value})/2 at both points", lambda one, two: bool(2 * one > bound and 2 * two > bound)
    if name == "omega":
        return f"f/g < 2*({value}) at both points", lambda one, two: bool(one < 2 * bound and two < 2 * bound)
    distance = abs(bound - 1) / 2
    return (
        f"|f/g - 1| > |{value} - 1|/2 at both points",
        lambda one, two: bool(abs(one - 1) > distance and abs(two - 1) > distance),
    )


def _holds(name: Name, value: sympy.Expr) -> bool | None:
    try:
        return _HOLDS[name](value)
    except UndecidedError:  # a limit that cannot be told from 1
        return None


def _positive(f: sympy.Expr, name: str, budget: float) -> Behaviour | None:
    found = _behaviour(f, budget)
    if found is not None and found.sign <= 0:
        what = "zero" if found.sign == 0 else "negative"
        raise InputError(f"{name} is {what} for large n", got=f, allowed="a function that is positive for large n")
    return found


def _behaviour(f: sympy.Expr, budget: float) -> Behaviour | None:
    try:
        return run_bounded(lambda: behaviour(f), budget)
    except (UndecidedError, TimeoutError):
        return None
