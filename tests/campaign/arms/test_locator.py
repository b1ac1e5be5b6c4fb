"""The cell of a point is the one whose restricted space holds it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from varproof.campaign.arms.locator import locator
from varproof.campaign.chunk import cell_text
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

SPACE = Space(
    {
        "keys": Integer(2, 64, log=True),
        "few": Integer(0, 2),
        "rho": Real(0.5, 8.0, log=True),
        "kind": Choice(("a", Fraction(1, 3), 2)),
        "seed": Seed(),
    }
)
NAMES = ("rho", "kind", "keys", "few")


def test_every_point_of_a_cell_is_found_there() -> None:
    where = locator(SPACE, NAMES)
    rng = np.random.default_rng(0)
    cells = SPACE.cells(NAMES)
    assert len(cells) == 4 * 3 * 4 * 3
    for cell in cells:
        point = SPACE.restricted(cell).sample(rng)
        assert where(point) == cell_text(cell)


@pytest.mark.parametrize(
    "point",
    [
        {"keys": 65, "few": 0, "rho": 1.0, "kind": "a"},
        {"keys": 4, "few": 0, "rho": 1.0, "kind": "c"},
        {"keys": 4, "few": 0, "rho": 1.0},
        {"keys": "a", "few": 0, "rho": 1.0, "kind": "a"},
    ],
)
def test_points_outside_lie_nowhere(point: Point) -> None:
    assert locator(SPACE, NAMES)(point) is None


def test_edges_belong_to_one_cell_and_no_axes_to_the_whole_map() -> None:
    edge = SPACE.bins("rho")
    labels = list(edge)
    assert locator(SPACE, ("rho",))({"rho": edge[labels[0]].high}) == f"rho={labels[0]}"  # type: ignore[union-attr]
    assert locator(SPACE, ("rho",))({"rho": 8.0}) == f"rho={labels[-1]}"
    assert locator(SPACE, ())({}) == ""
