"""Weighted tables: the majorant holds for the floats, no linear programme finds a better pair, the law is as stated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flint import arb, ctx
from scipy import integrate, optimize, special

from varproof.attention.tables import cache as table_cache
from varproof.attention.tables import weighted as module
from varproof.attention.tables.majorant_check import majorant_holds
from varproof.attention.tables.relative import relative_table
from varproof.attention.tables.weighted import hermite, nodes, predicted, weighted_table
from varproof.base.errors import CertificateError, InputError

CASES = [(1.0, 1, 16.0), (1.0, 2, 16.0), (1.0, 3, 16.0), (2.0, 1, 8.0), (2.0, 4, 8.0), (0.5, 2, 2.0), (4.0, 5, 32.0)]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VARPROOF_CACHE_DIR", str(tmp_path))
    weighted_table.cache_clear()
    yield
    weighted_table.cache_clear()


def law(dimension: float):
    """The density of t, normalised."""
    power = (dimension - 3) / 2
    total = special.beta(0.5, (dimension - 1) / 2)
    return lambda t: (1 - t * t) ** power / total


@pytest.mark.parametrize("dimension", [1.5, 2.0, 3.0, 16.0, 100.0])
@pytest.mark.parametrize("bound", [2.0**-16, 0.3, 1.0, 5.0, 20.0])
def test_every_degree_is_proved(bound, dimension):
    for degree in (0, 1, 2, 5, 8, 13):
        table = weighted_table(bound, degree, dimension)
        assert len(table.coefficients) == len(table.weights) == degree + 1
        assert majorant_holds(table.coefficients, table.weights, bound)


@pytest.mark.parametrize(("bound", "degree", "dimension"), CASES)
def test_the_majorant_at_samples(bound, degree, dimension):
    table = weighted_table(bound, degree, dimension)
    with ctx.workprec(200):
        for j in range(501):
            t = arb(math.cos(math.pi * j / 500))
            p = sum((arb(a) * t**k for k, a in enumerate(table.coefficients)), arb(0))
            w = sum((arb(a) * t**k for k, a in enumerate(table.weights)), arb(0))
            assert abs(p - (arb(bound) * t).exp()) <= w


@pytest.mark.parametrize(("bound", "degree", "dimension"), CASES)
def test_no_linear_programme_finds_a_better_pair(bound, degree, dimension):
    t = np.cos(np.pi * np.arange(1001) / 1000)
    powers = t[:, None] ** np.arange(degree + 1)
    moments = np.array([0.0 if k % 2 else moment(k, dimension) for k in range(degree + 1)])
    found = optimize.linprog(
        np.concatenate([np.zeros(degree + 1), moments]),
        A_ub=np.block([[powers, -powers], [-powers, -powers]]),
        b_ub=np.concatenate([np.exp(bound * t), -np.exp(bound * t)]),
        bounds=(None, None),
        method="highs",
    )
    best = found.fun / special.hyp0f1(dimension / 2, bound**2 / 4)
    mine = weighted_table(bound, degree, dimension).predicted
    # fewer constraints: the programme's value is below the true optimum, by about (step of the grid)^2 of W
    assert best * (1 - 1e-7) <= mine <= best * (1 + 1e-3) + 1e-8


def moment(k: int, dimension: float) -> float:
    """E[t^k] = (1/2)_{k/2} / (dimension/2)_{k/2} for even k."""
    return float(special.poch(0.5, k // 2) / special.poch(dimension / 2, k // 2))


@pytest.mark.parametrize("dimension", [2.5, 3.0, 4.0, 16.0])
def test_predicted_is_the_mean_of_the_law(dimension):
    table, density = weighted_table(1.5, 3, dimension), law(dimension)

    def weight(t: float) -> float:
        return sum(a * t**k for k, a in enumerate(table.weights))

    top = integrate.quad(lambda t: weight(t) * density(t), -1, 1, limit=200)[0]
    bottom = integrate.quad(lambda t: math.exp(1.5 * t) * density(t), -1, 1, limit=200)[0]
    assert table.predicted == pytest.approx(top / bottom, rel=1e-6)
    assert table.predicted == predicted(table.weights, 1.5, dimension)


def test_predicted_against_sampled_unit_vectors():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20000, 16))
    t = x[:, 0] / np.linalg.norm(x, axis=1)
    table = weighted_table(1.0, 2, 16.0)
    weights = np.polynomial.polynomial.polyval(t, table.weights)
    assert weights.sum() / np.exp(t).sum() == pytest.approx(table.predicted, rel=0.03)
    # what the table is for: lower than the relative error of the same degree where scores are mostly small
    assert table.predicted < relative_table(1.0, 2).error / 3


def test_nodes_are_inside_increasing_and_doubled():
    for dimension in (1.001, 2.0, 7.0, 1024.0):
        for degree in range(13):
            below, above = nodes(degree, dimension)
            for points in (below, above):
                assert len(points) == degree + 1
                assert points == sorted(points)
                assert all(-1 <= t <= 1 for t in points)
            single = [[t for t in points if points.count(t) == 1] for points in (below, above)]
            assert single == ([[], [-1.0, 1.0]] if degree % 2 else [[-1.0], [1.0]])


def test_hermite_interpolates_values_and_slopes():
    with ctx.workprec(200):
        polynomial = hermite([-1.0, -0.25, -0.25, 0.5, 0.5], 2.0)
        assert polynomial.degree() == 4
        for t in (-1.0, -0.25, 0.5):
            assert abs(polynomial(arb(t)) - (2 * arb(t)).exp()) < 1e-50
        for t in (-0.25, 0.5):
            assert abs(polynomial.derivative()(arb(t)) - 2 * (2 * arb(t)).exp()) < 1e-50


def test_bad_questions():
    for bound, degree, dimension in [
        (0.0, 1, 4.0),
        (33.0, 1, 4.0),
        (math.nan, 1, 4.0),
        (1.0, -1, 4.0),
        (1.0, 33, 4.0),
        (1.0, 1, 1.0),
        (1.0, 1, 1025.0),
        (1.0, 1, math.nan),
    ]:
        with pytest.raises(InputError):
            weighted_table(bound, degree, dimension)


def test_a_pair_that_is_not_proved_is_never_returned(monkeypatch):
    tried = []

    def refuse(coefficients, weights, bound):
        tried.append(weights[0])
        return False

    monkeypatch.setattr(module, "majorant_holds", refuse)
    with pytest.raises(CertificateError):
        weighted_table(1.0, 2, 16.0)
    assert tried == sorted(tried)
    assert tried[-1] > tried[0]


@pytest.mark.parametrize("degree", [2, 7])
def test_the_disk_gives_the_same_table(monkeypatch, degree):
    first = weighted_table(1.0, degree, 16.0)
    weighted_table.cache_clear()
    monkeypatch.setattr(module, "_build", None)  # a build now would fail
    second = weighted_table(1.0, degree, 16.0)
    assert first == second
    assert first is not second


def lower_the_majorant(content) -> None:
    content["weights"] = [(float.fromhex(w) * 0.99).hex() for w in content["weights"]]


def move_a_coefficient(content) -> None:
    content["coefficients"][1] = (float.fromhex(content["coefficients"][1]) * (1 + 1e-6)).hex()


def drop_a_weight(content) -> None:
    content["weights"].pop()


def not_a_number(content) -> None:
    content["weights"][0] = "nan"


def no_weights(content) -> None:
    del content["weights"]


@pytest.mark.parametrize("change", [lower_the_majorant, move_a_coefficient, drop_a_weight, not_a_number, no_weights])
def test_a_wrong_table_with_a_right_checksum_is_built_again(change):
    good = weighted_table(1.0, 2, 16.0)
    key = {"bound": (1.0).hex(), "degree": "2", "dimension": (16.0).hex()}
    content = table_cache.load("weighted", key)
    change(content)
    table_cache.store("weighted", key, content)
    assert table_cache.load("weighted", key) == content
    weighted_table.cache_clear()
    assert weighted_table(1.0, 2, 16.0) == good
    assert table_cache.load("weighted", key) != content
