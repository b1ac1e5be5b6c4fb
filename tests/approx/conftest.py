"""An oracle of its own for the certificate tests: Remez's algorithm in plain mpmath, no code of the package."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import mpmath
import pytest

DIGITS = 60
Oracle = Callable[[dict[str, Any]], bool]


def number(x: Fraction) -> mpmath.mpf:
    return mpmath.mpf(x.numerator) / x.denominator


@cache
def remez(degree: int, half: Fraction, kind: str) -> mpmath.mpf:
    """The best error on [-half, half] to about 25 digits; degree -1 is the zero polynomial."""
    with mpmath.workdps(DIGITS):
        h = number(half)
        if degree < 0:
            return mpmath.mpf(1) if kind == "rel" else mpmath.exp(h)
        n = degree + 2
        points = [-mpmath.cos(mpmath.pi * j / (n - 1)) for j in range(n)]
        for _ in range(60):
            rows = [
                [t**k for k in range(degree + 1)] + [(-1) ** j * (mpmath.exp(h * t) if kind == "rel" else 1)]
                for j, t in enumerate(points)
            ]
            solution = mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix([mpmath.exp(h * t) for t in points]))
            level = abs(solution[degree + 1])
            coefficients = [solution[k] for k in range(degree, -1, -1)]

            def error(t: mpmath.mpf, c: list[mpmath.mpf] = coefficients) -> mpmath.mpf:
                return (
                    mpmath.polyval(c, t) * mpmath.exp(-h * t) - 1
                    if kind == "rel"
                    else mpmath.polyval(c, t) - mpmath.exp(h * t)
                )

            def slope(t: mpmath.mpf, c: list[mpmath.mpf] = coefficients) -> mpmath.mpf:
                value, first = mpmath.polyval(c, t, derivative=1)
                return first - h * (value if kind == "rel" else mpmath.exp(h * t))

            signs = [mpmath.sign(error(t)) for t in points]
            assert all(a == -b for a, b in pairwise(signs))
            grid = [-mpmath.cos(mpmath.pi * j / (24 * n)) for j in range(24 * n + 1)]
            slopes = [slope(t) for t in grid]
            turns = [
                mpmath.findroot(slope, (a, b), solver="anderson", tol=mpmath.mpf(10) ** -40, verify=False)
                for (a, b), (x, y) in zip(pairwise(grid), pairwise(slopes), strict=True)
                if x * y < 0
            ]
            assert len(turns) == degree
            points = [mpmath.mpf(-1), *turns, mpmath.mpf(1)]
            sup = max(abs(error(t)) for t in points)
            if sup <= level * (1 + mpmath.mpf(10) ** -25):
                return sup
        raise AssertionError("the oracle did not converge")


def centred(data: dict[str, Any]) -> tuple[Fraction, mpmath.mpf]:
    """Half-length and the factor between the error on the certificate's interval and the one on [-half, half]."""
    bound = Fraction(data["bound"])
    half = bound if data["interval"] == "sym" else bound / 2
    sign = {"sym": 0, "pos": 1, "neg": -1}[data["interval"]] if data["kind"] == "abs" else 0
    with mpmath.workdps(DIGITS):
        return half, mpmath.exp(sign * number(half))


@pytest.fixture(scope="session")
def best() -> Callable[[int, Fraction, str], mpmath.mpf]:
    """`best(degree, half, kind)`: the best error on [-half, half], to about 25 digits."""
    return remez


@pytest.fixture(scope="session")
def claim_is_true() -> Oracle:
    """Whether the degree that a certificate claims really is the least one (to about 25 digits)."""

    def oracle(data: dict[str, Any]) -> bool:
        half, factor = centred(data)
        degree = int(data["degree"])
        with mpmath.workdps(DIGITS):
            eps = number(Fraction(data["eps"])) / factor
            return bool(remez(degree, half, data["kind"]) <= eps < remez(degree - 1, half, data["kind"]))

    return oracle
