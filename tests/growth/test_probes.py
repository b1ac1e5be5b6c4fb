"""What samples are asked: the whole formula, then the parts."""

import sympy
from sympy import Rational, exp, log, sqrt

from varproof.growth.monomial import ONE, SYMBOL, iterated_log
from varproof.growth.probes import Probes, probes
from varproof.growth.series import leading

n = SYMBOL
L1, L2, L3 = log(n), log(log(n)), log(log(log(n)))


def read(expr: sympy.Expr) -> str:
    return probes(expr, leading(expr)).read()


def test_parts_help_where_the_whole_settles_nothing() -> None:
    expr = (sqrt(n) + 3) ** (4 * sqrt(n)) * (log(4) - L3) * exp(-exp(sqrt(n)) - 2 / n) * sqrt(2 * L1 + 1)
    found = probes(expr, leading(expr))
    assert Probes(found.whole, 1).read() == "inconclusive"
    assert found.read() == "agree"
    assert len(found.parts) == 4
    c, m = leading(expr)
    assert probes(expr, (2 * c, m)).read() == "inconclusive"  # the parts confirm no other term than theirs
    assert read((sqrt(n**2 + n) - n) * (L3 + 3)) == "agree"


def test_a_monomial_has_no_parts_and_a_zero_is_asked_for_zero() -> None:
    assert probes(n * L1**2, leading(n * L1**2)) == Probes(sympy.Integer(1), 1)
    assert probes(n - n, None) == Probes(sympy.Integer(0), 0)
    assert probes(n - n, None).read() == "agree"


def test_a_wrong_leading_term_is_contradicted() -> None:
    for expr in (n**2 + n, L2 + 3, (n + 1) * (L1 + 2), exp(sqrt(L1**2 + L1))):
        right = leading(expr)
        assert right is not None
        c, m = right
        assert probes(expr, right).read() == "agree"
        for wrong in ((2 * c, m), (-c, m), (c / 3, m), (c, m.times(iterated_log(3))), (c, m.over(iterated_log(2)))):
            assert probes(expr, wrong).read() == "disagree", (expr, wrong)
    assert probes(1 / n, None).read() == "disagree"


def test_cancellation_hides_slow_errors_but_never_confirms_them() -> None:
    expr = sqrt(n**2 + n) - n  # its samples end at k = 8
    c, m = sympy.Rational(1, 2), ONE
    assert probes(expr, (c, m)).read() == "agree"
    assert probes(expr, (2 * c, m)).read() == probes(expr, (c / 3, m)).read() == "disagree"
    assert probes(expr, (c, m.times(iterated_log(3)))).read() == "inconclusive"


def test_one_wrong_part_is_enough() -> None:
    slow = 1 + 10 / log(log(log(L3))) + 1 / n
    assert Probes(slow, 1, (1 + 1 / n, 1 + 1 / L1)).read() == "agree"
    assert Probes(slow, 1, (1 + 1 / n, 2 + 1 / L1)).read() == "disagree"
    assert Probes(slow, 1, (1 + 1 / n, slow)).read() == "inconclusive"
    assert Probes(slow, 1).read() == "inconclusive"


def test_the_whole_goes_first() -> None:
    assert Probes(2 + 1 / n, 1, (1 + 1 / n,)).read() == "disagree"
    assert Probes(1 + 1 / n, 1, (2 + 1 / n,)).read() == "agree"


def test_powers_and_exponentials_are_taken_apart() -> None:
    assert read((n + L1) ** Rational(1, 3) / (L2 + 1) ** 5) == "agree"
    assert read((1 + 1 / n) ** n) == "agree"
    root = sqrt((n + 1) * (L3 + 3))
    assert set(probes(root, leading(root)).parts) == {1 + 1 / n, 1 + 3 / L3}
    assert read(exp(Rational(5, 3) ** sqrt(n) + n ** Rational(3, 2) + 1 / sqrt(L3))) == "agree"
    assert read(n ** (1 + 1 / n)) == "agree"
    assert leading(sympy.Integer(5)) == (5, ONE)
    assert read(sympy.Integer(5)) == "agree"
