"""Outputs from files: taken in order and exactly, and refused with the reason when they do not fit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reductions.oracles.from_file import FileOracle
from reductions.problems.attention import ApproximateAttention
from varproof.base.balls import dyadic
from varproof.base.errors import InputError

DELTA = Fraction(1, 10)


def instance(rows: int = 3, columns: int = 1, delta: Fraction = DELTA) -> ApproximateAttention:
    return ApproximateAttention(
        np.zeros((rows, 1), dtype=int), np.zeros((2, 1), dtype=int), np.ones((2, columns), dtype=int), delta
    )


def oracle(directory: Path, **arrays: Any) -> FileOracle:
    path = directory / "out.npz"
    np.savez(path, **arrays)
    return FileOracle(path)


def test_one_array_answers_one_instance(tmp_path: Path) -> None:
    asked = oracle(tmp_path, outputs=[0.25, 0.5, 1.0])
    found = asked.outputs(instance())
    assert found.values.tolist() == [[0.25], [0.5], [1.0]]
    assert (found.values.dtype, found.error) == (np.float64, DELTA)
    assert asked.left == 0
    with pytest.raises(InputError, match="no outputs are left"):
        asked.outputs(instance())


def test_numbered_arrays_answer_in_order(tmp_path: Path) -> None:
    asked = oracle(tmp_path, outputs_001=np.ones((2, 2), dtype=np.float32), outputs_000=[[1], [0]])
    assert asked.left == 2
    assert asked.outputs(instance(2)).values.tolist() == [[1.0], [0.0]]
    assert asked.outputs(instance(2, 2, Fraction(1, 3))).error == Fraction(1, 3)
    assert asked.left == 0


def test_texts_are_as_fine_as_delta_asks_for(tmp_path: Path) -> None:
    delta = Fraction(1, 10**60)
    digits = "0." + "3" * 70
    found = oracle(tmp_path, outputs=[[digits], ["1/3"], [" 1e-3 "]]).outputs(instance(delta=delta))
    wanted = [Fraction(digits), Fraction(1, 3), Fraction(1, 1000)]
    assert found.error == delta
    for value, number in zip(found.values.ravel(), wanted, strict=True):
        assert value.is_exact()
        assert abs(dyadic(value) - number) <= delta / 2**40


def test_an_array_of_the_wrong_shape_is_not_used_up(tmp_path: Path) -> None:
    asked = oracle(tmp_path, outputs=np.zeros((3, 1)))
    with pytest.raises(InputError, match=r"shape \(4, 1\)"):
        asked.outputs(instance(4))
    assert asked.outputs(instance()).rows == 3


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([0.5, np.nan, 1.0]), r"nan at \(1, 0\)"),
        (np.array([0.5, np.inf, 1.0]), "not finite"),
        (np.array([True, False, True]), "no numbers"),
        (np.array([1j, 0, 0]), "no numbers"),
        (np.array(["0.5", "x", "1"]), "not a rational number"),
        (np.array(["0.5", "nan", "1"]), "not a rational number"),
        (np.array(["0.5", "1/0", "1"]), "denominator zero"),
        (np.zeros((3, 2)), "does not fit"),
        (np.zeros((1, 3)), "does not fit"),
        (np.zeros((3, 1, 1)), "does not fit"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, array: Any, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        oracle(tmp_path, outputs=array).outputs(instance())


@pytest.mark.parametrize(
    "names",
    [
        ("result",),
        ("outputs", "outputs_000"),
        ("outputs_001",),
        ("outputs_000", "outputs_002"),
        ("outputs_1",),
        ("outputs_000", "outputs_0000"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="outputs"):
        oracle(tmp_path, **{name: np.zeros(3) for name in names})


def test_files_that_are_no_arrays_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.npz"
    with pytest.raises(InputError, match="cannot be read"):
        FileOracle(path)
    path.write_text("no archive")
    with pytest.raises(InputError, match="not an NPZ file"):
        FileOracle(path)
    with path.open("wb") as stream:
        np.savez(stream, outputs=np.array([Fraction(1)], dtype=object))
    with pytest.raises(InputError, match="plain arrays"):
        FileOracle(path)
    np.savez(path)
    with pytest.raises(InputError, match="missing"):
        FileOracle(path)


def test_surplus_arrays_are_refused_when_all_was_asked(tmp_path: Path) -> None:
    asked = oracle(tmp_path, outputs_000=np.zeros(3), outputs_001=np.zeros(3))
    asked.outputs(instance())
    with pytest.raises(InputError, match=r"no instance asked for\n  got:     outputs_001\n  allowed: 1 array"):
        asked.refuse_surplus()
    asked.outputs(instance())
    asked.refuse_surplus()
    many = oracle(tmp_path, **{f"outputs_{k:03d}": np.zeros(3) for k in range(9)})
    with pytest.raises(InputError, match="outputs_000, outputs_001, outputs_002 and 6 more"):
        many.refuse_surplus()
