"""S4: above the threshold no O(n^(4-Omega(1))) algorithm at 1/poly(n) error, under SETH, in three scopes.

The statement of the subject does not say what belongs to the input, and that decides it: hard where token maps or a
position table are given, easy where only a start map of one cell is. The chain from formulas to VAR attention is
executed in `reduction_chain`, the easy case here.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from reductions.problems.constant_maps import constant_outputs
from varproof.approx.threshold import output_levels
from varproof.base.balls import ball, upper_rational
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.reduction_chain import COUNTING, chain, given_maps, position_table
from varproof.claims.regime_cases import expect
from varproof.claims.tally import Tally, exact
from varproof.growth.schedules import parse_schedule
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray
from varproof.var.models.config import FormalConfig
from varproof.var.models.formal import formal_random, generate

PAGE = "docs/explanation/ledger.md"
LOWER_BOUNDS = "docs/explanation/lower-bounds.md"
VAR_PAGE = "docs/explanation/attention-to-var.md"
SCALING = "ov_to_attention_scaling"


def check(case: Case) -> Finding:
    """One row by scaling, the chains from formulas executed, and the three scopes, each a part of its own."""
    noise = case.constants["noise"]
    small = tuple(integers(case, "variables", low=1, high=8))
    large = tuple(integers(case, "large", low=1, high=16))
    return assemble(
        [
            ("orthogonal vectors by scaling", _scaling(case)),
            ("formulas to VAR by counting, executed", chain(small, COUNTING, noise)),
            ("formulas to VAR by scaling, executed", chain(large, SCALING, CLAIM.constants["noise"])),
            ("above the threshold, by the theorem base", _decided(case)),
            ("(i) token maps given: hard", given_maps(small)),
            ("(ii) a learned position table is part of the input: hard", position_table(small, noise)),
            ("(iii) X_init of one cell only, no position inputs: easy", _easy(case)),
        ]
    )


def without_chains(case: Case) -> Finding:
    """The parts of `check` that run no chain from formulas."""
    return assemble(
        [
            ("orthogonal vectors by scaling", _scaling(case)),
            ("above the threshold, by the theorem base", _decided(case)),
            ("(iii) X_init of one cell only, no position inputs: easy", _easy(case)),
        ]
    )


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


def _decided(case: Case) -> Finding:
    """Entries C sqrt(log n), gamma = 1/d, d = Theta(log n), error 1/poly(n): hard with exponent 4."""
    tally = Tally()
    for power in (case.constants["entry_power"], case.constants["entry_power"] + Fraction(1, 2)):
        given = {"d": "Theta(log(n))", "entry_bound": f"Theta(log(n)**({power}))"}
        expect(tally, "hard", 4, **given, delta="1/poly(n)")
    return tally.finding(
        f"{LOWER_BOUNDS}: L1 with E1 (free maps) and with E3 (interpolated maps), under OVH, which SETH implies; "
        "decided for the class d = Theta(log n)"
    )


def _easy(case: Case) -> Finding:
    """Every cell of every map that the model makes is the vector of the algorithm, within the bound of its ledger."""
    tally = Tally()
    start = 1 if case.assumes("one_cell") else 2
    schedules = ("1,2,3,5", "1,3,4") if case.assumes("one_cell") else ("2,3,5",)
    for schedule in schedules:
        for cell, values, bounds in _maps(schedule, start, not case.assumes("no_positions")):
            for value, bound in zip(values, bounds, strict=True):
                for x, a, y, b in zip(values[0], bounds[0], value, bound, strict=True):
                    tally.at_most(abs(x - y), a + b, schedule=schedule, map=cell, fact="all cells are equal")
        if case.assumes("one_cell") and case.assumes("no_positions"):
            for cell, distance, allowed in _distances(schedule):
                tally.at_most(distance, allowed, schedule=schedule, map=cell, fact="the algorithm's vector")
    return tally.finding(
        f"{VAR_PAGE} and {LOWER_BOUNDS} prove by induction that every map is constant, so that O(K^2 d + K d^2) "
        "operations and writing n^2 d numbers are enough, at any precision; here the algorithm in balls against "
        "every cell that the model itself makes, within the error bounds of its arithmetic"
    )


Cells = list[list[Fraction]]


@cache
def _maps(schedule: str, start: int, positions: bool) -> list[tuple[str, Cells, Cells]]:
    """(name, values, error bounds) of the maps of a formal model, cell by cell."""
    config = FormalConfig(parse_schedule(schedule), width=4, hidden=5, positions=positions)
    first = np.random.default_rng(4).uniform(-1, 1, (start, start, 4))
    operations = Bounded(np.empty(0), reference=False)
    maps = generate(operations, formal_random(config, 3), config, BoundedArray(first, np.zeros_like(first)))
    return [(f"X_{k}", _exact(each.value), _exact(each.bound)) for k, each in enumerate(maps, start=1)]


def _exact(cells: NDArray[np.float64]) -> Cells:
    return [[Fraction(entry) for entry in row] for row in cells.reshape(-1, cells.shape[2]).tolist()]


@cache
def _distances(schedule: str) -> list[tuple[str, Fraction, Fraction]]:
    """How far the entries of the model's cells are from the algorithm's, and how far they may be."""
    config = FormalConfig(parse_schedule(schedule), width=4, hidden=5)
    first = np.random.default_rng(4).uniform(-1, 1, (1, 1, 4))
    vectors = constant_outputs(formal_random(config, 3), config, first)
    return [
        (name, upper_rational(abs(right - ball(x))), bound)
        for vector, (name, values, bounds) in zip(vectors, _maps(schedule, 1, False), strict=True)
        for cell, row in zip(values, bounds, strict=True)
        for right, x, bound in zip(vector, cell, row, strict=True)
    ]


CLAIM = Claim(
    id="S4",
    statement=(
        "Above the threshold (entries R = C sqrt(log n) in the convention gamma = 1/d with d = Theta(log n), C "
        "depending on the exponent) no algorithm computes VAR attention within 1/poly(n) in time O(n^(4 - Omega(1))), "
        "under SETH, when (i) the token maps or (ii) a learned position table are part of the input. With (iii) X_init "
        "only, of one cell (p_1 = 1), and no position inputs it fails: every map is spatially constant, easy in "
        "O(K^2 d + K d^2) plus writing n^2 d."
    ),
    kind="asymptotic",
    hypotheses={
        "boolean": "the vectors of the orthogonal vectors problem have entries 0 and 1",
        "seth": "the strong exponential time hypothesis, for (i) and (ii)",
        "scope": "(i) the token maps, or (ii) a learned position table, are part of the input; not (iii) X_init only",
        "scale": "scores <q, k>/d, that is gamma = 1/d, with d = Theta(log n); the constants of d, R and the error "
        "depend on the exponent",
        "one_cell": "for (iii): the first scale has one cell, p_1 = 1",
        "no_positions": "for (iii): no position inputs",
    },
    sources=("arXiv:2501.04377", "arXiv:2302.13214", "arXiv:2209.04881", "arXiv:2011.02466"),
    derived_from=(
        "threshold_lemma",
        "counting_reduction",
        "interpolated_transfer",
        "embedding_free_maps",
        "reduction_exponents",
        PAGE,
        LOWER_BOUNDS,
        VAR_PAGE,
    ),
    check=check,
    falsified=(
        Variant("neutral mass 10% larger", "an orthogonal partner is missed", {"neutral": Fraction(11, 10)}),
        Variant("signed vectors", "a negative product outweighs the neutral key", dropped=frozenset({"boolean"})),
        Variant("noise 1.05 delta", "models are counted wrong", {"noise": Fraction(21, 20)}),
        Variant("R = log(n)^0.45", "below the threshold it is easy", {"entry_power": Fraction(9, 20)}),
        Variant("a start map of 2 x 2 cells", "maps are not constant", dropped=frozenset({"one_cell"})),
        Variant("(iii) with a position table", "tokens of a scale differ", dropped=frozenset({"no_positions"})),
    ),
    constants={"neutral": Fraction(1), "noise": Fraction(99, 100), "entry_power": Fraction(1, 2)},
    cells={"root": (Fraction(3, 2), 3), "keys": (1, 2), "variables": (4, 6, 8), "large": (16,)},
)
