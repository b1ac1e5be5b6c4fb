"""The operations of a VAR pass. Models are written against them once; an arithmetic says what a number is.

Shapes: token rows are (tokens, channels), maps are (rows, columns, channels) in row-major order of tokens, heads are
(heads, tokens, head_dim). Weights have the layout of the field: linear (out, in), convolution (out, in, height, width).
Weights and inputs are exact: bounds of an arithmetic that keeps bounds are about the pass, not about the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, TypeVar

from varproof.var.interpolation.resampling import Resampling

T = TypeVar("T")

Activation = Literal["relu", "gelu", "silu"]  # gelu is the tanh form: x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))/2


class Arithmetic(Protocol[T]):
    """What a pass may do with numbers of type T: an array, or an array with a bound beside every entry."""

    def known(self, array: Any) -> T:
        """An exact input or weight as a T."""

    def value(self, x: T) -> Any:
        """The computed array."""

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Operations inside belong to this phase; phases nest as "transformer/attention"."""

    def step(self, x: T, name: str) -> T:
        """Record x as the result of a named step of the pass, and return it."""

    def linear(self, x: T, weight: Any, bias: Any = None) -> T:
        """x W^T + b on the last axis."""

    def feed_forward(self, x: T, first: tuple[Any, Any], second: tuple[Any, Any], activation: Activation) -> T:
        """W2 act(W1 x + b1) + b2 on the last axis; pairs (weight, bias or None)."""

    def activation(self, x: T, name: Activation) -> T:
        """Entrywise."""

    def add(self, x: T, y: T) -> T:
        """Entrywise with broadcasting."""

    def multiply(self, x: T, y: T) -> T:
        """Entrywise with broadcasting."""

    def scaled(self, x: T, factor: float) -> T:
        """x times one number that the dtype holds exactly."""

    def layer_norm(self, x: T, eps: float) -> T:
        """(x - mean)/sqrt(var + eps) over the last axis, var the biased variance; no weights."""

    def group_norm(self, x: T, groups: int, eps: float, weight: Any, bias: Any) -> T:
        """The same over (rows, columns, channels of a group) of a map, then weight and bias by channel."""

    def unit_rows(self, x: T) -> T:
        """x / max(|x|_2, 1e-12) over the last axis."""

    def attention(self, q: T, k: T, v: T, *, scale: str | float, levels: Any = None) -> T:
        """Softmax attention of (heads, tokens, d); `scale`, `levels` as in `varproof.attention.attend`."""

    def resample(self, x: T, operator: Resampling) -> T:
        """A map (p, p, c) under the operator's two-dimensional map, (n, n, c)."""

    def convolve(self, x: T, weight: Any, bias: Any = None) -> T:
        """A map (h, w, in) convolved with stride 1 and zero padding that keeps the size, (h, w, out)."""

    def join(self, parts: Sequence[T], axis: int = 0) -> T:
        """Concatenation."""

    def rows(self, x: T, start: int, stop: int, axis: int = 0) -> T:
        """x[start:stop] on an axis."""

    def reshape(self, x: T, shape: tuple[int, ...]) -> T:
        """The same entries in C order."""

    def split_heads(self, x: T, heads: int) -> T:
        """(tokens, heads d) to (heads, tokens, d)."""

    def merge_heads(self, x: T) -> T:
        """(heads, tokens, d) to (tokens, heads d)."""
