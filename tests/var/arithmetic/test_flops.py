"""Every formula against the operations that plain arrays really do, one by one.

The meter counts what runs: an inner product of length m is m products and m - 1 sums. The formulas count it as 2m, its
start being a sum too: a bias where there is one, else zero. So a formula with a bias is what the meter counts, and one
without is larger by exactly one for every inner product.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from array_api_compat import array_namespace

from varproof.approx.cost import exact_flops
from varproof.var.arithmetic import flops
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.interpolation.operators import area, up
from varproof.var.interpolation.resampling import Resampling

COUNTED = {"add", "subtract", "multiply", "divide", "sqrt", "exp", "tanh"}
FREE = {"maximum", "minimum", "greater", "greater_equal", "absolute", "negative", "copyto", "equal"}


class Metered(np.ndarray):
    """A NumPy array whose arithmetic is counted."""

    operations = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        plain = [x.view(np.ndarray) if isinstance(x, Metered) else x for x in inputs]
        if out is not None:
            options["out"] = tuple(x.view(np.ndarray) if isinstance(x, Metered) else x for x in out)
        result = getattr(ufunc, method)(*plain, **options)
        size = int(np.size(result))
        if method == "reduce":
            Metered.operations += int(np.size(plain[0])) - size
        elif ufunc.__name__ == "matmul":
            Metered.operations += size * (2 * plain[0].shape[-1] - 1)
        elif ufunc.__name__ in COUNTED:
            Metered.operations += size
        else:
            assert ufunc.__name__ in FREE, ufunc.__name__
        return result.view(Metered) if isinstance(result, np.ndarray) else result


class Namespace:
    """NumPy's, with results that are metered: some of its functions forget the class of their argument."""

    def __getattr__(self, name: str) -> Any:
        function = getattr(array_namespace(np.empty(0)), name)

        def call(*arguments: Any, **options: Any) -> Any:
            if name == "clip":  # comparisons, in several steps of its own
                arguments = (arguments[0].view(np.ndarray), *arguments[1:])
            result = function(*arguments, **options)
            return result.view(Metered) if isinstance(result, np.ndarray) else result

        return call if callable(function) and not isinstance(function, type) else function


class MeteredPlain(Plain):
    """Plain arrays, everything metered, weights too."""

    @property
    def xp(self) -> Any:
        """The array namespace."""
        return Namespace()


def metered(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).view(Metered)


def executed(call: Any) -> tuple[int, int]:
    """The operations that the meter saw, and the flops that `Plain` counted."""
    ops = MeteredPlain(numpy_like())
    Metered.operations = 0
    call(ops)
    return Metered.operations, sum(ops.flops.values())


@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 1, 1), (3, 4, 5), (7, 2, 1)])
def test_linear(rows: int, inputs: int, outputs: int) -> None:
    x, weight, bias = metered(rows, inputs), np.ones((outputs, inputs)), np.ones(outputs)
    formula = flops.linear_flops(rows, inputs, outputs)
    assert executed(lambda ops: ops.linear(x, weight, bias)) == (formula, formula)
    assert executed(lambda ops: ops.linear(x, weight)) == (formula - rows * outputs, formula)


@pytest.mark.parametrize(
    ("high", "wide", "taps", "inputs", "outputs"), [(1, 1, 1, 1, 1), (4, 3, 3, 2, 5), (2, 2, 5, 3, 1)]
)
def test_convolution(high: int, wide: int, taps: int, inputs: int, outputs: int) -> None:
    x, weight = metered(high, wide, inputs), np.ones((outputs, inputs, taps, taps))
    formula = flops.convolution_flops(high, wide, taps**2, inputs, outputs)
    # zeros outside the map are multiplied too
    assert executed(lambda ops: ops.convolve(x, weight, np.ones(outputs))) == (formula, formula)
    assert executed(lambda ops: ops.convolve(x, weight)) == (formula - high * wide * outputs, formula)


HALF = Fraction(1, 2)
STENCILS = [
    (up("bicubic", 3, 5), 4),
    (up("bspline", 5, 6), 4),
    (up("bicubic", 1, 4), 4),  # merged into one weight, but as many as every row of the kernel has
    (up("bilinear", 4, 7), 2),
    (area(7, 3), 3),
    (area(5, 4), 2),
    (area(16, 13), 3),
    (area(6, 2), 3),
    (Resampling("any", ((HALF, HALF, HALF), (Fraction(0), HALF, Fraction(0)))), 3),
    (Resampling("halved", ((HALF,),)), 1),
]


@pytest.mark.parametrize(("operator", "products"), STENCILS, ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("channels", [1, 3])
def test_resampling_by_inner_products_of_the_stencil(operator: Resampling, products: int, channels: int) -> None:
    formula = flops.resample_flops(operator.source, operator.target, channels, products)
    inner = channels * (operator.target * operator.source + operator.target**2)
    x = metered(operator.source, operator.source, channels)
    assert executed(lambda ops: ops.resample(x, operator)) == (formula - inner, formula)


@pytest.mark.parametrize("operator", [up("nearest", 3, 5), up("nearest", 2, 4), area(3, 3)], ids=lambda o: o.name)
def test_copies_are_free(operator: Resampling) -> None:
    assert executed(lambda ops: ops.resample(metered(operator.source, operator.source, 2), operator)) == (0, 0)


@pytest.mark.parametrize(("rows", "channels"), [(1, 1), (5, 3), (2, 8)])
def test_normalisations(rows: int, channels: int) -> None:
    x = metered(rows, channels)
    formula = flops.layer_norm_flops(rows, channels)
    assert executed(lambda ops: ops.layer_norm(x, 1e-6)) == (formula, formula)
    formula = flops.unit_rows_flops(rows, channels)  # |x|^2 is an inner product that starts from zero
    assert executed(lambda ops: ops.unit_rows(x)) == (formula - rows, formula)


@pytest.mark.parametrize(("high", "wide", "channels", "groups"), [(1, 1, 2, 1), (3, 4, 6, 2), (2, 2, 4, 4)])
def test_group_norm(high: int, wide: int, channels: int, groups: int) -> None:
    x, each = metered(high, wide, channels), np.ones(channels)
    formula = flops.group_norm_flops(high, wide, channels, groups)
    assert executed(lambda ops: ops.group_norm(x, groups, 1e-6, each, each)) == (formula, formula)


@pytest.mark.parametrize("name", list(flops.ACTIVATION_FLOPS))
def test_activations(name: Any) -> None:
    x = metered(3, 7)
    formula = flops.ACTIVATION_FLOPS[name] * x.size  # type: ignore[index]
    assert executed(lambda ops: ops.activation(x, name)) == (formula, formula)


def test_entrywise() -> None:
    x = metered(3, 4)
    for call in (lambda ops: ops.add(x, x), lambda ops: ops.multiply(x, x[:1]), lambda ops: ops.scaled(x, 0.5)):
        assert executed(call) == (12, 12)


@pytest.mark.parametrize(("tokens", "dim"), [(1, 1), (4, 3), (9, 2)])
def test_softmax_attention_as_the_textbook_has_it(tokens: int, dim: int) -> None:
    """exp(Q K^T) [V, 1], then the division: what `exact_flops` says, one less for every inner product from zero."""
    q, k, v = metered(tokens, dim), metered(tokens, dim), np.ones((tokens, dim + 1))
    Metered.operations = 0
    sums = np.exp(q @ k.T) @ v
    sums[:, :dim] / sums[:, dim:]
    inner = tokens * tokens + tokens * (dim + 1)
    assert Metered.operations == exact_flops(tokens, dim) - inner


def test_the_meter_counts() -> None:
    x = metered(4, 4)
    Metered.operations = 0
    np.add(x, x), np.sum(x), x @ x
    assert Metered.operations == 16 + 15 + 16 * 7
    assert math.isfinite(float(np.sum(x)))
