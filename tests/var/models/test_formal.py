"""The formal model against a naive one written out token by token, and its three ways of running against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.growth.schedules import parse_schedule
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.interpolation.operators import up
from varproof.var.models.config import DecoderConfig, FormalConfig
from varproof.var.models.formal import (
    formal_random,
    formal_shapes,
    generate,
    map_sides,
    random_maps,
    teacher_forced,
    teacher_forced_cached,
    whole,
)

CONFIGS = [
    FormalConfig(parse_schedule("1,2,4"), depth=2, width=6, heads=3, hidden=10),
    FormalConfig(parse_schedule("1,3,5"), depth=1, width=4, heads=1, hidden=7, residual=False, activation="gelu"),
    FormalConfig(parse_schedule("2,3"), depth=3, width=8, heads=2, hidden=5, scale="sqrt", kernel="bspline"),
    FormalConfig(parse_schedule("1,2,3"), depth=1, width=2, heads=2, hidden=3, positions=True, activation="silu"),
    FormalConfig(parse_schedule("3,"), depth=1, width=3, heads=1, hidden=3, scale="one", kernel="nearest"),
]
# sums of at most a few dozen products of numbers near 1, through at most three layers
CLOSE = {"float64": 1e-12, "float32": 2e-5}


def naive(config, weights, maps):
    """Token after token, head after head, the softmax written out over all tokens of the same level or below."""
    sides = config.schedule.sides
    rows, level = [], []
    for k, side in enumerate(sides):
        source = maps[k]
        if k:
            matrix = np.array([[float(w) for w in row] for row in up(config.kernel, sides[k - 1], side).matrix])
            source = np.einsum("ip,jq,pqc->ijc", matrix, matrix, source)
        rows += list(source.reshape(side * side, config.width))
        level += [k] * (side * side)
    x = np.array(rows)
    if config.positions:
        x = x + weights["positions"]
    d = config.head_dim
    gamma = {"d": 1 / d, "sqrt": d**-0.5, "one": 1.0}[config.scale]
    act = {
        "relu": lambda t: np.maximum(t, 0),
        "silu": lambda t: t / (1 + np.exp(-t)),
        "gelu": lambda t: t / (1 + np.exp(-2 * np.sqrt(2 / np.pi) * (t + 0.044715 * t**3))),
    }[config.activation]
    for i in range(config.depth):
        w = {name: weights[f"layer.{i}.{name}.weight"] for name in ("query", "key", "value", "output")}
        mixed = np.zeros_like(x)
        for t in range(len(x)):
            seen = [u for u in range(len(x)) if level[u] <= level[t]]
            for h in range(config.heads):
                part = slice(h * d, (h + 1) * d)
                scores = np.array([gamma * (w["query"] @ x[t])[part] @ (w["key"] @ x[u])[part] for u in seen])
                share = np.exp(scores) / np.exp(scores).sum()
                mixed[t, part] = sum(p * (w["value"] @ x[u])[part] for p, u in zip(share, seen, strict=True))
        y = mixed @ w["output"].T
        x = x + y if config.residual else y
        hidden = act(x @ weights[f"layer.{i}.first.weight"].T + weights[f"layer.{i}.first.bias"])
        y = hidden @ weights[f"layer.{i}.second.weight"].T + weights[f"layer.{i}.second.bias"]
        x = x + y if config.residual else y
    stops = np.cumsum([side * side for side in sides])
    return [part.reshape(side, side, config.width) for part, side in zip(np.split(x, stops[:-1]), sides, strict=True)]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.schedule.name)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_pass_is_the_model_written_out(config, dtype):
    weights, maps = formal_random(config, 3, dtype), random_maps(config, 4, dtype)
    found = teacher_forced(Plain(numpy_like(dtype)), weights, config, maps)
    wide = {name: array.astype(np.float64) for name, array in weights.items()}
    for ours, theirs in zip(found, naive(config, wide, [m.astype(np.float64) for m in maps]), strict=True):
        assert ours.dtype == dtype
        assert np.abs(ours - theirs).max() <= CLOSE[dtype] * max(1, np.abs(theirs).max())


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.schedule.name)
def test_cached_steps_equal_the_masked_pass(config):
    weights, maps = formal_random(config, 5), random_maps(config, 6)
    one = teacher_forced(Plain(numpy_like()), weights, config, maps)
    steps = teacher_forced_cached(Plain(numpy_like()), weights, config, maps)
    for a, b in zip(one, steps, strict=True):
        assert np.abs(a - b).max() <= CLOSE["float64"] * max(1, np.abs(a).max())


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.schedule.name)
def test_a_chained_run_is_a_teacher_forced_one_on_its_own_outputs(config):
    weights, start = formal_random(config, 7), random_maps(config, 8)[0]
    outputs = generate(Plain(numpy_like()), weights, config, start)
    again = teacher_forced(Plain(numpy_like()), weights, config, [start, *outputs[:-1]])
    for a, b in zip(outputs, again, strict=True):
        assert np.abs(a - b).max() <= CLOSE["float64"] * max(1, np.abs(a).max())


def test_later_maps_do_not_reach_earlier_outputs():
    config = CONFIGS[0]
    weights, maps = formal_random(config, 1), random_maps(config, 2)
    before = teacher_forced(Plain(numpy_like()), weights, config, maps)
    changed = [*maps[:2], maps[2] + 1]
    after = teacher_forced(Plain(numpy_like()), weights, config, changed)
    for k in (0, 1):  # the blocks of the exact engine differ, so the rounding may
        assert np.abs(before[k] - after[k]).max() <= 1e-14 * np.abs(before[k]).max()
    assert np.abs(before[2] - after[2]).max() > 0.1


def test_a_constant_start_stays_constant_without_positions():
    """THEORY 6.6 (iii): from the start map alone every map is spatially constant."""
    config = FormalConfig(parse_schedule("1,2,4,8"), depth=2, width=4, heads=2, hidden=8)
    weights = formal_random(config, 9)
    for x in generate(Plain(numpy_like()), weights, config, random_maps(config, 9)[0]):
        assert np.abs(x - x[0, 0]).max() <= 1e-13
    placed = replace(config, positions=True)
    last = generate(Plain(numpy_like()), formal_random(placed, 9), placed, random_maps(config, 9)[0])[-1]
    assert np.abs(last - last[0, 0]).max() > 0.1


def test_fast_attention_is_certified_and_close():
    config = FormalConfig(parse_schedule("1,2,4,8,16"), width=8, heads=2, hidden=16)
    weights, maps = formal_random(config, 0), random_maps(config, 0)
    exact = whole(Plain(numpy_like()), weights, config, maps)
    ops = Plain(numpy_like(), engine="polynomial", delta=1e-4)
    fast = whole(ops, weights, config, maps)
    assert 0 < np.abs(fast - exact).max() < 1e-2
    assert 0 < ops.attention_bound <= 1e-4
    assert set(ops.attention_engines) == {"polynomial"}


def test_the_seed_decides_everything():
    config = CONFIGS[3]
    again, other = formal_random(config, 11), formal_random(config, 12)
    for name, array in formal_random(config, 11).items():
        np.testing.assert_array_equal(array, again[name])
        assert not np.array_equal(array, other[name])
    assert list(again) == list(formal_shapes(config))
    limit = 1 / np.sqrt(config.width)
    assert all(np.abs(array).max() <= limit for name, array in again.items() if name.startswith("layer"))
    assert [m.shape[0] for m in random_maps(config, 0)] == list(map_sides(config)) == [1, 1, 2]


def test_decoder_and_phases():
    decoder = DecoderConfig(base=4, multipliers=(1, 2), blocks=1, groups=0, activation="relu")
    config = FormalConfig(parse_schedule("1,2"), width=4, heads=1, decoder=decoder)
    ops = Plain(numpy_like())
    image = whole(ops, formal_random(config, 0), config, random_maps(config, 0)[:1], chained=True)
    assert image.shape == (4, 4, 3)
    assert {name.split("/")[0] for name in ops.flops} == {"transformer", "reconstruction", "decoder"}
    assert ops.seconds["transformer/attention"] > 0


@pytest.mark.parametrize(
    "change",
    [lambda m: m[:-1], lambda m: [*m, m[0]], lambda m: [m[0][:, :, :2], *m[1:]], lambda m: [m[2], m[1], m[0]]],
    ids=["too few", "too many", "fewer channels", "another order"],
)
def test_maps_that_do_not_fit_are_refused(change):
    config = CONFIGS[0]
    maps = change(random_maps(config, 0))
    for way in (teacher_forced, teacher_forced_cached):
        with pytest.raises(InputError, match="token maps do not fit") as caught:
            way(Plain(numpy_like()), formal_random(config, 0), config, maps)
        assert caught.value.allowed.startswith("(1, 1, 6), (1, 1, 6), (2, 2, 6)")
