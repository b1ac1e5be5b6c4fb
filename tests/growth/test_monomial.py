"""Growth monomials: canonical form, order, text, and a comparison with numerical values at astronomical n."""

import functools
import itertools
import operator
from collections.abc import Sequence

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Rational, log, sqrt

from varproof.growth.constants import UndecidedError, sign
from varproof.growth.monomial import (
    ONE,
    SYMBOL,
    Monomial,
    combine,
    compare,
    deciding_term,
    exp_of,
    iterated_log,
    terms_text,
)

L = [iterated_log(level) for level in range(5)]
I = sympy.Integer  # noqa: E741  # short, used in every line below


def product(*powers: object) -> Monomial:
    """L_0^p_0 L_1^p_1 ..."""
    result = ONE
    for level, p in enumerate(powers):
        result = result.times(L[level].power(sympy.sympify(p)))
    return result


def test_exp_of_a_log_is_the_thing_itself() -> None:
    assert exp_of([(I(3), L[1])]) == L[0].power(I(3))
    assert exp_of([(Rational(1, 2), L[3]), (I(-1), L[1])]) == product(-1, 0, Rational(1, 2))
    assert exp_of([(I(1), L[0])]) == Monomial((), ((I(1), L[0]),))
    assert exp_of([(I(1), L[1].power(I(2)))]).powers == ()


def test_the_logarithm_undoes_exp() -> None:
    terms = ((I(2), L[0]), (I(-1), product(0, 2)), (sqrt(2), L[1]), (I(5), L[2]))
    assert exp_of(terms).log_terms() == terms
    assert ONE.log_terms() == ()


def test_products_and_powers_cancel_to_one() -> None:
    m = exp_of([(I(2), L[0]), (log(2), product(0, 3))]).times(product(1, -1))
    assert m.over(m) == ONE
    assert m.power(I(0)) == ONE
    assert m.times(m) == m.power(I(2))
    assert m.power(Rational(1, 3)).power(I(3)) == m
    assert ONE.times(m) == m.times(ONE) == m


def test_constants_spelled_differently_are_one_power() -> None:
    a, b = L[0].power(log(4)), L[0].power(2 * log(2))
    assert compare(a, b) == 0
    assert a.over(b) == ONE
    assert combine([(I(1), a), (I(-1), b)]) == ()
    assert combine([(I(1), a), (I(1), b)]) == ((I(2), a),)


RISING = [
    exp_of([(I(-1), exp_of([(I(1), L[0])]))]),
    exp_of([(I(-1), L[0])]),
    exp_of([(I(-1), product(0, 2))]),
    product(-2, 100),
    product(-1, -1),
    product(-1),
    product(0, -1, 50),
    product(0, 0, 0, 0, -1),
    ONE,
    product(0, 0, 0, 0, 1),
    product(0, 0, 0, 100),
    product(0, 0, Rational(1, 100)),
    exp_of([(I(1), product(0, 0, Rational(1, 2)))]),  # exp(sqrt(loglog n))
    product(0, Rational(1, 100)),
    product(0, Rational(1, 2), -1),
    product(0, Rational(1, 2)),
    exp_of([(I(1), product(0, 0, 2))]),  # (log n)^(loglog n)
    exp_of([(I(1), product(0, Rational(1, 2)))]),
    exp_of([(I(1), product(0, 1, -1))]),  # n^(1/loglog n)
    product(Rational(1, 100)),
    product(log(2)),
    product(log(2), 0, 0, 1),
    product(1),
    product(1, 0, 0, 0, 1),
    product(2, -7),
    exp_of([(I(1), product(0, 1, 1))]),  # (log n)^(log n)
    exp_of([(I(1), product(0, 2)), (I(-5), L[1])]),
    exp_of([(I(1), product(0, 2))]),
    exp_of([(I(1), product(1, -1))]),
    exp_of([(I(1), L[0]), (I(-1), product(Rational(1, 2)))]),
    exp_of([(I(1), L[0]), (I(-9), L[1])]),
    exp_of([(I(1), L[0])]),
    exp_of([(I(1), L[0]), (I(1), L[3])]),
    exp_of([(sqrt(2), L[0])]),
    exp_of([(I(1), product(1, 1))]),
    exp_of([(I(1), exp_of([(I(1), product(0, 2))]))]),
    exp_of([(I(1), exp_of([(I(1), L[0])]))]),
]


def test_a_hand_made_chain_is_in_order() -> None:
    for (i, a), (j, b) in itertools.product(enumerate(RISING), repeat=2):
        assert compare(a, b) == (i > j) - (i < j), (a.text(), b.text())
        assert compare(a.over(b), ONE) == compare(a, b)
        assert compare(a.power(I(-1)), b.power(I(-1))) == -compare(a, b)


def test_the_deciding_term_is_the_largest_of_the_log_of_the_ratio() -> None:
    left, right = exp_of([(I(3), product(0, 1, -1))]).times(product(0, 5)), product(0, 0, 1)
    assert deciding_term(left, right) == (I(3), product(0, 1, -1))
    assert deciding_term(product(2, 1), product(2, 4)) == (I(-3), L[2])
    assert deciding_term(left, left) is None


def test_text() -> None:
    assert product(2, Rational(1, 2), 1).text() == "n**2*log(n)**(1/2)*loglog(n)"
    assert product(-1, 0, 0, Rational(-3, 2)).text() == "1/n/logloglog(n)**(3/2)"
    assert exp_of([(I(-1), product(0, 2))]).times(L[0]).text() == "exp(-log(n)**2)*n"
    assert ONE.text() == "1"
    assert terms_text([(I(-1), L[0]), (log(2) + 1, L[1]), (I(1), ONE), (I(-2), product(-1))]) == (
        "-n + (log(2) + 1)*log(n) + 1 - 2/n"
    )
    assert terms_text([]) == "0"


def test_the_sympy_form_is_the_same_function() -> None:
    m = exp_of([(Rational(1, 2), product(0, 2))]).times(product(-1, 0, 3))
    expected = sympy.exp(log(SYMBOL) ** 2 / 2) / SYMBOL * log(log(SYMBOL)) ** 3
    assert sympy.simplify(m.to_expr() / expected) == 1


def test_a_power_that_cannot_be_told_from_zero_is_undecided() -> None:
    almost = log(2 + sympy.exp(-4000)) - log(2)
    with pytest.raises(UndecidedError):
        product(almost)


# --- against numbers -------------------------------------------------------------------------------------------------
# A random monomial is L_0^p_0 .. L_3^p_3 exp(sum c_i m_i). Its logarithm is a sum of terms c exp(t) with t = sum q_j
# L_{j+1}, evaluated at L_3 = 20000, that is n = exp(exp(k)) with k = exp(20000), nearly. This settles every sign:
# different infinite monomials m_i with exponents in halves have a ratio of at least L_3^(1/2) > 141 there; log(f/g) has
# at most 4 terms c m_i with 1/2 <= |c| <= 4 and powers with |p_j| <= 6, where L_4 < 10: the largest beats the others.
# All exponents and coefficients are halves, kept as integers.
DEPTH = mpmath.mpf(20_000)
Logarithm = dict[tuple[int, ...], int]  # exponents of L_0 .. L_4 -> coefficient, both doubled


def levels() -> list[mpmath.mpf]:
    """The values of L_1, ..., L_5."""
    with mpmath.workprec(200):
        doublings = int(mpmath.exp(DEPTH) / mpmath.ln2)  # L_1 = 2**doublings is exact, the rest are its logarithms
        second = doublings * mpmath.ln2
        third = mpmath.log(second)
        fourth = mpmath.log(third)
        return [mpmath.ldexp(1, doublings), second, third, fourth, mpmath.log(fourth)]


LEVELS = levels()


def numerical_sign(logarithm: Logarithm) -> int:
    """The sign of a sum of c exp(t); exponents are subtracted as integers before any rounding."""
    terms = [(q, c) for q, c in logarithm.items() if c]
    if not terms:
        return 0
    top = terms[0][0]
    for q, _ in terms[1:]:
        if height(difference(q, top)) > 0:
            top = q
    return int(mpmath.sign(sum(c * weight(difference(q, top)) for q, c in terms)))


def difference(q: tuple[int, ...], top: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(operator.sub, q, top))


@functools.cache
def height(q: tuple[int, ...]) -> mpmath.mpf:
    """sum q_j L_{j+1} at the point of evaluation, q not doubled."""
    return sum((mpmath.mpf(a) / 2 * x for a, x in zip(q, LEVELS, strict=True) if a), mpmath.mpf(0))


@functools.cache
def weight(q: tuple[int, ...]) -> mpmath.mpf:
    """exp(height); what is below exp(-10000) of the largest term cannot matter and is taken for 0."""
    return mpmath.exp(height(q)) if height(q) > -10_000 else mpmath.mpf(0)


def halves(numbers: Sequence[int]) -> Monomial:
    return product(*(Rational(int(a), 2) for a in numbers))


def random_monomial(rng: np.random.Generator) -> tuple[Monomial, Logarithm]:
    """A monomial, and its logarithm written down independently."""
    powers = [int(a) for a in rng.integers(-6, 7, size=4) * rng.integers(0, 2, size=4)]
    logarithm: Logarithm = {tuple(2 * (j == level + 1) for j in range(5)): p for level, p in enumerate(powers)}
    terms = []
    for _ in range(rng.integers(0, 3)):
        first = int(rng.integers(0, 4))
        q = [0] * first + [int(a) for a in rng.integers(-4, 5, size=4 - first)] + [0]
        q[first] = int(rng.integers(1, 5))
        c = int(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4]))
        logarithm[tuple(q)] = logarithm.get(tuple(q), 0) + c
        terms.append((Rational(c, 2), halves(q)))
    return halves(powers).times(exp_of(terms)), logarithm


def test_the_order_is_that_of_the_numbers_on_ten_thousand_pairs() -> None:
    rng = np.random.default_rng(20_011)
    monomials = [random_monomial(rng) for _ in range(400)]
    counts = {-1: 0, 0: 0, 1: 0}
    shared = 0
    for _ in range(10_000):
        (f, log_f), (g, log_g) = (monomials[int(i)] for i in rng.integers(0, len(monomials), size=2))
        if rng.random() < 0.5:  # make the leading parts cancel, so that deeper terms decide
            f, log_f, shared = f.times(g), merged(log_f, log_g, 1), shared + 1
        expected = numerical_sign(merged(log_f, log_g, -1))
        assert compare(f, g) == expected, (f.text(), g.text())
        counts[expected] += 1
    assert min(counts[1], counts[-1]) > 4000
    assert counts[0] > 10
    assert shared > 4000


def merged(left: Logarithm, right: Logarithm, factor: int) -> Logarithm:
    return {q: left.get(q, 0) + factor * right.get(q, 0) for q in {*left, *right}}


def nested(rng: np.random.Generator, height: int) -> Monomial:
    """A random monomial of exponential height up to `height`."""
    m = product(*(Rational(int(a), 2) for a in rng.integers(-2, 3, size=3)))
    terms = []
    for _ in range(int(rng.integers(0, 3)) if height else 0):
        inner = nested(rng, height - 1)
        if compare(inner, ONE) > 0:
            terms.append((rng.choice([I(-1), I(1), I(2), sqrt(2), log(3)]), inner))
    return m.times(exp_of(terms))


def test_the_order_is_antisymmetric_transitive_and_respects_ratios() -> None:
    rng = np.random.default_rng(7)
    pool = [nested(rng, 3) for _ in range(40)]
    assert sum(any(m.exponent for _, m in a.exponent) for a in pool) > 5  # some have height 2 and more
    for _ in range(500):
        a, b, c = (pool[int(i)] for i in rng.integers(0, len(pool), size=3))
        assert compare(a, b) == -compare(b, a) == compare(a.over(b), ONE)
        assert (compare(a, b) == 0) == (a == b)
        if compare(a, b) >= 0 and compare(b, c) >= 0:
            assert compare(a, c) == max(compare(a, b), compare(b, c))
        term = deciding_term(a, b)
        assert term is None or (sign(term[0]) == compare(a, b) and compare(term[1], ONE) > 0)
