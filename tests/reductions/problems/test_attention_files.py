"""Files of attention: what is written reads back as the same numbers, and what does not fit is refused with reasons."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reductions.problems import npz_arrays
from reductions.problems.attention import ApproximateAttention
from reductions.problems.attention_files import read_attention
from varproof.base.errors import InputError

EYE = np.eye(2)
FINE = {"q": EYE, "k": EYE, "v": EYE, "delta": "1e-3"}


def written(directory: Path, **arrays: Any) -> Path:
    path = directory / "instance.npz"
    np.savez(path, **arrays)
    return path


def same(one: ApproximateAttention, other: ApproximateAttention) -> bool:
    plain = one.to_json() == other.to_json()
    return plain and all(
        np.array_equal(a, b)
        for a, b in ((one.queries, other.queries), (one.keys, other.keys), (one.values, other.values))
    )


def test_json_and_npz_keep_every_number(tmp_path: Path) -> None:
    for case in islice(ApproximateAttention.samples(9), 60):
        text = json.dumps(case.to_json())
        assert same(case, ApproximateAttention.from_json(json.loads(text)))
        (path,) = case.save(tmp_path, "case")
        assert same(case, read_attention(path))


def test_the_same_instance_gives_the_same_bytes(tmp_path: Path) -> None:
    case = next(ApproximateAttention.samples(1))
    first, second = (case.save(tmp_path, stem)[0].read_bytes() for stem in ("a", "b"))
    assert first == second


def test_extreme_numbers_survive(tmp_path: Path) -> None:
    case = ApproximateAttention(
        np.array([[-(2**63), 2**63 - 1]]), np.array([[5e-324, -1.7e308]]), np.array([[0.1]]), Fraction(3, 7**900)
    )
    assert same(case, ApproximateAttention.from_json(json.loads(json.dumps(case.to_json()))))
    assert same(case, read_attention(case.save(tmp_path, "x")[0]))


def test_a_users_file_needs_q_k_v_and_delta(tmp_path: Path) -> None:
    case = read_attention(written(tmp_path, **FINE))
    assert (case.delta, case.scale, case.levels) == (Fraction(1, 1000), "d", None)
    path = written(tmp_path, q=EYE.astype(np.float32), k=EYE, v=EYE[:, :1])
    with pytest.raises(InputError, match="does not say delta"):
        read_attention(path)
    case = read_attention(path, delta=Fraction(1, 7), scale="one")
    assert (case.delta, case.scale, case.values.shape) == (Fraction(1, 7), "one", (2, 1))


def test_delta_as_a_number_is_taken_exactly(tmp_path: Path) -> None:
    assert read_attention(written(tmp_path, **FINE | {"delta": 0.1})).delta == Fraction(0.1)
    assert read_attention(written(tmp_path, **FINE | {"delta": [1]})).delta == 1


def test_levels_for_all_or_for_queries_and_keys(tmp_path: Path) -> None:
    both = read_attention(written(tmp_path, **FINE, levels=[0, 1])).levels
    assert both is not None
    assert [x.tolist() for x in both] == [[0, 1], [0, 1]]
    two = read_attention(written(tmp_path, **FINE, query_levels=[2, 1], key_levels=[0, 1])).levels
    assert two is not None
    assert [x.tolist() for x in two] == [[2, 1], [0, 1]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"q": None}, "missing q"),
        ({"weights": EYE}, "unknown weights"),
        ({"q": EYE[0]}, "matrix"),
        ({"k": np.zeros((2, 3))}, "fit together"),
        ({"q": np.array([["x", "y"]])}, "matrix"),
        ({"q": EYE * np.nan}, "not all finite"),
        ({"q": EYE.astype(np.complex128)}, "matrix"),
        ({"delta": "0"}, "positive"),
        ({"delta": "small"}, "not a rational"),
        ({"delta": np.nan}, "exact"),
        ({"delta": ["1", "2"]}, "not one value"),
        ({"scale": "cosine:4"}, "score scale"),
        ({"scale": ["d", "d"]}, "not one value"),
        ({"neutral": 2}, "neutral"),
        ({"neutral": 0.0}, "neutral"),
        ({"adverse": 3}, "direction"),
        ({"levels": [0, 1, 2]}, "levels"),
        ({"query_levels": [0, 1]}, "incomplete"),
        ({"levels": [0, 1], "key_levels": [0, 1]}, "incomplete"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    arrays = {name: array for name, array in (FINE | change).items() if array is not None}
    with pytest.raises(InputError, match=reason):
        read_attention(written(tmp_path, **arrays))


def test_files_that_are_no_plain_arrays_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_attention(tmp_path / "none.npz")
    with pytest.raises(InputError, match="plain arrays"):
        read_attention(written(tmp_path, **FINE | {"q": np.array([[None]], dtype=object)}))
    path = tmp_path / "broken.npz"
    path.write_bytes(written(tmp_path, **FINE).read_bytes()[:-40])
    with pytest.raises(InputError, match="not an NPZ file"):
        read_attention(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("q.npy", b"no array")
    with pytest.raises(InputError, match="plain arrays"):
        read_attention(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"q": np.zeros((1000, 3000))}, "shapes do not fit together"),
        ({"k": np.zeros((3000, 2))}, "shapes do not fit together"),
        ({"q": np.zeros(3 * 10**6)}, "no matrix"),
        ({"q": np.zeros((3, 10**6, 1))}, "no matrix"),
        ({"levels": np.zeros(3 * 10**6)}, "levels"),
        ({"scale": np.zeros(3 * 10**6)}, "not one value"),
        ({"delta": "1" * 10**6}, "not one value"),
        ({"surplus": np.zeros(3 * 10**6)}, "unknown surplus"),
        ({"q": np.zeros((4 * 10**6, 2), dtype=np.int8)}, "in numbers"),
    ],
)
def test_shapes_are_compared_before_anything_is_unpacked(
    tmp_path: Path, change: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.npz"
    np.savez_compressed(path, **FINE | change)

    def refuse(*_: Any) -> None:
        raise AssertionError("an array was unpacked")

    monkeypatch.setattr(npz_arrays, "read_npz", refuse)
    with pytest.raises(InputError, match=reason):
        read_attention(path, most=4 * 10**7)


def test_a_small_file_that_unpacks_to_much_is_refused_before_it_does(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, **FINE | {"k": np.zeros((200_000, 2))})
    assert path.stat().st_size < 10**5
    with pytest.raises(InputError, match="too large"):
        read_attention(path, most=10**6)


@pytest.mark.parametrize(
    "change",
    [
        {"problem": "ov"},
        {"queries": {"dtype": "int64", "shape": [1, 2], "rows": [[1, 0.5]]}},
        {"queries": {"dtype": "int64", "shape": [1, 2], "rows": [[1, True]]}},
        {"queries": {"dtype": "int64", "shape": [1, 2], "rows": [[1, 2**64]]}},
        {"queries": {"dtype": "object", "shape": [1, 2], "rows": [[1, 2]]}},
        {"queries": {"dtype": "float64", "shape": [3, 2], "rows": [[1.0, 2.0]]}},
        {"queries": {"dtype": "float64", "shape": [1, 2], "rows": [[float("nan"), 2.0]]}},
        {"queries": [[1, 2]]},
        {"queries": {"dtype": ["int64"], "shape": [1, 2], "rows": [[1, 2]]}},
        {"delta": "0"},
        {"delta": None},
        {"scale": "three"},
        {"scale": ["d"]},
        {"neutral": 1.5},
        {"adverse": "up"},
        {"levels": 3},
        {"levels": [{"dtype": "int64", "shape": [1], "rows": [0]}]},
    ],
)
def test_json_that_is_no_instance_is_refused(change: dict[str, Any]) -> None:
    data = ApproximateAttention(np.array([[1, 2]]), np.eye(2), np.eye(2), Fraction(1, 4)).to_json()
    assert ApproximateAttention.from_json(data).parameters() == {"queries": 1, "keys": 2, "head_dim": 2}
    with pytest.raises(InputError):
        ApproximateAttention.from_json(data | change)
