"""Behaviour of germs: from the leading term, or from the logarithm where there is none."""

import pytest
import sympy
from sympy import exp, log, sqrt

from varproof.base.errors import InputError
from varproof.growth.algebra import behaviour
from varproof.growth.constants import UndecidedError
from varproof.growth.monomial import SYMBOL

n = SYMBOL
L1, L2 = log(n), log(log(n))
slow = L1 / (L2 + 1)  # n**slow has infinitely many infinite factors, so no leading term
oo = sympy.oo


@pytest.mark.parametrize(
    ("expr", "limit", "sign", "text", "deciding"),
    [
        (-n * L1, -oo, -1, "-n*log(n)", "log(n)"),
        (L2 / L1, 0, 1, "loglog(n)/log(n)", "-loglog(n)"),
        (3 - 1 / n, 3, 1, "3", ""),
        (n - n + 0 * L1, 0, 0, "0", ""),
        (exp(-n) * n, 0, 1, "exp(-n)*n", "-n"),
        (exp(slow), oo, 1, "exp(log(n)/loglog(n)*(1 + o(1)))", "log(n)/loglog(n)"),
        (-exp(-slow), 0, -1, "-exp(-log(n)/loglog(n)*(1 + o(1)))", "-log(n)/loglog(n)"),
        (n ** (1 / (L2 + 1)) / n, 0, 1, "exp(-log(n)*(1 + o(1)))", "-log(n)"),
        (exp(slow) / exp(L1 / L2), 0, 1, "exp(-log(n)/loglog(n)**2*(1 + o(1)))", "-log(n)/loglog(n)**2"),
        (exp(n * sqrt(1 + 1 / L1)) - exp(n), oo, 1, "exp(n*(1 + o(1)))", "n"),
        (exp(n) - exp(n * sqrt(1 + 1 / L1)), -oo, -1, "-exp(n*(1 + o(1)))", "n"),
        ((n - exp(slow)) ** 2 / n**2, 1, 1, "1", ""),
        (sympy.Abs(exp(slow) - n) / n, 1, 1, "1", ""),
        ((exp(slow) - n) ** 3 / n**3, -1, -1, "-1", ""),
        (2 * (exp(slow) + 3 * n) / n, 6, 1, "6", ""),
        ((L1 + exp(slow)) ** sqrt(2), oo, 1, "exp(sqrt(2)*log(n)/loglog(n)*(1 + o(1)))", "sqrt(2)*log(n)/loglog(n)"),
    ],
)
def test_behaviours(expr: sympy.Expr, limit: object, sign: int, text: str, deciding: str) -> None:
    found = behaviour(expr)
    assert (found.limit, found.sign, found.text, found.deciding) == (limit, sign, text, deciding)
    assert found.probes.read() == "agree"


def test_parts_that_grow_alike_are_undecided() -> None:
    with pytest.raises(UndecidedError):
        behaviour(exp(slow) - 2 * exp(slow + 1 / n))
    with pytest.raises(UndecidedError):
        behaviour(1 / (1 - 1 / n) + exp(-n) - n / (n - 1))


def test_a_root_of_a_negative_germ_without_leading_term_is_refused() -> None:
    with pytest.raises(InputError, match="not real"):
        behaviour(sqrt(n - n * exp(slow)))
    assert behaviour((n - n * exp(slow)) ** 3).sign == -1
    assert behaviour((n - n * exp(slow)) ** 2).sign == 1
