"""Powers, logarithms and exponentials of expansions: known cases, random ones against samples, refusals."""

import numpy as np
import pytest
import sympy
from sympy import Rational, exp, log, sqrt

from varproof.base.errors import InputError
from varproof.growth import series
from varproof.growth.constants import UndecidedError, sign
from varproof.growth.expansion import Expansion, MoreTermsNeededError
from varproof.growth.monomial import ONE, SYMBOL, iterated_log, terms_text
from varproof.growth.probes import probes
from varproof.growth.series import expand, germ, leading

n = SYMBOL
L1, L2, L3 = log(n), log(log(n)), log(log(log(n)))


def lead(expr: sympy.Expr) -> str:
    term = leading(expr)
    return "0" if term is None else terms_text([term])


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (exp(sqrt(L1**2 + L1)), "exp(1/2)*n"),
        (log(n + 1) - log(n), "1/n"),
        ((n + 1) ** 2 - n**2 - 2 * n - 1, "0"),
        ((n + 1) ** 8 - sympy.expand((n + 1) ** 8), "0"),
        (log(L1 + L2) - L2, "loglog(n)/log(n)"),
        (n ** (1 / L2), "exp(log(n)/loglog(n))"),
        (L1**L2, "exp(loglog(n)**2)"),
        (exp(-exp(sqrt(L1))), "exp(-exp(log(n)**(1/2)))"),
        (exp(L1 + L2) - n * L1, "0"),
        (n ** (1 / L1), "E"),
        ((1 + 1 / n) ** n - sympy.E, "-E/2/n"),
        (sqrt(n**2 + n) - n, "1/2"),
        (sqrt(n + sqrt(n)) - sqrt(n), "1/2"),
        (sqrt(n + sqrt(n)) - sqrt(n) - Rational(1, 2), "-1/8/n**(1/2)"),
        (1 / (1 - 1 / n) - 1 - 1 / n, "1/n**2"),
        (log(n**2 * L1), "2*log(n)"),
        (log(n**2 * L1) - 2 * L1, "loglog(n)"),
        ((2 * n) ** L1, "exp(log(n)**2)*n**(log(2))"),
        (exp(n + 1 / n) - exp(n), "exp(n)/n"),
        (exp(n + exp(-n)) - exp(n), "1"),
        (log(exp(n) + n) - n, "exp(-n)*n"),
        (log(4) - 2 * log(2) + 1 / L1, "1/log(n)"),
        ((n + 1) ** sqrt(2) - n ** sqrt(2), "sqrt(2)*n**(-1 + sqrt(2))"),
        ((L1 * log(1 + 1 / L2) + L1 / L2 * log(1 + L2)) / L1, "logloglog(n)/loglog(n)"),
        ((-n) ** 3, "-n**3"),
        (sqrt(L1**2) / 3, "1/3*log(n)"),  # an absolute value for sympy
        (sympy.Abs(L1 - n) + L1, "n"),
        (sympy.Abs((n + 1) ** 2 - n**2 - 2 * n - 1), "0"),
        (log(exp(L1 / (L2 + 1))), "log(n)/loglog(n)"),
        (log((n + 1) ** (n / (1 + 1 / L1))), "n*log(n)"),
        ((L1 - n) ** (-2), "1/n**2"),
    ],
)
def test_leading_terms(expr: sympy.Expr, expected: str) -> None:
    assert lead(expr) == expected


def test_terms_and_remainders() -> None:
    assert str(expand(log(n + 1), 3)) == "log(n) + 1/n - 1/2/n**2 + O(1/n**3)"
    assert str(expand(exp(1 / n), 3)) == "1 + 1/n + 1/2/n**2 + O(1/n**3)"
    assert str(expand(sqrt(n + 1), 2)) == "n**(1/2) + 1/2/n**(1/2) + O(1/n**(3/2))"
    assert str(expand((n + 1) / L1)) == "n/log(n) + 1/log(n)"
    assert expand((n + 1) ** 3, 8).remainder is None


def test_the_stated_remainder_bounds_what_was_cut() -> None:
    for expr in (exp(1 / n) * log(n + 1), sqrt(n + sqrt(n)), 1 / (L1 + L2), log(n + L1) ** 2):
        rough, fine = expand(expr, 3), expand(expr, 8)
        assert rough.remainder is not None
        rest = expr - sum(c * m.to_expr() for c, m in rough.terms)
        term = leading(rest / rough.remainder.to_expr())
        assert term is not None
        assert fine.terms[:3] == rough.terms
        ratio = leading(rest)
        assert ratio is not None
        assert sympy.limit(1 / term[1].to_expr().subs(n, exp(sympy.Symbol("y"))), sympy.Symbol("y"), sympy.oo) != 0


@pytest.mark.parametrize("expr", [sqrt(1 - n), log(-n), log(1 / n - 1), (L2 - L1) ** Rational(1, 3), log(n - n * L1)])
def test_what_is_not_real_for_large_n_is_refused(expr: sympy.Expr) -> None:
    with pytest.raises(InputError, match="not real for large n"):
        leading(expr)


def test_division_by_zero_and_log_of_zero_are_refused() -> None:
    zero = (n + 1) ** 2 - n**2 - 2 * n - 1
    for expr in (1 / zero, L1 / zero**2, zero ** (-Rational(1, 2))):
        with pytest.raises(InputError, match="zero"):
            leading(expr)
    with pytest.raises(InputError, match="logarithm of zero"):
        leading(log(zero))
    assert leading(zero ** Rational(1, 2)) is None


@pytest.mark.parametrize("expr", [sympy.sin(n), sympy.floor(n), n * sympy.I, sympy.gamma(n)])
def test_other_functions_are_refused(expr: sympy.Expr) -> None:
    with pytest.raises(InputError):
        leading(expr)


def test_what_the_terms_do_not_settle_is_undecided() -> None:
    with pytest.raises(UndecidedError, match="32 terms"):
        leading(sqrt(n**2 + 2 * n + 1) - n - 1)
    with pytest.raises(MoreTermsNeededError):
        expand(exp(n / (1 + 1 / L1)), 8)
    with pytest.raises(MoreTermsNeededError):
        series.exp(Expansion(((sympy.Integer(1), iterated_log(0)),), ONE), 8)  # n + O(1): the constant matters
    with pytest.raises(UndecidedError):
        leading(exp(n / (1 + 1 / L1)))


def test_germ_renames_the_one_symbol() -> None:
    tokens = sympy.Symbol("N", positive=True)
    assert germ(log(tokens)) == L1
    assert germ(3) == 3
    for bad in (n + tokens, sympy.Symbol("x"), sympy.Symbol("x", real=True) + 1):
        with pytest.raises(InputError, match="one positive symbol"):
            germ(bad)


def random_formula(rng: np.random.Generator, depth: int) -> sympy.Expr:
    atoms = [
        n,
        L1,
        L2,
        L3,
        sqrt(n),
        1 / n,
        sympy.Integer(int(rng.integers(1, 4))),
        Rational(int(rng.integers(1, 6)), 3),
    ]
    if depth == 0:
        return atoms[int(rng.integers(len(atoms)))]
    a, b = random_formula(rng, depth - 1), random_formula(rng, depth - 1)
    return [
        lambda: a + b,
        lambda: a - b,
        lambda: a * b,
        lambda: a / b,
        lambda: log(1 + a),
        lambda: a ** Rational(int(rng.integers(1, 5)), 2),
        lambda: exp(-1 / (1 + a)) * b,
        lambda: exp(sqrt(1 + log(1 + a))),
    ][int(rng.integers(8))]()


def test_random_formulas_behave_as_their_leading_terms() -> None:
    rng = np.random.default_rng(5)
    readings: list[str] = []
    negative = 0
    while len(readings) < 120:
        expr = random_formula(rng, int(rng.integers(2, 4)))
        try:
            term = leading(expr)
        except InputError:  # a root or logarithm of a negative germ, or a division by zero
            negative += 1
            continue
        if term is None:
            continue
        assert sign(term[0]) != 0
        readings.append(probes(expr, term).read())
        assert readings[-1] != "disagree", expr
    assert readings.count("agree") >= 117
    assert negative < 60
