"""Relative tables: the error is proved, tight, nearly the best of the degree, and the degree is the least."""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction

import pytest
from flint import arb, ctx

from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import relative_lower
from varproof.attention.tables import cache as table_cache
from varproof.attention.tables import relative as polynomial_table
from varproof.attention.tables.bound_grid import grid_above
from varproof.attention.tables.relative import RelativeTable, proved_error, relative_table, relative_table_for
from varproof.base.errors import InputError

CASES = [(2.0**-16, 1), (0.01, 2), (0.5, 0), (0.5, 3), (1.0, 2), (1.0, 3), (1.0, 9), (2.0, 6), (4.0, 10), (8.0, 13)]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VARPROOF_CACHE_DIR", str(tmp_path))
    relative_table.cache_clear()
    yield
    relative_table.cache_clear()


def sampled_error(table: RelativeTable, count: int = 2000) -> tuple[Fraction, Fraction]:
    """The largest |p e^-s - 1| over Chebyshev points, enclosed: (lower end, upper end)."""
    lows, highs = [], []
    with ctx.workprec(256):
        coefficients = [arb(a) for a in table.coefficients]
        for j in range(count + 1):
            t = arb(math.cos(math.pi * j / count))
            value = arb(0)
            for a in reversed(coefficients):
                value = value * t + a
            error = abs(value * (-arb(table.bound) * t).exp() - 1)
            lows.append(_fraction(error.lower()))
            highs.append(_fraction(error.upper()))
    return max(lows), max(highs)


def _fraction(x: arb) -> Fraction:
    mantissa, exponent = x.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


@pytest.mark.parametrize(("bound", "degree"), CASES)
def test_the_error_is_above_all_samples_and_close_to_the_largest(bound, degree):
    table = relative_table(grid_above(bound), degree)
    low, _high = sampled_error(table)
    assert low <= Fraction(table.error)
    assert Fraction(table.error) <= low * Fraction(101, 100)
    assert len(table.coefficients) == degree + 1


@pytest.mark.parametrize(("bound", "degree"), CASES)
def test_nearly_the_best_error_of_the_degree(bound, degree):
    half = grid_above(bound)
    best = best_error(degree, Fraction(half), "rel")
    # error(g) <= upper side of g, and no polynomial of degree g is below the lower side of best_error(g)
    assert Fraction(relative_table(half, degree).error) <= best.upper * Fraction(1001, 1000)
    assert Fraction(relative_table(half, degree).error) >= best.lower


def test_the_proof_is_about_the_floats_given():
    table = relative_table(1.0, 3)
    moved = list(table.coefficients)
    moved[2] *= 1 + 1e-6
    assert proved_error(1.0, tuple(moved)) > table.error * (1 + 1e-5)
    # rounding up: the float is at least the enclosure's upper end, by less than one ulp
    assert table.error == proved_error(1.0, table.coefficients)


@pytest.mark.parametrize("eps", [0.7, 0.1, 1e-2, 5.1e-3, 4.9e-3, 1e-5, 1e-9, 1e-11])
@pytest.mark.parametrize("bound", [0.0, 0.03, 0.77, 1.0, 1.5, 3.3, 6.0])
def test_the_least_degree(bound, eps):
    table = relative_table_for(bound, eps)
    assert table is not None
    assert table.bound == grid_above(bound)
    assert table.error <= eps
    if table.degree:
        assert relative_table(table.bound, table.degree - 1).error > eps


def test_the_least_degree_at_random_and_at_the_error_itself():
    rng = random.Random(5)
    for _ in range(12):
        half = grid_above(math.exp(rng.uniform(-3, 2)))
        table = relative_table(half, rng.randint(1, 9))
        found = relative_table_for(half, table.error)
        assert found is table
        below = relative_table_for(half, math.nextafter(table.error, 0))
        assert below is not None
        assert below.degree == table.degree + 1


def test_what_cannot_be_reached_is_none():
    for bound, eps in [
        (1.0, 0.0),
        (1.0, -1.0),
        (1.0, math.nan),
        (1.0, 1e-40),
        (8.0, 1e-12),
        (16.0, 1e-8),
        (100.0, 0.5),
    ]:
        assert relative_table_for(bound, eps) is None
    # and it is the rounding of the coefficients that stops it: the best polynomial is much better
    assert relative_lower(25, 8) < 1e-10 < relative_table(8.0, 25).error * 10


def test_bad_questions():
    for bound, degree in [(0.0, 1), (-1.0, 1), (math.nan, 1), (705.0, 1), (1.0, -1), (1.0, 65)]:
        with pytest.raises(InputError):
            relative_table(bound, degree)
    for bound in (-1.0, math.nan, math.inf):
        with pytest.raises(InputError):
            relative_table_for(bound, 0.1)


def test_far_below_the_bound_the_error_is_still_proved():
    table = relative_table(30.0, 5)
    assert sampled_error(table, 300)[0] <= Fraction(table.error)
    assert table.error < 1.1


def count_builds(monkeypatch) -> list[int]:
    made = []
    build = polynomial_table._build

    def counting(bound: float, degree: int) -> RelativeTable:
        made.append(degree)
        return build(bound, degree)

    monkeypatch.setattr(polynomial_table, "_build", counting)
    return made


@pytest.mark.parametrize("degree", [3, 12])
def test_the_disk_gives_the_same_table_without_building(monkeypatch, degree):
    made = count_builds(monkeypatch)
    first = relative_table(1.0, degree)
    relative_table.cache_clear()
    second = relative_table(1.0, degree)
    assert first == second
    assert first is not second
    assert made == [degree]


def rewrite(degree: int, change) -> None:
    """Change the stored content and give it a correct checksum: what only a proof can notice."""
    key = {"bound": (1.0).hex(), "degree": str(degree)}
    content = table_cache.load("relative", key)
    change(content)
    table_cache.store("relative", key, content)
    relative_table.cache_clear()


def lower_the_error(content) -> None:
    content["error"] = (float.fromhex(content["error"]) * 0.99).hex()


def move_a_coefficient(content) -> None:
    content["coefficients"][1] = (float.fromhex(content["coefficients"][1]) * (1 + 1e-6)).hex()


def drop_a_coefficient(content) -> None:
    content["coefficients"].pop()


def infinite_coefficient(content) -> None:
    content["coefficients"][0] = "inf"


def negative_error(content) -> None:
    content["error"] = "-0x1p-3"


def numbers_for_text(content) -> None:
    content["error"] = 0.5


def no_error(content) -> None:
    del content["error"]


@pytest.mark.parametrize(
    "change",
    [
        lower_the_error,
        move_a_coefficient,
        drop_a_coefficient,
        infinite_coefficient,
        negative_error,
        numbers_for_text,
        no_error,
    ],
)
def test_a_wrong_table_of_low_degree_with_a_right_checksum_is_built_again(monkeypatch, change):
    good = relative_table(1.0, 3)
    rewrite(3, change)
    made = count_builds(monkeypatch)
    assert relative_table(1.0, 3) == good
    assert made == [3]
    # and the file is repaired
    relative_table.cache_clear()
    assert relative_table(1.0, 3) == good
    assert made == [3]


@pytest.mark.parametrize("change", [drop_a_coefficient, infinite_coefficient, negative_error, no_error])
def test_a_malformed_table_of_high_degree_is_built_again(monkeypatch, change):
    good = relative_table(1.0, 10)
    rewrite(10, change)
    made = count_builds(monkeypatch)
    assert relative_table(1.0, 10) == good
    assert made == [10]


def test_coefficients_changed_without_the_checksum_are_noticed(monkeypatch):
    good = relative_table(1.0, 10)
    path = table_cache.table_path("relative", {"bound": (1.0).hex(), "degree": "10"})
    data = json.loads(path.read_text())
    move_a_coefficient(data["content"])
    path.write_text(json.dumps(data))
    relative_table.cache_clear()
    made = count_builds(monkeypatch)
    assert relative_table(1.0, 10) == good
    assert made == [10]


@pytest.mark.parametrize(("bound", "degree"), [(14.0, 3), (8.0, 2), (10.0, 3), (12.0, 5), (64.0, 10)])
def test_no_table_is_worse_than_the_zero_polynomial(bound: float, degree: int) -> None:
    table = relative_table(bound, degree)
    assert table.error <= 1.0
    assert proved_error(bound, table.coefficients) <= table.error
