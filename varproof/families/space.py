"""Parameter spaces: one description from which NumPy samples, Hypothesis strategies, grids and mutations are made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product

import numpy as np

from varproof.base.errors import InputError

Value = int | float | str | Fraction
Point = Mapping[str, Value]
SEEDS = 2**32  # seeds of a case are below this
BINS = 4  # of a field with more values than that, in the coverage map
FEW = 8  # values of an integer field that are cells of their own


@dataclass(frozen=True)
class Integer:
    """Integers from `low` to `high`, both included; with `log` every doubling is as likely as the next."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Real:
    """Float64 numbers from `low` to `high`; with `log` (then low > 0) every doubling is as likely as the next."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few values, the simplest first: that is where shrinking goes."""

    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        if isinstance(self.options, str):  # its letters would be the options
            raise InputError("options of a choice", got=repr(self.options), allowed=f"a tuple: ({self.options!r},)")


@dataclass(frozen=True)
class Seed:
    """The seed from which everything is drawn that is not a field of its own; not a coordinate of any map."""


Field = Integer | Real | Choice | Seed
Part = Integer | Real | Choice


@dataclass(frozen=True)
class Space:
    """Named fields; a point gives each of them a value.

    Raises `InputError` for a field without values.

    >>> space = Space({"keys": Integer(1, 4), "bound": Real(0.5, 8.0, log=True), "seed": Seed()})
    >>> sorted(space.sample(np.random.default_rng(0)))
    ['bound', 'keys', 'seed']
    """

    fields: Mapping[str, Field]

    def __post_init__(self) -> None:
        for name, field in self.fields.items():
            if not isinstance(field, Field):
                raise InputError(f"field {name} of a space", got=field, allowed="Integer, Real, Choice or Seed")
            if _empty(field):
                raise InputError(
                    f"field {name} has no values", got=field, allowed="low <= high (low > 0 with log), or some options"
                )

    def sample(self, rng: np.random.Generator) -> dict[str, Value]:
        """One point, every field drawn independently."""
        return {name: _drawn(field, rng) for name, field in self.fields.items()}

    def size(self) -> int | None:
        """How many points there are, or None where a field is continuous or a seed."""
        total = 1
        for field in self.fields.values():
            if isinstance(field, Integer):
                total *= field.high - field.low + 1
            elif isinstance(field, Choice):
                total *= len(field.options)
            else:
                return None
        return total

    def points(self) -> Iterator[dict[str, Value]]:
        """All points in lexicographic order. Raises `InputError` where they are not finitely many.

        >>> list(Space({"a": Integer(1, 2), "b": Choice(("x",))}).points())
        [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'x'}]
        """
        axes: list[list[Value]] = []
        for name, field in self.fields.items():
            if isinstance(field, Integer):
                axes.append(list(range(field.low, field.high + 1)))
            elif isinstance(field, Choice):
                axes.append(list(field.options))
            else:
                raise InputError(f"field {name} cannot be listed", got=field, allowed="Integer or Choice")
        return (dict(zip(self.fields, values, strict=True)) for values in product(*axes))

    def bins(self, name: str) -> dict[str, Part]:
        """The parts of a field that a coverage map tells apart, by label.

        >>> list(Space({"keys": Integer(1, 100, log=True)}).bins("keys"))
        ['1..3', '4..10', '11..31', '32..100']
        """
        field = self.fields[name]
        if isinstance(field, Choice):
            named: dict[str, Part] = {str(option): Choice((option,)) for option in field.options}
            if len(named) == len(field.options):
                return named
            return {repr(option): Choice((option,)) for option in field.options}  # 1 and "1" are two cells
        if isinstance(field, Seed):
            raise InputError(f"field {name} is a seed", got=field, allowed="Integer, Real or Choice for a map's axis")
        if isinstance(field, Integer):
            if field.high - field.low < FEW:
                return {str(value): Integer(value, value) for value in range(field.low, field.high + 1)}
            lows = sorted({math.ceil(edge) for edge in _edges(field)[:-1]} | {field.low})
            ends = [*(low - 1 for low in lows[1:]), field.high]
            return {f"{low}..{end}": Integer(low, end, field.log) for low, end in zip(lows, ends, strict=True)}
        if field.low == field.high:
            return {f"{field.low:.3g}": field}
        parts = [Real(low, high, field.log) for low, high in pairwise(_edges(field))]
        # as many digits as keep the parts of a narrow field apart
        labelled: Iterator[dict[str, Part]] = (
            {f"{one.low:.{digits}g}..{one.high:.{digits}g}": one for one in parts} for digits in range(3, 18)
        )
        return next(labels for labels in labelled if len(labels) == len(set(parts)))

    def cells(self, names: tuple[str, ...]) -> list[Cell]:
        """All combinations of bins of the named fields, as (name, label) pairs.

        >>> Space({"a": Integer(1, 2), "b": Choice(("x",))}).cells(("a", "b"))
        [(('a', '1'), ('b', 'x')), (('a', '2'), ('b', 'x'))]
        """
        return [tuple(zip(names, labels, strict=True)) for labels in product(*(self.bins(name) for name in names))]

    def restricted(self, cell: Cell) -> Space:
        """The part of this space that belongs to a cell."""
        return Space({**self.fields, **{name: self.bins(name)[label] for name, label in cell}})

    def contains(self, point: Point) -> bool:
        """Whether a point has exactly these fields with values in them."""
        return set(point) == set(self.fields) and all(_inside(self.fields[name], point[name]) for name in point)


Cell = tuple[tuple[str, str], ...]


def _empty(field: Field) -> bool:
    if isinstance(field, Choice):
        return not field.options
    if isinstance(field, Seed):
        return False
    return not field.low <= field.high or (field.log and field.low <= 0)


def _edges(field: Integer | Real) -> list[float]:
    if field.log:
        low, high = math.log(field.low), math.log(field.high)
        inner = [math.exp(low + (high - low) * part / BINS) for part in range(1, BINS)]
    else:
        inner = [field.low + (field.high - field.low) * part / BINS for part in range(1, BINS)]
    return [field.low, *(min(max(edge, field.low), field.high) for edge in inner), field.high]


def _drawn(field: Field, rng: np.random.Generator) -> Value:
    if isinstance(field, Seed):
        return int(rng.integers(SEEDS))
    if isinstance(field, Choice):
        return field.options[int(rng.integers(len(field.options)))]
    if isinstance(field, Integer):
        if field.log:
            drawn = math.exp(rng.uniform(math.log(field.low), math.log(field.high + 1)))
            return min(max(int(drawn), field.low), field.high)
        return int(rng.integers(field.low, field.high + 1))
    if field.log:
        return min(max(math.exp(rng.uniform(math.log(field.low), math.log(field.high))), field.low), field.high)
    return float(rng.uniform(field.low, field.high))


def _inside(field: Field, value: Value) -> bool:
    if isinstance(field, Choice):
        return value in field.options
    if isinstance(field, Seed):
        return isinstance(value, int) and 0 <= value < SEEDS
    if isinstance(field, Integer) and not isinstance(value, int):
        return False
    return not isinstance(value, str) and field.low <= value <= field.high


def encode_value(value: Value) -> object:
    """A value as JSON data that loses nothing: floats in hexadecimal, fractions as text, both marked.

    >>> encode_value(0.1), encode_value(Fraction(1, 3)), encode_value(4)
    ({'float': '0x1.999999999999ap-4'}, {'fraction': '1/3'}, 4)
    """
    if isinstance(value, Fraction):
        return {"fraction": str(value)}
    if isinstance(value, float):
        return {"float": value.hex()}
    return value


def decode_value(data: object) -> Value:
    """What `encode_value` was given. Raises `InputError` for anything else.

    >>> decode_value({'fraction': '1/3'})
    Fraction(1, 3)
    """
    try:
        if isinstance(data, dict) and set(data) == {"fraction"}:
            return Fraction(data["fraction"])
        if isinstance(data, dict) and set(data) == {"float"}:
            return float.fromhex(data["float"])
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        pass
    if isinstance(data, int | str) and not isinstance(data, bool):
        return data
    raise InputError(
        "not a value of a point", got=data, allowed='an integer, text, {"float": hex}, {"fraction": "p/q"}'
    )
