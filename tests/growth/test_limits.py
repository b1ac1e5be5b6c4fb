"""Limits: two routes and samples that agree, the ways they may not, and what sympy alone gets wrong."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sympy
from sympy import Rational, exp, log, loggamma, sqrt

from varproof.base.errors import InputError
from varproof.growth import limits
from varproof.growth.algebra import Behaviour, behaviour
from varproof.growth.bounded import total_budget
from varproof.growth.limits import Limit, in_log, limit, sympy_limit
from varproof.growth.probes import Probes

n = sympy.Symbol("n", positive=True)
L1, L2, L3 = log(n), log(log(n)), log(log(log(n)))
oo = sympy.oo


@pytest.fixture(autouse=True)
def _no_memory() -> Iterator[None]:
    limits._limit.cache_clear()
    yield
    limits._limit.cache_clear()


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        (L2 / L1, 0),
        (sqrt(L1) / L2, oo),
        (-n, -oo),
        (sympy.Integer(3), 3),
        (log(2 * n) / L1, 1),
        (log(n**2 * L1) / L1, 2),
        (exp(sqrt(L1**2 + L1)) / n, sqrt(sympy.E)),
        ((log(n + 1) - L1) * n, 1),
        ((n + 1) ** 2 - n**2 - 2 * n - 1, 0),
        (log(L1 + L2) - L2, 0),
        (n ** (1 / L2), oo),
        (L1**L2 / n, 0),
        (exp(-exp(sqrt(L1))), 0),
        ((1 + 1 / n) ** n, sympy.E),
        (n ** (1 / L1), sympy.E),
        (exp(L1 / (L2 + 1)), oo),
        (n ** (1 / (L2 + 1)) / sqrt(n), 0),
        (L1 ** Rational(1, 4) / sqrt(L1) * 2**L2, oo),
        (log(log(L2)) / L3, 0),
        (n**-3 * exp(3 * L1), 1),
        (log(4) - 2 * log(2) + 1 / n, 0),
        (exp(L1 + L2) - n * L1, 0),
        (log(n * L1 / (n - L1)), oo),
        (sqrt(L1**2) / L1, 1),
        ((n**2) ** (L2 / L1) * sqrt((L1 - L2) ** 2), oo),
    ],
)
def test_all_routes_agree(expr: sympy.Expr, value: object) -> None:
    found = limit(expr)
    assert (found.value, found.status, found.because) == (value, "agree", "")
    assert dict(found.routes) == {"algebra": str(value), "sympy": str(value), "samples": "agree"}


def test_the_rank_exponent_that_sympy_gets_wrong() -> None:
    # d = log n, g = log n/loglog n: the rank C(d+g, g) is n^o(1)
    d, g = L1, L1 / L2
    found = limit((d * log(1 + g / d) + g * log(1 + d / g)) / L1)
    assert found.value == 0
    assert dict(found.routes) == {"algebra": "0", "sympy": "0", "samples": "agree"}
    assert found.leading == "logloglog(n)/loglog(n)"


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1, 2])
def test_sympy_in_n_is_still_wrong_about_it(factor: int) -> None:
    """Sympy 1.14 says 1 (2 for the form of AS23); the limit is 0. When this fails, sympy has changed: see the page."""
    d, g = factor * L1, factor * L1 / L2
    log_rank = loggamma(d + g + 1) - loggamma(d + 1) - loggamma(g + 1)
    assert sympy.limit(log_rank / L1, n, oo) == factor


def test_sympy_is_still_wrong_about_a_logarithm_of_a_reciprocal() -> None:
    """Sympy 1.14 says 0; the limit is oo. The route by sympy splits such logarithms first."""
    y = sympy.Symbol("y", positive=True)
    assert sympy.limit(y + log(y) + log(1 / (exp(y) - y)), y, oo) == 0
    assert sympy_limit(n.subs(n, L1 + L2 + log(1 / (n - L1)))) == oo


def test_sums_are_split_only_where_every_term_has_a_finite_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def recorded(expr: sympy.Expr, y: sympy.Symbol, point: sympy.Expr) -> sympy.Expr:
        asked.append(expr)
        return original(expr, y, point)

    original = sympy.limit
    monkeypatch.setattr(sympy, "limit", recorded)
    assert sympy_limit((L1 + 3 * L2) / L1 + 2 / n) == 1
    assert len(asked) == 2
    asked.clear()
    assert sympy_limit(log(n + 1) - L1) == 0  # oo - oo when split
    assert asked[-1].is_Add
    assert sympy_limit(n - L1) == oo


def test_the_formula_in_the_logarithm() -> None:
    expr, y = in_log(L1**2 / n)
    assert expr == y**2 * exp(-y)
    expr, z = in_log(L2 / L3 + sqrt(L2))  # only loglog n occurs: twice
    assert expr == z / log(z) + sqrt(z)
    assert in_log(sympy.Integer(4))[0] == 4


def wrong(value: object):
    return lambda expr: sympy.sympify(value)


@pytest.mark.parametrize("value", [1, oo, Rational(1, 10**9)])
def test_a_wrong_sympy_route_is_a_disagreement(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    monkeypatch.setattr(limits, "sympy_limit", wrong(value))
    found = limit(L2 / L1)
    assert (found.value, found.status) == (None, "disagree")
    assert found.routes["sympy"] == str(value)
    assert found.because == f"the algebra says 0, sympy in log n says {value}"


def test_a_wrong_algebra_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(expr: sympy.Expr) -> Behaviour:
        found = behaviour(expr)
        return replace(found, limit=2 * found.limit)

    monkeypatch.setattr(limits, "behaviour", doubled)
    found = limit(3 + 1 / n)
    assert (found.value, found.status, found.because) == (
        None,
        "disagree",
        "the algebra says 6, sympy in log n says 3",
    )


def test_samples_alone_can_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "behaviour", lambda expr: replace(behaviour(expr), probes=Probes(2 + 1 / n, 1)))
    found = limit(L2 / L1)
    assert (found.value, found.status, found.routes["samples"]) == (None, "disagree", "disagree")


def test_samples_that_settle_nothing_leave_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = Probes(Rational(11, 10) + 1 / n, 1)
    monkeypatch.setattr(limits, "behaviour", lambda expr: replace(behaviour(expr), probes=probes))
    found = limit(L2 / L1)
    assert (found.value, found.status, found.because) == (None, "unknown", "the samples settle nothing")


def test_a_stopped_sympy_leaves_no_half_deduced_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    cleared = []
    monkeypatch.setattr(limits, "clear_cache", lambda: cleared.append(True))
    assert limit(L2 / L1).status == "agree"
    assert cleared == []
    monkeypatch.setattr(limits, "sympy_limit", endless)
    assert limit(L1 / n, budget=0.2).status == "unknown"
    assert cleared == [True]


def endless(expr: sympy.Expr) -> sympy.Expr:
    while True:
        sympy.expand((n + 1) ** 3)


@pytest.mark.parametrize("route", ["sympy_limit", "behaviour"])
def test_a_slow_route_is_unknown_within_the_budget(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    monkeypatch.setattr(limits, route, endless)
    start = time.monotonic()
    found = limit(L2 / L1, budget=0.3)
    assert time.monotonic() - start < 4
    assert (found.value, found.status) == (None, "unknown")
    assert "TimeoutError: no answer within 0.3 s" in found.routes.values()


@pytest.mark.parametrize("answer", [sympy.nan, sympy.zoo, sympy.I, sympy.AccumBounds(-1, 1), sympy.Symbol("x")])
def test_indefinite_answers_of_sympy_are_not_trusted(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    monkeypatch.setattr(sympy, "limit", lambda *args: answer)
    found = limit(L2 / L1)
    assert (found.value, found.status) == (None, "unknown")
    assert found.routes["sympy"].startswith("UndecidedError: sympy gave no definite limit")


def test_an_exception_of_sympy_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*args: object) -> None:
        raise NotImplementedError("not this one")

    monkeypatch.setattr(sympy, "limit", failing)
    found = limit(L2 / L1)
    assert (found.status, found.routes["sympy"]) == ("unknown", "NotImplementedError: not this one")
    assert found.because == "no answer from sympy"
    assert found.leading == "loglog(n)/log(n)"


@pytest.mark.parametrize(
    "expr",
    [
        sqrt(n**2 + 2 * n + 1) - n - 1,  # exactly 0, which expansions cannot see
        1 / (1 - 1 / n) + exp(-n) - n / (n - 1),
        log(2 + exp(-4000)) - log(2) + 1 / n,
    ],
)
def test_hidden_zeros_end_as_unknown(expr: sympy.Expr) -> None:
    start = time.monotonic()
    found = limit(expr, budget=0.5)
    assert time.monotonic() - start < 6
    assert (found.value, found.status) == (None, "unknown")
    assert "UndecidedError" in found.routes["algebra"] or "TimeoutError" in found.routes["algebra"]


@pytest.mark.parametrize(
    "expr", [log(-n), sqrt(1 - L1), 1 / ((n + 1) ** 2 - n**2 - 2 * n - 1), sympy.sin(n), n * sympy.I]
)
def test_bad_formulas_are_refused(expr: sympy.Expr) -> None:
    with pytest.raises(InputError):
        limit(expr)
    with pytest.raises(InputError):
        limit(expr + sympy.Symbol("m", positive=True))


def test_any_positive_symbol_and_plain_numbers_will_do() -> None:
    tokens = sympy.Symbol("N", positive=True)
    assert limit(log(tokens) / tokens).value == 0
    assert limit(7).value == 7


def test_the_state_of_the_caches_does_not_matter() -> None:
    first = limit((L1 + L2) / L1)
    sympy.core.cache.clear_cache()
    assert limit((L1 + L2) / L1) == first
    limits._limit.cache_clear()
    assert limit((L1 + L2) / L1) == first


def test_json() -> None:
    assert json.loads(json.dumps(limit((n + L1) / (2 * n)).to_json())) == {
        "limit": "1/2",
        "status": "agree",
        "routes": {"algebra": "1/2", "sympy": "1/2", "samples": "agree"},
        "leading": "1/2",
    }
    unknown = Limit(None, "unknown", {"algebra": "0"}, "", "no answer from sympy").to_json()
    assert unknown["limit"] is None
    assert unknown["because"] == "no answer from sympy"


def test_the_rank_exponent_with_the_degree_written_out() -> None:
    # B = 1/(loglog n)^2, error n^-3, d = log n/loglog n; sympy needs minutes for the whole and a second for its terms
    d, bound = L1 / L2, L1 / L2**2
    g = bound + 3 * L1 / log(2 + 3 * L1 / bound)
    found = limit((d * log(1 + g / d) + g * log(1 + d / g)) / log(4 * n**2 / 3), budget=20)
    assert (found.value, found.status) == (0, "agree")


def test_a_spent_budget_is_not_remembered() -> None:
    with total_budget(0.0):
        found = limit(L2 / L1)
    assert (found.value, found.status) == (None, "unknown")
    assert "the time for one question is used up" in found.because
    assert set(found.routes) == {"algebra", "sympy", "samples"}
    assert limit(L2 / L1).value == 0


@pytest.mark.parametrize("route", ["sympy_limit", "behaviour"])
def test_a_route_cut_short_is_not_remembered(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    def endless(expr: sympy.Expr) -> sympy.Expr:
        while True:
            pass

    with monkeypatch.context() as patch, total_budget(1.0):
        patch.setattr(limits, route, endless)
        assert limit(L2 / L1).status == "unknown"
    assert limit(L2 / L1).value == 0


def test_what_was_found_within_a_budget_is_remembered() -> None:
    with total_budget(30.0):
        assert limit(L2 / L1).value == 0
    with total_budget(0.0):
        assert limit(L2 / L1).value == 0


def test_a_limit_out_of_its_own_time_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def endless(expr: sympy.Expr) -> sympy.Expr:
        calls.append(expr)
        while True:
            pass

    monkeypatch.setattr(limits, "sympy_limit", endless)
    with total_budget(30.0):
        assert [limit(L2 / L1, budget=0.2).status for _ in range(2)] == ["unknown", "unknown"]
    assert len(calls) == 1
