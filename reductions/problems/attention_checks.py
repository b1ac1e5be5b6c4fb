"""What an attention instance may hold: number types, levels, rationals; and whether outputs are within delta."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from reductions.problems.attention_reference import enclosed
from varproof.base.balls import ball
from varproof.base.errors import CertificateError, InputError

if TYPE_CHECKING:
    from reductions.problems.attention import ApproximateAttention

NUMBERS = "a two-dimensional array of integers that fit int64, or of finite float64, float32 or float16"
RATIONALS = ("delta", "query_unit", "key_unit", "value_unit")


def as_numbers(array: Any, name: str) -> NDArray[Any]:
    """The array as int64 or float64, the same numbers; `InputError` where that is not possible.

    >>> as_numbers(np.array([[1, 0]], dtype=np.uint8), "keys").dtype
    dtype('int64')
    """
    read = array if isinstance(array, np.ndarray) else _read(array)
    kind, got = read.dtype.kind, f"{read.dtype} of shape {read.shape}"
    if read.ndim != 2 or kind not in "biuf" or (kind == "f" and read.dtype.itemsize > 8):
        hint = "Python integers that fit: astype(np.int64)" if kind == "O" else ""
        raise InputError(f"the {name} are no matrix of numbers", got=got, allowed=NUMBERS, hint=hint)
    if kind == "f":
        if not bool(np.isfinite(read).all()):
            bad = tuple(int(i) for i in np.argwhere(~np.isfinite(read))[0])
            raise InputError(f"the {name} are not all finite", got=f"{read[bad]} at {bad}", allowed=NUMBERS)
        return read.astype(np.float64, copy=False)
    if read.dtype == np.uint64 and read.size and int(read.max()) >= 2**63:
        raise InputError(f"the {name} are too large", got=int(read.max()), allowed=NUMBERS, hint="use the unit")
    return read.astype(np.int64, copy=False)


def _read(array: Any) -> NDArray[Any]:
    try:
        return np.asarray(array)
    except (TypeError, ValueError, OverflowError):  # a ragged list
        return np.asarray(None)


def positive_rationals(instance: ApproximateAttention) -> dict[str, Fraction]:
    """delta and the units as fractions; `InputError` for floats (which are seldom meant exactly) and for 0."""
    found = {}
    for name in RATIONALS:
        number = getattr(instance, name)
        if isinstance(number, bool) or not isinstance(number, Fraction | int) or number <= 0:
            hint = "Fraction(number) takes a float exactly" if isinstance(number, float) else ""
            raise InputError(
                f"{name} must be a positive rational", got=number, allowed="an exact rational above 0", hint=hint
            )
        found[name] = Fraction(number)
    return found


def as_levels(levels: Any, queries: int, keys: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(levels of the queries, of the keys) as int64; `InputError` unless every query sees a key."""
    if not isinstance(levels, tuple) or len(levels) != 2:
        raise InputError(
            "levels are a pair", got=type(levels).__name__, allowed="(of the queries, of the keys) or None"
        )
    read = []
    for part, count, name in zip(levels, (queries, keys), ("queries", "keys"), strict=True):
        array = _read(part)
        if array.shape != (count,) or (array.dtype.kind not in "iu" and array.size) or array.dtype == np.uint64:
            got = f"{array.dtype} of shape {array.shape}"
            raise InputError(f"the levels of the {name} do not fit", got=got, allowed=f"integers of shape ({count},)")
        read.append(array.astype(np.int64))
    if queries and int(read[0].min()) < int(read[1].min()):
        raise InputError(
            "a query sees no key",
            got=f"a query of level {read[0].min()}, lowest key level {read[1].min()}",
            allowed="every query level at least the lowest key level",
        )
    return read[0], read[1]


def all_within(instance: ApproximateAttention, outputs: Any) -> bool:
    """Whether `outputs` are proved to be within delta of the exact ones, by the reference solver. Never raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a masked entry in a list becomes NaN, with a warning
            given = np.asarray(outputs)
        if given.shape != (len(instance.queries), instance.values.shape[1]) or given.dtype.kind not in "fiO":
            return False
        exact = enclosed(instance).values
        bits = instance.delta.denominator.bit_length() + 128
        with ctx.workprec(bits):
            limit = ball(instance.delta)
            return all(_near(a, b, limit) for a, b in zip(_flat(given), _flat(exact), strict=True))
    except (TypeError, ValueError, ArithmeticError, CertificateError):
        return False


def _flat(array: NDArray[Any]) -> Sequence[Any]:
    numbers: list[Any] = array.ravel().tolist()
    return numbers


def _near(given: Any, exact: arb, limit: arb) -> bool:
    number = given if isinstance(given, arb) else ball(Fraction(given))  # Fraction refuses NaN and infinities
    return bool(abs(number - exact) <= limit)
