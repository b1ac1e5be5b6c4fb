"""What interpolation does to a bound along a schedule: from scale to scale norms multiply, directly to n they add."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import prod

from flint import arb

from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import schedules
from varproof.claims.exact_maps import (
    Map,
    absolute_sum,
    extremal_row,
    interpolated,
    largest,
    norm_of,
    product,
    sign_map,
)
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally
from varproof.growth.schedules import Schedule, doubling, parse_schedule
from varproof.var.interpolation.operators import area, up
from varproof.var.interpolation.resampling import Resampling

PAGE = "docs/explanation/var-model.md"
KERNEL = "bicubic"
SAFE_KERNELS = ("bspline", "bilinear", "nearest")
MOST_TOKENS = 6000  # sides up to 64: composed maps are exact products
DIGITS = Fraction(1, 1000)
REFERENCE = "256"


def check(case: Case) -> Finding:
    """All in exact rationals, from the matrices that the models run."""
    return assemble(
        [
            ("chained with layers between: the product, attained", _chained(case)),
            ("chained with nothing between: the composed map", _composed(case)),
            ("doubling: a power of n", _doubling(case)),
            ("direct to n: a sum", _direct(case)),
            ("down-sampling: 1", _area(case)),
        ]
    )


def _steps(schedule: Schedule, kernel: str = KERNEL) -> list[Resampling]:
    return [up(kernel, p, q) for p, q in pairwise(schedule.sides)]


def _chained(case: Case) -> Finding:
    """Between two steps the map that sends X to X[r, r] times a sign map, of norm 1; without it only X itself."""
    tally = Tally()
    for schedule in schedules(case, "schedule", most_tokens=MOST_TOKENS, least_scales=2):
        steps = _steps(schedule)
        bound = prod((step.norm for step in steps), start=Fraction(1))
        reached = Fraction(1)
        x: Map = sign_map(steps[0].matrix[extremal_row(steps[0])])
        for number, step in enumerate(steps):
            if number and case.assumes("layers"):
                x = [[reached * sign for sign in line] for line in sign_map(step.matrix[extremal_row(step)])]
            x = interpolated(step, x)
            reached = largest(x)
        tally.equal(reached, bound, schedule=schedule.name, kernel=KERNEL)
    tally.equal(up(KERNEL, 4, 5).norm, case.constants["per_map"], step="4 to 5", attained="phase (1/2, 1/2)")
    return tally.finding(f"{PAGE} (b) proves it; here the sign maps are sent through the interpolations, exactly")


@cache
def _compositions(schedule: Schedule) -> tuple[tuple[int, Fraction, Fraction], ...]:
    """For every side: the norm of the composed map from there to n, and the product of the steps' norms."""
    found, bound = [], Fraction(1)
    composed: Map = [[Fraction(i == j) for j in range(schedule.side)] for i in range(schedule.side)]
    for step in reversed(_steps(schedule)):
        composed = product(composed, step.matrix)
        bound *= step.norm
        found.append((step.source, norm_of(composed), bound))
    return tuple(found)


def _composed(case: Case) -> Finding:
    tally = Tally()
    for schedule in schedules(case, "schedule", most_tokens=MOST_TOKENS, least_scales=2):
        for source, norm, bound in _compositions(schedule):
            tally.at_most(norm, bound, schedule=schedule.name, source=source)
            if source == 1:
                tally.equal(norm, 1, schedule=schedule.name, source=1)
    found = _compositions(parse_schedule(REFERENCE))
    largest_norm = max(norm for _, norm, _ in found)
    tally.at_most(abs(largest_norm - case.constants["composed_256"]), DIGITS, schedule=REFERENCE)
    tally.evidence["product over composed norm"] = {
        str(source): round(float(bound / norm), 4) for source, norm, bound in found
    }
    return tally.finding(
        "the composed maps are multiplied out, exactly: from one cell a constant map stays constant; how much the "
        "product of norms overstates is in the evidence"
    )


def _doubling(case: Case) -> Finding:
    """1 to 2 to 4 ... to n = 2^m, m >= 2: f^2 g^(m-2) with f of the step 2 to 4 and g of all later ones."""
    tally = Tally()
    for power in range(2, 7):
        bound = prod((step.norm for step in _steps(doubling(2**power))), start=Fraction(1))
        stated = case.constants["second_doubling"] * case.constants["doubling"] ** (power - 2)
        tally.equal(bound, stated, n=2**power, kernel=KERNEL)
        for kernel in SAFE_KERNELS:
            safe = prod((step.norm for step in _steps(doubling(2**power), kernel)), start=Fraction(1))
            tally.equal(safe, 1, n=2**power, kernel=kernel)
    exponent = ball(case.constants["doubling"]).log() / arb(2).log()
    tally.at_most(abs(exponent - ball(case.constants["exponent"])), ball(DIGITS) / 2, exponent="log2 of (41/32)^2")
    return tally.finding(
        "interpolation_kernel_constants has the norm of every doubling step; here the matrices up to n = 64, exactly"
    )


def _direct(case: Case) -> Finding:
    """Every map at most `per_map`, so K maps at most K times that; for 256 px the sum, and what one cell reaches."""
    tally = Tally()
    names = [*schedules(case, "schedule", most_tokens=MOST_TOKENS, least_scales=2), parse_schedule("512")]
    for schedule in names:
        norms = [up(KERNEL, p, schedule.side).norm for p in schedule.sides[:-1]]
        for p, norm in zip(schedule.sides, norms, strict=False):
            tally.at_most(norm, case.constants["per_map"], schedule=schedule.name, source=p)
        total = sum(norms, Fraction(1))  # the last map is not interpolated
        tally.at_most(total, schedule.number_of_scales * case.constants["per_map"], schedule=schedule.name)
    for step in _steps(parse_schedule(REFERENCE)):
        for row in step.matrix:
            tally.equal(sum(row, Fraction(0)), 1, step=step.name, sums="rows")
    total, joint = _reconstructed(parse_schedule(REFERENCE))
    tally.at_most(abs(total - case.constants["direct_256"]), DIGITS, schedule=REFERENCE, quantity="sum of norms")
    tally.at_most(abs(joint - case.constants["joint_256"]), DIGITS, schedule=REFERENCE, quantity="attained")
    return tally.finding(
        "S7 and interpolation-kernels.md prove 121/64 for every phase; here the norms of the matrices, and the signs "
        "of their weights at one cell, all maps together"
    )


def _reconstructed(schedule: Schedule) -> tuple[Fraction, Fraction]:
    """The sum of the norms, and the largest entry of sum_k Up(X_k) over sign maps X_k, attained at the best cell."""
    steps = [up(KERNEL, p, schedule.side) for p in schedule.sides[:-1]]
    cells = [sum((absolute_sum(step.matrix[i]) ** 2 for step in steps), Fraction(1)) for i in range(schedule.side)]
    best = max(range(schedule.side), key=cells.__getitem__)
    total = [[Fraction(1)] * schedule.side for _ in range(schedule.side)]  # the last map
    for step in steps:
        image = interpolated(step, sign_map(step.matrix[best]))
        total = [[x + y for x, y in zip(a, b, strict=True)] for a, b in zip(total, image, strict=True)]
    return sum((step.norm for step in steps), Fraction(1)), abs(total[best][best])


def _area(case: Case) -> Finding:
    """Entries >= 0 and rows of sum 1 between all sides of the schedules, up and down."""
    tally = Tally()
    for schedule in schedules(case, "schedule", most_tokens=MOST_TOKENS, least_scales=2):
        for p in schedule.sides:
            operator = area(schedule.side, p)
            tally.equal(operator.norm, 1, schedule=schedule.name, target=p)
            for row in operator.matrix:
                tally.equal(sum(row, Fraction(0)), 1, schedule=schedule.name, target=p)
                tally.holds(min(row) >= 0, schedule=schedule.name, target=p)
    return tally.finding(f"{PAGE} (b): a row of means has entries >= 0 with sum 1; here every matrix, exactly")


CLAIM = Claim(
    id="interpolation_growth",
    statement=(
        "Bicubic, a = -3/4, infinity norms in two dimensions. Re-interpolating from scale to scale with maps of norm 1 "
        "between multiplies a bound by exactly the product of the steps' norms: 88.87 for the 256 px schedule, "
        "(155/128)^2 (41/32)^(2m-4) for 1, 2, 4, ..., n = 2^m, m >= 2, a power 0.715 of n. With nothing between, the "
        "composed map has norm 1 from one cell, and at most 2.157 from any side of that schedule. Interpolating every "
        "map directly to n adds: sum of norms at most K 121/64 (15.966 for 256 px, of which one cell reaches 14.259 "
        "with all maps together). A step reaches 121/64 (4 to 5). Area down-sampling has norm 1, and all rows sum to 1."
    ),
    kind="tight",
    hypotheses={"layers": "maps of norm 1 of the model's choice stand between two interpolations (the product)"},
    sources=(PAGE, "docs/explanation/interpolation-kernels.md", "arXiv:2404.02905"),
    derived_from=("interpolation_kernel_constants", "layer_amplification"),
    check=check,
    falsified=(
        Variant(
            "121/64 times 0.95", "the step 4 to 5 attains 121/64", {"per_map": Fraction(121, 64) * Fraction(19, 20)}
        ),
        Variant("121/64 times 1.1", "no step attains more", {"per_map": Fraction(121, 64) * Fraction(11, 10)}),
        Variant("doubling (5/4)^2", "inner rows reach 41/32", {"doubling": Fraction(25, 16)}),
        Variant("n^0.75", "log2 of (41/32)^2 is 0.715", {"exponent": Fraction(3, 4)}),
        Variant("2 to 4 as the later ones", "its stencils are clamped", {"second_doubling": Fraction(1600, 1024)}),
        Variant("composed map 2.05", "2.157 from side 4", {"composed_256": Fraction(205, 100)}),
        Variant("sum of norms 16.9", "15.966", {"direct_256": Fraction(169, 10)}),
        Variant("one cell reaches 15.6", "signs at one cell reach 14.259", {"joint_256": Fraction(156, 10)}),
        Variant("nothing between", "the composed map is far below the product", dropped=frozenset({"layers"})),
    ),
    constants={
        "per_map": Fraction(121, 64),
        "doubling": Fraction(1681, 1024),
        "second_doubling": Fraction(155, 128) ** 2,
        "exponent": Fraction(715, 1000),
        "composed_256": Fraction(2157, 1000),
        "direct_256": Fraction(15966, 1000),
        "joint_256": Fraction(14259, 1000),
    },
    cells={"schedule": ("256", "1-2-4-8-16-32", "2-3-5-9")},
)
