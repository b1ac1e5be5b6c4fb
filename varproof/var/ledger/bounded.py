"""The arithmetic of the error ledger: every operation of a pass, with a rigorous bound beside every number.

Values are computed by the plain arithmetic; errors move by the rules of docs/explanation/error-ledger.md. Rounding of
float64 is bounded by the standard model, that of float32 by comparing with float64 at the same arguments.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from varproof.attention import attend
from varproof.base.tolerances import SMALLEST_NORMAL, UNIT_ROUNDOFF
from varproof.var.arithmetic.plain import NO_TARGET, SMALLEST_NORM, Engine, Plain
from varproof.var.arithmetic.protocol import Activation
from varproof.var.interpolation.resampling import Resampling
from varproof.var.ledger.activations import activation_rounding, slope_range
from varproof.var.ledger.attention_rule import (
    AttentionCall,
    clipped_certificate,
    perturbation,
    score_bound,
    score_factor,
    seen_by,
)
from varproof.var.ledger.bounded_array import (
    INFLATION,
    BoundedArray,
    Floats,
    Group,
    add_groups,
    numbers,
    scale_groups,
)
from varproof.var.ledger.entries import Entry, entry_of
from varproof.var.ledger.layout import cut_groups, join_groups, reshape_groups
from varproof.var.ledger.linear_rules import (
    convolved_groups,
    convolved_sizes,
    form_fits,
    map_groups,
    product_rounding,
    resampled_sizes,
    resampling_roundings,
)
from varproof.var.ledger.normalisation import centring_rounding, normalised_bound, normalised_form, unit_bound

UNIT, TINY = UNIT_ROUNDOFF["float64"], SMALLEST_NORMAL["float64"]
PROMOTED = 0.02  # a remainder above this share of the largest bound gets symbols of its own
MOST_SYMBOLS = 6  # times the channels: with more, the remainder stays, or all becomes one box

Groups = tuple[Group, ...]


@dataclass
class Bounded:
    """Runs a pass on `BoundedArray`s. `engine`, `delta`, `like` as for `Plain`; `entries` fills up by `step`.

    `correlated`: errors keep their symbols (else entrywise bounds only). `injected`: what every attention call may err
    by on top, the question of `required_delta`. `reference`: an exact float64 pass with bounds runs along.
    """

    like: Any
    engine: Engine = "exact"
    delta: float = 1e-3
    correlated: bool = True
    injected: float = 0.0
    reference: bool = True
    entries: list[Entry] = field(default_factory=list)
    calls: list[AttentionCall] = field(default_factory=list)
    _phase: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._plain = Plain(self.like, engine=self.engine, delta=self.delta)
        self._wide = Plain(np.empty(0))
        self._narrow = "float64" not in str(self.like.dtype)
        self._twin = Bounded(np.empty(0), correlated=self.correlated, reference=False) if self.reference else None
        self._counter = itertools.count()

    def known(self, array: Any) -> BoundedArray:
        """Exact as given: where the dtype of the pass is shorter, the cast is an error."""
        return self._made("known", (array,), (), lambda: 0.0, ())

    def value(self, x: BoundedArray) -> Any:
        """The computed array."""
        return x.value

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Entries inside belong to this phase."""
        self._phase.append(name)
        try:
            yield
        finally:
            self._phase.pop()

    def step(self, x: BoundedArray, name: str) -> BoundedArray:
        """Add an entry to the ledger; attention calls since the last one take its name."""
        unnamed = next((i for i, call in enumerate(self.calls) if not call.name), len(self.calls))
        self.calls[unnamed:] = [replace(call, name=name) for call in self.calls[unnamed:]]
        self.entries.append(entry_of(x, name, "/".join(self._phase)))
        return x

    def _made(
        self,
        operation: str,
        arguments: tuple[Any, ...],
        options: tuple[Any, ...],
        error: Callable[[], tuple[Any, Groups] | Any],
        groups: Groups | None = None,
    ) -> BoundedArray:
        """The operation on values, in float64 where the dtype is shorter, and on the twins; `error` after that.

        `error()` returns the remainder, rounding of float64 included, or the pair (remainder, groups).
        """
        with np.errstate(all="ignore"):
            value = getattr(self._plain, operation)(*map(_value, arguments), *options)
            found = error()
            remainder, kept = found if groups is None else (found, groups)
            shape = tuple(int(size) for size in value.shape)
            remainder = np.broadcast_to(np.asarray(remainder, dtype=np.float64), shape)
            if self._narrow:
                wide = getattr(self._wide, operation)(*map(_numbers, arguments), *options)
                remainder = (remainder + np.abs(numbers(value) - wide)) * INFLATION
            twin = None
            if self._twin is not None:
                twin = getattr(self._twin, operation)(*map(_twin, arguments), *options)
        return BoundedArray(value, remainder, kept, twin)

    def _with_symbols(self, x: BoundedArray, outputs: int) -> BoundedArray:
        """x with symbols for its remainder, where that is no longer small; without any where memory forbids them."""
        if not self.correlated:
            return x.plain
        channels, largest = x.shape[-1], x.bound.max(initial=0.0)
        share = x.remainder.max(initial=0.0) / largest if 0 < largest < math.inf else 0.0
        if not form_fits(x, outputs):
            x = x.plain
            share = 1.0
        if share <= PROMOTED:
            return x
        symbols = sum(int(group.generators.shape[-1]) for group in x.groups)
        if symbols + channels > MOST_SYMBOLS * channels or not form_fits(x, outputs, channels):
            if share < 0.5 and x.groups:
                return x
            x = x.plain
            if not form_fits(x, outputs, channels):
                return x
        names = np.empty(x.shape[:-1], dtype=np.int64)
        names[...] = np.arange(names.size).reshape(names.shape) + next(self._counter) * 2**32
        box = Group(names, x.remainder[..., None] * np.eye(channels))
        return replace(x, remainder=np.zeros(x.shape), groups=(*x.groups, box))

    def linear(self, x: BoundedArray, weight: Any, bias: Any = None) -> BoundedArray:
        """x W^T + b."""
        w = numbers(weight)
        sizes = np.abs(w)
        x = self._with_symbols(x, int(w.shape[0]))

        def error() -> tuple[Any, Groups]:
            groups, slip = map_groups(x.groups, w)
            terms = np.abs(x.numbers) @ sizes.T + (0 if bias is None else np.abs(numbers(bias)))
            rounding = product_rounding(int(w.shape[1]) + 1, terms)
            return x.remainder @ sizes.T * INFLATION + slip + rounding, groups

        return self._made("linear", (x,), (weight, bias), error)

    def feed_forward(
        self, x: BoundedArray, first: tuple[Any, Any], second: tuple[Any, Any], activation: Activation
    ) -> BoundedArray:
        """W2 act(W1 x + b1) + b2."""
        return self.linear(self.activation(self.linear(x, *first), activation), *second)

    def activation(self, x: BoundedArray, name: Activation) -> BoundedArray:
        """Entrywise."""

        def error() -> tuple[Any, Groups]:
            middle, radius = slope_range(name, x.numbers, x.bound)
            rounding = activation_rounding(name, x.numbers, self._wide.activation(x.numbers, name))
            spread = np.where(radius > 0, radius * x.bound, 0.0)
            slip = 4 * UNIT * x.bound + TINY * 64
            remainder = np.abs(middle) * x.remainder + spread + rounding + (slip if x.groups else 0.0)
            return remainder * INFLATION, scale_groups(x.groups, middle)

        return self._made("activation", (x,), (name,), error)

    def add(self, x: BoundedArray, y: BoundedArray) -> BoundedArray:
        """x + y."""

        def error() -> tuple[Any, Groups]:
            total = x.numbers + y.numbers
            left, right = _fitted(x, total.shape), _fitted(y, total.shape)
            groups = add_groups(left.groups, right.groups)
            slip = 2 * UNIT * (left.bound + right.bound) if left.groups and right.groups else 0.0
            return (left.remainder + right.remainder + UNIT * np.abs(total) + slip) * INFLATION, groups

        return self._made("add", (x, y), (), error)

    def multiply(self, x: BoundedArray, y: BoundedArray) -> BoundedArray:
        """x y: x~ e_y + y~ e_x - e_x e_y."""

        def error() -> tuple[Any, Groups]:
            product = x.numbers * y.numbers
            left, right = _fitted(x, product.shape), _fitted(y, product.shape)
            groups = add_groups(
                scale_groups(left.groups, np.broadcast_to(right.numbers, product.shape)),
                scale_groups(right.groups, np.broadcast_to(left.numbers, product.shape)),
            )
            sizes = np.abs(left.numbers), np.abs(right.numbers)
            linear = sizes[0] * right.remainder + sizes[1] * left.remainder
            slip = 8 * UNIT * (sizes[0] * right.bound + sizes[1] * left.bound) if groups else 0.0
            rest = left.bound * right.bound + UNIT * np.abs(product) + slip + 64 * TINY
            return (linear + rest) * INFLATION, groups

        return self._made("multiply", (x, y), (), error)

    def scaled(self, x: BoundedArray, factor: float) -> BoundedArray:
        """x times a number."""

        def error() -> tuple[Any, Groups]:
            sizes = np.abs(x.numbers * factor)
            slip = 4 * UNIT * abs(factor) * x.bound if x.groups else 0.0
            remainder = abs(factor) * x.remainder + UNIT * sizes + slip + 64 * TINY
            return remainder * INFLATION, scale_groups(x.groups, factor)

        return self._made("scaled", (x,), (factor,), error)

    def layer_norm(self, x: BoundedArray, eps: float) -> BoundedArray:
        """(x - mean)/sqrt(var + eps) over the last axis."""
        x = self._with_symbols(x, x.shape[-1])

        def error() -> tuple[Any, Groups]:
            rows = x.numbers
            generators = [group.generators - group.generators.mean(axis=-2, keepdims=True) for group in x.groups]
            slip = sum(8 * rows.shape[-1] * UNIT * group.bound.max(axis=-1, keepdims=True) for group in x.groups)
            remainder = _centred_errors(x.remainder) + centring_rounding(rows) + slip
            moved = (remainder + sum(np.abs(part).sum(axis=-1) for part in generators)) * INFLATION
            centred, normal = _normal(rows, eps)
            plain = normalised_bound(centred, normal, np.where(np.isnan(moved), math.inf, moved), eps)
            if not x.groups:
                return plain, ()
            turned, rest = normalised_form(centred, normal, generators, remainder, plain, eps)
            return rest, tuple(Group(g.names, part) for g, part in zip(x.groups, turned, strict=True))

        return self._made("layer_norm", (x,), (eps,), error)

    def group_norm(self, x: BoundedArray, groups: int, eps: float, weight: Any, bias: Any) -> BoundedArray:
        """Over rows, columns and the channels of a group."""
        height, width, channels = x.shape

        def error() -> Any:
            plain = x.plain
            rows, errors = (_grouped(part, groups) for part in (plain.numbers, plain.remainder))
            moved = (_centred_errors(errors) + centring_rounding(rows)) * INFLATION
            found = normalised_bound(*_normal(rows, eps), np.where(np.isnan(moved), math.inf, moved), eps)
            shape = (groups, height, width, channels // groups)
            normal = np.moveaxis(found.reshape(shape), 0, 2).reshape(height, width, channels)
            w, b = numbers(weight), np.abs(numbers(bias))
            values = self._wide.group_norm(plain.numbers, groups, eps, numbers(weight), numbers(bias))
            return (normal * np.abs(w) + 2 * UNIT * (np.abs(values) + b) + 64 * TINY) * INFLATION

        return self._made("group_norm", (x,), (groups, eps, weight, bias), error, ())

    def unit_rows(self, x: BoundedArray) -> BoundedArray:
        """x / max(|x|, 1e-12)."""

        def error() -> Any:
            moved = np.where(np.isnan(x.bound), math.inf, x.bound)
            return unit_bound(x.numbers, self._wide.unit_rows(x.numbers), moved, SMALLEST_NORM)

        return self._made("unit_rows", (x,), (), error, ())

    def attention(
        self, q: BoundedArray, k: BoundedArray, v: BoundedArray, *, scale: str | float, levels: Any = None
    ) -> BoundedArray:
        """By `attend`: its certificate, and the perturbation lemma for the errors of q, k, v."""
        delta = NO_TARGET if self.engine == "exact" else self.delta
        answer = attend(
            q.value,
            k.value,
            v.value,
            delta=delta,
            engine=self.engine,
            scale=scale,  # type: ignore[arg-type]
            levels=levels,
        )
        with np.errstate(all="ignore"):
            seen = seen_by(levels, q.shape[-2], k.shape[-2])
            certificate = clipped_certificate(numbers(answer.values), numbers(answer.bound), v.numbers, seen)
            certificate = certificate + self.injected
            gamma = score_factor(scale, q.shape[-1])
            pairs = [(part.numbers, part.bound) for part in (q, k, v)]
            moved = perturbation(pairs[0], pairs[1], pairs[2], gamma, seen)
            remainder = (moved + certificate) * INFLATION
            self.calls.append(self._call(q, k, v, answer, gamma))
        twin = None
        if self._twin is not None:
            twin = self._twin.attention(_twin(q), _twin(k), _twin(v), scale=scale, levels=levels)
        return BoundedArray(answer.values, remainder, (), twin)

    def _call(self, q: BoundedArray, k: BoundedArray, v: BoundedArray, answer: Any, gamma: float) -> AttentionCall:
        spread = v.numbers.max(axis=-2) - v.numbers.min(axis=-2)
        return AttentionCall(
            name="",
            heads=q.shape[0],
            queries=q.shape[-2],
            keys=k.shape[-2],
            head_dim=q.shape[-1],
            bound=score_bound(q.numbers, k.numbers, gamma),
            half_range=float(spread.max() / 2 * INFLATION),
            certificate=float(numbers(answer.bound).max()),
            engine=str(answer.engine),
            degree=int(answer.degree),
        )

    def resample(self, x: BoundedArray, operator: Resampling) -> BoundedArray:
        """Rows first, then columns."""

        def error() -> Any:
            rounding = product_rounding(resampling_roundings(operator), resampled_sizes(x.numbers, operator))
            return resampled_sizes(x.bound, operator) + rounding

        return self._made("resample", (x,), (operator,), error, ())

    def convolve(self, x: BoundedArray, weight: Any, bias: Any = None) -> BoundedArray:
        """The sum of the shifted products, one for each tap."""
        w = numbers(weight)
        x = self._with_symbols(x, int(w.shape[0]))

        def error() -> Any:
            terms = convolved_sizes(x.numbers, w) + (0 if bias is None else np.abs(numbers(bias)))
            rounding = product_rounding(int(w[0].size) + 1, terms)
            moved = convolved_groups(x, w) if x.groups else 0.0
            return convolved_sizes(x.remainder, w) + moved + rounding

        return self._made("convolve", (x,), (weight, bias), error, ())

    def join(self, parts: Sequence[BoundedArray], axis: int = 0) -> BoundedArray:
        """Concatenation."""
        if len(parts) == 1:
            return parts[0]
        kept, groups = join_groups(parts, axis)
        remainder = np.concatenate([part.remainder for part in kept], axis=axis)
        value = self._plain.join([part.value for part in parts], axis)
        return BoundedArray(
            value,
            remainder,
            groups,
            None if self._twin is None else self._twin.join([_twin(part) for part in parts], axis),
        )

    def rows(self, x: BoundedArray, start: int, stop: int, axis: int = 0) -> BoundedArray:
        """x[start:stop] on an axis."""
        part = (slice(None),) * axis + (slice(start, stop),)
        value = self._plain.rows(x.value, start, stop, axis)
        twin = None if self._twin is None else self._twin.rows(_twin(x), start, stop, axis)
        return BoundedArray(value, x.remainder[part], cut_groups(x, start, stop, axis), twin)

    def reshape(self, x: BoundedArray, shape: tuple[int, ...]) -> BoundedArray:
        """In C order."""
        value = self._plain.reshape(x.value, shape)
        twin = None if self._twin is None else self._twin.reshape(_twin(x), shape)
        shape = tuple(int(size) for size in value.shape)
        groups = reshape_groups(x, shape)
        kept = x if groups is not None else x.plain
        return BoundedArray(value, np.reshape(kept.remainder, shape), groups or (), twin)

    def split_heads(self, x: BoundedArray, heads: int) -> BoundedArray:
        """(tokens, heads d) to (heads, tokens, d)."""
        twin = None if self._twin is None else self._twin.split_heads(_twin(x), heads)
        return BoundedArray(self._plain.split_heads(x.value, heads), self._wide.split_heads(x.bound, heads), (), twin)

    def merge_heads(self, x: BoundedArray) -> BoundedArray:
        """(heads, tokens, d) to (tokens, heads d)."""
        twin = None if self._twin is None else self._twin.merge_heads(_twin(x))
        return BoundedArray(self._plain.merge_heads(x.value), self._wide.merge_heads(x.bound), (), twin)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, BoundedArray) else x


def _numbers(x: Any) -> Any:
    return x.numbers if isinstance(x, BoundedArray) else x


def _twin(x: Any) -> Any:
    return x.twin if isinstance(x, BoundedArray) else x


def _fitted(x: BoundedArray, shape: tuple[int, ...]) -> BoundedArray:
    """x broadcast to a shape: symbols stay only where nothing is repeated."""
    if x.shape == tuple(shape):
        return x
    plain = x.plain
    return BoundedArray(np.broadcast_to(plain.numbers, shape), np.broadcast_to(plain.remainder, shape))


def _centred_errors(error: Floats) -> Floats:
    """|e_i - mean(e)| <= (1 - 1/C) |e_i| + (1/C) sum of the others, over the last axis."""
    count = error.shape[-1]
    return np.asarray(((1 - 2 / count) * error + error.mean(axis=-1, keepdims=True)) if count > 1 else 0 * error)


def _normal(rows: Floats, eps: float) -> tuple[Floats, Floats]:
    """The centred rows, and those over their standard deviation, in float64."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    return centred, centred / np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + eps)


def _grouped(x: Floats, groups: int) -> Floats:
    """(h, w, C) to (groups, h w C / groups)."""
    height, width, channels = x.shape
    return np.moveaxis(x.reshape(height, width, groups, channels // groups), 2, 0).reshape(groups, -1)
