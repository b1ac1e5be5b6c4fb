"""Worst cases of the error ledger's rules: one operation, errors of chosen signs, exact results as fractions or balls.

Each case is a name, the error that is really there (a fraction or a ball) and the bound that the ledger states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from varproof.base.balls import ball
from varproof.claims.exact_maps import extremal_row, interpolated, sign_map
from varproof.claims.tally import Number
from varproof.var.arithmetic.protocol import Activation
from varproof.var.interpolation.operators import up
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray

SMALL = 2.0**-20
EPS = 2.0**-20  # of the normalisations
ROW = np.array([0.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 0.0])  # its first entry is its mean
DEVIATION = 2.0**-6  # of the row that shows what a normalisation does to errors


@dataclass(frozen=True)
class RuleCase:
    """`measured` |computed - true| where the rule is nearly tight, against `bound`; `rule` names a constant."""

    rule: str
    name: str
    measured: Number
    bound: Fraction


def rule_cases() -> Iterator[RuleCase]:
    """At least one case for every rule of docs/explanation/error-ledger.md that enlarges errors."""
    yield from (attention_case(eta) for eta in (0.25, 1.0, 3.0))
    yield from (linear_case(), convolution_case(), interpolation_case(), product_case())
    yield from (activation_case("relu", 1.0), activation_case("gelu", 1.4), activation_case("silu", 2.4))
    yield from (layer_norm_case(1.0), layer_norm_case(DEVIATION), group_norm_case(), unit_case())


def attention_case(eta: float) -> RuleCase:
    """Two keys, each known to eta: computed scores eta/2 and -eta/2, true ones the other way round; values 1 and -1."""
    keys = np.array([[[eta / 2], [-eta / 2]]])
    found = _ops().attention(
        _known(np.ones((1, 1, 1))), _known(keys, eta), _known(np.array([[[1.0], [-1.0]]])), scale="one"
    )
    computed = Fraction(float(found.value[0, 0, 0]))
    true = -(ball(Fraction(eta)) / 2).tanh()
    return RuleCase("attention", f"two keys, eta = {eta}", abs(ball(computed) - true), _bound(found))


def linear_case() -> RuleCase:
    """Errors with the signs of a row of the matrix."""
    weight, x = np.array([[0.5, -1.0, 2.0]]), np.array([[1.0, 3.0, -0.25]])
    found = _ops().linear(_known(x, SMALL), weight)
    true = sum((_exact(w) * (_exact(e) - _sign(w) * Fraction(SMALL)) for w, e in zip(weight[0], x[0], strict=True)))
    return RuleCase("linear", "signs of a row", abs(_exact(found.value[0, 0]) - true), _bound(found))


def convolution_case() -> RuleCase:
    """Errors with the signs of the nine taps around the middle of a 3x3 map."""
    taps = np.array([[1.0, -2.0, 0.5], [-1.0, 4.0, 3.0], [0.25, -0.5, 1.0]])
    x = np.arange(9.0).reshape(3, 3, 1)
    found = _ops().convolve(_known(x, SMALL), taps.reshape(1, 1, 3, 3))
    pairs = zip(taps.ravel(), x.ravel(), strict=True)
    true = sum((_exact(w) * (_exact(e) - _sign(w) * Fraction(SMALL)) for w, e in pairs), Fraction(0))
    return RuleCase("linear", "signs of the taps", abs(_exact(found.value[1, 1, 0]) - true), _bound(found, (1, 1, 0)))


def interpolation_case() -> RuleCase:
    """Side 4 to 5 with errors of the signs of the weights: 121/64 times as large."""
    step = up("bicubic", 4, 5)
    row = extremal_row(step)
    x = np.arange(16.0).reshape(4, 4)
    errors = sign_map(step.matrix[row])
    true = [
        [_exact(e) - s * Fraction(SMALL) for e, s in zip(line, signs, strict=True)]
        for line, signs in zip(x, errors, strict=True)
    ]
    found = _ops().resample(_known(x[:, :, None], SMALL), step)
    difference = abs(_exact(found.value[row, row, 0]) - interpolated(step, true)[row][row])
    return RuleCase("interpolation", "signs of the weights, 4 to 5", difference, _bound(found, (row, row, 0)))


def product_case() -> RuleCase:
    """Both factors too small in size by their bounds."""
    x, y, error = 2.0, 3.0, 0.25
    found = _ops().multiply(_known(np.array([[x]]), error), _known(np.array([[y]]), error))
    true = (_exact(x) + _exact(error)) * (_exact(y) + _exact(error))
    return RuleCase("linear", "product", abs(_exact(found.value[0, 0]) - true), _bound(found))


def activation_case(name: Activation, x: float) -> RuleCase:
    """Where the slope is 1 (relu), or near its largest value (gelu, silu)."""
    found = _ops().activation(_known(np.array([[x]]), SMALL), name)
    true = _activation(name, ball(Fraction(x) - Fraction(SMALL)))
    return RuleCase("activation", name, abs(ball(_exact(found.value[0, 0])) - true), _bound(found))


def _activation(name: Activation, x: arb) -> arb:
    if name == "relu":
        return x  # the cases have x > 0
    if name == "silu":
        return x / (1 + (-x).exp())
    cubic = ball(Fraction(0.044715)) * x**3
    return x * (1 + ((ball(2) / arb.pi()).sqrt() * (x + cubic)).tanh()) / 2


def layer_norm_case(deviation: float) -> RuleCase:
    """An entry at the mean of its row is off, no other: the divisor hardly moves. The row scales with `deviation`."""
    row = ROW * deviation
    found = _ops().layer_norm(BoundedArray(row[None, :], _first(8)[None, :]), EPS)
    exact = _normalised(row)
    name = f"an entry at the mean, deviations of {deviation:g}"
    return RuleCase("normalisation", name, abs(ball(_exact(found.value[0, 0])) - exact), _bound(found))


def group_norm_case() -> RuleCase:
    """The same row as one group of a 2x2 map with two channels; weights 2, biases 1."""
    x, errors = (each.reshape(2, 2, 2) for each in (ROW, _first(8)))
    found = _ops().group_norm(BoundedArray(x, errors), 1, EPS, np.array([2.0, 2.0]), np.array([1.0, 1.0]))
    exact = 2 * _normalised(ROW) + 1
    difference = abs(ball(_exact(found.value[0, 0, 0])) - exact)
    return RuleCase("normalisation", "group norm", difference, _bound(found, (0, 0, 0)))


def _first(count: int) -> NDArray[np.float64]:
    """The error of the first entry, and no other."""
    errors = np.zeros(count)
    errors[0] = SMALL * DEVIATION
    return errors


def _normalised(row: NDArray[np.float64]) -> arb:
    """The first entry of the normalised row whose first entry is smaller by its error."""
    true = [ball(_exact(entry) - _exact(error)) for entry, error in zip(row, _first(row.size), strict=True)]
    mean = sum(true, arb(0)) / row.size
    square = sum(((entry - mean) ** 2 for entry in true), arb(0)) / row.size
    return (true[0] - mean) / (square + ball(Fraction(EPS))).sqrt()


def unit_case() -> RuleCase:
    """x = (1, 0) with an error across."""
    found = _ops().unit_rows(BoundedArray(np.array([[1.0, 0.0]]), np.array([[0.0, SMALL]])))
    across = ball(Fraction(SMALL))
    exact = -across / (1 + across**2).sqrt()
    return RuleCase("normalisation", "unit row", abs(ball(_exact(found.value[0, 1])) - exact), _bound(found, (0, 1)))


def assumed_deviation_bound() -> Fraction:
    """What the row of `layer_norm_case(DEVIATION)` would get if every deviation were taken to be at least 1."""
    return Fraction(SMALL * DEVIATION) * 3  # slope at most 2 + |z|, here |z| = 0 with room to spare


def _ops() -> Bounded:
    return Bounded(np.empty(0), reference=False)


def _known(x: NDArray[Any], error: float = 0.0) -> BoundedArray:
    return BoundedArray(x, np.full(x.shape, error))


def _bound(x: BoundedArray, place: tuple[int, ...] | None = None) -> Fraction:
    return Fraction(float(x.bound.ravel()[0] if place is None else x.bound[place]))


def _exact(x: Any) -> Fraction:
    return Fraction(float(x))


def _sign(x: float) -> int:
    return 1 if x > 0 else -1
