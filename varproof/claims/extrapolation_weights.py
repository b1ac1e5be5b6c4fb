"""Extrapolation to 0 from the Chebyshev extremal points of [e^-s, 1]: the weights, and the noise a count survives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from flint import arb, ctx

from reductions.constructions.counting.chebyshev_extrapolation import weight_sum, weights_at_zero
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally

PAGE = "docs/explanation/counting-by-attention.md"
# cos(t pi/d), t = 0..d, for the degrees at which all of them are rational
COSINES = {
    1: (Fraction(1), Fraction(-1)),
    2: (Fraction(1), Fraction(0), Fraction(-1)),
    3: (Fraction(1), Fraction(1, 2), Fraction(-1, 2), Fraction(-1)),
}
AGREE = Fraction(1, 2**100)  # relative width up to which balls are compared with a closed form


def check(case: Case) -> Finding:
    """With z = e^(-s/2) rational, coth(s/4) = (1 + z)/(1 - z): exact for d <= 3, balls beyond, noise exactly."""
    return assemble(
        [
            ("sum of the weights, exactly", _exact_weights(case)),
            ("sum of the weights, by balls", _balls(case)),
            ("noise of one output", _one_output(case)),
            ("noise of a count", _counts(case)),
        ]
    )


def extremal_points(z: Fraction, cosines: Sequence[Fraction]) -> list[Fraction]:
    """The extremal points of [z^2, 1], from the largest, 1, down."""
    low = z * z
    return [(1 + low) / 2 + (1 - low) / 2 * cosine for cosine in cosines]


def exact_weights(points: Sequence[Fraction]) -> list[Fraction]:
    """Lagrange weights that extrapolate a polynomial from `points` to 0."""
    return [prod((y / (y - x) for y in points if y != x), start=Fraction(1)) for x in points]


def closed_form(z: Fraction, degree: int) -> Fraction:
    """(coth(s/4)^d + tanh(s/4)^d)/2 at z = e^(-s/2)."""
    coth = (1 + z) / (1 - z)
    return (coth**degree + coth**-degree) / 2


def _exact_weights(case: Case) -> Finding:
    tally, chance = Tally(), random.Random(case.seed)
    for z in rationals(case, "half_decay", above=0, below=1):
        middle = (1 + z * z) / (1 - z * z)  # coth(s/2)
        chebyshev = [Fraction(1), middle]
        for degree in range(1, 41):
            tally.equal(chebyshev[degree], closed_form(z, degree), identity="T_d(coth(s/2)), closed form", d=degree)
            chebyshev.append(2 * middle * chebyshev[degree] - chebyshev[degree - 1])
        for degree, cosines in COSINES.items():
            points = extremal_points(z, cosines)
            points = points if case.assumes("points") else points[:degree]
            weights, cell = exact_weights(points), {"d": degree, "z": z}
            for power in range(degree + 1):
                value = sum((w * x**power for w, x in zip(weights, points, strict=True)), Fraction(0))
                tally.equal(value, power == 0, identity=f"x^{power} extrapolated to 0", **cell)
            if not case.assumes("points"):
                continue
            total = sum(map(abs, weights), Fraction(0))
            least = case.constants["amplification"] * closed_form(z, degree)
            tally.equal(total, least, identity="sum |w| = T_d(coth(s/2))", **cell)
            tally.holds(all(w * (-1) ** (degree - t) > 0 for t, w in enumerate(weights)), **cell, identity="signs")
            low = z * z if case.assumes("interval") else z * z * Fraction(4, 5)
            for ends in (True, False, False):  # other nodes of the interval, with its ends and without
                inner = chance.sample(range(1, 97), degree - ends * 2 + 1)
                nodes = [low + (1 - low) * Fraction(place, 97) for place in (*inner, *((0, 97) if ends else ()))]
                tally.at_least(sum(map(abs, exact_weights(nodes)), Fraction(0)), least, **cell, nodes=nodes)
    return tally.finding(
        f"{PAGE} proves it for all d and s (Lemma 1); here exactly: the closed form up to d = 40, weights, signs and "
        "other nodes at d = 1, 2, 3"
    )


def _balls(case: Case) -> Finding:
    """Degrees at which the points are irrational: the sum lies within 2^-100 of the closed form, on both sides."""
    tally = Tally()
    for z, degree in product(rationals(case, "half_decay", above=0, below=1), integers(case, "degree", low=1, high=60)):
        with ctx.workprec(256 + 16 * degree):
            low = ball(z) ** 2
            nodes = [(1 + low) / 2 + (1 - low) / 2 * (arb(t) / degree).cos_pi() for t in range(degree + 1)]
            total = sum((abs(w) for w in weights_at_zero(nodes)), arb(0))
            stated = ball(case.constants["amplification"] * closed_form(z, degree))
            tally.at_most(total, stated * ball(1 + AGREE), d=degree, z=z)
            tally.at_least(total, stated * ball(1 - AGREE), d=degree, z=z)
            tally.at_most(abs(weight_sum(degree, -2 * ball(z).log()) / stated - 1), AGREE, d=degree, z=z, used="rules")
    return tally.finding(f"{PAGE}, Lemma 1; here by balls that agree with the closed form to 100 bits")


def _one_output(case: Case) -> Finding:
    """y = 1/(1 + S), 0 <= S <= n, off by delta: 1/y moves by at most delta (n+1)^2/(1 - delta (n+1)), attained at n."""
    tally = Tally()
    for keys in integers(case, "keys", low=1, high=50):
        for part, size in product(range(4), range(7)):
            delta = Fraction(part + 1, 5 * (keys + 1))
            value = Fraction(keys * size, 6)
            loss = case.constants["loss"] * delta * (keys + 1) ** 2 / (1 - delta * (keys + 1))
            y = 1 / (1 + value)
            for noisy in (y - delta, y + delta):
                tally.at_most(abs(1 / noisy - 1 - value), loss, keys=keys, S=value, delta=delta, noisy=noisy)
            if size == 6:
                tally.equal(1 / (y - delta) - 1 - value, loss, keys=keys, delta=delta, identity="attained at S = n")
    return tally.finding(f"{PAGE}, Lemma 2, proves it; here exactly, attained at S = n for every delta of the grid")


def _counts(case: Case) -> Finding:
    """The calls t >= 1 off by delta* = 1/((n+1)(2W(n+1)+1)) in the worst direction: the count is off by at most 1/2."""
    tally = Tally()
    for z, keys in product(rationals(case, "half_decay", above=0, below=1), integers(case, "keys", low=1, high=50)):
        for degree, cosines in COSINES.items():
            points = extremal_points(z, cosines)
            weights = exact_weights(points)
            noise_weight = sum(map(abs, weights[1:]), Fraction(0))
            delta = case.constants["delta"] / ((keys + 1) * (2 * noise_weight * (keys + 1) + 1))
            for counts in _patterns(keys, degree):
                values = [sum((c * x**k for k, c in enumerate(counts)), Fraction(0)) for x in points]
                for direction in (1, -1):
                    found = weights[0] * keys  # x = 1 needs no call
                    for weight, value in zip(weights[1:], values[1:], strict=True):
                        noisy = 1 / (1 + value) - direction * (delta if weight > 0 else -delta)
                        found += weight * (1 / noisy - 1)
                    error, cell = abs(found - counts[0]), {"counts": counts, "z": z, "delta": delta}
                    tally.at_most(error, Fraction(1, 2), **cell, direction=direction)
                    if degree == 1 and counts[0] == keys and direction == 1:
                        tally.equal(error, Fraction(1, 2), **cell, identity="attained by a row orthogonal to all keys")
    return tally.finding(
        f"{PAGE}, Theorem: below delta* the nearest integer is the count; here exactly for all patterns of up to the "
        "listed number of keys (some of them at larger numbers), the bound 1/2 attained at d = 1"
    )


def _patterns(keys: int, degree: int) -> list[tuple[int, ...]]:
    """How many keys have inner product 0, 1, ..., d: all of them for few keys, else those with two kinds."""
    every = product(range(keys + 1), repeat=degree + 1)
    if keys <= 4:
        return [counts for counts in every if sum(counts) == keys]
    found = []
    for i, j in product(range(degree + 1), repeat=2):
        counts = [0] * (degree + 1)
        counts[i] += keys - 1
        counts[j] += 1
        found.append(tuple(counts))
    return found


CLAIM = Claim(
    id="extrapolation_weights",
    statement=(
        "A polynomial of degree d is extrapolated to 0 from the d + 1 Chebyshev extremal points of [e^-s, 1] by "
        "weights of sign (-1)^(d-t) with sum |w_t| = T_d(coth(s/2)) = (coth(s/4)^d + tanh(s/4)^d)/2; no d + 1 points "
        "of the interval have a smaller sum. 1/y - 1 of y = 1/(1 + S), 0 <= S <= n, known to delta, delta (n+1) < 1, "
        "is off by at most delta (n+1)^2/(1 - delta (n+1)), attained at S = n. So, with x_0 = 1 known and W the sum "
        "of |w_t| over t >= 1, the nearest integer is the count for every delta < 1/((n+1)(2W(n+1) + 1)); at this "
        "delta the error 1/2 is attained for d = 1."
    ),
    kind="tight",
    hypotheses={
        "interval": "all points lie in [e^-s, 1]",
        "points": "d + 1 points",
    },
    sources=(PAGE, "arXiv:2011.02466"),
    derived_from=(PAGE,),
    check=check,
    falsified=(
        Variant("sum 0.95 T_d", "the weights sum to T_d exactly", {"amplification": Fraction(19, 20)}),
        Variant("sum 1.05 T_d", "the weights sum to T_d exactly", {"amplification": Fraction(21, 20)}),
        Variant("noise bound 5% smaller", "S = n attains it", {"loss": Fraction(19, 20)}),
        Variant("delta 5% larger", "a row orthogonal to all keys is miscounted", {"delta": Fraction(21, 20)}),
        Variant("delta 5% smaller is needed", "1/2 is attained only at delta*", {"delta": Fraction(19, 20)}),
        Variant("points below e^-s", "nearer to 0 smaller weights do", dropped=frozenset({"interval"})),
        Variant("d points", "x^d is not extrapolated", dropped=frozenset({"points"})),
    ),
    constants={"amplification": Fraction(1), "loss": Fraction(1), "delta": Fraction(1)},
    cells={
        "half_decay": (Fraction(1, 2), Fraction(2, 3), Fraction(9, 10)),
        "degree": (1, 2, 5, 12, 40),
        "keys": (1, 2, 4, 20),
    },
)
