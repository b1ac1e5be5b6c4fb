"""Rows of many families at once."""

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.families.matrices import FAMILIES, draw
from varproof.families.rows import draw_rows


def some(count, seed=0):
    rng = np.random.default_rng(seed)
    names = [tuple(FAMILIES)[int(i)] for i in rng.integers(len(FAMILIES), size=count)]
    return names, rng.integers(1, 40, size=count), rng.uniform(0.0, 5.0, size=count)


def test_rows_keep_to_their_sizes_and_bounds():
    names, sizes, bounds = some(300)
    rows = draw_rows(names, sizes, bounds, np.random.default_rng(1))
    assert rows.shape == (300, sizes.max())
    assert (np.abs(rows) <= bounds[:, None]).all()
    assert (rows[np.arange(rows.shape[1]) >= sizes[:, None]] == 0).all()
    for name, size, bound, row in zip(names, sizes, bounds, rows, strict=True):
        if name in ("constant", "aligned", "signs", "alternating", "walsh"):
            assert set(np.abs(row[:size])) == {bound}
    assert (rows == draw_rows(names, sizes, bounds, np.random.default_rng(1))).all()


def test_a_row_does_not_depend_on_what_else_is_drawn_when_the_generator_is_the_same():
    alone = draw_rows(["gaussian"], np.array([8]), np.array([1.0]), np.random.default_rng(2))
    assert (alone[0] == draw("gaussian", (8,), 1.0, np.random.default_rng(2))).all()


def test_most_rows_reach_their_bound():
    names, sizes, bounds = ["one-hot"] * 500, np.full(500, 33), np.full(500, 2.0)
    reached = np.abs(draw_rows(names, sizes, bounds, np.random.default_rng(3))).max(axis=1) == 2.0
    assert 0.4 < reached.mean() < 0.65  # 33 of 64 entries are kept


def test_nothing_and_junk():
    assert draw_rows([], np.array([], dtype=int), np.array([]), np.random.default_rng(0)).shape == (0, 0)
    with pytest.raises(InputError):
        draw_rows(["gaussian"], np.array([1, 2]), np.array([1.0]), np.random.default_rng(0))
    with pytest.raises(InputError):
        draw_rows(["gaussian"], np.array([0]), np.array([1.0]), np.random.default_rng(0))
    with pytest.raises(InputError):
        draw_rows(["nothing"], np.array([2]), np.array([1.0]), np.random.default_rng(0))
