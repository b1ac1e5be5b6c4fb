"""Single operations of the error ledger with drawn errors: what an operation makes of them, against its rule.

Arrays: `x` as computed, `shares` in [-1, 1] of the error allowed, so that y = x + ERROR shares is the truth; `weight`
where the operation has one, `values` of attention. The rule bounds |operation(x) as executed - operation(y)|.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from varproof.attention.exact import reference
from varproof.attention.head import Head
from varproof.base.balls import ball
from varproof.claims.attack import Instance
from varproof.claims.attention_cases import one_stage
from varproof.claims.exact_maps import interpolated
from varproof.families.matrices import FAMILIES, draw
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.interpolation.operators import up
from varproof.var.interpolation.resampling import Resampling
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray

ERROR = 2.0**-10
INSIDE = 1 - 2.0**-30  # of the error allowed, so that the rounding of y stays within it
EPS = 2.0**-20  # of the normalisation
RULES = ("linear", "interpolation", "activation", "normalisation", "attention")  # constants of the claim
Array = NDArray[np.float64]


def rule_instance(rule: str, size: int, seed: int) -> Instance:
    """An operation on entries in [-1, 1] of a family; errors at both ends with drawn signs, or anywhere between."""
    rng = np.random.default_rng(seed)
    family = str(rng.choice(list(FAMILIES)))
    rows = size if rule == "interpolation" else 1
    shape = (size + 1, 1) if rule == "attention" else (rows, size + (rule != "interpolation"))
    x = draw(family, shape, 1.0, rng)
    shares = rng.choice((-1.0, 1.0), shape) if rng.random() < 0.75 else rng.uniform(-1, 1, shape)
    arrays = {"x": x}
    if rule == "linear":
        arrays["weight"] = draw(str(rng.choice(list(FAMILIES))), (1, shape[1]), 2.0, rng)
        shares = np.sign(arrays["weight"]) if rng.random() < 0.5 else shares
    if rule == "attention":
        arrays["values"] = rng.choice((-1.0, 1.0), shape)
        shares = arrays["values"] if rng.random() < 0.5 else shares
    arrays["shares"] = shares
    return Instance(
        arrays=arrays,
        numbers={"run": rule, "kind": ("relu", "gelu", "silu")[seed % 3], "target": size + 1 + seed % size},
        boxes={name: (-1.0, 1.0) for name in ("x", "shares", "values") if name in arrays},
    )


def _operator(instance: Instance) -> Resampling:
    return up("bicubic", len(instance.arrays["x"]), int(instance.numbers["target"]))


def _apply(ops: Any, x: Any, instance: Instance, known: Any) -> Any:
    """The operation, of any arithmetic; `known` makes its arrays from exact ones."""
    rule = str(instance.numbers["run"])
    if rule == "linear":
        return ops.linear(x, instance.arrays["weight"])
    if rule == "interpolation":
        return ops.resample(x, _operator(instance))
    if rule == "activation":
        return ops.activation(x, str(instance.numbers["kind"]))
    if rule == "normalisation":
        return ops.layer_norm(x, EPS)
    values = instance.arrays["values"]
    return ops.attention(known(np.ones((1, 1, 1))), x, known(values[None]), scale="one")


def _shaped(x: Array, instance: Instance) -> Array:
    """With an axis of channels for a map, of heads for attention."""
    rule = str(instance.numbers["run"])
    return x[:, :, None] if rule == "interpolation" else x[None] if rule == "attention" else x


def truth(instance: Instance) -> Array:
    """y, floats that count as exact."""
    return np.asarray(instance.arrays["x"] + INSIDE * ERROR * instance.arrays["shares"])


def within(instance: Instance) -> bool:
    """Whether y is within the error allowed of x, exactly."""
    pairs = zip(instance.arrays["x"].ravel(), truth(instance).ravel(), strict=True)
    return all(abs(Fraction(float(a)) - Fraction(float(b))) <= Fraction(ERROR) for a, b in pairs)


def executed(instance: Instance) -> tuple[Array, Array]:
    """The operation on x with its bound, both flat."""

    def known(array: Array, error: float = 0.0) -> BoundedArray:
        return BoundedArray(array, np.full(array.shape, error))

    x = known(_shaped(instance.arrays["x"], instance), ERROR)
    found = _apply(Bounded(np.empty(0), reference=False), x, instance, known)
    return np.asarray(found.value).ravel(), np.asarray(found.bound).ravel()


def true_floats(instance: Instance) -> Array:
    """The operation on y in floats, whose rounding is far below the errors."""
    y = _shaped(truth(instance), instance)
    return np.asarray(_apply(Plain(numpy_like()), y, instance, lambda array: array)).ravel()


def true_balls(instance: Instance) -> list[arb]:
    """The operation on y, enclosed."""
    rule, y = str(instance.numbers["run"]), truth(instance)
    if rule == "attention":
        values = instance.arrays["values"]
        if (values == values[0]).all():  # exactly that value, whatever the weights
            return [arb(float(values[0, 0]))]
        head = Head(np.ones((1, 1)), y, values, 1.0, 1.0, one_stage(1, len(y)))
        return reference.enclose(head)[0]
    exact = [[Fraction(float(entry)) for entry in row] for row in y]
    if rule == "interpolation":
        return [ball(entry) for row in interpolated(_operator(instance), exact) for entry in row]
    if rule == "linear":
        weight = [Fraction(float(entry)) for entry in instance.arrays["weight"][0]]
        return [ball(sum((w * e for w, e in zip(weight, exact[0], strict=True)), Fraction(0)))]
    if rule == "normalisation":
        return _normalised(exact[0])
    return [_activation(str(instance.numbers["kind"]), ball(entry)) for entry in exact[0]]


def _normalised(row: Sequence[Fraction]) -> list[arb]:
    mean = sum(row, Fraction(0)) / len(row)
    square = sum(((entry - mean) ** 2 for entry in row), Fraction(0)) / len(row)
    return [ball(entry - mean) / ball(square + Fraction(EPS)).sqrt() for entry in row]


def _activation(kind: str, x: arb) -> arb:
    if kind == "relu":
        return (x + abs(x)) / 2
    if kind == "silu":
        return x / (1 + (-x).exp())
    cubic = ball(Fraction(0.044715)) * x**3
    return x * (1 + ((ball(2) / arb.pi()).sqrt() * (x + cubic)).tanh()) / 2
