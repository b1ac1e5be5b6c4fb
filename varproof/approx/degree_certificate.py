"""Certificates for minimal degrees: found by the exchange algorithm, written as points, accepted by a checker first."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, Literal

from flint import arb, arb_poly, ctx

from varproof.approx import integer_checker
from varproof.approx.closed_form_degrees import centred_question
from varproof.approx.closed_forms import abs_lower_degree, first_integer, rel_lower_degree
from varproof.approx.exchange import Exchange
from varproof.approx.start_points import Kind
from varproof.base.balls import floor_integer
from varproof.base.certificate import Certificate
from varproof.base.errors import CertificateError, InputError
from varproof.base.rationals import open_unit_rational, positive_rational

Interval = Literal["sym", "pos", "neg"]
Rational = str | int | Fraction

MAX_DEGREE = integer_checker.MAX_DEGREE  # finding the points costs about degree^3 bit operations: minutes at 512
MAX_BITS = integer_checker.MAX_RATIONAL_BITS
LEVEL_TOLERANCE = 1e-5  # relative; a level within this of the best error decides nearly every comparison with eps
MAX_STEPS = 40
SCALE_BITS = (30, 60, 120, 240)  # points are refined when eps is that close to the best error


@dataclass(frozen=True)
class DegreeCertificate:
    """The least `degree` of a polynomial with error at most `eps`, with a proof from both sides."""

    degree: int
    kind: Kind
    interval: Interval
    bound: Fraction
    eps: Fraction
    certificate: Certificate


def certify(bound: Rational, eps: Rational, *, kind: Kind = "rel", interval: Interval = "sym") -> DegreeCertificate:
    """The minimal degree of a polynomial approximating e^x, certified from both sides (tight).

    `kind` "rel": max |P(x) e^-x - 1| <= eps, "abs": max |P(x) - e^x| <= eps; `interval` "sym" is [-bound, bound],
    "pos" [0, bound], "neg" [-bound, 0]. `bound` and `eps` are taken exactly (decimal text, int or Fraction).
    Cost: about degree^3 bit operations (0.1 s at degree 91, about 10 s at 320). The certificate returned was accepted
    by the integers-only checker. Raises `InputError` for bound <= 0 or > 1024, eps outside (0, 1), a relative error
    on an interval longer than 1024 and a degree beyond the cap of 512, and `CertificateError` where eps is so close to
    the best error that 240-bit points do not separate them.
    Sources: arXiv:2205.06249 (the problem), arXiv:2302.13214 (its use); proofs on the page polynomials-for-exp.

    >>> certify(16, "1e-16").degree
    45
    """
    exact_bound, exact_eps = validated(bound, eps, kind, interval)
    search = _Search(exact_bound, exact_eps, kind, interval)
    degree = search.least_degree_by_level()
    reasons = []
    # a level just below eps can belong to a best error just above it: then the answer is one degree more
    for candidate, bits in product((degree, degree + 1), SCALE_BITS):
        payload = search.payload(candidate, bits)
        try:
            integer_checker.check(payload)
        except integer_checker.Rejected as rejection:
            reasons.append(f"degree {candidate}, {bits} bits: {rejection}")
            continue
        return DegreeCertificate(candidate, kind, interval, exact_bound, exact_eps, Certificate(payload))
    raise CertificateError(
        "the two sides could not be separated: eps is too close to the best error of some degree",
        got=f"bound {exact_bound}, eps {exact_eps}; {reasons[len(SCALE_BITS) - 1]}; {reasons[-1]}",
        hint="take eps slightly larger or smaller",
    )


def minimal_degree(bound: Rational, eps: Rational, *, kind: Kind = "rel", interval: Interval = "sym") -> int:
    """The certified minimal degree alone; arguments, errors and sources as for `certify`.

    >>> minimal_degree(64, "1e-8"), minimal_degree(64, "1e-8", kind="abs")
    (91, 109)
    """
    return certify(bound, eps, kind=kind, interval=interval).degree


def validated(bound: Rational, eps: Rational, kind: str, interval: str) -> tuple[Fraction, Fraction]:
    """The exact bound and eps, after every check of `certify`'s arguments that needs no search."""
    exact_bound = positive_rational(bound, name="bound")
    exact_eps = open_unit_rational(eps, name="eps")
    for name, value, allowed in (("kind", kind, ("rel", "abs")), ("interval", interval, ("sym", "pos", "neg"))):
        if value not in allowed:
            raise InputError(f"unknown {name}", got=value, allowed=", ".join(allowed))
    if exact_bound > integer_checker.MAX_BOUND:
        raise InputError(
            "the bound is too large",
            got=bound,
            allowed=f"bound <= {integer_checker.MAX_BOUND} (degree cap {MAX_DEGREE})",
        )
    if kind == "rel" and exact_bound > MAX_DEGREE * (1 if interval == "sym" else 2):
        raise InputError(
            "the minimal degree is beyond the cap: for relative error it is about half the length of the interval",
            got=f"bound {bound}, interval {interval}",
            allowed=f"half-length <= {MAX_DEGREE}",
            hint="the closed forms in varproof.approx.closed_forms have no such cap",
        )
    digits = max(x.bit_length() for x in (exact_eps.denominator, exact_bound.denominator, exact_bound.numerator))
    if digits > MAX_BITS:
        raise InputError(
            "bound or eps has too many digits",
            got=f"{digits} bits",
            allowed=f"at most {MAX_BITS} bits in numerator and denominator, i.e. eps down to about 1e-616",
        )
    return exact_bound, exact_eps


class _Search:
    """Exchange problems of neighbouring degrees for one question, each solved once and refined on demand."""

    def __init__(self, bound: Fraction, eps: Fraction, kind: Kind, interval: Interval) -> None:
        self.bound, self.eps, self.kind, self.interval = bound, eps, kind, interval
        self.half, self.centred_eps = centred_question(bound, eps, kind, interval)
        log2_eps = max(0, eps.denominator.bit_length() - eps.numerator.bit_length()) + 2
        # an absolute error on [0, B] is e^{B/2} times the centred one, which is that much smaller
        self.log2_error = log2_eps + (int(1.5 * self.half) if (kind, interval) == ("abs", "pos") else 0)
        # one degree more divides the error by about 2 (g + 2) / h: on a tiny interval that is many bits
        self.log2_error += 2 * max(0, self.half.denominator.bit_length() - self.half.numerator.bit_length())
        self._solved: dict[int, Exchange] = {}

    def least(self) -> int:
        """The closed-form lower bound (T1, T2) on the minimal degree, where the search starts."""
        low = (rel_lower_degree if self.kind == "rel" else abs_lower_degree)(self.half, self.centred_eps)
        if low > MAX_DEGREE:
            raise self._beyond_the_cap(low)
        length = max(self.bound.numerator, self.bound.denominator).bit_length()
        if low * (SCALE_BITS[0] + length) > integer_checker.MAX_VALUE_BITS:
            raise InputError(
                "the bound has too many digits for an answer of this size",
                got=f"{length} bits, degree at least {low}",
                allowed=f"degree * (bits of the bound + {SCALE_BITS[0]}) <= {integer_checker.MAX_VALUE_BITS}",
                hint="round the bound up to fewer digits",
            )
        return low

    def _beyond_the_cap(self, low: int) -> InputError:
        return InputError(
            "the minimal degree is beyond the cap",
            got=f"bound {self.bound}, eps {self.eps}: degree at least {low}",
            allowed=f"questions whose answer is at most {MAX_DEGREE}",
            hint="the closed forms in varproof.approx.closed_forms have no such cap",
        )

    def least_degree_by_level(self) -> int:
        """The least degree whose levelled error is at most eps, searched from a guess in both directions.

        Far below n = B the relative error is close to 1 and T2's lower bound says little, but that the answer is near
        B (within a few B^(1/3)) is a good guess.
        """
        low = self.least()
        guess = low
        if self.kind == "rel":
            width = 0.0 if self.eps <= Fraction(1, 2) else 2.5 * float(self.half) ** (1 / 3)
            guess = max(low, min(MAX_DEGREE, int(float(self.half) - width)))
        if guess == low or not self.level_is_within_eps(guess):
            return first_integer(self.level_is_within_eps, guess)
        # downwards: count the steps until the level exceeds eps, or the proved lower bound is reached
        steps = first_integer(lambda k: guess - k < low or not self.level_is_within_eps(guess - k), 1)
        return guess - steps + 1

    def level_is_within_eps(self, degree: int) -> bool:
        """Whether the levelled error of `degree` is at most eps (steers the search only; the checker decides).

        Every level is at most the best error, so the first one above eps settles it. Raises `InputError` where even
        the cap is not enough.
        """
        problem = self._problem(min(degree, MAX_DEGREE))
        while not problem.level > self.centred_eps and self._unsettled(problem, 2):
            problem.step()
        within = not problem.level > self.centred_eps
        if not within and degree >= MAX_DEGREE:
            raise self._beyond_the_cap(MAX_DEGREE + 1)
        return within

    def _problem(self, degree: int) -> Exchange:
        if degree not in self._solved:
            self._solved[degree] = Exchange(degree, self.half, self.kind, self.log2_error)
        return self._solved[degree]

    def _unsettled(self, problem: Exchange, steps: int) -> bool:
        return problem.steps < steps or (problem.change > LEVEL_TOLERANCE and problem.steps < MAX_STEPS)

    def _solve(self, degree: int, steps: int = 2) -> Exchange:
        """The exchange problem after at least `steps` steps, more while its level still moves (rarely above 3)."""
        problem = self._problem(degree)
        while self._unsettled(problem, steps):
            problem.step()
        return problem

    def payload(self, degree: int, bits: int) -> dict[str, Any]:
        """The JSON object of a certificate with points of `bits` bits."""
        steps = 1 + SCALE_BITS.index(bits)
        upper = self._solve(degree, steps)
        below = [0] if degree == 0 else rounded_points(self._solve(degree - 1, steps).points, bits)
        if degree == 0 and self.kind == "abs":
            below = [1 << bits]
        side: dict[str, Any] = {"points": _texts(rounded_points(upper.points, bits)[1:-1])}
        if self.kind == "abs":
            side = explicit_polynomial(upper, bits, self.log2_error)
        return {
            "format": integer_checker.FORMAT,
            "kind": self.kind,
            "interval": self.interval,
            "bound": str(self.bound),
            "eps": str(self.eps),
            "degree": str(degree),
            "scale_bits": str(bits),
            "upper": side,
            "lower": {"points": _texts(below)},
        }


def explicit_polynomial(problem: Exchange, bits: int, log2_error: int) -> dict[str, Any]:
    """abs, upper side: the polynomial's coefficients in t, rounded, and one-unit brackets of its error's extremes.

    Leaves the rounded polynomial in `problem`.
    """
    coefficient_bits = log2_error + bits + problem.degree.bit_length() + 8
    with ctx.workprec(problem.precision + 2 * bits):
        scale = arb(2) ** coefficient_bits
        coefficients = [_nearest(c * scale) for c in problem.polynomial.coeffs()]
        coefficients += [0] * (problem.degree + 1 - len(coefficients))
        problem.polynomial = arb_poly([arb(c) / scale for c in coefficients])
        extremes = problem.critical_points()
        unit = arb(2) ** bits
        brackets = [floor_integer(t * unit) for t in extremes]
    return {
        "coefficient_bits": str(coefficient_bits),
        "coefficients": _texts(coefficients),
        "brackets": _texts(brackets),
    }


def rounded_points(points: list[arb], bits: int) -> list[int]:
    with ctx.workprec(64 + 2 * bits):
        return [_nearest(t * arb(2) ** bits) for t in points]


def _nearest(x: arb) -> int:
    return floor_integer(x.mid() + arb("0.5"))


def _texts(numbers: list[int]) -> list[str]:
    return [str(number) for number in numbers]
