"""The worst-ratio arm: from random starts far below to the known supremum of tight inequalities."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance, Judgement, Measurement
from varproof.claims.model import Case
from varproof.families.space import Integer, Point, Real, Seed, Space

Array = NDArray[Any]
RHO = 16.0


def softmax(weights: Array, factors: Array) -> float:
    """Multipliers in [1, rho] move normalised weights by at most 2 tanh(ln(rho)/4) in l1: two groups."""
    moved = weights * factors
    return float(abs(moved / moved.sum() - weights / weights.sum()).sum() / (2 * math.tanh(math.log(RHO) / 4)))


def cauchy_schwarz(x: Array, y: Array) -> float:
    """x.y <= |x| |y|: parallel vectors."""
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))


def means(x: Array) -> float:
    """Geometric mean <= arithmetic mean: all equal."""
    return float(np.exp(np.log(x).mean()) / x.mean())


def determinant(x: Array) -> float:
    """|det| <= n^(n/2) for entries in [-1, 1] (Hadamard): n = 4, orthogonal signs."""
    return float(abs(np.linalg.det(x)) / 16)


def variance(x: Array) -> float:
    """Variance on [0, 1] <= 1/4 (Popoviciu): half at each end."""
    return float(4 * x.var())


def grothendieck(x: Array) -> float:
    """Largest row sum of a matrix with entries in [-1, 1] <= its number of columns: one aligned row."""
    return float(x.sum(axis=1).max() / x.shape[1])


def frobenius(x: Array) -> float:
    """Frobenius norm <= sqrt(rank) times the spectral norm: equal singular values, 3 x 3."""
    return float(np.linalg.norm(x) / (math.sqrt(3) * np.linalg.norm(x, 2)))


def holder(x: Array, y: Array) -> float:
    """x.y <= |x|_3 |y|_{3/2}: |y| = |x|^2 with the signs of x."""
    return float(x @ y / (np.linalg.norm(x, 3) * np.linalg.norm(y, 1.5)))


POSITIVE, SIGNED, UNIT = (2.0**-10, 2.0**10), (-1.0, 1.0), (0.0, 1.0)
# the inequality, its boxes, the shape of an array for a size n, sizes, the most that random starts may reach
INEQUALITIES: dict[str, tuple[Callable[..., float], tuple[tuple[float, float], ...], bool, tuple[int, int], float]] = {
    "softmax": (softmax, (POSITIVE, (1.0, RHO)), False, (16, 64), 0.8),
    "Cauchy-Schwarz": (cauchy_schwarz, (SIGNED, SIGNED), False, (16, 64), 0.75),
    "means": (means, (POSITIVE,), False, (8, 32), 0.6),
    "determinant": (determinant, (SIGNED,), True, (4, 4), 0.6),
    "variance": (variance, (UNIT,), False, (16, 64), 0.7),
    "row sum": (grothendieck, (SIGNED,), True, (16, 16), 0.7),
    "Frobenius": (frobenius, (SIGNED,), True, (3, 3), 0.9),
    "Hölder": (holder, (SIGNED, SIGNED), False, (16, 64), 0.8),
}


def subject_of(name: str, toy: Callable[..., Subject], moving: bool = True) -> Subject:
    inequality, boxes, square, (low, high), _ = INEQUALITIES[name]

    def build(point: Point, case: Case) -> Instance:
        rng = np.random.default_rng(int(point["seed"]))
        n = int(point["n"])
        shape = (n, n) if square else (n,)
        drawn = {}
        for place, (least, most) in enumerate(boxes):
            share = 0.5 + (rng.random(shape) - 0.5) * float(point["spread"])
            if least > 0 and most / least > 64:
                drawn[f"x{place}"] = least * (most / least) ** share
            else:
                drawn[f"x{place}"] = least + (most - least) * share
        named = {f"x{place}": box for place, box in enumerate(boxes)}
        return Instance(drawn, boxes=named if moving else {})

    def measure(instance: Instance, case: Case) -> Measurement | None:
        ratio = inequality(*instance.arrays.values())
        return Measurement(ratio, len(instance.arrays["x0"])) if math.isfinite(ratio) else None

    space = Space({"n": Integer(low, high), "spread": Real(0.5, 1.0), "seed": Seed()})
    # rounding may lift a ratio above 1 by a hair; floats are not what is tested here
    return toy(space=space, build=build, measure=measure, cells=(), judge=lambda instance, case: Judgement.PASS)


@pytest.mark.parametrize("name", INEQUALITIES)
def test_reaches_the_supremum_from_starts_far_below(toy: Callable[..., Subject], name: str) -> None:
    subject = subject_of(name, toy)
    random = run_chunk(Chunk("toy", "statement", "iid", (), 0, 200), subject, 0).worst
    assert random is not None
    assert random["ratio"] < INEQUALITIES[name][-1]
    found = run_chunk(Chunk("toy", "statement", "worst-ratio", (), 0, 4000), subject, 0)
    assert found.cases == 4000
    assert found.worst is not None
    assert 0.9 <= found.worst["ratio"] <= 1 + 1e-9


def test_a_loose_bound_stays_loose(toy: Callable[..., Subject]) -> None:
    """Three unit boxes: the sum of squares is at most 3; against 4 nothing above 3/4 can be reported."""

    def build(point: Point, case: Case) -> Instance:
        return Instance({"x": np.random.default_rng(int(point["seed"])).random(3)}, boxes={"x": (-1.0, 1.0)})

    def measure(instance: Instance, case: Case) -> Measurement:
        return Measurement(float((instance.arrays["x"] ** 2).sum() / 4), 3)

    subject = toy(space=Space({"seed": Seed()}), build=build, measure=measure, cells=())
    found = run_chunk(Chunk("toy", "statement", "worst-ratio", (), 0, 500), subject, 0)
    assert found.worst is not None
    assert found.worst["ratio"] == 0.75
    assert found.suspects == 0


def test_points_climb_where_no_array_may_move(toy: Callable[..., Subject], tape: Any) -> None:
    """A peak of width 1/100 in each of two fields, nothing boxed."""

    def build(point: Point, case: Case) -> Instance:
        return Instance(numbers=dict(point))

    def measure(instance: Instance, case: Case) -> Measurement:
        a, b = float(instance.numbers["a"]), float(instance.numbers["b"])
        return Measurement(1 / (1 + 100 * (abs(a - 0.3) + abs(math.log(b) - 1))), int(instance.numbers["n"]))

    space = Space({"a": Real(0, 1), "b": Real(0.1, 100.0, log=True), "n": Integer(1, 5)})
    subject = toy(space=space, build=build, measure=measure, cells=("n",))
    found = run_chunk(Chunk("toy", "statement", "worst-ratio", (), 0, 600), subject, 0, tape)
    random = run_chunk(Chunk("toy", "statement", "iid", (("n", "2"),), 0, 600), subject, 0)
    assert found.worst is not None
    assert random.worst is not None
    assert random.worst["ratio"] < 0.5
    assert found.worst["ratio"] > 0.9
    assert all(space.contains(point) for _, point in tape.cases)
    assert [index for index, _ in tape.cases] == list(range(600))
    assert sum(found.cells.values()) == 600


def test_moved_numbers_are_announced_without_a_point_and_count_for_no_cell(
    toy: Callable[..., Subject], tape: Any
) -> None:
    found = run_chunk(Chunk("toy", "statement", "worst-ratio", (), 0, 300), toy(), 0, tape)
    built = sum(point is not None for _, point in tape.cases)
    assert 50 < built < 250
    assert [index for index, _ in tape.cases] == list(range(300))
    assert found.cases == 300
    assert sum(found.cells.values()) == built
    assert found.worst is not None
    assert found.worst["ratio"] == 1.0
    assert found.worst["point"] is None
    assert "instance" in found.worst
