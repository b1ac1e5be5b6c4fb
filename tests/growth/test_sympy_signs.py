"""Signs of huge polynomials are left open by sympy; those of small ones are found as before."""

import subprocess
import sys
import time

import pytest
import sympy
from sympy import log, sqrt
from sympy.core import exprtools

from varproof.growth.sympy_signs import MAX_DEGREE, degree_bound, limit_sign_search

n = sympy.Symbol("n", positive=True)


@pytest.mark.parametrize(
    ("f", "degree"),
    [
        (n, 1),
        (sympy.Integer(7), 0),
        (n**3 - n**5 + 1, 5),
        ((n + 1) ** 4 * (n - 1) ** 3, 7),
        (((n + 1) ** 30 + 1) ** 30, 900),
        ((n + 1) ** -20 + n, 20),
        (sqrt(n + 1) + log(n**50 + 1), 1),
    ],
)
def test_degree_bound(f: sympy.Expr, degree: int) -> None:
    assert degree_bound(f) == degree


def test_small_polynomials_keep_their_sign() -> None:
    limit_sign_search()
    assert ((n + 1) ** 2 - n**2 + 1).is_positive
    assert (n**2 - (n + 1) ** 2 - 1).is_negative
    assert (n**3 + 2 * n - 1).is_positive is None
    limited = exprtools._monotonic_sign
    assert limited(n**3 + n) is not None
    assert limited(n**MAX_DEGREE + n) is not None
    assert limited(n ** (MAX_DEGREE + 1) + n) is None
    assert limited(n ** (MAX_DEGREE + 1)) is not None  # one power is no search


def test_the_function_is_wrapped_once() -> None:
    limit_sign_search()
    before = exprtools._monotonic_sign
    limit_sign_search()
    assert exprtools._monotonic_sign is before


def test_huge_polynomials_build_at_once() -> None:
    limit_sign_search()
    start = time.process_time()
    f = (n + 1) ** 1000 - n**1000
    assert log(2 + (f + log(n)) / f).has(n)
    assert (f**2 / log(f)).is_negative is None
    assert time.process_time() - start < 1


@pytest.mark.parametrize("module", ["limits", "eventual_sign"])
def test_importing_our_limits_or_signs_is_enough(module: str) -> None:
    script = f"import sympy.core.exprtools as s, varproof.growth.{module}; assert hasattr(s._monotonic_sign, 'limited')"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
