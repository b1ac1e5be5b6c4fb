"""Packed bits against plain arrays: shapes without rows or columns, word borders, blocks, JSON."""

from __future__ import annotations

import json
import time
import tracemalloc

import numpy as np
import pytest

from reductions.problems import bits
from reductions.problems.bits import BitMatrix
from varproof.base.errors import InputError

SHAPES = [(0, 0), (0, 5), (3, 0), (1, 1), (2, 63), (2, 64), (3, 65), (5, 128), (4, 129)]


def random_bits(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, shape).astype(np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
def test_bits_come_back(shape: tuple[int, int]) -> None:
    array = random_bits(shape)
    matrix = BitMatrix.from_bits(array)
    assert (matrix.rows, matrix.dim) == shape
    assert matrix.to_bits().dtype == np.uint8
    assert np.array_equal(matrix.to_bits(), array)
    assert matrix.ones().tolist() == array.sum(axis=1).tolist()
    assert BitMatrix.from_json(json.loads(json.dumps(matrix.to_json()))) == matrix


@pytest.mark.parametrize("shape", SHAPES)
def test_products_and_distances(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = random_bits(shape, 1), random_bits((7, shape[1]), 2)
    a, b = BitMatrix.from_bits(left), BitMatrix.from_bits(right)
    for block in (1, 8, 15, bits.BLOCK_PAIRS):
        monkeypatch.setattr(bits, "BLOCK_PAIRS", block)
        inner = np.zeros((shape[0], 7), dtype=np.int64)
        for start, part in a.inner_blocks(b):
            inner[start : start + len(part)] += part
        assert np.array_equal(inner, left.astype(int) @ right.T.astype(int))
        distance = np.zeros_like(inner)
        for start, part in a.distance_blocks(b):
            distance[start : start + len(part)] += part
        assert np.array_equal(distance, (left[:, None, :] != right[None, :, :]).sum(axis=2))
        assert list(a.orthogonal_pairs(b)) == [tuple(pair) for pair in np.argwhere(inner == 0).tolist()]


def test_no_rows_on_either_side() -> None:
    none, some = BitMatrix.from_bits([], dim=4), BitMatrix.from_bits([[0, 1, 0, 1]])
    assert list(none.orthogonal_pairs(some)) == list(some.orthogonal_pairs(none)) == []


def test_bit_c_is_in_word_c_div_64() -> None:
    array = np.zeros((1, 130), dtype=np.uint8)
    array[0, [0, 63, 64, 129]] = 1
    assert BitMatrix.from_bits(array).words.tolist() == [[1 | 1 << 63, 1, 2]]


def test_hexadecimal_has_the_lowest_bit_first() -> None:
    assert BitMatrix.from_bits([[1, 0, 0, 0, 0, 0, 0, 0, 0, 1]]).to_json() == {"rows": 1, "dim": 10, "hex": ["0102"]}


@pytest.mark.parametrize("wrong", [[0, 1], [[2]], [[-1]], [[0.5]], [[[0]]], [[0, 1], [0]], [["a"]]])
def test_other_arrays_are_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        BitMatrix.from_bits(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("same", [[[True, False]], [[1.0, 0.0]], np.array([[1, 0]], dtype=np.int64)])
def test_zeros_and_ones_of_other_types_are_taken(same: object) -> None:
    assert BitMatrix.from_bits(same) == BitMatrix.from_bits([[1, 0]])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"rows": 1, "dim": 8, "hex": []},
        {"rows": 1, "dim": 8, "hex": ["0001"]},
        {"rows": 1, "dim": 8, "hex": ["0100"]},
        {"rows": 1, "dim": 8, "hex": [""]},
        {"rows": 1, "dim": 8, "hex": ["zz"]},
        {"rows": 1, "dim": 7, "hex": ["80"]},
        {"rows": True, "dim": 8, "hex": ["00"]},
        {"rows": 1, "dim": -8, "hex": [""]},
        {"rows": 1, "dim": "8", "hex": ["00"]},
    ],
)
def test_wrong_json_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        BitMatrix.from_json(wrong)


def test_bits_beyond_the_dimension_and_wrong_words_are_refused() -> None:
    BitMatrix(np.array([[7]], dtype=np.uint64), 3)
    with pytest.raises(InputError):
        BitMatrix(np.array([[8]], dtype=np.uint64), 3)
    with pytest.raises(InputError):
        BitMatrix(np.zeros((1, 2), dtype=np.uint64), 3)


def test_words_cannot_be_changed_through_the_array_given_or_the_one_kept() -> None:
    words = np.array([[1]], dtype=np.uint64)
    matrix = BitMatrix(words, 1)
    words[0, 0] = 0
    assert matrix.to_bits().tolist() == [[1]]
    with pytest.raises(ValueError, match="read-only"):
        matrix.words[0, 0] = 0


def test_equality_needs_the_same_shape() -> None:
    assert BitMatrix.from_bits([[0, 0]]) != BitMatrix.from_bits([[0, 0, 0]])
    assert BitMatrix.from_bits(np.zeros((2, 0))) != BitMatrix.from_bits(np.zeros((3, 0)))
    assert hash(BitMatrix.from_bits([[0, 1]])) == hash(BitMatrix.from_bits([[0, 1]]))


def test_dimensions_must_agree() -> None:
    with pytest.raises(InputError):
        list(BitMatrix.from_bits([[0]]).inner_blocks(BitMatrix.from_bits([[0, 0]])))


def test_a_search_over_many_rows_holds_one_block_at_a_time() -> None:
    a = BitMatrix.from_bits(np.ones((1 << 11, 100), dtype=np.uint8))
    # one row, without bits, at the end, so that the whole table has to be passed
    words = a.words.copy()
    words[-1] = 0
    b = BitMatrix(words, 100)
    tracemalloc.start()
    began = time.perf_counter()
    pairs = sum(1 for _ in a.orthogonal_pairs(b))
    seconds = time.perf_counter() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pairs == 1 << 11
    assert peak < 32 * bits.BLOCK_PAIRS  # bytes; all 4 million pairs at once would take 64 MiB and more
    assert seconds < 20  # 0.1 s alone on a slow machine; a Python loop over pairs takes minutes
