"""The certificate is never violated: generated cases of many families, every engine, against an enclosure of the truth.

A fast sample here, 10,000 cases in the slow set. A case that no engine can certify must say so with a floor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from varproof.attention import attend
from varproof.attention.exact.reference import row_error
from varproof.attention.validation import validated
from varproof.base.errors import CertificateError

Rng = np.random.Generator
Tokens = tuple[Any, Any, Any]


def gaussian(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    return rng.normal(size=(m, d)), rng.normal(size=(n, d)), rng.normal(size=(n, c))


def extreme_scores(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    """All scores at +-B, values the sign pattern of the scores of one query."""
    axis = rng.normal(size=d)
    q, k = rng.choice([-1.0, 1.0], size=(m, 1)) * axis, rng.choice([-1.0, 1.0], size=(n, 1)) * axis
    return q, k, np.sign(k @ axis)[:, None] * rng.choice([-1.0, 1.0], size=(1, c))


def sign_values(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    """Values aligned with the sign of where a score lies between the ends: where polynomials err most."""
    q, k, _ = gaussian(rng, m, n, d, c)
    scores = k @ q[0] if m else k[:, 0]
    steps = np.floor(6 * (scores - scores.min()) / (np.ptp(scores) + 1e-9))
    return q, k, np.repeat((-1.0) ** steps[:, None], c, axis=1)


def hidden_outliers(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    """Rows that a sample is unlikely to see: one long query and one long key, values at the ends there."""
    q, k, v = gaussian(rng, m, n, d, c)
    q *= 0.05
    if m:
        q[rng.integers(m)] *= 40
    place = rng.integers(n)
    k[place] *= 5
    v[place] = np.abs(v).max() * rng.choice([-3, 3])
    return q, k, v


def one_key_dominates(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    q, k, v = gaussian(rng, m, n, d, c)
    k[rng.integers(n)] = 8 * q.mean(axis=0) if m else 1.0
    return q, k, v


def duplicates(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    q, k, v = gaussian(rng, m, n, d, c)
    return q, k[rng.integers(0, max(n // 4, 1), size=n)], v


def zero_queries(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    q, k, v = gaussian(rng, m, n, d, c)
    return q * (rng.random((m, 1)) < 0.3), k, v


def equal_keys(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    q, k, v = gaussian(rng, m, n, d, c)
    return q, np.repeat(k[:1], n, axis=0), v


def equal_values(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    q, k, v = gaussian(rng, m, n, d, c)
    return q, k, np.repeat(v[:1], n, axis=0)


def far_from_the_origin(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    """Keys and values with a common offset far beyond their spread."""
    q, k, v = gaussian(rng, m, n, d, c)
    return q, k + 10.0 ** rng.integers(0, 7), v + 10.0 ** rng.integers(0, 7)


def near_the_limits(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    """Entries near the largest and the smallest numbers of the dtype (float32 included)."""
    q, k, v = gaussian(rng, m, n, d, c)
    return q * 10.0 ** rng.integers(-30, 30), k * 10.0 ** rng.integers(-30, 30), v * 10.0 ** rng.integers(-36, 37)


def collinear(rng: Rng, m: int, n: int, d: int, c: int) -> Tokens:
    axis = rng.normal(size=d)
    return rng.normal(size=(m, 1)) * axis, rng.normal(size=(n, 1)) * axis, rng.uniform(-1, 1, size=(n, c))


FAMILIES: tuple[Callable[[Rng, int, int, int, int], Tokens], ...] = (
    gaussian,
    extreme_scores,
    sign_values,
    hidden_outliers,
    one_key_dominates,
    duplicates,
    zero_queries,
    equal_keys,
    equal_values,
    far_from_the_origin,
    near_the_limits,
    collinear,
)
ENGINES = ("auto", "exact", "polynomial", "polynomial", "tree")
LOGIT_BOUNDS = (0.01, 0.3, 1.0, 3.0, 8.0, 30.0, 1e3, 1e6)


def drawn(seed: int) -> tuple[str, Tokens, dict[str, Any]]:
    """One case: family, arrays, options of `attend`."""
    rng = np.random.default_rng([20250104, seed])
    family = FAMILIES[seed % len(FAMILIES)]
    engine = str(rng.choice(ENGINES))
    d = int(rng.integers(1, 4 if engine == "tree" else 6))
    m, n, c = int(rng.integers(0, 9)), int(rng.choice([1, 2, 5, 17, 40])), int(rng.integers(1, 4))
    q, k, v = family(rng, m, n, d, c)
    dtype = rng.choice([np.float64, np.float64, np.float32])
    q, k, v = (np.asarray(array, dtype=dtype) for array in (q, k, v))
    options: dict[str, Any] = {"engine": engine, "kernel": str(rng.choice(["auto", "numpy"]))}
    if family is near_the_limits:
        options["scale"] = "one"
    else:  # scores of about a chosen size
        wide_q, wide_k = q.astype(np.float64), k.astype(np.float64)
        spread = np.abs(wide_k - wide_k.mean(axis=0)).max(initial=0.0) * np.abs(wide_q).max(initial=0.0)
        options["scale"] = float(rng.choice(LOGIT_BOUNDS) / spread) if spread > 0 else 1.0
    half = float(np.ptp(v.astype(np.float64), axis=0).max()) / 2
    options["delta"] = max(half, 1e-30) * 10.0 ** rng.uniform(-9 if dtype is np.float64 else -5, 0.5)
    if rng.random() < 0.3:
        key_levels = rng.integers(0, 4, size=n)
        key_levels[rng.integers(n)] = 0
        options["levels"] = (rng.integers(0, 4, size=m), key_levels)
    return family.__name__, (q, k, v), options


def assert_never_violated(seeds: range) -> Counter[str]:
    """Run the cases; the number certified and refused by family."""
    outcome: Counter[str] = Counter()
    for seed in seeds:
        family, arrays, options = drawn(seed)
        case = f"seed {seed}: {family}, {[a.shape for a in arrays]} {arrays[0].dtype}, {options}"
        request = validated(*arrays, delta=options["delta"], scale=options["scale"], levels=options.get("levels"))
        try:
            answer = attend(*arrays, **options)
        except CertificateError as error:
            outcome[f"{family} refused" if "floor" in error.allowed else "refused without a floor"] += 1
            continue
        assert np.all(answer.bound <= options["delta"]), case
        (head,) = request.heads()
        values, bound = answer.values, answer.bound
        if request.places is not None:  # back into the order of the head
            order = np.argsort(request.places)
            values, bound = values[order], bound[order]
        assert np.all(np.array(row_error(head, values)) <= bound), case
        outcome[family] += 1
    return outcome


def assert_mostly_certified(outcome: Counter[str]) -> None:
    """Every family is certified often enough for the property to say something; a refusal names the floor."""
    assert outcome["refused without a floor"] == 0
    for family in FAMILIES:
        name = family.__name__
        share = outcome[name] / max(outcome[name] + outcome[f"{name} refused"], 1)
        assert share >= (0.1 if family is near_the_limits else 0.5), (name, outcome)


@pytest.mark.parametrize("part", range(4))
def test_no_certificate_is_violated(part: int) -> None:
    assert_mostly_certified(assert_never_violated(range(part * 120, (part + 1) * 120)))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_no_certificate_is_violated_in_ten_thousand_cases(part: int) -> None:
    assert_mostly_certified(assert_never_violated(range(1000 + part * 500, 1000 + (part + 1) * 500)))


def test_a_bound_lowered_to_a_thousandth_would_be_noticed() -> None:
    violated = 0
    for seed in range(240):
        _, arrays, options = drawn(seed)
        options.pop("levels", None)
        try:
            answer = attend(*arrays, **options)
        except CertificateError:
            continue
        (head,) = validated(*arrays, delta=options["delta"], scale=options["scale"]).heads()
        violated += bool(np.any(np.array(row_error(head, answer.values)) > answer.bound / 1000))
    assert violated >= 20
