"""Signs at large n: read off the shape or a limit; rewritten formulas keep their value."""

import mpmath
import numpy as np
import pytest
import sympy

from varproof.base.errors import InputError
from varproof.base.expression import parse_expression
from varproof.growth import limits
from varproof.growth.eventual_sign import (
    MAX_TERMS,
    N,
    eventual_sign,
    expand_briefly,
    is_plainly_positive,
    is_plainly_real,
    log_of,
    power_of,
    tends_plainly_to_infinity,
    tidy,
)


def value(f: sympy.Expr, level: int) -> mpmath.mpf:
    """f at n = exp(exp(level)) with 60 digits; a complex result is an error."""
    with mpmath.workdps(60):
        answer = sympy.lambdify(N, f, "mpmath")(mpmath.exp(mpmath.exp(level)))
        assert not isinstance(answer, mpmath.mpc)
        return mpmath.mpf(answer)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("n", 1), ("-n", -1), ("n-n", 0), ("3", 1), ("1-exp(1)", -1), ("sqrt(2)-1", 1),
        ("log(log(log(n)))/n**2", 1), ("5-log(log(n))", -1), ("log(n)-n**(1/9)", -1), ("exp(-n)-exp(-2*n)", 1),
        ("1/n**2-1/n", -1), ("(n+1)**2-n**2-2*n-1", 0), ("log(n+1)-log(n)", 1), ("exp(5-n)", 1), ("2-n/(n-1)", 1),
        ("1-n/(n-1)", -1), ("log(1/n)", -1), ("(log(n)-9)*(9-n)", -1), ("-log(n)*(1-n)", 1),
    ],
)  # fmt: skip
def test_signs(text: str, sign: int) -> None:
    assert eventual_sign(parse_expression(text)) == sign


@pytest.mark.parametrize("text", ["sqrt(1-n)", "log(5-log(n))", "(1-n)**n", "exp(sqrt(-log(n)))", "n**log(1-n)"])
def test_what_is_not_real(text: str) -> None:
    with pytest.raises(InputError, match="not real for large n"):
        eventual_sign(parse_expression(text))


def test_no_answer_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "limit", lambda f: limits.Limit(None, "unknown", {}, ""))
    assert eventual_sign(sympy.log(N) - 5) is None
    assert eventual_sign(sympy.log(N) + 5) == 1  # its shape shows it
    monkeypatch.setattr(limits, "limit", lambda f: limits.Limit(sympy.oo, "disagree", {}, ""))
    assert eventual_sign(sympy.log(N) - 5) is None


SHAPES = ["n", "log(n)", "log(log(n))", "2", "1/3", "n**-2", "sqrt(log(n))", "-1", "-n", "log(1/2)", "exp(-log(n)**2)"]


def random_shape(generator: np.random.Generator, depth: int) -> str:
    """The text of a random formula, real or not, without towers of n."""
    if depth == 0:
        return str(generator.choice(SHAPES))
    left, right = (random_shape(generator, depth - 1) for _ in range(2))
    form = generator.choice(
        ["({0})+({1})", "({0})*({1})", "({0})/({1})", "log({0})", "sqrt({0})", "({0})**2", "({0})-({1})"]
    )
    return str(form).format(left, right)


def formulas(count: int) -> list[sympy.Expr]:
    """Random formulas that the parser accepts."""
    generator = np.random.default_rng(11)
    found: list[sympy.Expr] = []
    while len(found) < count:
        try:
            found.append(parse_expression(random_shape(generator, int(generator.integers(1, 4)))))
        except InputError:
            continue
    return found


def test_what_a_shape_shows_is_so_and_rewriting_keeps_the_value() -> None:
    shown = [0, 0, 0, 0]
    for f in formulas(400):
        if tends_plainly_to_infinity(f):
            shown[0] += 1
            assert value(f, 200) > value(f, 60), f
        if is_plainly_real(f):
            shown[1] += 1
            value(f, 60)
        if is_plainly_positive(f):
            shown[2] += 1
            assert value(f, 60) > 0, f
            with mpmath.workdps(60):
                assert mpmath.almosteq(value(log_of(f), 60), mpmath.log(value(f, 60)), 1e-40, 1e-40), f
                half = value(power_of(f, sympy.Rational(-1, 2)), 60)
                assert mpmath.almosteq(half, 1 / mpmath.sqrt(value(f, 60)), 1e-40), f
        if is_plainly_real(f) or is_plainly_real(-f):
            shown[3] += 1
            assert mpmath.almosteq(value(tidy(f), 60), value(f, 60), 1e-30, 1e-40), f
            assert tidy(tidy(f)) == tidy(f), f
    assert min(shown) > 50, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqrt(log(n)**2)", "log(n)"),
        ("sqrt((5-log(n))**2)", "log(n)-5"),
        ("(log(n)**3)**(1/6)", "sqrt(log(n))"),
        ("sqrt(log(n)*log(log(n)))", "sqrt(log(n))*sqrt(log(log(n)))"),
        ("1/(3*n+3*log(n))", "1/(n+log(n))/3"),
        ("sqrt(exp(log(n)*log(log(n))))", "exp(log(n)*log(log(n))/2)"),
    ],
)
def test_one_written_form(text: str, expected: str) -> None:
    assert tidy(parse_expression(text)) == parse_expression(expected)


def test_constants_too_large_stay_inside() -> None:
    f = (2**900 * N + 2**900) ** 1000
    assert tidy(f) == f


def test_the_root_of_a_square_is_the_larger_less_the_smaller() -> None:
    ordered = ["7", "log(n)", "sqrt(n)", "n"]
    for i, small in enumerate(ordered):
        for large in ordered[i + 1 :]:
            difference = parse_expression(f"{large}-{small}")
            for text in (
                f"sqrt(({small}-{large})**2)",
                f"(({large}-{small})**4)**(1/4)",
                f"sqrt(({large}-{small})**2)",
            ):
                assert tidy(parse_expression(text)) == difference


def test_negative_parts_are_not_taken_apart() -> None:
    product = (2 - N) * (3 - sympy.log(N))
    square = (3 - sympy.log(N)) ** 2
    assert log_of(product) == sympy.log(product)
    assert log_of(square) == sympy.log(square)
    assert value(power_of(square, sympy.Rational(1, 2)), 60) > 0
    assert value(power_of(product, sympy.Rational(1, 2)), 60) > 0
    assert not is_plainly_real(sympy.I)


def test_products_are_multiplied_out_only_while_that_is_short() -> None:
    def product(count: int) -> sympy.Expr:
        return sympy.Mul(*(sympy.log(N) + i + 1 for i in range(count)))

    assert len(expand_briefly(product(3)).args) == 4
    assert expand_briefly(product(29)) == product(29)
    assert 2**7 < MAX_TERMS < 2**8
    assert expand_briefly(product(7)).is_Add
    assert expand_briefly(product(8)).is_Mul
    assert expand_briefly(N * product(29) + N) == N * product(29) + N
    assert expand_briefly(sympy.sqrt(product(29))) == sympy.sqrt(product(29))
    assert log_of(N ** product(29)) == product(29) * sympy.log(N)
    assert log_of(N ** (1 + 1 / sympy.log(N))) == sympy.log(N) + 1
