"""Limits at infinity by two independent routes and samples; they must agree, or there is no answer.

Route `algebra` reads the leading term of the expansion in growth monomials. Route `sympy` writes the formula in
y = log n (again in log y when y enters only through it) and asks `sympy.limit`. `samples` compares the formula with the
leading term at enormous n. Agreement of all three is asked for because each can be wrong alone: sympy's limit in n is
wrong on rank exponents. See docs/explanation/growth-algebra.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sympy
from sympy.core.cache import clear_cache

from varproof.base.errors import shorten
from varproof.growth.algebra import Behaviour, behaviour
from varproof.growth.bounded import cuts, run_bounded
from varproof.growth.constants import UndecidedError, equal
from varproof.growth.monomial import SYMBOL
from varproof.growth.series import germ
from varproof.growth.sympy_signs import limit_sign_search

Status = Literal["agree", "disagree", "unknown"]
_MAX_SPLIT = 4

limit_sign_search()


@dataclass(frozen=True)
class Limit:
    """The limit of a formula; `value` is an exact real number, oo or -oo, and None unless all routes agree.

    `routes` maps algebra, sympy and samples to what each said, an exception by its short text; `leading` is the leading
    term of the formula ("" when it is not known); `because` says why the status is not "agree".
    """

    value: sympy.Expr | None
    status: Status
    routes: Mapping[str, str]
    leading: str
    because: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data: limit (text or None), status, routes, leading, and because when there is a reason."""
        data = {
            "limit": None if self.value is None else str(self.value),
            "status": self.status,
            "routes": dict(self.routes),
            "leading": self.leading,
        }
        return data | ({"because": self.because} if self.because else {})


def limit(expr: sympy.Expr | int, *, budget: float = 5.0) -> Limit:
    """The limit of a formula in one positive symbol as that symbol tends to infinity; `budget` in seconds a route.

    Status "agree": both routes and the samples say the same, and `value` is the limit. "disagree": two of them say
    different things, a defect somewhere. "unknown": one of them has no answer, or the total budget of the question
    (`varproof.growth.bounded.total_budget`) is used up; the latter is not remembered. Raises `InputError` for a formula
    that is not real for large n, divides by zero, or is built from other functions.

    >>> n = sympy.Symbol("n", positive=True)
    >>> answer = limit(sympy.log(sympy.log(n)) / sympy.log(n))
    >>> answer.value, answer.status, answer.leading
    (0, 'agree', 'loglog(n)/log(n)')
    """
    try:
        return _limit(germ(expr), budget)
    except _CutShortError as error:
        return error.found


class _CutShortError(Exception):
    """Carries a limit past the memory of `_limit`: more time might have found it."""

    def __init__(self, found: Limit) -> None:
        self.found = found


def _powers_as_exponentials(expr: sympy.Expr) -> sympy.Expr:
    """b**e as exp(e log b), multiplied out, where both depend on n: log(n)**(1 + 1/loglog(n)) is E*log(n)."""
    return expr.replace(
        lambda part: part.is_Pow and part.base.has(SYMBOL) and part.exp.has(SYMBOL),
        lambda part: sympy.exp(sympy.expand(part.exp * sympy.log(part.base))),
    )


@lru_cache(maxsize=4096)
def _limit(expr: sympy.Expr, budget: float) -> Limit:
    before = cuts()
    found = _by_all_routes(expr, budget)
    if found.status == "unknown" and cuts() > before:
        raise _CutShortError(found)
    return found


def _by_all_routes(formula: sympy.Expr, budget: float) -> Limit:
    try:
        expr = run_bounded(lambda: _powers_as_exponentials(formula), budget)
    except TimeoutError as error:
        said = _short(error)
        return Limit(None, "unknown", {"algebra": said, "sympy": said, "samples": said}, "", said)
    found, first = _try_algebra(expr, budget)
    value, second = _try_sympy(expr, budget)
    third = "no leading term" if found is None else _try_samples(found, budget)
    routes = {"algebra": first, "sympy": second, "samples": third}
    text = "" if found is None else found.text
    status, because = _decide(None if found is None else found.limit, value, third, budget)
    return Limit(found.limit if found and status == "agree" else None, status, routes, text, because)


def in_log(expr: sympy.Expr) -> tuple[sympy.Expr, sympy.Symbol]:
    """The formula in y = log n, and in log y and so on as long as the variable enters only through its logarithm.

    >>> text, y = in_log(sympy.log(sympy.log(SYMBOL)) / sympy.log(SYMBOL) ** 2)
    >>> text.subs(y, 2)
    log(2)/4
    """
    variable: sympy.Symbol = SYMBOL
    while True:
        y = sympy.Dummy("y", positive=True)
        expr = _split_logs(expr.xreplace({sympy.log(variable): y}).xreplace({variable: sympy.exp(y)}))
        variable = y
        if not expr.has(sympy.log(y)) or expr.xreplace({sympy.log(y): sympy.Dummy()}).has(y):
            return expr, variable


def _split_logs(expr: sympy.Expr) -> sympy.Expr:
    # log(1/x) is made -log(x), which is right as 1/x > 0 here: sympy 1.14 finds limits of the former wrong
    return sympy.expand_log(expr).replace(
        lambda e: isinstance(e, sympy.log) and e.args[0].is_Pow and e.args[0].exp == -1,
        lambda e: -sympy.log(e.args[0].base),
    )


def sympy_limit(expr: sympy.Expr) -> sympy.Expr:
    """The limit by `sympy.limit` in y = log n; raises `UndecidedError` unless it is a real number, oo or -oo."""
    in_y, y = in_log(expr)
    terms = sympy.Add.make_args(sympy.expand_mul(in_y, deep=False))
    if 1 < len(terms) <= _MAX_SPLIT:  # sympy is much faster on the terms, when each has a finite limit
        parts = []
        for term in terms:
            parts.append(sympy.limit(term, y, sympy.oo))
            if not _is_definite(parts[-1]) or parts[-1].is_infinite:
                break
        else:
            return sympy.Add(*parts)
    answer = sympy.limit(in_y, y, sympy.oo)
    if not _is_definite(answer):
        raise UndecidedError("sympy gave no definite limit", got=answer)
    return answer


def _is_definite(answer: sympy.Expr) -> bool:
    definite = answer.is_number and answer.is_extended_real and answer is not sympy.nan
    return bool(definite and not answer.has(sympy.Limit, sympy.AccumBounds, sympy.zoo))


def _try_algebra(expr: sympy.Expr, budget: float) -> tuple[Behaviour | None, str]:
    try:
        found = run_bounded(lambda: behaviour(expr), budget)
    except (UndecidedError, TimeoutError, RecursionError) as error:
        return None, _short(error)
    return found, str(found.limit)


def _try_sympy(expr: sympy.Expr, budget: float) -> tuple[sympy.Expr | None, str]:
    try:
        answer = run_bounded(lambda: sympy_limit(expr), budget)
    except Exception as error:  # whatever sympy raises means that this route has no answer
        if isinstance(error, TimeoutError):
            clear_cache()  # facts that the stopped computation was about to deduce are noted there as unknown
        return None, _short(error)
    return answer, str(answer)


def _try_samples(found: Behaviour, budget: float) -> str:
    try:
        return run_bounded(found.probes.read, budget)
    except TimeoutError as error:
        return _short(error)


def _decide(first: sympy.Expr | None, second: sympy.Expr | None, third: str, budget: float) -> tuple[Status, str]:
    if third == "disagree":
        return "disagree", "the samples contradict the leading term of the algebra"
    if first is None or second is None:
        missing = [name for name, value in (("algebra", first), ("sympy", second)) if value is None]
        return "unknown", f"no answer from {' and '.join(missing)}"
    try:
        same = run_bounded(lambda: equal(first, second), budget)
    except (UndecidedError, TimeoutError) as error:
        return "unknown", _short(error)
    if not same:
        return "disagree", f"the algebra says {first}, sympy in log n says {second}"
    return ("agree", "") if third == "agree" else ("unknown", "the samples settle nothing")


def _short(error: BaseException) -> str:
    message = error.message if isinstance(error, UndecidedError) else str(error)
    return shorten(f"{type(error).__name__}: {message}" if message else type(error).__name__)
