"""The best error of a given degree, enclosed: what the closed forms are held against."""

from __future__ import annotations

from fractions import Fraction

from varproof.approx.closed_forms import absolute_lower, relative_lower
from varproof.approx.degree_certificate import explicit_polynomial, rounded_points
from varproof.approx.exchange import Exchange
from varproof.approx.flint_checker import Sides, certified_sides, lower_side
from varproof.approx.integer_checker import Claimed, Rejected
from varproof.approx.start_points import Kind
from varproof.base.balls import to_float
from varproof.base.errors import InputError

SCALE_BITS = 100
MAX_DEGREE = 256
LEVEL_TOLERANCE = 1e-9
MAX_STEPS = 40


def best_error(degree: int, bound: int | Fraction, kind: Kind) -> Sides:
    """Rationals `lower` <= A_g(B) or R_g(B) <= `upper` for g = `degree` on [-B, B], both certified.

    The two agree to about 1e-5 relative. Same points certificates as `certify`, read as numbers. Raises `InputError`
    for a degree outside 0..256 or a bound that is not positive. Source: docs/explanation/polynomials-for-exp.md.

    >>> sides = best_error(0, 1, "rel")
    >>> round(float(sides.lower), 4), round(float(sides.upper), 4)  # tanh 1
    (0.7616, 0.7616)
    """
    half = Fraction(bound)
    if not 0 <= degree <= MAX_DEGREE or half <= 0:
        raise InputError(
            "no best error for this degree and bound",
            got=f"degree {degree}, bound {half}",
            allowed=f"degree 0 to {MAX_DEGREE}, bound > 0",
        )
    floor = (relative_lower if kind == "rel" else absolute_lower)(degree, half)
    log2_error = max(0, int(-1.4427 * to_float(abs(floor).log()))) + 16
    problem = Exchange(degree, half, kind, log2_error)
    while problem.change > LEVEL_TOLERANCE and problem.steps < MAX_STEPS:
        problem.step()
    reference = rounded_points(problem.points, SCALE_BITS)
    upper, coefficients, bits = reference[1:-1], [], 0
    if kind == "abs":
        side = explicit_polynomial(problem, SCALE_BITS, log2_error)
        upper, coefficients = [int(u) for u in side["brackets"]], [int(a) for a in side["coefficients"]]
        bits = int(side["coefficient_bits"])
    claimed = Claimed(
        relative=kind == "rel",
        interval="sym",
        half=(half.numerator, half.denominator),
        eps=(1, 1 << log2_error),
        degree=degree,
        scale_bits=SCALE_BITS,
        lower=reference,
        upper=upper,
        coefficients=coefficients,
        coefficient_bits=bits,
    )
    try:
        return certified_sides(claimed)
    except Rejected:  # far below n = B the relative error is so near 1 that P = 0 is the best one can certify
        return Sides(Fraction(1), lower_side(claimed))
