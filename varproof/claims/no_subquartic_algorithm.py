"""S4: above the threshold no O(n^(4-Omega(1))) algorithm at 1/poly(n) error, under SETH.

Not REFUTED: nothing here contradicts it. The identities its chain of reductions rests on are checked exactly at small
size; the chain itself, executed end to end, and its three readings wait for modules that do not exist yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from varproof.approx.interpolation_kernels import BSPLINE, Kernel, keys_absolute_sum, keys_cubic
from varproof.approx.threshold import output_levels
from varproof.base.verdict import Finding, Part, Verdict
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble, waits_for
from varproof.claims.tally import Tally, exact

PAGE = "docs/explanation/ledger.md"
# cos(t pi/d), t = 0..d, for the degrees at which all of them are rational
COSINES = {
    1: (Fraction(1), Fraction(-1)),
    2: (Fraction(1), Fraction(0), Fraction(-1)),
    3: (Fraction(1), Fraction(1, 2), Fraction(-1, 2), Fraction(-1)),
}


def check(case: Case) -> Finding:
    """Orthogonal vectors by one attention row and by counting, and the constants of the interpolated layout."""
    return assemble(
        [
            ("orthogonal vectors by scaling", _scaling(case)),
            ("orthogonal vectors by counting", _counting(case)),
            ("constants of the interpolated layout", _layout(case)),
        ],
        [
            waits_for("SAT to attention, executed", "reductions", "8 and 16 variables end to end, with the exponents"),
            waits_for("attention to VAR attention, executed", "reductions", "an interpolation-consistent instance"),
            *_scopes(),
        ],
    )


def _scopes() -> list[Part]:
    """What is part of the input decides whether the statement is true; every reading is printed with its own part."""
    return [
        waits_for(
            "(i) token maps given: hard",
            "reductions",
            "every X_k is part of the input; the chain to an interpolation-consistent instance, executed",
        ),
        waits_for(
            "(ii) a learned position table is part of the input: hard",
            "reductions",
            "its L C numbers are free, so the data go there, the other tokens share the neutral mass; executed",
        ),
        waits_for(
            "(iii) X_init only, no position inputs: easy",
            "reductions",
            "every map is spatially constant, by induction, so the transformer phase costs O(K^2 d + K d^2) plus "
            "writing n^2 d numbers, at any precision; the induction run and proved",
        ),
    ]


def _scaling(case: Case) -> Finding:
    """Keys score -beta <a,b>, neutral -g/2, e^beta = n e^g: all Boolean rows; weights are rational for e^g = G^2.

    Entries: Bq^2 = beta/gamma and |c| = g/(2 beta) <= 1, so R = Bq = sqrt((ln n + g)/gamma).
    """
    tally = Tally()
    entries = (0, 1) if case.assumes("boolean") else (-1, 0, 1)
    for root in rationals(case, "root", above=1):
        below, above = map(exact, output_levels(root**2))
        neutral = case.constants["neutral"] / root
        for keys in integers(case, "keys", low=1, high=3):
            fall = 1 / (keys * root**2)  # e^-beta
            tally.holds(fall <= 1 / root, keys=keys, identity="|c| <= 1")
            for row in product(entries, repeat=2):
                for data in product(product(entries, repeat=2), repeat=keys):
                    inner = [sum(a * b for a, b in zip(row, key, strict=True)) for key in data]
                    mass = sum((fall**value for value in inner), Fraction(0))
                    output = mass / (mass + neutral)
                    cell = {"row": row, "keys": data, "e^g": root**2, "output": output}
                    if 0 in inner:
                        tally.at_least(output, above, **cell)
                    else:
                        tally.at_most(output, below, **cell)
    return tally.finding(
        f"{PAGE} (S4, by scaling) reduces every n, d and g to the threshold lemma with H = 0 and L = -(ln n + g); here "
        "exactly, every Boolean row with up to the listed number of keys in two coordinates"
    )


def _counting(case: Case) -> Finding:
    """Points x_t of [e^-s, 1], y_t = 1/(1 + S(x_t)): extrapolating S to 0 counts orthogonal partners exactly."""
    tally = Tally()
    for z in rationals(case, "half_decay", above=0, below=1):  # z = e^(-s/2)
        low, coth = z * z, (1 + z) / (1 - z)  # coth(s/4)
        for degree, cosines in COSINES.items():
            points = [(1 + low) / 2 + (1 - low) / 2 * cosine for cosine in cosines]
            weights = _weights_at_zero(points)
            amplification = case.constants["amplification"] * (coth**degree + 1 / coth**degree) / 2
            total = sum((abs(weight) for weight in weights), Fraction(0))
            tally.equal(total, amplification, identity="sum |w| = T_d(coth(s/2))", d=degree, z=z)
            for counts in product(range(3), repeat=degree + 1):  # number of keys with inner product 0, 1, ..., d
                keys = sum(counts)
                values = [sum((c * x**k for k, c in enumerate(counts)), Fraction(0)) for x in points]
                outputs = [1 / (1 + value) for value in values]
                back = sum((w * (1 / y - 1) for w, y in zip(weights, outputs, strict=True)), Fraction(0))
                tally.equal(back, counts[0], identity="count", counts=counts, z=z)
                delta = Fraction(1, 1000 * (keys + 1))
                loss = delta * (keys + 1) ** 2 / (1 - delta * (keys + 1))
                for y, value in zip(outputs, values, strict=True):
                    tally.at_most(abs(1 / (y - delta) - 1 - value), loss, counts=counts, delta=delta, y=y)
    return tally.finding(
        f"exact: weights, counts and noise at d = 1, 2, 3 in rationals; {PAGE} has the proof for all d"
    )


def _layout(case: Case) -> Finding:
    """Distance of an interpolated value from the data, (1+w)/2 of their range, and the flag f_max between cells."""
    tally = Tally()
    kernel = keys_cubic(Fraction(-3, 4))
    spread = case.constants["spread"] * (1 + keys_absolute_sum(Fraction(-3, 4)) ** 2)
    axis = kernel.weights(Fraction(1, 2))
    positive = sum((max(v * w, Fraction(0)) for v in axis for w in axis), Fraction(0))
    tally.equal(positive, spread, kernel=kernel.name, value="1 where the weight is positive, 0 elsewhere")
    for f_max, used, offset in (
        (Fraction(17857, 32768), kernel, Fraction(1, 4)),
        (Fraction(1), kernel, Fraction(0)),
        (Fraction(-18503, 73728), BSPLINE, Fraction(1, 4)),
    ):
        tally.equal(_flag(used, offset), f_max, kernel=used.name, offset=offset, value="f_max")
    return tally.finding(
        f"{PAGE} (S4, interpolated layout): weights of sum 1 and absolute sum w have positive part (1 + w)/2, and the "
        "flag is -1 + 2 W(x) W(y) at offset (x, y); here exactly, (1 + 121/64)/2 = 185/128 is attained, f_max = .545 "
        "at ratio 2 and 1 at ratio 3 (a = -3/4), -.251 at ratio 2 (B-spline)"
    )


def _flag(kernel: Kernel, offset: Fraction) -> Fraction:
    """The interpolated flag nearest the one cell of a block that carries +1, all others -1; weights sum to 1."""
    return -1 + 2 * kernel(offset) ** 2


def _weights_at_zero(points: Sequence[Fraction]) -> list[Fraction]:
    """Lagrange weights that extrapolate a polynomial from `points` to 0."""
    weights = []
    for t, x in enumerate(points):
        weight = Fraction(1)
        for other in (*points[:t], *points[t + 1 :]):
            weight *= other / (other - x)
        weights.append(weight)
    return weights


CLAIM = Claim(
    id="S4",
    statement=(
        "Above the threshold (entries R = C sqrt(log n) in the convention gamma = 1/d with d = Theta(log n), C "
        "depending on the exponent) no algorithm computes VAR attention within 1/poly(n) in time O(n^(4 - Omega(1))), "
        "under SETH, when (i) the token maps or (ii) a learned position table are part of the input. With (iii) X_init "
        "only and no position inputs it fails: every map is spatially constant, easy in O(K^2 d + K d^2) plus writing "
        "n^2 d."
    ),
    kind="asymptotic",
    hypotheses={
        "boolean": "the vectors of the orthogonal vectors problem have entries 0 and 1",
        "seth": "the strong exponential time hypothesis",
        "scope": "(i) the token maps, or (ii) a learned position table, are part of the input; not (iii) X_init only",
        "scale": "scores <q, k>/d, that is gamma = 1/d, with d = Theta(log n)",
    },
    sources=("arXiv:2501.04377", "arXiv:2302.13214", "arXiv:2209.04881", "arXiv:2011.02466"),
    derived_from=("threshold_lemma", "interpolation_kernel_constants", PAGE),
    check=check,
    expected=Verdict.UNKNOWN,
    because=(
        "the identities of the chain are exact at small size; executing it needs reductions, which do not exist yet"
    ),
    falsified=(
        Variant("neutral mass 10% larger", "an orthogonal partner is missed", {"neutral": Fraction(11, 10)}),
        Variant("amplification 0.95 T_d", "the weights sum to T_d exactly", {"amplification": Fraction(19, 20)}),
        Variant("spread 0.45 (1+w)", "one pattern of values attains (1+w)/2", {"spread": Fraction(9, 20)}),
        Variant("signed vectors", "a negative product outweighs the neutral key", dropped=frozenset({"boolean"})),
    ),
    constants={"neutral": Fraction(1), "amplification": Fraction(1), "spread": Fraction(1, 2)},
    cells={"root": (Fraction(3, 2), 3), "keys": (1, 2), "half_decay": (Fraction(1, 2), Fraction(2, 3))},
)
