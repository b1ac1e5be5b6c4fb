"""The ball checker: its numbers against the true best errors, and agreement with the integers on random changes."""

from __future__ import annotations

import copy
import random
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import pytest

from varproof.approx import certify, flint_checker, integer_checker, sup_norm
from varproof.approx.flint_checker import certified_sides
from varproof.approx.integer_checker import Rejected, Unreadable, parse

WORDS = list(product(("rel", "abs"), ("sym", "pos", "neg")))


def payload(bound: str, eps: str, kind: str, interval: str) -> dict[str, Any]:
    return copy.deepcopy(dict(certify(bound, eps, kind=kind, interval=interval).certificate.payload))


@pytest.mark.parametrize(("kind", "interval"), WORDS)
@pytest.mark.parametrize(("bound", "eps"), [("1", "1e-2"), ("3", "1e-4")])
def test_sides_enclose_the_true_errors_tightly(bound, eps, kind, interval, best):
    data = payload(bound, eps, kind, interval)
    sides = certified_sides(parse(data))
    half = Fraction(bound) / (1 if interval == "sym" else 2)
    sign = {"sym": 0, "pos": 1, "neg": -1}[interval] if kind == "abs" else 0
    with mpmath.workdps(40):
        factor = mpmath.exp(sign * mpmath.mpf(half.numerator) / half.denominator)
        degree = int(data["degree"])
        upper, lower = (Fraction(mpmath.nstr(best(g, half, kind) * factor, 30)) for g in (degree, degree - 1))
    assert upper * (1 - Fraction(1, 10**15)) <= sides.upper <= upper * (1 + Fraction(1, 1000))
    assert lower * (1 - Fraction(1, 1000)) <= sides.lower <= lower * (1 + Fraction(1, 10**15))
    assert sides.upper <= Fraction(eps) < sides.lower


@pytest.mark.parametrize("eps", ["1/10", "1e-3", "1e-6"])
def test_the_absolute_side_bounds_the_sup_norm_of_the_polynomial(eps):
    data = payload("2", eps, "abs", "sym")
    scale = 1 << int(data["upper"]["coefficient_bits"])
    polynomial = [Fraction(int(a), scale * 2**k) for k, a in enumerate(data["upper"]["coefficients"])]
    low, high = sup_norm(polynomial, (-2, 2), kind="abs")
    upper = certified_sides(parse(data)).upper
    assert low <= upper <= high * (1 + Fraction(1, 1000))


def outcome(check: Any, data: dict[str, Any]) -> str:
    try:
        check(data)
    except (Rejected, Unreadable) as fault:
        return type(fault).__name__
    return "accepted"


def change(data: dict[str, Any], rng: random.Random) -> None:
    """Change one or two random numbers somewhere, by any amount, or exchange a word."""
    for _ in range(rng.choice((1, 1, 2))):
        what = rng.choice(("point", "point", "point", "point", "eps", "bound", "degree", "scale_bits", "bits", "word"))
        side = data[rng.choice(("upper", "lower"))]
        rows = [row for row in side.values() if isinstance(row, list) and row]
        if what == "point" and rows:
            row = rng.choice(rows)
            at = rng.randrange(len(row))
            row[at] = str(int(row[at]) + rng.choice((-1, 1)) * rng.randrange(1, 2 << rng.randint(0, 33)))
        elif what in ("eps", "bound"):
            data[what] = str(Fraction(data[what]) * Fraction(rng.randint(1, 60), rng.randint(1, 60)))
        elif what in ("degree", "scale_bits"):
            data[what] = str(int(data[what]) + rng.choice((-1, 1)))
        elif what == "bits" and "coefficient_bits" in side:
            side["coefficient_bits"] = str(int(side["coefficient_bits"]) + rng.choice((-1, 1)))
        elif what == "word":
            data["interval"] = rng.choice(("sym", "pos", "neg"))


@pytest.mark.parametrize(("kind", "interval"), WORDS)
def test_engines_agree_and_never_accept_a_false_claim(kind, interval, claim_is_true):
    rng, seen, judged = random.Random(f"{kind}{interval}"), {"accepted": 0, "Rejected": 0, "Unreadable": 0}, 0
    start = [payload(bound, eps, kind, interval) for bound, eps in (("1/2", "1/4"), ("2", "1/10"), ("3", "1e-3"))]
    for _ in range(400):
        data = copy.deepcopy(rng.choice(start))
        change(data, rng)
        by_integers, by_flint = outcome(integer_checker.check, data), outcome(flint_checker.check, data)
        assert by_integers == by_flint, data
        seen[by_integers] += 1
        if by_integers == "accepted":
            assert claim_is_true(data), data
            judged += (data["bound"], data["eps"]) not in {(d["bound"], d["eps"]) for d in start}
    assert seen["accepted"] > 20
    assert seen["Rejected"] > 150
    assert judged > 0


def test_reasons_name_the_side_and_the_number():
    data = payload("4", "1e-2", "rel", "sym")
    with pytest.raises(Rejected, match=r"upper side: .* 0\.008511"):
        flint_checker.check(data | {"eps": "1/1000"})
    with pytest.raises(Rejected, match="lower side"):
        flint_checker.check(data | {"eps": "1/10"})


@pytest.mark.parametrize("taus", [["2", "3"], ["-2", "-1"]])
def test_points_outside_or_with_values_of_both_signs(taus):
    data = payload("4", "1e-2", "rel", "sym") | {"degree": "2", "scale_bits": "8"}
    data["lower"] = {"points": ["-256", "0", "256"]}
    data["upper"] = {"points": [str(256 * int(tau)) for tau in taus]}
    with pytest.raises(Rejected, match="outside"):
        flint_checker.check(data)
    data["upper"] = {"points": ["-200", "200"]}
    for check in (flint_checker.check, integer_checker.check):
        with pytest.raises(Rejected, match=r"one sign|smaller degree"):
            check(data)
    with pytest.raises(Rejected, match="one sign"):
        certified_sides(parse(data))
    bogus = parse(data)._replace(upper=[2 * 256, 3 * 256])
    with pytest.raises(Rejected, match=r"one sign|points of the interval"):
        certified_sides(bogus)


def test_a_bracket_where_the_slope_may_turn_is_too_wide():
    # P' = 1.0182 + 0.8697 t meets e^t at -0.4 and 0.1, and P'' - P' = 0 at -0.17, in the bracket [-1/2, 0]
    coefficients = [0, round(1.0182 * 2**30), round(0.43485 * 2**30)]
    claimed = parse(payload("1", "1e-2", "abs", "sym"))._replace(
        degree=2, coefficients=coefficients, coefficient_bits=30, lower=[-1, 0, 1]
    )
    certified_sides(claimed._replace(scale_bits=4, upper=[-7, 1]))
    with pytest.raises(Rejected, match="too wide"):
        certified_sides(claimed._replace(scale_bits=1, upper=[-1, 0]))
