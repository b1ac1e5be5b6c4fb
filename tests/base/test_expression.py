"""The formula parser: value, precedence and exactness; nothing is evaluated; no input runs long."""

import math
import subprocess
import sys

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.errors import InputError
from varproof.base.expression import build_expression, parse_expression
from varproof.base.expression_tree import MAX_DEPTH, MAX_LENGTH, parse_tree

n, C = sympy.symbols("n C", positive=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/3", sympy.Rational(1, 3)),
        ("0.1", sympy.Rational(1, 10)),
        ("1e-8", sympy.Rational(1, 10**8)),
        (".5*n", n / 2),
        ("2.", sympy.Integer(2)),
        ("-n**2", -(n**2)),
        ("(-2)**2", sympy.Integer(4)),
        ("2**-1", sympy.Rational(1, 2)),
        ("n**2**3", n**8),
        ("2-3-4", sympy.Integer(-5)),
        ("12/2/3", sympy.Integer(2)),
        ("2+3*n", 3 * n + 2),
        ("- -n", n),
        ("+n", n),
        ("log(n)", sympy.log(n)),
        ("sqrt(n)*sqrt(n)", n),
        ("exp(C*log(n))", sympy.exp(C * sympy.log(n))),
        ("n**log(n)", n ** sympy.log(n)),
        ("1/(n**C)", n**-C),
        ("  n\t+ 1 ", n + 1),
        ("8**(1/3)", sympy.Integer(2)),
        ("2**exp(2)", 2 ** sympy.exp(2)),
    ],
)
def test_meaning(text: str, expected: sympy.Expr) -> None:
    assert parse_expression(text) == expected


def test_names_are_those_given_and_positive() -> None:
    assert parse_expression("d*R", names=("d", "R")) == sympy.Symbol("d", positive=True) * sympy.Symbol(
        "R", positive=True
    )
    with pytest.raises(InputError, match="unknown name n"):
        parse_expression("n", names=("d",))


formulas = st.recursive(
    st.sampled_from(["1", "2", "0.5", "7/4"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
        inner.map(lambda t: f"-({t})"),
        inner.map(lambda t: f"exp(({t})/100)"),
    ),
    max_leaves=6,
)


@given(formulas)
def test_values_agree_with_python(text: str) -> None:
    expected = eval(text, {"exp": math.exp})  # the oracle; the text is made of the pieces above
    assert math.isclose(float(parse_expression(text)), expected, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "n n", "2n", "n^2", "(n", "n)", "()", "log()", "log n", "log", "log(n,2)", "n;", "n=1", "n<1", "é",
     "1_000", "0x10", "1j", "1e", "n.real", "n[0]", "'n'", "n+", "*n", "n**", "n//2", "n%2", "~n", "lambda: 1", "[n]",
     "__import__('os')", "__import__", "eval(n)", "sin(n)", "Theta(n)", "oo", "nan", "pi", "E", "True", "None",
     "n\x00"],
)  # fmt: skip
def test_outside_the_grammar(text: str) -> None:
    with pytest.raises(InputError):
        parse_expression(text)


@pytest.mark.parametrize("value", [None, 3, 2.5, ["n"], b"n", n])
def test_only_text(value: object) -> None:
    with pytest.raises(InputError):
        parse_expression(value)  # wrong on purpose


@pytest.mark.parametrize(
    "text",
    ["1/0", "1/(n-n)", "1/log(1)", "1/(sqrt(8)-2*sqrt(2))", "1/(log(4)-2*log(2))", "log(0)", "log(-1)", "log(1-exp(1))",
     "sqrt(-2)", "sqrt(-n)", "log(-n)",
     "sqrt(1-exp(1))", "(1-2)**(1/2)", "(-n)**(1/2)", "0**0", "0**-1", "(n-n)**(-C)"],
)  # fmt: skip
def test_what_is_not_real(text: str) -> None:
    with pytest.raises(InputError):
        parse_expression(text)


@pytest.mark.parametrize(
    "text",
    ["9**9**9", "2**100000", "(9**99)**99", "((n**1000)**1000)**1000", "((2*n)**1000)**1000", "1e5000", "n**1e9",
     "(((2**9*n)**100*3)**100*3)**100", "exp(99999999*log(7))", "exp(n+99999999*log(7))", "2**(n+99999999)",
     "exp(99999999*n*log(7))**(1/n)", "(exp(n)*2**n)**(99999999/n)", "(2**(99999999*n*log(3)/log(2)))**(1/n)",
     "exp(exp(exp(9**99)))", "exp(-exp(exp(exp(9))))", "2**exp(99)",
     "*".join(["9**999"] * 7), "n**(1/1001)", "exp(1)**(99999999*log(7))"],
)  # fmt: skip
def test_huge_powers_are_refused_before_they_are_computed(text: str) -> None:
    with pytest.raises(InputError, match=r"bits|exponent"):
        parse_expression(text)


@given(st.text(alphabet="0123456789nC+-*/().e logsqrtxp", max_size=30))
def test_any_text_is_answered_or_refused(text: str) -> None:
    try:
        value = parse_expression(text)
    except InputError:
        return
    assert value.free_symbols <= {n, C}
    assert not value.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I)


def test_caps_on_length_and_depth() -> None:
    assert parse_expression("(" * (MAX_DEPTH - 1) + "n" + ")" * (MAX_DEPTH - 1)) == n
    for text in ("(" * MAX_DEPTH + "n" + ")" * MAX_DEPTH, "-" * MAX_DEPTH + "n", "2**" * MAX_DEPTH + "n"):
        with pytest.raises(InputError, match="nested deeper"):
            parse_expression(text)
    assert parse_expression("+".join(["n"] * (MAX_LENGTH // 2))) == (MAX_LENGTH // 2) * n
    with pytest.raises(InputError, match="too long"):
        parse_expression("n+" * (MAX_LENGTH // 2) + "n")


def test_messages_point_at_the_place() -> None:
    with pytest.raises(InputError) as caught:
        parse_expression("n + 3 ^ 2")
    assert "position 7" in str(caught.value)
    assert "**" in caught.value.hint


def test_a_part_of_a_text_is_built_and_messages_quote_the_whole() -> None:
    text = "Theta(n**2)*sqrt(m)"
    theta, root = parse_tree(text).children
    assert build_expression(theta.children[0], text) == n**2
    assert build_expression(root, text, names=("m",)) == sympy.sqrt(sympy.Symbol("m", positive=True))
    with pytest.raises(InputError, match=r"unknown name m at position 18 \('m\)'\)") as caught:
        build_expression(root, text)
    assert caught.value.got == text
    with pytest.raises(InputError, match="unknown function Theta at position 1"):
        build_expression(theta, text)


def test_importing_the_parser_does_not_import_sympy() -> None:
    code = "import sys, varproof.base.expression, varproof.growth.parameters; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
