"""Attention over VAR scales: the exact input against the plain solver, files, and what is refused."""

import json
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reductions.problems import var_files
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from reductions.problems.var_solver import scale_tokens
from varproof.base.balls import to_float
from varproof.base.errors import InputError

SAMPLES = list(islice(VarAttention.samples(5), 30))


def float_outputs(a: ApproximateAttention) -> Any:
    scores = a.queries @ a.keys.T.astype(float) * to_float(a.gamma) * float(a.query_unit * a.key_unit)
    if a.levels is not None:
        scores[a.levels[0][:, None] < a.levels[1][None, :]] = -np.inf
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights @ (a.values * float(a.value_unit)) / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("instance", SAMPLES)
def test_the_exact_input_has_the_outputs_of_the_plain_solver(instance: VarAttention) -> None:
    outputs = instance.solve().outputs
    assert outputs is not None
    assert outputs.error < Fraction(1, 10**14)
    attention = instance.attention()
    assert attention.keys.dtype == np.int64
    assert len(attention.keys) == instance.tokens
    assert len(outputs.values) == len(instance.rows)
    if len(instance.rows):
        assert np.allclose(float_outputs(attention), outputs.values, rtol=0, atol=1e-12)


def test_samples_cover_what_they_should() -> None:
    assert {x.inputs for x in SAMPLES} == {"free", "interpolated"}
    assert any(x.attention().levels is not None for x in SAMPLES)
    assert any(len(x.rows) == 0 for x in SAMPLES)
    assert {x.scale for x in SAMPLES} == {"d", "sqrt", "one"}
    assert len({x.kernel for x in SAMPLES}) >= 4


@pytest.mark.parametrize("instance", [x for x in SAMPLES if x.inputs == "interpolated"][:8])
def test_tokens_are_the_interpolated_cells_exactly(instance: VarAttention) -> None:
    every = set(range(len(instance.sides)))
    identity = np.eye(instance.key_projection.shape[0], dtype=np.int64)
    got = instance.projected(identity, Fraction(1), "channels", every)
    expected = [token for k in sorted(every) for token in scale_tokens(instance, k)]
    assert [[int(x) * got.unit for x in row] for row in got.numbers] == expected


def test_a_token_sees_its_own_scale_and_earlier_ones_only() -> None:
    maps = tuple(np.full((side, side, 1), k) for k, side in enumerate((1, 2, 3)))
    one = np.ones((1, 1), dtype=np.int64)
    fields = {"query_projection": 0 * one, "key_projection": 0 * one, "value_projection": one}
    instance = VarAttention((1, 2, 3), "nearest", "free", maps, rows=np.array([0, 4, 5]), delta=Fraction(1), **fields)
    outputs = instance.solve().outputs
    assert outputs is not None
    assert np.allclose(outputs.values[:, 0], [0, 4 / 5, (4 + 18) / 14])
    assert np.allclose(float_outputs(instance.attention())[:, 0], [0, 4 / 5, (4 + 18) / 14])
    assert replace(instance, rows=np.array([5, 13])).attention().levels is None


def test_both_kinds_of_files_bring_the_instance_back(tmp_path: Path) -> None:
    for k, instance in enumerate(SAMPLES[:12]):
        text = json.dumps(instance.to_json())
        stored = var_files.load(instance.save(tmp_path, f"sample{k}")[0])
        for back in (VarAttention.from_json(json.loads(text)), stored):
            assert json.dumps(back.to_json()) == text
            assert [each.dtype for each in back.maps] == [each.dtype for each in instance.maps]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": "chained"}, "kind of token maps"),
        ({"kernel": "lanczos"}, "kernel"),
        ({"scale": "cosine:3"}, "cosine"),
        ({"sides": (4, 2)}, "increase"),
        ({"maps": ()}, "do not fit the schedule"),
        ({"rows": np.array([20])}, "no token"),
        ({"rows": np.array([-1])}, "no token"),
        ({"rows": np.array([0.0])}, "token numbers"),
        ({"delta": Fraction(0)}, "delta"),
        ({"key_unit": 0.5}, "key_unit"),
        ({"adverse": 2}, "direction"),
        ({"key_projection": np.zeros((1, 9), dtype=np.int64)}, "projections"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], words: str) -> None:
    good = next(x for x in SAMPLES if x.sides == (2, 4))
    with pytest.raises(InputError, match=words):
        replace(good, **changes)


@pytest.mark.parametrize("data", [{}, {"problem": "attention"}, {"problem": "var-attention", "sides": [1]}, []])
def test_other_objects_are_no_instances(data: Any) -> None:
    with pytest.raises(InputError):
        VarAttention.from_json(data)


def test_numbers_that_do_not_fit_say_what_to_round() -> None:
    good = next(x for x in SAMPLES if x.sides == (2, 4) and x.inputs == "interpolated")
    varied = [np.arange(each.size).reshape(each.shape) * 2.0**45 + 2.0**-8 for each in good.maps]
    with pytest.raises(InputError, match="round the"):
        replace(good, maps=tuple(varied), key_projection=np.ones_like(good.key_projection)).attention()


def test_large_instances_are_left_to_the_oracles() -> None:
    zeros = tuple(np.zeros((side, side, 2), dtype=np.int64) for side in (64, 128))
    eye = np.eye(2, dtype=np.int64)
    instance = VarAttention((64, 128), "bicubic", "free", zeros, eye, eye, eye, np.arange(100), Fraction(1))
    with pytest.raises(InputError, match="small instances"):
        instance.solve()
    assert not instance.verify(None)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_other_files_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.npz"
    if content is None:
        np.savez(path, queries=np.zeros(3))
    else:
        path.write_bytes(content)
    with pytest.raises(InputError):
        var_files.load(path)


def test_a_delta_of_many_digits_survives(tmp_path: Path) -> None:
    instance = replace(SAMPLES[2], delta=Fraction(3, 2**3000))
    stored = var_files.load(instance.save(tmp_path, "sample")[0])
    assert stored.delta == VarAttention.from_json(instance.to_json()).delta == instance.delta
