"""Oracles by name, and the bits that an instance needs."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from reductions.oracles.choose import oracle_named, precision_obstacle, required_bits
from reductions.oracles.exact import ExactOracle
from reductions.oracles.fitting import FittingOracle
from reductions.oracles.from_file import FileOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.attention import ApproximateAttention
from varproof.base.errors import InputError


def test_names_make_oracles(tmp_path: Path) -> None:
    path = tmp_path / "a:b.npz"
    np.savez(path, outputs=[0.5])
    assert oracle_named("exact") == FittingOracle("float64")
    assert oracle_named(" exact ", "arb") == FittingOracle("arb")
    assert oracle_named("worst-noise", "float32") == WorstNoise(FittingOracle("float32"), Fraction(99, 100))
    assert oracle_named("worst-noise:1.01") == WorstNoise(FittingOracle("float64"), Fraction(101, 100))
    found = oracle_named(f"file:{path}")
    assert isinstance(found, FileOracle)
    assert (found.path, found.name) == (path, "the file a:b.npz")


@pytest.mark.parametrize(
    "text", ["", "Exact", "exact:", "exact:float64", "worst-noise:", "worst-noise:0", "worst-noise:x", "file:", "file"]
)
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        oracle_named(text)


def test_other_dtypes_are_refused() -> None:
    for text in ("exact", "worst-noise"):
        with pytest.raises(InputError, match="unknown dtype"):
            oracle_named(text, "float16")


def test_floats_with_the_bits_required_reach_delta() -> None:
    """Wherever no obstacle is seen the measured error of the oracle is at most delta."""
    reached = 0
    for case in islice(ApproximateAttention.samples(8), 150):
        for dtype in ("float64", "float32"):
            if precision_obstacle(case, dtype) is None:
                reached += 1
                assert ExactOracle(dtype).outputs(case).error <= case.delta
        assert precision_obstacle(case, "arb") is None
    assert reached > 200


def test_small_delta_is_an_obstacle_and_says_the_bits() -> None:
    one = np.array([[1], [0]])
    case = ApproximateAttention(one, one, one, Fraction(1, 2**60))
    assert 60 <= required_bits(case) <= 70
    assert precision_obstacle(case, "float64") == (
        f'delta needs about {required_bits(case)} bits, float64 has 53: use dtype "arb"'
    )
    assert ExactOracle("float64").outputs(case).error > case.delta
    doubled = ApproximateAttention(one, one, one * 2**20, case.delta)
    assert required_bits(doubled) == required_bits(case) + 20
    assert required_bits(ApproximateAttention(one, one, 0 * one, case.delta)) == 1
