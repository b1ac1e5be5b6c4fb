"""The cell method executed on tiny instances with every operation counted; the best cut against exhaustive search."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from flint import arb, ctx

from varproof.approx import certify
from varproof.approx.best_error import best_error
from varproof.approx.cell_cost import (
    MAX_CELL_DEGREE,
    ROOTS,
    Blocks,
    best_cell_method,
    cell_flops,
    cell_reach,
)
from varproof.approx.cost import exact_flops, polynomial_flops
from varproof.approx.softmax_lemma import l1_bound_from_relative_error, relative_error_for
from varproof.approx.sufficient_degree import sufficient_degree
from varproof.base.balls import ball
from varproof.base.errors import InputError

Vector = list[Fraction]


def minimax(half: Fraction, eps: Fraction) -> list[Fraction]:
    """Coefficients in x of a polynomial of the least degree with relative error at most eps on [-half, half].

    From the points of its certificate: P' - half P = prod(t - tau_i) in t = x/half, levelled by one factor.
    """
    payload = certify(half, eps).certificate.payload
    scale = 1 << int(payload["scale_bits"])
    taus = [Fraction(int(point), scale) for point in payload["upper"]["points"]]
    derivative = [Fraction(1)]
    for tau in taus:
        derivative = [a - tau * b for a, b in zip([Fraction(0), *derivative], [*derivative, Fraction(0)], strict=True)]
    total, power = [Fraction(0)] * len(derivative), half
    while derivative:
        total = [a - b / power for a, b in itertools.zip_longest(total, derivative, fillvalue=Fraction(0))]
        derivative = [k * c for k, c in enumerate(derivative)][1:]
        power *= half
    values = [float(sum(c * t**k for k, c in enumerate(total))) * math.exp(-float(half * t)) for t in (-1, *taus, 1)]
    factor = Fraction(2 / (max(values) + min(values)))
    return [factor * c / half**k for k, c in enumerate(total)]


@dataclass
class Run:
    """One execution of the method as docs/explanation/finite-size.md describes it; `flops` counts as it goes."""

    head_dim: int
    parts: int
    radius: Fraction
    gamma: Fraction
    coefficients: list[Fraction]
    flops: int = 0
    tables: dict[tuple[int, ...], tuple[Vector, list[Vector]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        degree = len(self.coefficients) - 1
        exponents = itertools.product(range(degree + 1), repeat=self.head_dim)
        self.monomials = sorted((e for e in exponents if sum(e) <= degree), key=sum)

    def op(self, value: Fraction) -> Fraction:
        self.flops += 1
        return value

    def features(self, point: Vector) -> Vector:
        made: dict[tuple[int, ...], Fraction] = {}
        for e in self.monomials:
            axis = next((k for k, power in enumerate(e) if power), None)
            if axis is None:
                made[e] = Fraction(1)
            else:
                below = (*e[:axis], e[axis] - 1, *e[axis + 1 :])
                made[e] = self.op(made[below] * point[axis])
        return list(made.values())

    def insert(self, key: Vector, value: Vector) -> None:
        step, first = 2 * self.radius / self.parts, self.radius / self.parts - self.radius
        places = [self.op(self.op(y + self.radius) * (1 / step)) for y in key]
        cell = tuple(min(math.floor(place), self.parts - 1) for place in places)
        centre = [self.op(self.op(i * step) + first) for i in cell]
        features = self.features([self.op(y - c) for y, c in zip(key, centre, strict=True)])
        columns = [*value, Fraction(1)]
        empty = [[Fraction(0)] * len(columns) for _ in features]
        table = self.tables.setdefault(cell, (centre, empty))[1]
        for row, feature in zip(table, features, strict=True):
            for k, column in enumerate(columns):
                row[k] = self.op(row[k] + self.op(feature * column))

    def serve(self, query: Vector) -> list[arb]:
        features = self.features(query)
        for k, e in enumerate(self.monomials):
            many = math.factorial(sum(e)) // math.prod(map(math.factorial, e))
            features[k] = self.op(features[k] * self.coefficients[sum(e)] * self.gamma ** sum(e) * many)
        sums: list[arb] = []
        for centre, table in self.tables.values():
            score = self.gamma * sum(x * c for x, c in zip(query, centre, strict=True))
            self.flops += 2 * self.head_dim + 1
            weight = ball(score).exp()
            columns = [sum(f * row[k] for f, row in zip(features, table, strict=True)) for k in range(len(table[0]))]
            self.flops += 2 * len(features) * len(columns)
            sums = [a + weight * ball(c) for a, c in zip(sums or [arb(0)] * len(columns), columns, strict=True)]
            self.flops += 2 * len(columns)
        self.flops += len(sums) - 1
        return [total / sums[-1] for total in sums[:-1]]


def instance(head_dim: int, parts: int, sizes: tuple[int, ...], radius: Fraction, seed: int):
    """Random keys whose every block fills as many cells as it can, queries mostly on the faces of the box, values."""
    chance = random.Random(seed)
    cells = itertools.cycle(itertools.product(range(parts), repeat=head_dim))
    step = 2 * radius / parts
    keys, queries, values = [], [], []
    for _ in range(sum(sizes)):
        # a key on the upper face of the box belongs to the last cell, any other face to the cell above it
        sixteenths = [(i, chance.randrange(0, 17 if i == parts - 1 else 16)) for i in next(cells)]
        keys.append([i * step + step * Fraction(k, 16) - radius for i, k in sixteenths])
        faces = [radius, -radius, radius * Fraction(chance.randrange(-8, 9), 8)]
        queries.append([chance.choice(faces) for _ in range(head_dim)])
        values.append([Fraction(chance.randrange(-8, 9), 8) for _ in range(head_dim)])
    return keys, queries, values


CASES = [
    (1, 1, (3,), 3),
    (1, 4, (2, 6), 6),
    (2, 2, (4, 9), 4),
    (2, 3, (5, 12), 5),
    (3, 2, (8, 4), 3),
    (3, 1, (2, 3), 1),
]


@pytest.mark.parametrize(("head_dim", "parts", "sizes", "bound"), CASES)
def test_the_executed_method_keeps_its_promise_and_its_count(head_dim, parts, sizes, bound):
    radius, delta = Fraction(3, 2), Fraction(1, 20)
    gamma, eps = Fraction(bound) / (head_dim * radius**2), relative_error_for(delta)
    reach = cell_reach(Fraction(bound), parts, head_dim=head_dim)
    coefficients = minimax(reach, eps)
    degree = sufficient_degree(reach, eps).degree
    assert len(coefficients) == degree + 1
    keys, queries, values = instance(head_dim, parts, sizes, radius, seed=head_dim * 10 + parts)
    run = Run(head_dim, parts, radius, gamma, coefficients)
    served, largest = 0, Fraction(0)
    for size in sizes:
        block = range(served, served + size)
        served += size
        for j in block:
            run.insert(keys[j], values[j])
        for i in block:
            outputs = run.serve(queries[i])
            with ctx.workprec(200):
                scores = [gamma * sum(x * y for x, y in zip(queries[i], key, strict=True)) for key in keys[:served]]
                weights = [ball(score).exp() for score in scores]
                total = sum(weights, arb(0))
                for k, output in enumerate(outputs):
                    exact = sum((w * ball(values[j][k]) for j, w in enumerate(weights)), arb(0)) / total
                    assert abs(output - exact) <= ball(delta)
                for key in keys[:served]:
                    centre = nearest_centre(run, key)
                    inner = gamma * sum(x * (y - c) for x, y, c in zip(queries[i], key, centre, strict=True))
                    largest = max(largest, abs(inner))
                    value = sum(c * inner**k for k, c in enumerate(coefficients))
                    assert abs(ball(value) * (-ball(inner)).exp() - 1) <= ball(eps)
    assert largest <= reach
    assert largest > reach / 2  # the queries on the faces come near the end of the interval
    assert run.flops == cell_flops(Blocks(sizes), head_dim, parts, degree)


def nearest_centre(run: Run, key: Vector) -> Vector:
    """The centre of a cell that holds the key; keys on a common face may lie in either."""
    step = 2 * run.radius / run.parts
    return [min(math.floor((y + run.radius) / step), run.parts - 1) * step + step / 2 - run.radius for y in key]


def test_empty_cells_only_save_work():
    run = Run(1, 8, Fraction(1), Fraction(1), [Fraction(1), Fraction(1)])
    for _ in range(5):
        run.insert([Fraction(1, 3)], [Fraction(1)])
    for _ in range(5):
        run.serve([Fraction(1)])
    assert run.flops < cell_flops(Blocks((5,)), 1, 8, 1)


def test_the_weights_of_the_method_imply_delta_by_the_softmax_lemma():
    for delta in (Fraction(1, 20), Fraction(1, 3), Fraction(3, 2)):
        assert l1_bound_from_relative_error(relative_error_for(delta)) == delta


def test_query_cells_against_a_loop():
    for sizes in ((1,), (5,), (1, 4, 9, 16), (16, 1, 1, 40)):
        seen = list(itertools.accumulate(sizes))
        for cells in (*range(1, 80), 10**9):
            assert Blocks(sizes).query_cells(cells) == sum(n * min(cells, s) for n, s in zip(sizes, seen, strict=True))
    pairs = Blocks((1, 4, 16)).query_cells(10**9)
    assert pairs == 1 + 4 * 5 + 16 * 21  # with a cell for every key these are the pairs of exact attention


def test_one_cell_is_the_polynomial_method_with_its_shift():
    for head_dim, degree in itertools.product((1, 2, 3), (0, 1, 4)):
        rank = math.comb(head_dim + degree, degree)
        shift = 5 * head_dim + 2 * head_dim + 1 + 2 * (head_dim + 1)
        per_token = cell_flops(Blocks((50,)), head_dim, 1, degree) - 50 * (shift + rank)
        assert per_token == polynomial_flops(50, head_dim, degree) - rank * (head_dim + 1)


QUESTIONS = [
    ((900,), 1, "12", "1/100", False),
    ((900,), 1, "90", "1/100", True),
    ((1, 4, 9, 64, 400), 2, "40", "1/1000", False),
    ((1, 4, 9, 64, 400), 2, "9", "1/10", True),
    ((5000,), 3, "30", "1/50", False),
    ((64,), 3, "300", "1/10", True),
    ((10**6,), 2, "1/1000", "1/100", False),
    ((10**6,), 2, "30", "95/100", False),
]


@pytest.mark.parametrize(("sizes", "head_dim", "bound", "eps", "unit_vectors"), QUESTIONS)
def test_the_best_cut_is_the_best_of_all(sizes, head_dim, bound, eps, unit_vectors):
    bound, eps = Fraction(bound), Fraction(eps)
    blocks = Blocks(sizes)
    best = cell_flops(blocks, head_dim, 10**9, 0)  # constants in so many cells that every key has its own
    for parts in itertools.count(1):
        if cell_flops(blocks, head_dim, parts, 0) >= best:
            break  # no larger m does less
        reach = cell_reach(bound, parts, head_dim=head_dim, unit_vectors=unit_vectors)
        degree = sufficient_degree(reach, eps).degree
        if degree <= MAX_CELL_DEGREE:
            best = min(best, cell_flops(blocks, head_dim, parts, degree))
    found = best_cell_method(blocks, head_dim, bound, eps, unit_vectors=unit_vectors)
    assert found is not None
    # above 9/10 the sufficient degree is rounded, the search is not
    assert found.flops == best if eps <= Fraction(9, 10) else found.flops <= best
    assert found.flops == cell_flops(blocks, head_dim, found.parts, found.degree)
    reach = cell_reach(bound, found.parts, head_dim=head_dim, unit_vectors=unit_vectors)
    assert found.degree <= MAX_CELL_DEGREE
    if found.degree:
        assert best_error(found.degree, reach, "rel").upper <= eps
    else:
        assert ball(reach).tanh() <= ball(eps)
        more = cell_reach(bound, max(1, found.parts - 1), head_dim=head_dim, unit_vectors=unit_vectors)
        assert found.parts == 1 or ball(more).tanh() > ball(eps)


def test_more_error_or_smaller_scores_never_cost_more():
    blocks = Blocks((1, 4, 16, 64, 256))
    for head_dim in (1, 2, 3):
        by_eps = [best_cell_method(blocks, head_dim, Fraction(15), Fraction(1, 10**k)).flops for k in range(5)]
        assert by_eps == sorted(by_eps)
        by_bound = [best_cell_method(blocks, head_dim, Fraction(b), Fraction(1, 100)).flops for b in (1, 3, 10, 30, 99)]
        assert by_bound == sorted(by_bound)


def test_it_beats_exact_attention_where_it_should_and_does_not_where_it_cannot():
    large, small = Blocks((4096,)), Blocks((16,))
    assert best_cell_method(large, 2, Fraction(20), Fraction(1, 100)).flops < exact_flops(4096, 2)
    assert best_cell_method(small, 3, Fraction(200), Fraction(1, 100)).flops > exact_flops(16, 3)


def test_unit_vectors_stay_within_their_reach():
    for d, root in ROOTS.items():
        assert d <= root**2 < d * Fraction(1001, 1000)
    assert cell_reach(Fraction(7), 1, head_dim=3, unit_vectors=True) == 7
    units = [(Fraction(3, 5), Fraction(4, 5)), (Fraction(1), Fraction(0)), (Fraction(-20, 29), Fraction(21, 29))]
    for x, y, parts in itertools.product(units, units, (2, 3, 5, 8)):
        centre = [
            min(math.floor((c + 1) * parts / 2), parts - 1) * Fraction(2, parts) + Fraction(1, parts) - 1 for c in y
        ]
        inner = 7 * abs(sum(a * (b - c) for a, b, c in zip(x, y, centre, strict=True)))
        assert inner <= cell_reach(Fraction(7), parts, head_dim=2, unit_vectors=True)
    # attained, up to the rounding of the root, by the offset to a corner and the query along it
    reach = cell_reach(Fraction(1), 4, head_dim=2, unit_vectors=True)
    assert 2 * Fraction(1, 4) ** 2 <= reach**2 < 2 * Fraction(1, 4) ** 2 * Fraction(1001, 1000)


def test_larger_head_dimensions_have_no_cell_method():
    assert best_cell_method(Blocks((4, 5)), 4, Fraction(1), Fraction(1, 2)) is None


def test_any_relative_error_needs_one_cell_with_a_constant():
    found = best_cell_method(Blocks((64,)), 3, Fraction(10**9), Fraction(1))
    assert (found.parts, found.degree) == (1, 0)


@pytest.mark.parametrize("arguments", [(4, 1, 0), (0, 1, 0), (2, 0, 0), (2, 1.0, 0), (2, 1, -1), (True, 1, 0)])
def test_sizes_that_make_no_sense_are_refused(arguments):
    with pytest.raises(InputError):
        cell_flops(Blocks((4,)), *arguments)
    with pytest.raises(InputError):
        cell_flops(Blocks((4,)), 2, 1, 0, value_dim=0)


@pytest.mark.parametrize("sizes", [(), (0,), (4, -1), (2.0,)])
def test_blocks_are_positive_counts(sizes):
    with pytest.raises(InputError, match="blocks"):
        Blocks(sizes)
