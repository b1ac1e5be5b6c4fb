"""What every operation of the ledger goes through: values computed plainly, errors by a rule, the exact pass beside.

Rounding of float64 is in the rules; that of float32 is what float64 at the same arguments says.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from varproof.var.arithmetic.plain import Engine, Plain
from varproof.var.ledger.attention_rule import AttentionCall
from varproof.var.ledger.bounded_array import INFLATION, BoundedArray, Group, numbers
from varproof.var.ledger.entries import Entry, entry_of
from varproof.var.ledger.linear_rules import form_fits

PROMOTED = 0.02  # a remainder above this share of the largest bound gets symbols of its own
# ill-conditioned: another library's order of additions may give another float64, bounded by comparison as float32 is
COMPARED = ("layer_norm", "group_norm", "unit_rows")
MOST_SYMBOLS = 6  # times the channels: with more, the remainder stays, or all becomes one box

Groups = tuple[Group, ...]


@dataclass
class Core:
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
        self._twin: Any = (
            type(self)(np.empty(0), correlated=self.correlated, reference=False) if self.reference else None
        )
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
            value = getattr(self._plain, operation)(*map(value_of, arguments), *options)
            found = error()
            remainder, kept = found if groups is None else (found, groups)
            shape = tuple(int(size) for size in value.shape)
            remainder = np.broadcast_to(np.asarray(remainder, dtype=np.float64), shape)
            if self._narrow or operation in COMPARED:
                wide = getattr(self._wide, operation)(*map(numbers_of, arguments), *options)
                remainder = (remainder + np.abs(numbers(value) - wide)) * INFLATION
            twin = None
            if self._twin is not None:
                twin = getattr(self._twin, operation)(*map(twin_of, arguments), *options)
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


def value_of(x: Any) -> Any:
    return x.value if isinstance(x, BoundedArray) else x


def numbers_of(x: Any) -> Any:
    return x.numbers if isinstance(x, BoundedArray) else x


def twin_of(x: Any) -> Any:
    return x.twin if isinstance(x, BoundedArray) else x
