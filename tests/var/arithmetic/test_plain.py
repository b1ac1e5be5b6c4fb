"""Every operation of plain arrays against a formula of its own: both libraries and dtypes, shapes of all kinds."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.base.tolerances import SMALLEST_NORMAL, rounding_bound
from varproof.var.arithmetic import flops, plain
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.interpolation.operators import area, up
from varproof.var.interpolation.resampling import Resampling

NEEDED = "needs the extra [torch]"
LARGEST = {"float64": 1e308, "float32": 3e38}


@pytest.fixture(params=[(library, dtype) for library in ("numpy", "torch") for dtype in ("float64", "float32")])
def ops(request: pytest.FixtureRequest) -> Plain:
    library, dtype = request.param
    if library == "numpy":
        return Plain(numpy_like(dtype))
    torch = pytest.importorskip("torch", reason=NEEDED)
    return Plain(torch.empty(0, dtype=getattr(torch, dtype)))


def dtype_of(ops: Plain) -> str:
    return str(ops.like.dtype).removeprefix("torch.")


def given(ops: Plain, *shape: int, seed: int = 0) -> tuple[Any, NDArray[np.float64]]:
    """Entries in [-1, 1] that both dtypes hold, as an array of `ops` and in float64."""
    exact = np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32").astype("float64")
    return ops.known(exact), exact


def result(ops: Plain, found: Any) -> NDArray[np.float64]:
    assert type(found) is type(ops.like)
    assert found.dtype == ops.like.dtype
    return np.asarray(found).astype("float64")


def close(ops: Plain, found: Any, wanted: Any, operations: int, size: float = 1.0) -> None:
    """Within `operations` roundings of numbers up to `size`, twice: for what is compared with too."""
    got = result(ops, found)
    assert got.shape == np.shape(wanted)
    tolerance = 2 * rounding_bound(operations, size, dtype_of(ops)) + SMALLEST_NORMAL[dtype_of(ops)]
    assert np.abs(got - wanted).max(initial=0) <= tolerance


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (2, 3, 7), (0, 4)])
@pytest.mark.parametrize("outputs", [1, 6])
def test_linear(ops: Plain, shape: tuple[int, ...], outputs: int) -> None:
    (x, x64), (_, w), (_, b) = given(ops, *shape), given(ops, outputs, shape[-1], seed=1), given(ops, outputs, seed=2)
    wanted = np.array([[float(np.dot(row, line)) for line in w] for row in x64.reshape(-1, shape[-1])])
    wanted = wanted.reshape(*shape[:-1], outputs)
    close(ops, ops.linear(x, w), wanted, shape[-1], shape[-1])
    close(ops, ops.linear(x, w, b), wanted + b, shape[-1] + 1, shape[-1] + 1)
    assert ops.flops[""] == 2 * flops.linear_flops(math.prod(shape[:-1]), shape[-1], outputs)


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
def test_feed_forward(ops: Plain, activation: Any) -> None:
    (x, _), (_, first), (_, second) = given(ops, 4, 3), given(ops, 5, 3, seed=1), given(ops, 2, 5, seed=2)
    (_, b), (_, c) = given(ops, 5, seed=3), given(ops, 2, seed=4)
    by_parts = ops.linear(ops.activation(ops.linear(x, first, b), activation), second, c)
    assert np.array_equal(result(ops, ops.feed_forward(x, (first, b), (second, c), activation)), result(ops, by_parts))
    without = ops.linear(ops.activation(ops.linear(x, first), activation), second)
    assert np.array_equal(
        result(ops, ops.feed_forward(x, (first, None), (second, None), activation)), result(ops, without)
    )


def gelu(x: float) -> float:
    return x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def silu(x: float) -> float:
    return x / (1 + math.exp(-x)) if x >= 0 else x * math.exp(x) / (1 + math.exp(x))


FORMULAS = {"relu": lambda x: max(x, 0.0), "gelu": gelu, "silu": silu}


@pytest.mark.parametrize("name", list(FORMULAS))
def test_activations(ops: Plain, name: Any) -> None:
    points = np.concatenate([np.linspace(-20, 20, 81), [1e-30, -1e-30, 100.0, -100.0]]).reshape(5, 17)
    points = points.astype("float32").astype("float64")
    wanted = np.vectorize(FORMULAS[name])(points)
    found = result(ops, ops.activation(ops.known(points), name))
    # 1 + tanh and 1 + exp are rounded at size up to 2, their arguments at size up to 300 where it no longer matters
    allowed = np.abs(points) * 2 * rounding_bound(60, 1.0, dtype_of(ops)) + SMALLEST_NORMAL[dtype_of(ops)]
    assert (np.abs(found - wanted) <= allowed).all()
    assert ops.flops[""] == flops.ACTIVATION_FLOPS[name] * points.size


@pytest.mark.parametrize("name", list(FORMULAS))
def test_activations_of_huge_numbers(ops: Plain, name: Any) -> None:
    """x from the left of 0 and x itself on the right: nothing overflows on the way, and nothing warns."""
    large = LARGEST[dtype_of(ops)]
    x = ops.known(np.array([-large, -1e15, -1000.0, -0.0, 0.0, 1000.0, 1e15, large]))
    found = result(ops, ops.activation(x, name))
    assert np.array_equal(found[:5], np.zeros(5))
    assert np.array_equal(found[5:], np.asarray(x)[5:])


@pytest.mark.parametrize("name", list(FORMULAS))
def test_what_is_not_a_number_stays_so(ops: Plain, name: Any) -> None:
    x = ops.known(np.array([[math.nan, 1.0]]))
    for found in (ops.activation(x, name), ops.unit_rows(x), ops.layer_norm(x, 1e-6)):
        assert math.isnan(result(ops, found)[0, 0])
    assert np.isnan(result(ops, ops.unit_rows(x))).all()


@pytest.mark.parametrize(("first", "second"), [((3, 4), (3, 4)), ((3, 4), (4,)), ((2, 1, 3), (1, 5, 1)), ((1,), (1,))])
def test_entrywise(ops: Plain, first: tuple[int, ...], second: tuple[int, ...]) -> None:
    (x, x64), (y, y64) = given(ops, *first), given(ops, *second, seed=1)
    close(ops, ops.add(x, y), x64 + y64, 1, 2)
    close(ops, ops.multiply(x, y), x64 * y64, 1)
    close(ops, ops.scaled(x, -0.75), -0.75 * x64, 1)
    assert ops.flops[""] == 2 * (x64 + y64).size + x64.size


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1), (3, 2, 8)])
@pytest.mark.parametrize("eps", [1e-6, 0.5])
def test_layer_norm(ops: Plain, shape: tuple[int, ...], eps: float) -> None:
    x, x64 = given(ops, *shape)
    rows = [
        [(entry - np.mean(row)) / math.sqrt(np.mean((row - np.mean(row)) ** 2) + eps) for entry in row]
        for row in x64.reshape(-1, shape[-1])
    ]
    # the divisor is at least sqrt(eps), or near 1/2 for the wider rows drawn here
    size = 1 / math.sqrt(eps) if shape[-1] == 1 else 8.0
    close(ops, ops.layer_norm(x, eps), np.reshape(rows, shape), shape[-1] + 8, size)
    assert ops.flops[""] == flops.layer_norm_flops(math.prod(shape[:-1]), shape[-1])


def test_the_variance_of_a_norm_is_biased(ops: Plain) -> None:
    found = result(ops, ops.layer_norm(ops.known(np.array([[1.0, -1.0]])), 0.0))
    assert np.array_equal(found, [[1.0, -1.0]])  # with 1/(C-1) it would be 1/sqrt(2)


@pytest.mark.parametrize(
    ("shape", "groups"), [((1, 1, 4), 2), ((3, 5, 6), 1), ((3, 5, 6), 6), ((4, 2, 6), 3), ((1, 9, 4), 4)]
)
def test_group_norm(ops: Plain, shape: tuple[int, int, int], groups: int) -> None:
    (x, x64), (_, w), (_, b) = given(ops, *shape), given(ops, shape[2], seed=1), given(ops, shape[2], seed=2)
    each, wanted = shape[2] // groups, np.empty(shape)
    for g in range(groups):
        part = x64[:, :, g * each : (g + 1) * each]
        spread = math.sqrt(np.mean((part - part.mean()) ** 2) + 0.01)
        for c in range(g * each, (g + 1) * each):
            wanted[:, :, c] = (x64[:, :, c] - part.mean()) / spread * w[c] + b[c]
    close(ops, ops.group_norm(x, groups, 0.01, w, b), wanted, math.prod(shape) + 12, 11.0)
    assert ops.flops[""] == flops.group_norm_flops(*shape, groups)


def test_group_norm_of_a_large_map_loses_few_digits() -> None:
    """Sums along an axis at a time: 2^16 entries of a group are rounded some 520 times in turn, not 65536 times."""
    x = np.random.default_rng(0).standard_normal((256, 256, 4)) + 3.0
    single = x.astype("float32")
    one, zero = np.ones(4), np.zeros(4)
    found = Plain(numpy_like("float32")).group_norm(single, 4, 1e-6, one, zero)
    wanted = Plain(numpy_like()).group_norm(single.astype("float64"), 4, 1e-6, one, zero)
    assert np.abs(found - wanted).max() <= rounding_bound(40, 3.0, "float32")


@pytest.mark.parametrize("shape", [(1, 1), (4, 3), (2, 3, 5)])
def test_unit_rows(ops: Plain, shape: tuple[int, ...]) -> None:
    x, x64 = given(ops, *shape)
    rows = [row / math.sqrt(sum(entry**2 for entry in row)) for row in x64.reshape(-1, shape[-1])]
    close(ops, ops.unit_rows(x), np.reshape(rows, shape), shape[-1] + 3)
    assert ops.flops[""] == flops.unit_rows_flops(math.prod(shape[:-1]), shape[-1])


def test_unit_rows_of_zeros_and_of_tiny_rows(ops: Plain) -> None:
    x = ops.known(np.array([[0.0, 0.0], [3e-14, 4e-14], [3e-6, 4e-6]]))
    close(ops, ops.unit_rows(x), [[0.0, 0.0], [0.03, 0.04], [0.6, 0.8]], 12)


@pytest.mark.parametrize(("scale", "gamma"), [("d", 1 / 4), ("sqrt", 1 / 2), ("one", 1.0), (0.3, 0.3)])
@pytest.mark.parametrize("tokens", [1, 6])
def test_attention(ops: Plain, tokens: int, scale: Any, gamma: float) -> None:
    parts = [given(ops, 2, tokens, 4, seed=seed) for seed in range(3)]
    (q, q64), (k, k64), (v, v64) = parts
    levels = np.array([0, 0, 0, 1, 1, 2])[:tokens]
    for given_levels in (None, levels):
        wanted = np.empty((2, tokens, 4))
        for h in range(2):
            for i in range(tokens):
                seen = [j for j in range(tokens) if given_levels is None or levels[j] <= levels[i]]
                weights = [math.exp(gamma * float(q64[h, i] @ k64[h, j])) for j in seen]
                wanted[h, i] = sum(w * v64[h, j] for w, j in zip(weights, seen, strict=True)) / sum(weights)
        close(ops, ops.attention(q, k, v, scale=scale, levels=given_levels), wanted, 60, 1.0)
    assert ops.flops[""] > 0
    assert ops.attention_engines == {"exact": 2}
    assert (ops.attention_bound > 0) == (tokens > 1)  # the softmax over one token is 1
    assert ops.attention_bound < 1e-4


def test_attention_by_another_engine_works_to_its_target() -> None:
    exact, fast = Plain(numpy_like()), Plain(numpy_like(), engine="polynomial", delta=1e-4)
    q, k, v = (given(exact, 1, 40, 3, seed=seed)[0] for seed in range(3))
    difference = np.abs(exact.attention(q, k, v, scale="d") - fast.attention(q, k, v, scale="d")).max()
    assert 1e-12 < difference <= 1e-4
    assert difference <= fast.attention_bound <= 1e-4
    assert fast.attention_engines == {"polynomial": 1}


@pytest.mark.parametrize(
    "operator",
    [up("bicubic", 1, 1), up("bicubic", 1, 5), up("bspline", 3, 4), area(5, 3), up("nearest", 4, 4)],
    ids=lambda operator: operator.name,
)
@pytest.mark.parametrize("channels", [1, 3])
def test_resample(ops: Plain, operator: Resampling, channels: int) -> None:
    x, x64 = given(ops, operator.source, operator.source, channels)
    n, wanted = operator.target, np.empty((operator.target, operator.target, channels))
    for i in range(n):
        for j in range(n):
            for c in range(channels):
                terms = (
                    float(a * b) * x64[k, m, c]
                    for k, a in enumerate(operator.matrix[i])
                    for m, b in enumerate(operator.matrix[j])
                )
                wanted[i, j, c] = math.fsum(terms)
    close(ops, ops.resample(x, operator), wanted, 2 * operator.source + 4, float(operator.norm))
    products, rest = divmod(ops.flops[""], 2 * channels * n * (operator.source + n))
    assert rest == 0  # the same inner product for each of n p c and n n c entries; `test_flops.py` counts it
    assert products <= max(4, operator.source)
    assert np.array_equal(result(ops, x), x64)  # its argument is left alone


def test_rows_of_a_map_are_not_its_columns(ops: Plain) -> None:
    """An operator along the wrong axis would go unseen on a symmetric map."""
    one, zero = Fraction(1), Fraction(0)
    operator = Resampling("first and last", ((one, zero, zero), (zero, zero, one)))
    x, x64 = given(ops, 3, 3, 2)
    assert np.array_equal(result(ops, ops.resample(x, operator)), x64[::2, ::2])


def convolved(x: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entry by entry from the definition: neighbours outside the map are zero."""
    (height, width, _), (outputs, _, high, wide) = x.shape, w.shape
    found = np.zeros((height, width, outputs))
    for r in range(height):
        for c in range(width):
            for i in range(high):
                for j in range(wide):
                    row, column = r + i - high // 2, c + j - wide // 2
                    if 0 <= row < height and 0 <= column < width:
                        found[r, c] += w[:, :, i, j] @ x[row, column]
    return found


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 4), (1, 6, 2), (5, 1, 2), (4, 7, 3)])
@pytest.mark.parametrize("taps", [(1, 1), (3, 3), (5, 1), (3, 5)])
def test_convolve(ops: Plain, shape: tuple[int, int, int], taps: tuple[int, int]) -> None:
    (x, x64), (_, w), (_, b) = given(ops, *shape), given(ops, 2, shape[2], *taps, seed=1), given(ops, 2, seed=2)
    terms = math.prod(taps) * shape[2]
    close(ops, ops.convolve(x, w), convolved(x64, w), terms, terms)
    close(ops, ops.convolve(x, w, b), convolved(x64, w) + b, terms + 1, terms + 1)
    assert ops.flops[""] == 2 * flops.convolution_flops(*shape[:2], math.prod(taps), shape[2], 2)


@pytest.mark.parametrize("gathered", [1, 54, 200, 10**6])
def test_convolutions_by_blocks_of_rows_are_the_same(
    ops: Plain, gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "GATHERED", gathered)
    (x, x64), (_, w) = given(ops, 7, 3, 2), given(ops, 4, 2, 3, 3, seed=1)
    close(ops, ops.convolve(x, w), convolved(x64, w), 18, 18)


def test_convolutions_do_not_change_what_they_are_given(ops: Plain) -> None:
    (x, x64), (_, w) = given(ops, 3, 3, 2), given(ops, 2, 2, 3, 3, seed=1)
    kept = w.copy()
    ops.convolve(x, w, np.zeros(2))
    assert np.array_equal(result(ops, x), x64)
    assert np.array_equal(w, kept)


def test_large_convolutions_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch", reason=NEEDED)
    ops = Plain(numpy_like("float32"))
    (x, x64), (_, w) = given(ops, 96, 80, 48), given(ops, 32, 48, 3, 3, seed=1)
    image = torch.asarray(x64).permute(2, 0, 1)[None]
    wanted = torch.nn.functional.conv2d(image, torch.asarray(w), padding=1)[0].permute(1, 2, 0).numpy()
    close(ops, ops.convolve(x, w), wanted, 9 * 48, 9 * 48 / 4)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_join_and_rows(ops: Plain, axis: int) -> None:
    parts = [given(ops, *(size if a == axis else 2 for a in range(3)), seed=size) for size in (1, 4, 2)]
    joined = ops.join([part for part, _ in parts], axis=axis)
    assert np.array_equal(result(ops, joined), np.concatenate([exact for _, exact in parts], axis=axis))
    for (_, exact), (start, stop) in zip(parts, ((0, 1), (1, 5), (5, 7)), strict=True):
        assert np.array_equal(result(ops, ops.rows(joined, start, stop, axis=axis)), exact)
    assert ops.join([parts[0][0]]) is parts[0][0]
    assert sum(ops.flops.values()) == 0


@pytest.mark.parametrize(("tokens", "heads", "head_dim"), [(1, 1, 1), (5, 3, 2), (4, 1, 6), (2, 4, 1)])
def test_heads(ops: Plain, tokens: int, heads: int, head_dim: int) -> None:
    x, x64 = given(ops, tokens, heads * head_dim)
    split = ops.split_heads(x, heads)
    wanted = [[[x64[t, h * head_dim + c] for c in range(head_dim)] for t in range(tokens)] for h in range(heads)]
    assert np.array_equal(result(ops, split), wanted)
    assert np.array_equal(result(ops, ops.merge_heads(split)), x64)
    flat = ops.reshape(split, (tokens * heads, head_dim))
    assert np.array_equal(result(ops, flat), np.reshape(wanted, (-1, head_dim)))


def test_known_and_value(ops: Plain) -> None:
    exact = np.array([[1 / 3, 2.0]])
    for array in (exact, exact.astype("float32"), exact.tolist(), ops.known(exact)):
        found = ops.known(array)
        assert np.abs(result(ops, found) - exact).max() <= rounding_bound(1, 1.0, "float32")
        assert ops.value(found) is found
    if dtype_of(ops) == "float64":
        assert np.array_equal(result(ops, ops.known(exact)), exact)


def test_flops_and_seconds_belong_to_their_phase(ops: Plain) -> None:
    x = ops.known(np.ones((2, 3)))
    ops.add(x, x)
    start = time.perf_counter()
    with ops.phase("a"):
        ops.add(x, x)
        with ops.phase("b"):
            ops.multiply(x, x)
            ops.add(x, x)
            time.sleep(0.02)
        with pytest.raises(ValueError, match="stopped"), ops.phase("c"):
            raise ValueError("stopped")
        ops.scaled(x, 2.0)
    ops.activation(x, "silu")
    elapsed = time.perf_counter() - start
    assert {name: count for name, count in ops.flops.items() if count} == {"": 6 + 24, "a": 12, "a/b": 12}
    assert set(ops.seconds) == {"", "a", "a/b", "a/c"}
    assert ops.seconds["a/b"] >= 0.02
    assert ops.seconds["a"] + ops.seconds["a/b"] + ops.seconds["a/c"] <= elapsed


def test_steps_are_kept_when_asked() -> None:
    x = np.ones(2)
    silent, recording = Plain(numpy_like()), Plain(numpy_like(), recorded=True)
    assert silent.step(x, "one") is x
    assert recording.step(x, "one") is x
    assert silent.steps == []
    assert [(name, kept is x) for name, kept in recording.steps] == [("one", True)]
