"""Constants of interpolation kernels: sup over phases of sum |W|, range of W, and the norms along a schedule."""

from __future__ import annotations

from fractions import Fraction
from math import comb

from varproof.approx.interpolation_kernels import BSPLINE, Kernel, Polynomial, keys_cubic, row_sum_is_one
from varproof.approx.interpolation_matrix import chain_norm, infinity_norm
from varproof.base.errors import InputError
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/interpolation-kernels.md"
PRESET = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16)  # sides of the 256 px model


def check(case: Case) -> Finding:
    """Identities of polynomials in the phase, then their values on a grid of phases, all in exact rationals."""
    tally = Tally()
    outside = [] if case.assumes("a_not_positive") else [Fraction(1)]
    outside += [] if case.assumes("a_at_least_minus_3") else [Fraction(-4)]
    for a in (*_parameters(case), *outside):
        kernel = keys_cubic(a)
        _keys_identities(tally, kernel, a, signs=a <= 0)
        _keys_values(tally, kernel, a, case)
    _spline(tally)
    _operators(tally, case)
    return tally.finding(
        f"{PAGE} proves the sum for all a <= 0 and the range for all -3 <= a <= 0; here the identities of polynomials "
        "in the phase, attainment, a grid of phases and the operator norms are verified in exact rationals"
    )


def _parameters(case: Case) -> tuple[Fraction, ...]:
    """The axis a; a value outside the hypotheses -3 <= a <= 0 would say nothing about the claim and is refused."""
    for value in case.cells["a"]:
        if isinstance(value, str) or not -3 <= value <= 0:
            raise InputError("cell axis a", got=value, allowed="rationals from -3 to 0")
    return rationals(case, "a", above=-4)


def _keys_identities(tally: Tally, kernel: Kernel, a: Fraction, *, signs: bool) -> None:
    """The four weights, factored: a t (1-t)^2 and a t^2 (1-t) outside, 1 - a t (1-t) for the two inside together."""
    far_left, left, right, far_right = kernel.phase_polynomials()
    tally.holds(row_sum_is_one(kernel), part="row sum", a=a)
    tally.holds(_trim(far_left) == _trim((Fraction(0), a, -2 * a, a)), part="outer left", a=a)
    tally.holds(_trim(far_right) == _trim((Fraction(0), Fraction(0), a, -a)), part="outer right", a=a)
    inside = tuple(x + y for x, y in zip(left, right, strict=True))
    tally.holds(_trim(inside) == _trim((Fraction(1), -a, a)), part="inner pair", a=a)
    # W(t) = (1-t) (1 + t - (a+2) t^2), whose second factor is positive on [0, 1) when a <= 0
    product = (Fraction(1), Fraction(0), -(a + 3), a + 2)
    tally.holds(_trim(left) == _trim(product), part="inner factor", a=a)
    if signs:
        quadratic = (Fraction(1), Fraction(1), -(a + 2))
        tally.holds(min(bernstein(quadratic)) >= 0, part="inner sign", a=a)


def _keys_values(tally: Tally, kernel: Kernel, a: Fraction, case: Case) -> None:
    claimed = 1 + case.constants["half"] * abs(a)
    deepest = case.constants["lobe"] * a
    tally.equal(kernel.absolute_sum(Fraction(1, 2)), claimed, part="attained at 1/2", a=a)
    tally.equal(kernel(Fraction(4, 3)), deepest, part="minimum at 4/3", a=a)
    tally.equal(kernel(0), 1, part="maximum at 0", a=a)
    for steps in integers(case, "phases", low=1, high=512):
        for i in range(steps):
            phase = Fraction(i, steps)
            tally.at_most(kernel.absolute_sum(phase), claimed, part="sum", a=a, phase=phase)
            for weight in kernel.weights(phase):
                tally.at_most(-weight, max(-deepest, Fraction(0)), part="range below", a=a, phase=phase)
                tally.at_most(weight, 1, part="range above", a=a, phase=phase)


def _spline(tally: Tally) -> None:
    """All four weights are non-negative (Bernstein coefficients) and sum to one, so sum |W| = 1 at every phase."""
    tally.holds(row_sum_is_one(BSPLINE), part="row sum", kernel=BSPLINE.name)
    for polynomial in BSPLINE.phase_polynomials():
        tally.holds(min(bernstein(polynomial)) >= 0, part="sign", kernel=BSPLINE.name)


def _operators(tally: Tally, case: Case) -> None:
    """Infinity norms of the explicit matrices of the reference kernel, borders replicated."""
    kernel = keys_cubic("-3/4")
    for side in integers(case, "sides", low=1, high=128):
        claimed = {1: Fraction(1), 2: Fraction(155, 128), 3: Fraction(155, 128)}.get(side, case.constants["doubling"])
        tally.equal(infinity_norm(kernel, side, 2 * side), claimed, part="doubling", p=side)
        tally.equal(infinity_norm(BSPLINE, side, 2 * side), 1, part="doubling", p=side, kernel=BSPLINE.name)
    chain = chain_norm(kernel, PRESET)
    tally.at_most(abs(chain - case.constants["chain"]), Fraction(1, 200), part="chain", schedule="256")


def bernstein(polynomial: Polynomial) -> list[Fraction]:
    """Bernstein coefficients on [0, 1]: if all are non-negative, so is the polynomial there.

    >>> [str(c) for c in bernstein((Fraction(1), Fraction(-1)))]
    ['1', '0']
    """
    degree = len(polynomial) - 1
    return [
        sum((Fraction(comb(i, k), comb(degree, k)) * polynomial[k] for k in range(i + 1)), Fraction(0))
        for i in range(degree + 1)
    ]


def _trim(polynomial: Polynomial) -> Polynomial:
    trimmed = list(polynomial)
    while trimmed and trimmed[-1] == 0:
        trimmed.pop()
    return tuple(trimmed)


CLAIM = Claim(
    id="interpolation_kernel_constants",
    statement=(
        "Keys cubic: sup over phases of sum |W| is 1 + |a|/2 per axis for a <= 0 (11/8 at a = -3/4, 5/4 at -1/2, "
        "squared 121/64 and 25/16 in two dimensions), min W = 4a/27 (-1/9 at a = -3/4) and max W = 1 for -3 <= a <= 0. "
        "Cubic B-spline: 1. Doubling p -> 2p at a = -3/4 has infinity norm 41/32 for p >= 4, 155/128 for p = 2, 3, "
        "1 for p = 1; the 256 px schedule compounds to 88.87 in two dimensions."
    ),
    kind="tight",
    hypotheses={
        "a_not_positive": "a <= 0: the inner weights are then non-negative",
        "a_at_least_minus_3": "a >= -3: the kernel then has its maximum 1 at 0",
    },
    sources=(PAGE, "arXiv:2404.02905"),
    check=check,
    falsified=(
        Variant("half times 1.1", "the supremum is attained", {"half": Fraction(11, 20)}),
        Variant("half times 0.9", "phase 1/2 exceeds it", {"half": Fraction(9, 20)}),
        Variant("lobe times 0.95", "W(4/3) is deeper", {"lobe": Fraction(19, 135)}),
        Variant("doubling norm 1.25", "an inner row reaches 41/32", {"doubling": Fraction(5, 4)}),
        Variant("chain 84", "the exact product is 88.867", {"chain": Fraction(84)}),
        Variant("a = 1", "an inner weight changes sign", dropped=frozenset({"a_not_positive"})),
        Variant("a = -4", "the kernel rises above 1 near 0", dropped=frozenset({"a_at_least_minus_3"})),
    ),
    constants={
        "half": Fraction(1, 2),
        "lobe": Fraction(4, 27),
        "doubling": Fraction(41, 32),
        "chain": Fraction(8887, 100),
    },
    cells={"a": (Fraction(-3, 4), Fraction(-1, 2), -1, -2, -3), "phases": (32,), "sides": (1, 2, 3, 4, 5, 16)},
)
