"""What a claim's code may answer: told in words where it answers something else, since campaigns run files of users."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real

import numpy as np

from varproof.base.errors import InputError, shorten
from varproof.campaign.instances import assembled, outline
from varproof.claims.attack import Instance, Judgement, Measurement


def check_instance(instance: object, again: Callable[[], Instance | None]) -> None:
    """An answer of `build`; `again` builds the same point once more.

    Raises `TypeError` for what is no instance or holds no arrays of numbers, and `ValueError` where dimensions or
    boxes are not of its arrays, and where the same point gave other numbers.

    >>> one = Instance({"x": np.zeros(2)})
    >>> check_instance(one, lambda: one)
    """
    if not isinstance(instance, Instance):
        raise TypeError(f"build must return an Instance or None, not {_named(instance)}")
    for name, array in instance.arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(f"arrays of an Instance are NumPy arrays, {name} is {_named(array)}")
    # an empty box is one that no entry may take; the check of saved instances says so in terms of files
    for name, (low, high) in instance.boxes.items():
        if name not in instance.arrays or not low <= high:
            allowed = f"low <= high, for one of the arrays {', '.join(instance.arrays)}"
            raise ValueError(f"boxes of an Instance: got {name}: ({low}, {high}), allowed: {allowed}")
    try:
        assembled(outline(instance), instance.arrays)
    except InputError as error:
        allowed = f", allowed: {error.allowed}" if error.allowed else ""
        raise ValueError(f"build: {error.message}, got {shorten(error.got)}{allowed}") from None
    other = again()
    if not isinstance(other, Instance) or not _same(instance, other):
        raise ValueError("build gave two instances for one point; draw everything from the point's seed")


def check_measurement(measured: object) -> None:
    """An answer of `measure`. Raises `TypeError` for what is no measurement of numbers.

    >>> check_measurement(Measurement(0.5, 3))
    """
    if not isinstance(measured, Measurement):
        raise TypeError(f"measure must return a Measurement(ratio, size) or None, not {_named(measured)}")
    if not isinstance(measured.ratio, Real) or not isinstance(measured.size, Integral):
        got = f"{_named(measured.ratio)} and {_named(measured.size)}"
        raise TypeError(f"a Measurement needs a number as ratio and an integer as size, not {got}")


def check_judgement(verdict: object) -> Judgement:
    """An answer of `judge`. Raises `TypeError` for anything but a judgement.

    >>> check_judgement(Judgement.PASS).value
    'PASS'
    """
    if not isinstance(verdict, Judgement):
        raise TypeError(f"judge must return Judgement.VIOLATED, PASS or AMBIGUOUS, not {_named(verdict)}")
    return verdict


def _same(one: Instance, other: Instance) -> bool:
    arrays = one.arrays.keys() == other.arrays.keys() and all(
        array.dtype == other.arrays[name].dtype and array.tobytes() == other.arrays[name].tobytes()
        for name, array in one.arrays.items()
    )
    # as text, so that a NaN is the same as itself
    return arrays and repr(dict(one.numbers)) == repr(dict(other.numbers))


def _named(value: object) -> str:
    return f"{type(value).__name__} {shorten(repr(value), 40)}"
