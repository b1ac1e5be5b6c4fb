"""Moves stay in their boxes, keep types and shapes, and leave the parent as it was."""

from __future__ import annotations

import numpy as np
import pytest

from varproof.campaign.arms.moves import NAMES, moved_instance, moved_point
from varproof.claims.attack import Instance
from varproof.families.space import Choice, Integer, Real, Seed, Space


def parent(size: int) -> Instance:
    rng = np.random.default_rng(5)
    return Instance(
        arrays={
            "wide": rng.uniform(0.001, 1000.0, size),
            "signed": rng.uniform(-2, 3, (size, 3)).astype(np.float32),
            "twin": rng.uniform(-2, 3, (size, 3)),
            "whole": rng.integers(-4, 9, (2, size)),
            "fixed": rng.random(size),
        },
        dimensions={"n": (("wide", 0), ("signed", 0), ("twin", 0), ("whole", 1))},
        boxes={"wide": (0.001, 1000.0), "signed": (-2.0, 3.0), "twin": (-2.0, 3.0), "whole": (-4.0, 8.0)},
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_moves_stay_inside_and_leave_the_parent_alone(name: str, size: int) -> None:
    instance, same = parent(size), parent(size)
    rng = np.random.default_rng(1)
    changed = 0
    for _ in range(200):
        child = moved_instance(instance, name, 0.3, rng)
        for key, array in same.arrays.items():
            assert np.array_equal(instance.arrays[key], array)
        if child is None:
            continue
        for key, array in instance.arrays.items():
            assert child.arrays[key].dtype == array.dtype
            assert child.arrays[key].shape == array.shape
        for key, (low, high) in instance.boxes.items():
            assert (child.arrays[key] >= low).all()
            assert (child.arrays[key] <= high).all()
        assert np.array_equal(child.arrays["fixed"], instance.arrays["fixed"])
        changed += any(not np.array_equal(child.arrays[key], array) for key, array in instance.arrays.items())
    if size > 1:
        assert changed > 60
    if name == "couple" and size == 1:
        assert changed == 0


def test_a_coupled_copy_makes_two_indices_equal_in_all_arrays() -> None:
    child = moved_instance(parent(5), "couple", 0.1, np.random.default_rng(0))
    assert child is not None
    whole = np.column_stack(
        [child.arrays["wide"], child.arrays["signed"], child.arrays["twin"], child.arrays["whole"].T]
    )
    assert len(np.unique(whole, axis=0)) == 4


def test_nothing_to_move() -> None:
    rng = np.random.default_rng(0)
    for instance in (Instance(), Instance({"x": np.ones(3)}), Instance({"x": np.ones(0)}, boxes={"x": (0, 1)})):
        assert all(moved_instance(instance, name, 0.1, rng) is None for name in NAMES)


def test_points_move_inside_their_space_and_every_field_moves() -> None:
    space = Space(
        {
            "few": Integer(0, 2),
            "many": Integer(5, 5000, log=True),
            "real": Real(-1.0, 4.0),
            "scale": Real(1e-6, 1e6, log=True),
            "kind": Choice(("a", "b")),
            "alone": Choice(("x",)),
            "seed": Seed(),
        }
    )
    rng = np.random.default_rng(2)
    point = space.sample(rng)
    before = dict(point)
    moved = [moved_point(space, point, 0.01, rng) for _ in range(500)]
    assert point == before
    assert all(space.contains(one) for one in moved)
    for name in space.fields:
        assert any(one[name] != point[name] for one in moved) == (name != "alone")
    # mostly one field at a time
    single = sum(sum(one[name] != point[name] for name in point) <= 1 for one in moved)
    assert 300 < single < 480
