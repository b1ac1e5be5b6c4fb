"""Minimal degrees: the table of all cells, both kinds and three intervals, ties, extremes, caps and bad input."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest

from varproof.approx import certify, check, minimal_degree, sup_norm
from varproof.approx.closed_forms import abs_lower_degree, abs_upper_degree, rel_lower_degree, rel_upper_degree
from varproof.base.errors import CertificateError, InputError

TABLE = json.loads((Path(__file__).parents[1] / "data" / "minimal_degrees.json").read_text(encoding="utf-8"))
CELLS = [
    (kind, bound, eps, degree)
    for kind in ("rel", "abs")
    for bound, row in TABLE[kind].items()
    for eps, degree in zip(TABLE["eps"], row, strict=True)
]


def certified(bound, eps, **options):
    """The degree, after both engines accepted its certificate."""
    found = certify(bound, eps, **options)
    for engine in ("integers", "flint"):
        outcome = check(found.certificate, engine=engine)
        assert outcome.accepted, outcome.message
    assert found.certificate.payload["degree"] == str(found.degree)
    return found.degree


@pytest.mark.parametrize(("kind", "bound", "eps", "degree"), CELLS)
def test_every_cell_of_the_table(kind, bound, eps, degree):
    assert certified(bound, eps, kind=kind) == degree
    half, accuracy = Fraction(bound), Fraction(eps)
    lower = (rel_lower_degree if kind == "rel" else abs_lower_degree)(half, accuracy)
    upper = (rel_upper_degree if kind == "rel" else abs_upper_degree)(half, accuracy)
    assert degree - 2 <= lower <= degree <= upper <= degree + 1


def test_the_table_has_eighty_cells():
    assert len(CELLS) == 80


@pytest.mark.parametrize("bound", ["1/3", "1", "2"])
@pytest.mark.parametrize("eps", ["1/2", "1/10", "1e-3", "1e-5"])
@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("interval", ["sym", "pos", "neg"])
def test_degrees_of_an_independent_remez(bound, eps, kind, interval, claim_is_true):
    found = certify(bound, eps, kind=kind, interval=interval)
    assert claim_is_true(dict(found.certificate.payload))
    assert certified(bound, eps, kind=kind, interval=interval) == found.degree


def test_the_relative_error_does_not_see_shifts():
    for bound, eps in (("4", "1e-3"), ("9", "1/20"), ("1/7", "1e-9")):
        centred = minimal_degree(Fraction(bound) / 2, eps)
        assert centred == minimal_degree(bound, eps, interval="pos") == minimal_degree(bound, eps, interval="neg")


def test_absolute_errors_scale_with_the_shift():
    # e^x on [0, 4] with error t is e^x on [-2, 2] with error t e^-2, and with e^2 on [-4, 0]
    square = Fraction(str(mpmath.mp.exp(2)))
    for eps in (Fraction(1, 10), Fraction(1, 10**4), Fraction(1, 10**9)):
        assert minimal_degree(4, eps, kind="abs", interval="pos") == minimal_degree(2, eps / square, kind="abs")
        neg = minimal_degree(4, eps, kind="abs", interval="neg")
        assert neg == minimal_degree(2, eps * square, kind="abs") if eps * square < 1 else True


@pytest.mark.parametrize("interval", ["sym", "pos", "neg"])
@pytest.mark.parametrize("eps", ["1e-2", "1e-5"])
def test_the_certified_polynomial_reaches_eps_on_the_real_interval(interval, eps):
    found = certify(3, eps, kind="abs", interval=interval)
    side = found.certificate.payload["upper"]
    half, centre = {"sym": (3, 0), "pos": (Fraction(3, 2), Fraction(3, 2)), "neg": (Fraction(3, 2), Fraction(-3, 2))}[
        interval
    ]
    scale = 1 << int(side["coefficient_bits"])
    factor = Fraction(str(mpmath.mp.exp(mpmath.mpf(centre.numerator) / centre.denominator))) if centre else Fraction(1)
    polynomial = [Fraction(0)]
    for a in reversed(side["coefficients"]):  # P((x - centre) / half) e^centre, by Horner's rule
        shifted = [Fraction(0), *polynomial]
        for k, c in enumerate(polynomial):
            shifted[k] -= centre * c
        polynomial = [c / half for c in shifted]
        polynomial[0] += Fraction(int(a), scale)
    high = sup_norm([c * factor for c in polynomial], (centre - half, centre + half), kind="abs")[1]
    assert high <= Fraction(eps) * (1 + Fraction(1, 10**9))
    assert high >= Fraction(eps) / 1000


NEAR = [("rel", 1, 2), ("rel", 3, 6), ("abs", 1, 3), ("abs", 2, 5)]


@pytest.mark.parametrize(("kind", "bound", "degree"), NEAR)
@pytest.mark.parametrize("digits", [6, 12, 20])
def test_eps_close_to_a_best_error(kind, bound, degree, digits, best):
    with mpmath.workdps(60):
        error = best(degree, Fraction(bound), kind)
        nudge = mpmath.mpf(10) ** -digits
        above, below = (Fraction(mpmath.nstr(error * (1 + sign * nudge), 45)) for sign in (1, -1))
    assert certified(bound, above, kind=kind) == degree
    assert certified(bound, below, kind=kind) == degree + 1


def test_a_near_tie_takes_finer_points(best):
    bits = []
    for digits in (2, 11):
        with mpmath.workdps(60):
            eps = Fraction(mpmath.nstr(best(5, Fraction(2), "rel") * (1 + mpmath.mpf(10) ** -digits), 40))
        bits.append(int(certify(2, eps).certificate.payload["scale_bits"]))
    assert bits[0] == 30 < bits[1]


def test_a_tie_beyond_all_points_is_undecided_not_wrong():
    # the best constant on [-1000, 0] has error (1 - e^-1000) / 2: closer to 1/2 than any point can tell
    with pytest.raises(CertificateError, match="could not be separated") as error:
        certify(1000, "1/2", kind="abs", interval="neg")
    assert error.value.exit_code == 3
    assert "closer" in error.value.hint or "larger or smaller" in error.value.hint


@pytest.mark.parametrize(
    ("bound", "eps", "kind", "interval", "degree"),
    [
        ("1e-6", "1e-4", "rel", "sym", 0),
        ("1e-6", "1e-20", "rel", "sym", 3),
        ("1e-6", "1e-20", "abs", "sym", 3),
        ("1e-300", "1e-3", "rel", "sym", 0),
        ("1e-300", "1e-400", "rel", "sym", 1),
        ("1e-300", "1e-400", "abs", "sym", 1),
        ("1e-300", "1e-600", "rel", "sym", 1),
        ("1", "0.999", "rel", "sym", 0),
        ("1", "0.999", "abs", "sym", 1),
        ("1", "1e-200", "rel", "sym", 105),
        ("1", "1e-200", "abs", "sym", 105),
        ("16", "0.9", "rel", "sym", 13),
        ("64", "0.9", "rel", "sym", 59),
        ("200", "0.9", "abs", "neg", 0),
        ("200", "1e-3", "abs", "neg", 31),
        ("1024", "0.9", "abs", "neg", 0),
    ],
)
def test_extremes(bound, eps, kind, interval, degree):
    assert certified(bound, eps, kind=kind, interval=interval) == degree


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bound", "eps", "interval", "degree"), [("512", "0.1", "pos", 261), ("200", "0.9", "sym", 193)]
)
def test_large_bounds(bound, eps, interval, degree):
    assert certified(bound, eps, interval=interval) == degree


def test_one_degree_more_never_raises_the_need():
    rows = [minimal_degree(3, Fraction(1, 2**k)) for k in range(1, 40)]
    assert rows == sorted(rows)
    assert len(set(rows)) > 10


@pytest.mark.parametrize(
    ("bound", "eps", "words", "message"),
    [
        ("0", "1e-3", {}, "bound must be positive"),
        ("-1", "1e-3", {}, "bound must be positive"),
        ("1", "0", {}, "eps must lie"),
        ("1", "1", {}, "eps must lie"),
        ("1", "-1e-9", {}, "eps must lie"),
        ("nan", "1e-3", {}, "not a rational"),
        ("1", "inf", {}, "not a rational"),
        (0.5, "1e-3", {}, "exact"),
        (True, "1e-3", {}, "exact"),
        ("1", "1e-3", {"kind": "both"}, "unknown kind"),
        ("1", "1e-3", {"interval": "all"}, "unknown interval"),
        ("1025", "1e-3", {}, "too large"),
        ("1", "1e-700", {}, "too many digits"),
        ("1e-700", "1e-3", {}, "too many digits"),
        ("500", "1e-9", {}, "beyond the cap"),
        ("1024", "1/2", {"kind": "abs", "interval": "pos"}, "beyond the cap"),
        ("16." + "1" * 370, "1e-400", {}, "too many digits for an answer"),
    ],
)
def test_bad_input(bound, eps, words, message):
    with pytest.raises(InputError, match=message) as error:
        certify(bound, eps, **words)
    assert error.value.allowed
    assert error.value.got is not None


def test_the_cap_holds_inside_the_search(monkeypatch):
    # the proved lower bound at 1e-3 is degree 8, the answer 9: only the search can meet a cap of 8
    monkeypatch.setattr("varproof.approx.degree_certificate.MAX_DEGREE", 8)
    assert certify(4, "1e-2").degree == 7
    with pytest.raises(InputError, match="beyond the cap") as error:
        certify(4, "1e-3")
    assert "at least 9" in str(error.value.got)
