"""The true output of small instances, enclosed in Arb balls, and how far given values are from it.

Inputs are taken as the exact dyadic numbers that they are. This is the judge of every engine's bound in the tests.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx

from varproof.attention.head import Head
from varproof.base.balls import Exact, ball, lower_rational, upper_rational
from varproof.base.errors import CertificateError

_LARGEST_PRECISION = 2**14
_TINY = Fraction(1, 2**4096)
_TARGET = 2.0**-80  # radius of an enclosure, relative to the largest value


def _dyadics(x: Any) -> list[list[arb]]:
    """The entries of a two-dimensional array, exactly: every float is its own ball."""
    return [[arb(float(entry)) for entry in row] for row in x.tolist()]


def visible_keys(head: Head) -> list[list[int]]:
    """For every query row, the keys it sees: those of its stage and the stages before, less what the mask hides."""
    rows: list[list[int]] = [[] for _ in range(head.queries)]
    seen: list[int] = []
    for stage in head.stages:
        seen = seen + list(range(stage.keys.start, stage.keys.stop))
        for row in range(stage.queries.start, stage.queries.stop):
            rows[row] = seen
    if head.mask is None:
        return rows
    mask = head.mask.tolist()
    return [[key for key in keys if mask[row][key]] for row, keys in enumerate(rows)]


def _enclose(head: Head, gamma: Exact | arb) -> list[list[arb]]:
    """The enclosure at the working precision of the context."""
    values, out = _dyadics(head.v), []
    products = arb_mat(_dyadics(head.q)) * arb_mat(_dyadics(head.k)).transpose()
    factor = ball(gamma)
    for row, keys in enumerate(visible_keys(head)):
        scores = [products[row, key] * factor for key in keys]
        # any number will do as a shift; the midpoint of one of the largest keeps the exponentials in range
        shift = arb(max((score.mid() for score in scores), key=upper_rational))
        weights = [(score - shift).exp() for score in scores]
        total = sum(weights, arb(0))
        sums = (arb_mat([weights]) * arb_mat([values[key] for key in keys])).tolist()[0]
        out.append([entry / total for entry in sums])
    return out


def enclose(head: Head, *, gamma: Exact | arb | None = None) -> list[list[arb]]:
    """Balls (m rows of d_v) that contain the softmax attention of the exact inputs of `head`, stages and mask included.

    `gamma` is the real factor of the scores, `head.gamma` taken as it is unless given (then a Fraction or a ball, for
    scales such as 1/sqrt(d)). The working precision grows until every ball is 2^-80 times narrower than the largest
    value; `CertificateError` where 16384 bits are not enough. About m n (d + d_v + 10) ball operations.

    >>> import numpy as np
    >>> from varproof.attention.head import Stage
    >>> q, k, v = np.array([[1.0]]), np.array([[0.0], [1.0]]), np.array([[0.0], [1.0]])
    >>> enclose(Head(q, k, v, gamma=1.0, delta=1e-3, stages=(Stage(slice(0, 1), slice(0, 2)),)))[0][0].str(10)
    '[0.7310585786 +/- 3.01e-11]'
    """
    if head.queries == 0 or head.value_dim == 0:
        return [[] for _ in range(head.queries)]
    exact = Fraction(head.gamma) if gamma is None else gamma
    largest = max((abs(entry) for row in head.v.tolist() for entry in row), default=0.0)
    precision = 192
    while precision <= _LARGEST_PRECISION:
        with ctx.workprec(precision):
            balls = _enclose(head, exact)
            limit = arb(largest) * arb(_TARGET)
            if all(bool(arb(entry.rad()) <= limit) for row in balls for entry in row):
                return balls
        precision *= 2
    raise CertificateError(
        "the output could not be enclosed", got=f"{_LARGEST_PRECISION} bits", allowed="a narrower factor of the scores"
    )


def _float_above(x: Fraction) -> float:
    """A float that is at least x."""
    try:
        near = float(x)
    except OverflowError:
        return math.inf
    return near if Fraction(near) >= x else math.nextafter(near, math.inf)


def _ends(true: arb, least: Fraction, largest: Fraction) -> tuple[Fraction, Fraction]:
    """The ends of a ball that is known to lie in [least, largest]; nearer than `_TINY` to an end means within it.

    The exponents of such a ball may be too large for fractions.
    """
    with ctx.workprec(_LARGEST_PRECISION):  # ends of a ball are rounded to the working precision
        if true - ball(least) < ball(_TINY):
            return least, min(least + _TINY, largest)
        if ball(largest) - true < ball(_TINY):
            return max(largest - _TINY, least), largest
        return max(lower_rational(true), least), min(upper_rational(true), largest)


def row_error(head: Head, values: Any, *, gamma: Exact | arb | None = None) -> list[float]:
    """For every row the largest entrywise |values - true output|, rounded up; inf where `values` is not finite.

    Exact up to the width of the enclosure (2^-80 of the largest value, nothing where all values agree) and a rounding.

    >>> import numpy as np
    >>> from varproof.attention.head import Stage
    >>> one = np.array([[1.0]])
    >>> head = Head(one, one, one, gamma=1.0, delta=1e-3, stages=(Stage(slice(0, 1), slice(0, 1)),))
    >>> row_error(head, np.array([[1.25]]))
    [0.25]
    """
    given = np.asarray(values.tolist() if hasattr(values, "tolist") else values, dtype=np.float64)
    values_of = [[Fraction(entry) for entry in row] for row in head.v.tolist()]
    errors = []
    for row, (balls, keys) in enumerate(zip(enclose(head, gamma=gamma), visible_keys(head), strict=True)):
        if not np.isfinite(given[row]).all():
            errors.append(math.inf)
            continue
        worst = Fraction(0)
        for column, true in enumerate(balls):
            value = Fraction(float(given[row, column]))
            seen = [values_of[key][column] for key in keys]
            # an average lies between the smallest and the largest value: exact where they agree
            low, high = _ends(true, min(seen), max(seen))
            worst = max(worst, abs(value - low), abs(value - high))
        errors.append(_float_above(worst))
    return errors
