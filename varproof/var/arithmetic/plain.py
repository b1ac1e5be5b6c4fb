"""Plain arrays: NumPy, torch and others by the array API. The pass itself, counted when a meter is given."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from array_api_compat import array_namespace, device

from varproof.attention import attend
from varproof.var.arithmetic.flops import (
    ACTIVATION_FLOPS,
    convolution_flops,
    group_norm_flops,
    layer_norm_flops,
    linear_flops,
    resample_flops,
    unit_rows_flops,
)
from varproof.var.arithmetic.protocol import Activation
from varproof.var.interpolation.resampling import Resampling

Engine = Literal["exact", "auto", "polynomial", "tree"]
NO_TARGET = 1e30  # exact attention is run whatever its bound, which is small
SMALLEST_NORM = 1e-12
SATURATED = 16.0  # the tanh of the gelu is +-1 in every dtype from here on
GATHERED = 2**21  # entries that a convolution gathers for one matrix product


@dataclass
class Plain:
    """Runs a pass. `engine` "exact" or one of `attend`, which then works to `delta`; `like` sets library and dtype.

    `flops` and `seconds` fill up by phase, `attention_bound` is the largest error that an attention call certified.
    `steps` keeps the named results when `recorded`.
    """

    like: Any
    engine: Engine = "exact"
    delta: float = 1e-3
    recorded: bool = False
    flops: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    attention_bound: float = 0.0
    attention_engines: Counter[str] = field(default_factory=Counter)
    steps: list[tuple[str, Any]] = field(default_factory=list)
    _phase: list[str] = field(default_factory=list)
    _since: float = field(default_factory=time.perf_counter)

    @property
    def xp(self) -> Any:
        """The array namespace."""
        return array_namespace(self.like)

    def known(self, array: Any) -> Any:
        """On the device and in the dtype of `like`."""
        return self.xp.asarray(array, dtype=self.like.dtype, device=device(self.like))

    def value(self, x: Any) -> Any:
        """x."""
        return x

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Operations inside are counted and timed for this phase, those of inner phases for theirs alone."""
        self._clock()
        self._phase.append(name)
        try:
            yield
        finally:
            self._clock()
            self._phase.pop()

    def _clock(self) -> None:
        now = time.perf_counter()
        self.seconds["/".join(self._phase)] += now - self._since
        self._since = now

    def count(self, flops: int) -> None:
        """Add to the current phase."""
        self.flops["/".join(self._phase)] += flops

    def step(self, x: Any, name: str) -> Any:
        """Keep x under its name when recording."""
        if self.recorded:
            self.steps.append((name, x))
        return x

    def linear(self, x: Any, weight: Any, bias: Any = None) -> Any:
        """x W^T + b."""
        w = self.known(weight)
        outputs, inputs = (int(size) for size in w.shape)
        self.count(linear_flops(math.prod(x.shape[:-1]), inputs, outputs))
        y = x @ w.T
        return y if bias is None else y + self.known(bias)

    def feed_forward(self, x: Any, first: tuple[Any, Any], second: tuple[Any, Any], activation: Activation) -> Any:
        """W2 act(W1 x + b1) + b2."""
        return self.linear(self.activation(self.linear(x, *first), activation), *second)

    def activation(self, x: Any, name: Activation) -> Any:
        """Entrywise."""
        xp = self.xp
        self.count(ACTIVATION_FLOPS[name] * math.prod(x.shape))
        if name == "relu":
            return xp.maximum(x, xp.zeros_like(x))  # NaN stays NaN
        if name == "gelu":
            near = xp.clip(x, -SATURATED, SATURATED)  # its cube does not overflow
            return x * ((1 + xp.tanh(math.sqrt(2 / math.pi) * (near + 0.044715 * (near * near * near)))) / 2)
        # exp of a number <= 0 only: no overflow
        small = xp.exp(-xp.abs(x))
        return x * (xp.where(x >= 0, xp.ones_like(x), small) / (1 + small))

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return self._entrywise(x + y)

    def multiply(self, x: Any, y: Any) -> Any:
        """x y."""
        return self._entrywise(x * y)

    def scaled(self, x: Any, factor: float) -> Any:
        """x times a number."""
        return self._entrywise(x * factor)

    def _entrywise(self, result: Any) -> Any:
        self.count(math.prod(result.shape))
        return result

    def layer_norm(self, x: Any, eps: float) -> Any:
        """(x - mean)/sqrt(var + eps) over the last axis."""
        self.count(layer_norm_flops(math.prod(x.shape[:-1]), int(x.shape[-1])))
        xp = self.xp
        centred = x - xp.mean(x, axis=-1, keepdims=True)
        return centred / xp.sqrt(xp.mean(centred * centred, axis=-1, keepdims=True) + eps)

    def group_norm(self, x: Any, groups: int, eps: float, weight: Any, bias: Any) -> Any:
        """Over rows, columns and the channels of a group."""
        height, width, channels = (int(size) for size in x.shape)
        self.count(group_norm_flops(height, width, channels, groups))
        each = channels // groups
        centred = x - self.xp.repeat(self._group_mean(x, groups), each)
        spread = self.xp.sqrt(self._group_mean(centred * centred, groups) + eps)
        return centred / self.xp.repeat(spread, each) * self.known(weight) + self.known(bias)

    def _group_mean(self, x: Any, groups: int) -> Any:
        """Sums of sums: one sum over all pixels rounds far more."""
        xp, channels = self.xp, int(x.shape[2])
        by_channel = xp.sum(xp.sum(x, axis=1), axis=0)
        by_group = xp.sum(xp.reshape(by_channel, (groups, channels // groups)), axis=1)
        return by_group / (math.prod(x.shape) // groups)

    def unit_rows(self, x: Any) -> Any:
        """x / max(|x|, 1e-12)."""
        self.count(unit_rows_flops(math.prod(x.shape[:-1]), int(x.shape[-1])))
        norm = self.xp.sqrt(self.xp.sum(x * x, axis=-1, keepdims=True))
        return x / self.xp.maximum(norm, self.xp.full_like(norm, SMALLEST_NORM))  # NaN stays NaN

    def attention(self, q: Any, k: Any, v: Any, *, scale: str | float, levels: Any = None) -> Any:
        """By `attend`."""
        delta = NO_TARGET if self.engine == "exact" else self.delta
        answer = attend(q, k, v, delta=delta, engine=self.engine, scale=scale, levels=levels)  # type: ignore[arg-type]
        self.count(answer.flops)
        self.attention_engines[answer.engine] += 1
        if math.prod(answer.bound.shape):
            self.attention_bound = max(self.attention_bound, float(self.xp.max(answer.bound)))
        return answer.values

    def resample(self, x: Any, operator: Resampling) -> Any:
        """Rows first, then columns, each by the stencil."""
        source, columns, channels = (int(size) for size in x.shape)
        self.count(resample_flops(source, operator.target, channels, operator.products))
        tall = self._along_axis(self.xp.reshape(x, (source, columns * channels)), operator, 0)
        return self._along_axis(self.xp.reshape(tall, (operator.target, columns, channels)), operator, 1)

    def _along_axis(self, x: Any, operator: Resampling, axis: int) -> Any:
        """The one-dimensional map on the axis before the last: for every weight of a row the entry it is for."""
        xp, (indices, weights) = self.xp, operator.stencil
        total = None
        for index, weight in zip(indices.T, weights.T, strict=True):
            taken = xp.take(x, xp.asarray(index, device=device(x)), axis=axis)
            if operator.products:
                taken *= self.known(weight[:, None])
            if total is None:
                total = taken
            else:
                total += taken
        return total

    def convolve(self, x: Any, weight: Any, bias: Any = None) -> Any:
        """One matrix product for a block of rows: every pixel's row holds its neighbourhood."""
        xp = self.xp
        w = self.known(weight)
        outputs, inputs, high, wide = (int(size) for size in w.shape)
        height, width = int(x.shape[0]), int(x.shape[1])
        self.count(convolution_flops(height, width, high * wide, inputs, outputs))
        padded = self._padded(x, high // 2, wide // 2)
        matrix = xp.reshape(xp.permute_dims(w, (2, 3, 1, 0)), (high * wide * inputs, outputs))
        step = max(1, GATHERED // max(1, width * high * wide * inputs))
        blocks = []
        for top in range(0, height, step):
            rows = min(step, height - top)
            shifted = [padded[top + i : top + i + rows, j : j + width, :] for i in range(high) for j in range(wide)]
            taps = xp.reshape(xp.concat(shifted, axis=2), (rows * width, high * wide * inputs))
            product = taps @ matrix if bias is None else taps @ matrix + self.known(bias)
            blocks.append(xp.reshape(product, (rows, width, outputs)))
        return self.join(blocks)

    def _padded(self, x: Any, above: int, left: int) -> Any:
        height, width, channels = (int(size) for size in x.shape)
        shape = (height + 2 * above, width + 2 * left, channels)
        padded = self.xp.zeros(shape, dtype=x.dtype, device=device(x))
        padded[above : above + height, left : left + width, :] = x
        return padded

    def join(self, parts: Sequence[Any], axis: int = 0) -> Any:
        """Concatenation."""
        return parts[0] if len(parts) == 1 else self.xp.concat(list(parts), axis=axis)

    def rows(self, x: Any, start: int, stop: int, axis: int = 0) -> Any:
        """x[start:stop] on an axis."""
        return x[(slice(None),) * axis + (slice(start, stop),)]

    def reshape(self, x: Any, shape: tuple[int, ...]) -> Any:
        """In C order."""
        return self.xp.reshape(x, shape)

    def split_heads(self, x: Any, heads: int) -> Any:
        """(tokens, heads d) to (heads, tokens, d)."""
        tokens, width = (int(size) for size in x.shape)
        return self.xp.permute_dims(self.xp.reshape(x, (tokens, heads, width // heads)), (1, 0, 2))

    def merge_heads(self, x: Any) -> Any:
        """(heads, tokens, d) to (tokens, heads d)."""
        heads, tokens, head_dim = (int(size) for size in x.shape)
        return self.xp.reshape(self.xp.permute_dims(x, (1, 0, 2)), (tokens, heads * head_dim))


def numpy_like(dtype: str = "float64") -> np.ndarray[Any, Any]:
    """An empty NumPy array that sets library and dtype."""
    return np.empty(0, dtype=dtype)
