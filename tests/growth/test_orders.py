"""Relations between explicit functions, their certificates and witnesses."""

import itertools
import json
import time

import pytest
import sympy
from flint import arb, ctx
from sympy import Rational, exp, log, sqrt

from varproof.base.errors import InputError
from varproof.growth import limits, orders
from varproof.growth.bounded import total_budget
from varproof.growth.constants import UndecidedError, enclose
from varproof.growth.limits import Limit
from varproof.growth.orders import Answer, holds, relation
from varproof.growth.samples import chain

n = sympy.Symbol("n", positive=True)
L1, L2, L3 = log(n), log(log(n)), log(log(log(n)))
NAMES = ("o", "O", "Theta", "omega", "Omega", "~")


def true_names(f: sympy.Expr, g: sympy.Expr) -> str:
    answers = {name: holds(name, f, g).holds for name in NAMES}
    assert None not in answers.values()
    return " ".join(name for name, answer in answers.items() if answer)


@pytest.mark.parametrize(
    ("f", "g", "expected"),
    [
        (n + 1, n * L1, "o O"),
        (n * L1, n + 1, "omega Omega"),
        (2 * n + L1, n, "O Theta Omega"),
        (n, n + sqrt(n), "O Theta Omega ~"),
        (log(n + 1), L1, "O Theta Omega ~"),
        (L1**100, n ** Rational(1, 100), "o O"),
        (n ** (1 / L2), L1**50, "omega Omega"),
        (exp(sqrt(L1**2 + L1)), n, "O Theta Omega"),
        (exp(sqrt(L1**2 + L1)), sqrt(sympy.E) * n, "O Theta Omega ~"),
        (2**L2, L1, "o O"),
        (L2, 1, "omega Omega"),
        (5, 7, "O Theta Omega"),
        (log(4) + 1 / n, 2 * log(2), "O Theta Omega ~"),
        (1 / L3, 1, "o O"),
        (sqrt(5 + 2 * sqrt(6)) * n + 1, (sqrt(2) + sqrt(3)) * n, "O Theta Omega ~"),
    ],
)
def test_relations(f: sympy.Expr, g: sympy.Expr, expected: str) -> None:
    assert true_names(f, g) == expected
    mirror = {"o": "omega", "omega": "o", "O": "Omega", "Omega": "O", "Theta": "Theta", "~": "~"}
    assert set(true_names(g, f).split()) == {mirror[name] for name in expected.split()}


def test_the_comparison_shows_the_leading_terms() -> None:
    found = relation(3 * n * L1 + n, sqrt(n**2 + 1) * L2)
    assert (found.left, found.right, found.ratio) == ("3*n*log(n)", "n*loglog(n)", "3*log(n)/loglog(n)")
    assert found.deciding == "loglog(n)"
    assert found.limit.value == sympy.oo
    assert relation(2 * n, n).deciding == ""


def check_witness(answer: Answer, f: sympy.Expr, g: sympy.Expr) -> None:
    """Evaluate the two points of a witness and decide its inequality again, from its text."""
    witness = answer.certificate["witness"]
    level = {"n": 0, "log(n)": 1, "loglog(n)": 2, "logloglog(n)": 3}.get(witness["variable"], 12)
    assert witness["value"] == "exp(exp(k))"
    with ctx.workprec(20_000):
        one, two = (enclose(f / g, chain(level, k, False, 20_000)) for k in witness["k"])
        value = arb(1) if answer.limit.value in (0, sympy.oo) else enclose(answer.limit.value, {})
        text = witness["inequality"]
        if text.startswith("f/g > 1000"):
            assert one > 1000
            assert two > one
        elif text.startswith("g/f > 1000"):
            assert 1 / one > 1000
            assert 1 / two > 1 / one
        elif text.startswith("f/g >"):
            assert all(2 * x > value for x in (one, two))
        elif text.startswith("f/g <"):
            assert all(x < 2 * value for x in (one, two))
        else:
            assert text.startswith("|f/g - 1| >")
            assert all(2 * abs(x - 1) > abs(value - 1) for x in (one, two))


PAIRS = [(n * L1, n + 1), (L2, n), (3 * L1 + 1, L1), (L3, sympy.Integer(1)), (n, 3 * n + L1), (exp(L1**2), n**5)]
PAIRS += [(n + 1, n * L1), (n + 300 * n / L1 + 1, n)]  # their first points contradict nothing yet


def test_every_refusal_has_a_witness_that_holds() -> None:
    refused = 0
    for (f, g), name in itertools.product(PAIRS, NAMES):
        answer = holds(name, f, g)
        json.dumps(answer.certificate)
        assert answer.certificate["relation"] == name
        assert answer.certificate["holds"] is answer.holds
        assert ("witness" in answer.certificate) == (answer.holds is False)
        if answer.holds is False:
            check_witness(answer, f, g)
            refused += 1
    assert refused == 28


def test_a_full_certificate() -> None:
    assert holds("O", n**2 * L1, n**2).certificate == {
        "relation": "O",
        "holds": False,
        "left": "n**2*log(n)",
        "right": "n**2",
        "ratio": "log(n)",
        "deciding": "loglog(n)",
        "limit": {
            "limit": "oo",
            "status": "agree",
            "routes": {"algebra": "oo", "sympy": "oo", "samples": "agree"},
            "leading": "log(n)",
        },
        "witness": {
            "variable": "log(n)",
            "value": "exp(exp(k))",
            "k": [4, 5],
            "inequality": "f/g > 1000 at both points, and larger at the second",
        },
    }


@pytest.mark.parametrize(
    ("f", "g", "message"),
    [
        (-n, n, "f is negative"),
        (n, 3 - L1, "g is negative"),
        ((n + 1) ** 2 - n**2 - 2 * n - 1, n, "f is zero"),
        (n, sympy.Integer(0), "g is zero"),
        (log(-n), n, "not real"),
        (sympy.sin(n) + 2, n, "explicit formula"),
    ],
)
def test_functions_that_are_not_positive_are_refused(f: sympy.Expr, g: sympy.Expr, message: str) -> None:
    with pytest.raises(InputError, match=message):
        holds("O", f, g)


def test_other_relations_are_refused() -> None:
    with pytest.raises(InputError, match="not a relation"):
        holds("<", n, n)  # type: ignore[arg-type]  # wrong on purpose


def test_nothing_is_claimed_without_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "limit", lambda *args, **kwargs: Limit(None, "unknown", {}, "", "no answer"))
    for name in NAMES:
        answer = holds(name, n, n * L1)
        assert answer.holds is None
        assert "witness" not in answer.certificate


def test_a_disagreement_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    limits._limit.cache_clear()
    monkeypatch.setattr(limits, "sympy_limit", lambda expr: sympy.Integer(17))
    answer = holds("o", n, n * L1)
    assert (answer.holds, answer.limit.status) == (None, "disagree")
    limits._limit.cache_clear()


def test_an_unknown_sign_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(expr: sympy.Expr) -> None:
        raise UndecidedError("no")

    monkeypatch.setattr(orders, "behaviour", blind)
    answer = holds("o", L1, n)
    assert answer.limit.value == 0
    assert answer.holds is None


def test_a_witness_that_takes_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*args: object) -> None:
        while True:
            pass

    assert holds("o", n, L1).certificate["witness"] is not None
    monkeypatch.setattr(orders, "witness", endless)
    start = time.monotonic()
    answer = holds("o", n, L1, budget=0.3)
    assert (answer.holds, answer.certificate["witness"]) == (False, None)
    assert time.monotonic() - start < 4


def test_a_spent_total_leaves_no_answer() -> None:
    limits._limit.cache_clear()
    with total_budget(0.0):
        answer = holds("o", L1, n)
    assert (answer.holds, answer.limit.status, answer.certificate["left"]) == (None, "unknown", "")
    assert holds("o", L1, n).holds is True
