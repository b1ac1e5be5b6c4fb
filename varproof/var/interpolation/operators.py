"""The interpolations of the models by name, as exact matrices: up by a kernel, down by averages.

Half-pixel centres and a replicated border throughout, from `varproof.approx.interpolation_matrix`; no antialiasing.
Every row sums to exactly 1, so a constant map stays constant. Norms are in `norms.py`, the sparse map in `sparse.py`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from varproof.approx.interpolation_kernels import BILINEAR, BSPLINE, NEAREST, Kernel, keys_cubic
from varproof.approx.interpolation_matrix import interpolation_matrix
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational
from varproof.var.interpolation.resampling import Resampling

KERNELS: dict[str, Kernel] = {"bspline": BSPLINE, "bilinear": BILINEAR, "nearest": NEAREST}
REFERENCE_A = Fraction(-3, 4)  # the coefficient of torch's bicubic, which the reference model calls
PREFIX = "bicubic:"
MAX_A = 1024
ALLOWED = f"bicubic, bicubic:A (A exact, such as -1/2, |A| <= {MAX_A}), bspline, bilinear, nearest"
MAX_SIDE = 4096


def kernel_named(name: str) -> Kernel:
    """The kernel of a name: "bicubic" is Keys' cubic with a = -3/4, "bicubic:A" with any exact rational A.

    Raises `InputError` for other names and for |A| > 1024.

    >>> kernel_named("bicubic:-1/2").weights(Fraction(1, 2))[0]
    Fraction(-1, 16)
    >>> kernel_named("bicubic") == kernel_named("bicubic:-0.75")
    True
    """
    if name == "bicubic":
        return keys_cubic(REFERENCE_A)
    if isinstance(name, str) and name.startswith(PREFIX):
        a = parse_rational(name.removeprefix(PREFIX), name="A of bicubic:A")
        if abs(a) > MAX_A:
            raise InputError("the coefficient of a bicubic kernel is out of range", got=name, allowed=ALLOWED)
        return keys_cubic(a)
    if not isinstance(name, str) or name not in KERNELS:
        raise InputError("no interpolation kernel of this name", got=name, allowed=ALLOWED)
    return KERNELS[name]


@lru_cache(maxsize=256, typed=True)
def up(kernel: str, source: int, target: int) -> Resampling:
    """The map from `source` x `source` cells to `target` x `target` by a kernel of `kernel_named`.

    Equal sides give the identity for the kernels that interpolate; the B-spline does not, and smooths (the models leave
    a map of the right side alone and never ask). "nearest" is torch's "nearest-exact", and its "nearest" for doubling.
    Raises `InputError` for an unknown kernel and sides outside 1..4096. Source: arXiv:2404.02905.

    >>> [str(weight) for weight in up("bicubic", 2, 4).matrix[0]]
    ['283/256', '-27/256']
    >>> up("nearest", 2, 3).array.tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    """
    matrix = interpolation_matrix(kernel_named(kernel), source, target)
    return Resampling(f"{kernel} {source} to {target}", matrix, max(1, up_products(kernel)))


def up_products(kernel: str) -> int:
    """`products` of `up`, whatever the sides: twice the radius of the kernel; "nearest" copies and has none.

    A border merges clamped weights and pads with zeros. Raises `InputError` for an unknown kernel.

    >>> [up_products(name) for name in ("bicubic", "bspline", "bilinear", "nearest")]
    [4, 4, 2, 0]
    """
    named = kernel_named(kernel)
    return 0 if named == NEAREST else 2 * named.radius


def area_products(source: int, target: int) -> int:
    """`products` of `area` for different sides: the cells of the widest window.

    With source = a target + r and g = gcd(source, target) it has a cells for r = 0. Otherwise it has a + 1, and one
    more for r > g: the multiples of r/g take every residue modulo target/g, so some window has a border of cells
    strictly within its fractional part exactly when r/g > 1.

    >>> [area_products(source, target) for source, target in ((16, 8), (16, 13), (16, 10), (5, 4))]
    [2, 3, 3, 2]
    """
    whole, rest = divmod(source, target)
    return whole + (rest > 0) + (rest > math.gcd(source, target))


@lru_cache(maxsize=256, typed=True)
def area(source: int, target: int) -> Resampling:
    """Adaptive average pooling: cell i is the mean of the cells floor(i p/n), ..., ceil((i+1) p/n) - 1.

    As torch's `interpolate(mode="area")`: neighbouring means share a cell where n does not divide p, and enlarging
    repeats or averages cells. Equal sides give the identity. Raises `InputError` for sides outside 1..4096.

    >>> [[str(weight) for weight in row] for row in area(3, 2).matrix]
    [['1/2', '1/2', '0'], ['0', '1/2', '1/2']]
    """
    for side in (source, target):
        if isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= MAX_SIDE:
            raise InputError("a side is out of range", got=side, allowed=f"an integer from 1 to {MAX_SIDE}")
    rows = []
    for i in range(target):
        start, stop = i * source // target, -(-(i + 1) * source // target)
        row = [Fraction(0)] * source
        row[start:stop] = [Fraction(1, stop - start)] * (stop - start)
        rows.append(tuple(row))
    return Resampling(f"area {source} to {target}", tuple(rows), area_products(source, target))
