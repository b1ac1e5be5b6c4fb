"""Sampling and generation: the public code's guidance, ids that a bound makes certain, arguments that are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.growth.schedules import Schedule
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.reference import random_ids, reference_random
from varproof.var.models.sampling import certain_choices, generate, sample


@pytest.mark.parametrize(("dtype", "suffix", "roundings"), [("float64", "64", 2.0**-53), ("float32", "", 2.0**-24)])
def test_guided_logits_and_image_of_the_public_code(recording: Any, dtype: str, suffix: str, roundings: float) -> None:
    """With the ids forced, the guided logits and the image are those of the public code's cached generation."""
    for variant in recording.variants:
        config, weights = recording.config(variant), recording.weights(variant)
        small = replace(config, decoder=None)
        found = generate(
            weights,
            config if variant == "usual" else small,
            recording.label,
            guidance=recording.guidance,
            choose=lambda logits, scale: recording.ids[scale],
            like=np.empty(0, dtype=dtype),
        )
        assert all(np.array_equal(got, given) for got, given in zip(found.token_ids, recording.ids, strict=True))
        wanted = recording.arrays[f"{variant}.guided{suffix}"]
        # 960 roundings as in test_reference, guidance adds (1 + t) + t = 4 of them at the last scale
        assert np.abs(np.concatenate(found.logits) - wanted).max() <= 4 * 960 * roundings * np.abs(wanted).max()
        if variant == "usual":
            assert found.image is not None
            image = recording.arrays[f"usual.image{suffix}"]
            shown = found.image[::4, ::4] if suffix else found.image
            assert np.abs(shown - image).max() <= 4 * 960 * roundings
        unguided = generate(
            weights,
            small,
            recording.label,
            guidance=0.0,
            choose=lambda logits, scale: recording.ids[scale],
            like=np.empty(0, dtype=dtype),
        )
        assert np.abs(unguided.logits[0] - found.logits[0]).max() == 0  # the first scale has ratio 0
        assert np.abs(unguided.logits[-1] - found.logits[-1]).max() > 0.1


def small_model() -> tuple[ReferenceConfig, Any]:
    config = ReferenceConfig(
        Schedule((1, 2, 3)), depth=1, width=8, heads=2, hidden=16, vocabulary=9, classes=3, decoder=None
    )
    return config, reference_random(config, 0)


def test_generation_depends_on_its_seed_alone() -> None:
    config, weights = small_model()
    first, again, other = (generate(weights, config, 1, seed=seed) for seed in (5, 5, 6))
    assert first.image is None
    assert [ids.shape for ids in first.token_ids] == [ids.shape for ids in random_ids(config, 0)]
    assert all(np.array_equal(a, b) for a, b in zip(first.token_ids, again.token_ids, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first.token_ids, other.token_ids, strict=True))
    greedy = [generate(weights, config, 1, seed=seed, temperature=0.0).token_ids for seed in (5, 6)]
    assert all(np.array_equal(a, b) for a, b in zip(*greedy, strict=True))


def test_frequencies_are_the_softmax() -> None:
    probabilities = np.array([0.5, 0.3, 0.15, 0.05])
    rows = np.log(np.tile(probabilities, (40_000, 1))) + 3
    counts = np.bincount(sample(rows, np.random.default_rng(0)), minlength=4) / len(rows)
    # five standard deviations of a binomial share
    assert (np.abs(counts - probabilities) < 5 * np.sqrt(probabilities / len(rows))).all()
    sharp = np.bincount(sample(rows, np.random.default_rng(0), temperature=0.5), minlength=4) / len(rows)
    squared = probabilities**2 / (probabilities**2).sum()
    assert (np.abs(sharp - squared) < 5 * np.sqrt(squared / len(rows))).all()


def test_top_k_and_top_p_leave_the_rest_out() -> None:
    rows = np.log(np.tile(np.array([0.05, 0.3, 0.15, 0.5]), (5000, 1)))
    rng = np.random.default_rng(1)
    assert set(sample(rows, rng, top_k=2).tolist()) == {1, 3}
    assert set(sample(rows, rng, top_p=0.4).tolist()) == {3}
    assert set(sample(rows, rng, top_p=0.9).tolist()) == {1, 2, 3}
    assert set(sample(rows, rng, top_p=0.0).tolist()) == {0, 1, 2, 3}
    assert set(sample(rows, rng, top_k=4, top_p=0.75).tolist()) == {1, 3}
    equal = np.zeros((2000, 3))
    assert set(sample(equal, rng, top_k=1).tolist()) == {0, 1, 2}  # ties with the k-th stay, as in the public code


def test_certain_choices_hold_for_every_change_within_the_bound() -> None:
    rng = np.random.default_rng(2)
    logits, bound = rng.normal(size=(300, 6)), 0.2
    certain = certain_choices(logits, bound)
    assert 0 < certain.sum() < len(certain)
    for row, safe in zip(logits, certain, strict=True):
        best = row.argmax()
        worst = row + bound
        worst[best] -= 2 * bound  # the worst change: the largest down, all others up
        assert safe == (worst.argmax() == best and (worst == worst.max()).sum() == 1)
    entrywise = np.full_like(logits, bound)
    assert np.array_equal(certain_choices(logits, entrywise), certain)
    assert not certain_choices(np.array([[1.0, 0.0]]), 0.5)[0]  # a lead of exactly twice the bound is a tie
    assert not certain_choices(np.array([[1.0, 0.0]]), np.inf)[0]
    assert certain_choices(np.array([[1.0, 0.0]], dtype=np.float32), 0.49)[0]


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": -1.0}, {"temperature": np.nan}, {"top_k": 4}, {"top_k": True}, {"top_k": 1.5}, {"top_p": 1.1}],
)
def test_sampling_arguments_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="out of range"):
        sample(np.zeros((1, 3)), np.random.default_rng(0), **wrong)


def test_bounds_that_are_refused() -> None:
    for bound in (-1.0, np.nan):
        with pytest.raises(InputError, match="a bound"):
            certain_choices(np.zeros((1, 3)), bound)
