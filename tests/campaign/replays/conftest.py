"""A lemma with a wrong constant, and its failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varproof.campaign.instances import encode_instance
from varproof.campaign.replays import save_replay
from varproof.campaign.subjects import subject_named
from varproof.claims.attack import Instance
from varproof.claims.model import Claim
from varproof.examples.my_lemma import CLAIM

STORY = ({"step": "found", "size": 40, "ratio": 1.1}, {"step": "fewer numbers", "size": 2, "ratio": 10 / 9})


def with_factor(factor: str) -> Claim:
    """The lemma with another constant: false below 1."""
    return replace(CLAIM, constants={"factor": Fraction(factor)})


def failure_of(x: Sequence[float] = (-0.7, 0.7), b: float = 0.7, **more: Any) -> dict[str, Any]:
    """What a chunk says about a case of the lemma."""
    instance = Instance({"x": np.array(x)}, {"b": b}, {"n": (("x", 0),)}, {"x": (-b, b)})
    made = {
        "size": len(x),
        "ratio": 10 / 9,
        "judgement": "VIOLATED",
        "point": {"n": 2, "b": {"float": b.hex()}, "kind": "ends", "seed": 7},
        "instance": encode_instance(instance),
        "story": list(STORY),
    }
    return {**made, **more}


@pytest.fixture
def lemma() -> Callable[[str], Claim]:
    return with_factor


@pytest.fixture
def failures() -> Callable[..., dict[str, Any]]:
    return failure_of


@pytest.fixture
def wrong() -> Claim:
    return with_factor("9/10")


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Save a failure of a claim's form in the folder `saved`."""

    def saved(claim: Claim, failure: Mapping[str, Any] | None = None, name: str = "statement", **more: Any) -> Path:
        found = failure if failure is not None else failure_of()
        return save_replay(tmp_path / "saved", claim, subject_named(claim, name), found, **more)

    return saved
