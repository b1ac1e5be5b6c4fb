"""Whole models: measured errors within their bounds on random configurations, and the bar of 100 for one layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from varproof.base.errors import CertificateError
from varproof.growth.schedules import parse_schedule
from varproof.var.ledger import bounded
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.report import Ledger, error_ledger
from varproof.var.models import reference
from varproof.var.models.config import DecoderConfig, FormalConfig, ReferenceConfig
from varproof.var.models.formal import (
    formal_random,
    generate,
    random_maps,
    teacher_forced,
    teacher_forced_cached,
    whole,
)

SCHEDULES = ("1,2", "1,2,4", "2,3,5", "1,2,4,8", "1,2,3,4,5")
BAR = 100  # slack of a one-layer model


def random_case(seed: int) -> tuple[Any, dict[str, Any], str]:
    """A run, the options of its ledger, and a description."""
    rng = np.random.default_rng(seed)

    def one_of(choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    heads, head_dim = one_of((1, 2, 4)), one_of((1, 2, 4))
    decoder = None
    if rng.random() < 0.2:
        decoder = DecoderConfig(4, (1, 2), 1, 3, one_of((0, 2)), one_of(("silu", "relu")), "nearest", True, 1e-6)
    config = FormalConfig(
        parse_schedule(one_of(SCHEDULES)),
        depth=one_of((1, 2, 3)),
        width=heads * head_dim,
        heads=heads,
        hidden=one_of((1, 8, 32)),
        scale=one_of(("d", "sqrt", "one")),
        activation=one_of(("relu", "gelu", "silu")),
        kernel=one_of(("bicubic", "bicubic:-1/2", "bspline", "bilinear", "nearest")),
        residual=one_of((True, False)),
        positions=one_of((True, False)),
        decoder=decoder,
    )
    kind = one_of(("teacher-forced", "cached", "chained", "whole", "whole chained"))
    weights, maps = formal_random(config, seed), random_maps(config, seed)

    def run(ops: Bounded) -> Any:
        given = [ops.known(each) for each in maps]
        if kind.startswith("whole"):
            return whole(ops, weights, config, given, chained="chained" in kind)
        if kind == "chained":
            return generate(ops, weights, config, given[0])
        return (teacher_forced if kind == "teacher-forced" else teacher_forced_cached)(ops, weights, config, given)

    dtype = one_of(("float64", "float64", "float32"))
    engines = ("polynomial", "polynomial", "auto", "exact") + (("tree",) if head_dim < 4 and decoder is None else ())
    options = {
        "like": np.empty(0, dtype=dtype),
        "engine": one_of(engines),
        "delta": float(10 ** rng.uniform(-4 if dtype == "float32" else -8, -1)),
        "correlated": bool(rng.random() < 0.7),
    }
    return run, options, f"seed {seed}: {config}, {kind}, {options}"


def ledger_of(seed: int) -> tuple[Ledger, str]:
    run, options, text = random_case(seed)
    try:
        return error_ledger(run, **options), text
    except CertificateError:  # a delta that float32 or the engine cannot reach: exact attention can
        return error_ledger(run, **(options | {"engine": "exact"})), text


def check(seed: int) -> None:
    found, text = ledger_of(seed)
    assert found.holds, text
    for entry in (*found.entries, *found.outputs):
        assert 0 <= entry.measured <= entry.bound + entry.reference_bound, (text, entry)
        assert not np.isnan(entry.bound), text
        assert entry.bound > 0 or entry.measured == 0, (text, entry)


@pytest.mark.parametrize("seed", range(30))
def test_measured_errors_are_within_their_bounds(seed: int) -> None:
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 2000, 50))
def test_a_thousand_random_models(first: int) -> None:
    for seed in range(first, first + 50):
        check(seed)


@pytest.mark.parametrize("cosine", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_reference_model_has_a_ledger_too(cosine: bool, dtype: str) -> None:
    config = ReferenceConfig(
        parse_schedule("1,2,3"),
        depth=2,
        width=12,
        heads=3,
        hidden=16,
        cosine=cosine,
        code_dim=4,
        vocabulary=11,
        classes=3,
        decoder=DecoderConfig(4, (1, 2), 1, 3, 2),
    )
    weights, ids = reference.reference_random(config, 0), reference.random_ids(config, 0)
    runs = (
        lambda ops: reference.teacher_forced(ops, weights, config, 1, ids),
        lambda ops: reference.teacher_forced_cached(ops, weights, config, 1, ids),
        lambda ops: reference.decode_tokens(ops, weights, config, ids),
    )
    for run in runs:
        found = error_ledger(run, like=np.empty(0, dtype=dtype), engine="auto", delta=1e-3)
        assert found.holds
        assert found.entries
        assert np.isfinite(found.final_bound)
    # the decoder's convolutions multiply by their norms, about twenty times; the transformer must not be that loose
    exact = error_ledger(runs[0], like=np.empty(0), engine="exact")
    assert exact.final_bound < 1e-7


def test_torch_tensors_have_the_bounds_of_numpy_arrays() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    run, _, _ = random_case(3)
    for dtype in ("float64", "float32"):
        one = error_ledger(run, like=np.empty(0, dtype=dtype), engine="exact")
        other = error_ledger(run, like=torch.empty(0, dtype=getattr(torch, dtype)), engine="exact")
        assert other.holds
        assert other.final_bound == pytest.approx(one.final_bound, rel=0.5)


def one_layer(seed: int, schedule: str, delta: float, correlated: bool = True) -> Ledger:
    config = FormalConfig(parse_schedule(schedule), width=16, heads=4, hidden=64)
    weights, maps = formal_random(config, seed), random_maps(config, seed)
    return error_ledger(
        lambda ops: teacher_forced(ops, weights, config, [ops.known(each) for each in maps]),
        like=np.empty(0),
        engine="polynomial",
        delta=delta,
        correlated=correlated,
    )


@pytest.mark.parametrize("delta", [1e-2, 1e-3, 1e-4])
def test_one_layer_is_within_a_hundred(delta: float) -> None:
    for seed in range(10):
        found = one_layer(seed, "1,2,4,8", delta)
        assert found.slack is not None
        assert 1 <= found.slack <= BAR
        assert {call.engine for call in found.calls} == {"polynomial"}


def test_entrywise_bounds_alone_miss_the_bar() -> None:
    assert min(one_layer(seed, "1,2,4,8", 1e-3, correlated=False).slack or 0 for seed in range(3)) > BAR


@pytest.mark.slow
@pytest.mark.parametrize("delta", [1e-2, 1e-3, 1e-4])
def test_one_layer_is_within_a_hundred_on_many_seeds(delta: float) -> None:
    slacks = [one_layer(seed, "1,2,4,8", delta).slack or 0 for seed in range(200)]
    assert 1 <= min(slacks) <= max(slacks) <= BAR


def test_rows_reshapes_and_joins_keep_bounds_beside_values() -> None:
    ops = Bounded(np.empty(0), reference=False)
    rng = np.random.default_rng(0)
    parts = [bounded.BoundedArray(rng.uniform(-1, 1, (n, 4)), rng.uniform(0, 1, (n, 4))) for n in (2, 3)]
    parts = [ops.linear(part, np.eye(4)) for part in parts]
    joined = ops.join(parts)
    assert joined.groups
    back = ops.rows(joined, 2, 5)
    assert np.allclose(back.bound, parts[1].bound, rtol=1e-6)
    assert np.array_equal(back.groups[0].names, parts[1].groups[0].names)
    assert ops.scaled(ops.add(back, ops.scaled(parts[1], -1.0)), 1.0).bound.max() < 1e-12
    as_map = ops.reshape(ops.rows(joined, 0, 4), (2, 2, 4))
    assert np.allclose(as_map.bound.reshape(4, 4), joined.bound[:4], rtol=1e-6)
    split = ops.split_heads(joined, 2)
    assert np.allclose(split.bound[1, :, 0], joined.bound[:, 2], rtol=1e-6)
    assert np.allclose(ops.merge_heads(split).bound, joined.bound, rtol=1e-6)
    wide = ops.join(parts[:1] * 2, axis=1)
    assert np.allclose(wide.bound[:, 4:], parts[0].bound, rtol=1e-6)
    cut = ops.rows(joined, 1, 3, axis=1)
    assert np.allclose(cut.bound, joined.bound[:, 1:3], rtol=1e-6)
    flat = ops.reshape(joined, (20,))
    assert np.allclose(flat.bound, joined.bound.ravel(), rtol=1e-6)


def test_memory_cap_falls_back_to_entrywise_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    from varproof.var.ledger import layout, linear_rules

    with_symbols = one_layer(0, "1,2,4,8", 1e-3).final_bound
    monkeypatch.setattr(linear_rules, "LARGEST_FORM", 100)
    monkeypatch.setattr(layout, "LARGEST_FORM", 100)
    without = one_layer(0, "1,2,4,8", 1e-3)
    assert without.holds
    assert without.final_bound == one_layer(0, "1,2,4,8", 1e-3, correlated=False).final_bound > 3 * with_symbols


def test_values_are_those_of_the_plain_pass() -> None:
    from varproof.var.arithmetic.plain import Plain

    config = FormalConfig(parse_schedule("1,2,4"), width=8, heads=2, hidden=16, depth=2, activation="gelu")
    weights, maps = formal_random(config, 0, "float32"), random_maps(config, 0, "float32")
    like = np.empty(0, dtype=np.float32)
    for engine in ("exact", "polynomial"):
        plain, ledger = Plain(like, engine=engine, delta=1e-2), Bounded(like, engine=engine, delta=1e-2)
        expected = teacher_forced(plain, weights, config, [plain.known(x) for x in maps])
        found = teacher_forced(ledger, weights, config, [ledger.known(x) for x in maps])
        assert all(np.array_equal(a, b.value) for a, b in zip(expected, found, strict=True))
