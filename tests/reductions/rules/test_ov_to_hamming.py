"""Three bits a coordinate: h = d + 2 <a, b> for all pairs, also far from the gap."""

from __future__ import annotations

from itertools import product

import numpy as np

from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_hamming import RULE


def test_the_distance_is_d_plus_twice_the_inner_product() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        rows, columns, dim = (int(x) for x in rng.integers(0, 7, 3))
        left, right = (rng.integers(0, 2, (each, dim), dtype=np.uint8) for each in (rows, columns))
        mapped = RULE.forward(OrthogonalVectors.from_bits(left, right), {})
        target = mapped.targets[0]
        distances = (target.left_bits[:, None, :] != target.right_bits[None, :, :]).sum(axis=2)
        assert np.array_equal(distances, dim + 2 * (left.astype(int) @ right.astype(int).T))
        assert (target.threshold, target.left.dim) == (dim, 3 * dim)
        assert mapped.operations == 4 * (rows + columns) * dim


def test_structure_names_a_wrong_bit() -> None:
    instance = OrthogonalVectors.from_bits([[1, 0]], [[0, 1]])
    assert RULE.structure is not None
    assert RULE.structure(instance, RULE.forward(instance, {})) == []
    (mutant,) = [each for each in RULE.mutants if each.name == "left rows in the right code"]
    assert mutant.forward is not None
    assert RULE.structure(instance, mutant.forward(instance, {})) == ["left has three bits that are no code"]


def test_two_bits_a_coordinate_are_not_enough() -> None:
    """Of all words, three pairs equally far and the fourth farther: from three bits on, as the page says."""
    for bits, wanted in ((1, False), (2, False), (3, True)):
        found = False
        for x0, x1, y0, y1 in product(range(2**bits), repeat=4):
            near = {(x0 ^ y0).bit_count(), (x0 ^ y1).bit_count(), (x1 ^ y0).bit_count()}
            found = found or (len(near) == 1 and (x1 ^ y1).bit_count() > min(near))
        assert found is wanted
