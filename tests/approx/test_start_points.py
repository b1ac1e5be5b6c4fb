"""Start points: increasing, with both ends, and near the true extremes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from varproof.approx.exchange import Exchange
from varproof.approx.start_points import start_points


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("degree", [0, 1, 2, 7, 40, 200])
@pytest.mark.parametrize("bound", [1e-300, 1e-6, 0.5, 8.0, 64.0, 1000.0])
def test_increasing_with_both_ends(kind, degree, bound):
    points = start_points(degree, bound, kind)
    assert points.shape == (degree + 2,)
    assert (points[0], points[-1]) == (-1.0, 1.0)
    assert (np.diff(points) > 0).all()


@pytest.mark.parametrize(
    ("degree", "bound", "kind", "distance"),
    [(12, 4, "rel", 0.02), (12, 4, "abs", 0.01), (30, 16, "rel", 0.02), (6, 1, "abs", 0.002), (6, 16, "rel", 0.15)],
)
def test_near_the_true_extremes(degree, bound, kind, distance):
    problem = Exchange(degree, Fraction(bound), kind, 80)
    for _ in range(6):
        problem.step()
    true = np.array([float(t) for t in problem.points])
    assert abs(start_points(degree, float(bound), kind) - true).max() < distance


def test_tiny_bounds_give_chebyshev_points():
    assert np.allclose(
        start_points(9, 1e-9, "rel"), -np.cos(np.pi * np.arange(11) / 10), atol=1e-3
    )  # the exchange does the rest
