"""Magnitudes from text: what each form means, what is printed is read back, bad input is one clear line."""

import contextlib
import random
import time

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.errors import InputError
from varproof.growth import limits, magnitude_text
from varproof.growth.eventual_sign import N
from varproof.growth.magnitude_text import parse_magnitude
from varproof.growth.magnitudes import Magnitude, Relation

L1, L2 = sympy.log(N), sympy.log(sympy.log(N))
half, one = sympy.Rational(1, 2), sympy.Integer(1)


@pytest.mark.parametrize(
    ("text", "relation", "bound", "exponential"),
    [
        ("2*log(n)", "=", 2 * L1, 0),
        ("n**-3", "=", N**-3, 0),
        ("3", "=", sympy.Integer(3), 0),
        ("sqrt(log(n))/log(log(n))", "=", sympy.sqrt(L1) / L2, 0),
        ("log(n)-5", "=", L1 - 5, 0),
        ("1-1/n", "=", 1 - 1 / N, 0),
        ("(-1)*(5-n)", "=", N - 5, 0),
        ("sqrt(log(n)**2)", "=", L1, 0),
        ("sqrt((5-log(n))**2)", "=", L1 - 5, 0),
        ("Theta(log(n))", "Theta", L1, 0),
        ("O(1)", "O", one, 0),
        ("o(sqrt(log(n)))", "o", sympy.sqrt(L1), 0),
        ("Omega(n)", "Omega", N, 0),
        ("omega(log(n))", "omega", L1, 0),
        ("Theta(3*log(n)/2)", "Theta", L1, 0),
        ("C", "Theta", one, 0),
        ("C*sqrt(log(n))", "Theta", sympy.sqrt(L1), 0),
        ("2*C*C/log(n)", "Theta", 1 / L1, 0),
        ("C/C", "Theta", one, 0),
        ("n**-3*C", "Theta", N**-3, 0),
        ("(C*log(n))**2", "Theta", L1**2, 0),
        ("sqrt(C*n*log(n))", "Theta", sympy.sqrt(N) * sympy.sqrt(L1), 0),
        ("log(n)/O(n)", "Omega", L1 / N, 0),
        ("o(n)**(1/2)/n", "o", N**-half, 0),
        ("o(n)**-2", "omega", N**-2, 0),
        ("(-2)*(-C)", "Theta", one, 0),
        ("O(n)*o(1)", "o", N, 0),
        ("O(n)/o(1)", "any", one, 0),
        ("1/poly(n)", "Theta", L1, -1),
        ("poly(n)", "Theta", L1, 1),
        ("poly(n)**-2", "Theta", L1, -1),
        ("1*poly(n)", "Theta", L1, 1),
        ("n**-C", "Theta", L1, -1),
        ("n**(-C)", "Theta", L1, -1),
        ("n**(-2*C)", "Theta", L1, -1),
        ("n**(-Theta(1))", "Theta", L1, -1),
        ("1/n**C", "Theta", L1, -1),
        ("(1/n)**C", "Theta", L1, -1),
        ("(1/n)**(-C)", "Theta", L1, 1),
        ("(n**2)**(-C/3)", "Theta", L1, -1),
        ("n**-omega(1)", "omega", L1, -1),
        ("n**o(1)", "o", L1, 1),
        ("n**(C*log(n))", "Theta", L1**2, 1),
        ("exp(-Theta(sqrt(log(n))))", "Theta", sympy.sqrt(L1), -1),
        ("exp(O(log(n)))", "O", L1, 1),
        ("exp(-C*log(n))", "Theta", L1, -1),
        ("log(n)**C", "Theta", L2, 1),
        ("poly(log(n))", "Theta", L2, 1),
        ("2**-omega(1)", "o", one, 0),
    ],
)
def test_meaning(text: str, relation: Relation, bound: sympy.Expr, exponential: int) -> None:
    answer = parse_magnitude(f"  {text} ", name="d")
    assert (answer.relation, answer.bound, answer.exponential) == (relation, bound, exponential)
    assert answer.text == text
    if relation != "any":
        assert parse_magnitude(str(answer), name="d") == answer


classes = st.sampled_from(["Theta", "O", "o", "Omega", "omega"])
functions = st.sampled_from(
    ["n", "log(n)", "log(log(n))", "2", "n**-3", "1/log(n)", "sqrt(log(n))", "exp(1)", "n+log(n)"]
)
values = st.recursive(
    st.one_of(functions, st.just("C"), st.tuples(classes, functions).map(lambda pair: f"{pair[0]}({pair[1]})")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("*/"), inner).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
        st.tuples(inner, st.sampled_from(["2", "(1/2)", "-1"])).map(lambda t: f"({t[0]})**{t[1]}"),
    ),
    max_leaves=5,
)
texts = st.one_of(values, values.map(lambda text: f"exp(-{text})"), values.map(lambda text: f"n**({text})"))


@given(texts)
def test_what_is_printed_is_read_back(text: str) -> None:
    try:
        answer = parse_magnitude(text, name="R")
    except InputError:  # the exponent of exp(-..) and n**(..) is drawn freely, it may be bounded
        with pytest.raises(InputError, match="need not grow"):
            parse_magnitude(text, name="R")
        return
    if answer.relation != "any":
        assert parse_magnitude(str(answer), name="R") == answer


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("", "not a formula", ""),
        ("sin(n)", "unknown function sin", ""),
        ("m", "unknown name m", ""),
        ("theta(n)", "unknown function theta", "did you mean Theta?"),
        ("big_o(n)", "unknown function big_o", "did you mean O?"),
        ("Little_O(n)", "unknown function Little_O", "did you mean o?"),
        ("OMEGA(n)", "unknown function OMEGA", "did you mean Omega or omega?"),
        ("ln(n)", "unknown function ln", "did you mean log?"),
        ("2*N", "unknown name N", "did you mean n?"),
        ("Theta", "unknown name Theta", "write Theta(..)"),
        ("C(n)", "unknown function C", "C takes no argument"),
        ("Θ(n)", "unexpected character", "write Theta"),
        ("n^2", "unexpected character", "write **"),
        ("(n", "expected a closing parenthesis", ""),
        ("Theta(n))", "expected an operator or the end", ""),
        ("Theta(log(n)", "expected a closing parenthesis", ""),
        ("O()", "expected a number, a name", ""),
        ("9**9**9", "exponent too large", ""),
        ("Theta(9**9**9)", "exponent too large", ""),
        ("n" * 10_000, "too long", ""),
        ("+".join(["n"] * 5_000), "too long", ""),
        ("1/0", "division by zero", ""),
        ("C/0", "zero for large n", ""),
        ("1/(n-n)", "division by zero", ""),
        ("O(1/(n-n))", "division by zero", ""),
        ("log(-1)", "logarithm of a number that is not positive", ""),
        ("sqrt(-2)", "square root of a negative number", ""),
        ("log(1-n)", "not real for large n", ""),
        ("sqrt(-log(n))", "not real for large n", ""),
        ("Theta(sqrt(1-n))", "not real for large n", ""),
        ("(-C)**(1/2)", "of a negative value", ""),
        ("sqrt(-C)", "of a negative value", ""),
        ("2**C", "an exponent that need not grow", "as a factor"),
        ("(1/2)**C", "an exponent that need not grow", "as a factor"),
        ("n**(C/log(n))", "an exponent that need not grow", "as a factor"),
        ("exp(-C)*sqrt(log(n))", "an exponent that need not grow", "as a factor"),
        ("exp(O(1)*omega(1))", "an exponent that need not grow", "as a factor"),
        ("2**(O(n)*Omega(1))", "an exponent that need not grow", "as a factor"),
        ("exp(o(1))*log(n)", "an exponent that need not grow", "as a factor"),
        ("exp(-O(1/log(n)))", "an exponent that need not grow", "as a factor"),
        ("exp(-Omega(1))", "an exponent that need not grow", "as a factor"),
        ("exp(-omega(1/n))", "an exponent that need not grow", "as a factor"),
        ("-n", "negative for large n", ""),
        ("5-log(n)", "negative for large n", ""),
        ("1/n-1/log(n)", "negative for large n", ""),
        ("-C", "negative for large n", ""),
        ("-1/poly(n)", "negative for large n", ""),
        ("0", "zero for large n", ""),
        ("(n+1)**2-n**2-2*n-1", "zero for large n", ""),
        ("C*(n-n)", "zero for large n", ""),
        ("Theta(0)", "zero for large n", ""),
        ("Theta(-n)", "negative for large n", ""),
        ("poly(-n)", "negative for large n", ""),
        ("poly(1)", "logarithm of the base has no known sign", ""),
        ("(-n)**C", "negative for large n", ""),
        ("Theta(O(n))", "a class inside a class", "explicit function"),
        ("O(C)", "a class inside a class", "explicit function"),
        ("poly(poly(n))", "a class inside a class", "explicit function"),
        ("n+O(1)", "a class inside a sum", "leading term"),
        ("n-C", "a class inside a sum", "leading term"),
        ("n**(-C-1)", "a class inside a sum", "leading term"),
        ("log(Theta(n))", "log of a class", "the logarithm itself"),
        ("log(poly(n))", "log of a class", "the logarithm itself"),
        ("n/poly(n)", "no single leading class", "absorb"),
        ("log(n)*n**-C", "no single leading class", "absorb"),
        ("C/poly(n)", "no single leading class", "absorb"),
        ("poly(n)*poly(n)", "no single leading class", "absorb"),
        ("exp(poly(n))", "an exponential in an exponent", "absorb"),
        ("n**poly(n)", "an exponential in an exponent", "absorb"),
        ("C**C", "a class to the power of a class", "exp"),
        ("C**n", "not a rational number", ""),
        ("Theta(n)**sqrt(2)", "not a rational number", ""),
        ("Theta(n)**99999", "exponent too large", ""),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(text: str, problem: str, hint: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        parse_magnitude(text, name="delta")
    assert caught.value.message.startswith("delta: ")
    assert "\n" not in caught.value.message
    assert caught.value.got == text or "real" in problem
    assert hint in caught.value.hint


@pytest.mark.parametrize("value", [None, 3, 0.5, ["n"], N])
def test_only_text(value: object) -> None:
    with pytest.raises(InputError, match="R: not a formula"):
        parse_magnitude(value, name="R")  # type: ignore[arg-type]  # wrong on purpose


def test_case_matters() -> None:
    assert parse_magnitude("o(n)", name="d") != parse_magnitude("O(n)", name="d")
    assert parse_magnitude("omega(n)", name="d") != parse_magnitude("Omega(n)", name="d")


def test_the_text_is_not_compared() -> None:
    assert parse_magnitude("n**-C", name="d") == parse_magnitude("1/poly(n)", name="d")
    assert parse_magnitude("n**-C", name="d").text == "n**-C"


def test_an_unknown_sign_is_taken_on_trust_alone_and_refused_beside_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "limit", lambda f: limits.Limit(None, "unknown", {}, ""))
    assert parse_magnitude("log(n)-5", name="d") == Magnitude("=", L1 - 5)
    for text in ("C*(log(n)-5)", "Theta(log(n)-5)", "n**(C*(log(n)-5))"):
        with pytest.raises(InputError, match="sign for large n cannot be told"):
            parse_magnitude(text, name="d")


PIECES = ["Theta(", "O(", "o(", "Omega(", "omega(", "poly(", "log(", "sqrt(", "exp(", "(", ")", ")", ")", "n", "n", "C"]
PIECES += ["+", "-", "*", "/", "**", "1", "2", "0.5", "1/3", "log(n)", "log(log(n))", " ", "99", "e", "x", ",", "é"]


def test_random_strings_are_answered_or_refused_quickly() -> None:
    generator = random.Random(7)
    answered = 0
    for _ in range(500):
        text = "".join(generator.choice(PIECES) for _ in range(generator.randint(1, 9)))
        start = time.process_time()
        with contextlib.suppress(InputError):
            answered += isinstance(parse_magnitude(text, name="d"), Magnitude)
        assert time.process_time() - start < 1, text
    assert answered > 10


def test_reading_a_formula_ends_whatever_sympy_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(expr: sympy.Expr) -> sympy.Expr:
        while True:
            pass

    monkeypatch.setattr(limits, "sympy_limit", endless)
    monkeypatch.setattr(magnitude_text, "SECONDS", 0.6)
    limits._limit.cache_clear()
    start = time.monotonic()
    found = parse_magnitude("*".join(f"(log(n)-{i})" for i in range(1, 8)), name="d")
    parts = [parse_magnitude(f"n-{i}*log(n)", name="d") for i in range(1, 4)]
    assert time.monotonic() - start < 4 * 2
    assert found.explicit
    assert all(part.explicit for part in parts)
    with pytest.raises(InputError, match="whose sign for large n cannot be told"):
        parse_magnitude("Theta(1)*(n-log(n))", name="d")
    monkeypatch.undo()
    assert parse_magnitude("Theta(1)*(n-log(n))", name="d").relation == "Theta"  # nothing of that is remembered
