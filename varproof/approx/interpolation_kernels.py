"""Interpolation kernels as exact piecewise polynomials: range, and the sup over phases of sum |W|. Rationals.

Up-interpolation at phase t in [0, 1) takes the weights W(t-k) of the integer positions k. If phi is bounded by M, the
result is bounded by M times sup_t sum_k |W(t-k)|, and in two dimensions by M times its square. Proofs:
`docs/explanation/interpolation-kernels.md`. The matrices on a grid are in `interpolation_matrix.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational

Polynomial = tuple[Fraction, ...]  # coefficients from the constant upwards


@dataclass(frozen=True)
class Kernel:
    """An even kernel supported on [-s, s): piece i is a polynomial in |x| on [i c, (i+1) c), c = `cell`, s = c pieces.

    Even but for the end points of a discontinuous one, where -s belongs to the support and s does not.

    >>> keys_cubic("-3/4")(Fraction(4, 3))
    Fraction(-1, 9)
    """

    name: str
    pieces: tuple[Polynomial, ...]
    cell: Fraction = Fraction(1)

    @property
    def radius(self) -> int:
        """The support rounded up: 2 `radius` positions have a weight."""
        return math.ceil(len(self.pieces) * self.cell)

    def __call__(self, x: Fraction | int) -> Fraction:
        """W(x), exactly; 0 outside the support."""
        distance, support = abs(Fraction(x)), len(self.pieces) * self.cell
        if distance < support:
            return _evaluate(self.pieces[int(distance / self.cell)], distance)
        return _evaluate(self.pieces[-1], support) if x == -support else Fraction(0)

    def weights(self, phase: Fraction | int) -> tuple[Fraction, ...]:
        """The 2r weights of the positions 1-r, ..., r at phase t in [0, 1): W(t-k).

        >>> [str(w) for w in keys_cubic("-1/2").weights(Fraction(1, 2))]
        ['-1/16', '9/16', '9/16', '-1/16']
        """
        if not 0 <= phase < 1:
            raise InputError("a phase lies in [0, 1)", got=phase, allowed="0 <= phase < 1")
        return tuple(self(phase - k) for k in range(1 - self.radius, self.radius + 1))

    def phase_polynomials(self) -> tuple[Polynomial, ...]:
        """W(t-k) as polynomials in t on [0, 1], for k = 1-r, ..., r. Needs cells of width 1."""
        if self.cell != 1:
            raise InputError("this kernel is not one polynomial per unit cell", got=self.name, allowed="cell = 1")
        left = [_compose(self.pieces[j], (Fraction(j), Fraction(1))) for j in reversed(range(self.radius))]
        right = [_compose(self.pieces[j], (Fraction(j + 1), Fraction(-1))) for j in range(self.radius)]
        return (*left, *right)

    def absolute_sum(self, phase: Fraction | int) -> Fraction:
        """sum_k |W(t-k)| at one phase.

        >>> keys_cubic("-3/4").absolute_sum(Fraction(1, 2))
        Fraction(11, 8)
        """
        return sum((abs(weight) for weight in self.weights(phase)), Fraction(0))


NEAREST = Kernel("nearest", ((Fraction(1),),), cell=Fraction(1, 2))  # ties go to the right neighbour
BILINEAR = Kernel("bilinear", ((Fraction(1), Fraction(-1)),))
BSPLINE = Kernel(
    "cubic B-spline",
    (
        (Fraction(2, 3), Fraction(0), Fraction(-1), Fraction(1, 2)),
        (Fraction(4, 3), Fraction(-2), Fraction(1), Fraction(-1, 6)),
    ),
)


def keys_cubic(a: str | int | Fraction) -> Kernel:
    """Keys' cubic: (a+2)|x|^3 - (a+3)|x|^2 + 1 up to 1, then a|x|^3 - 5a|x|^2 + 8a|x| - 4a up to 2.

    a = -3/4 is the bicubic of the reference model, a = -1/2 reproduces quadratics. Any exact a is accepted; the
    closed forms below hold for a <= 0 (sum) and -3 <= a <= 0 (range). Source: arXiv:2404.02905 (its code has a = -3/4).
    """
    a = parse_rational(a, name="a")
    return Kernel(
        f"Keys cubic, a = {a}",
        ((Fraction(1), Fraction(0), -(a + 3), a + 2), (-4 * a, 8 * a, -5 * a, a)),
    )


def keys_absolute_sum(a: str | int | Fraction) -> Fraction:
    """sup over phases of sum |W| per axis, 1 + |a|/2, attained at phase 1/2; needs a <= 0. Squared in two dimensions.

    >>> [str(keys_absolute_sum(a) ** 2) for a in ("-3/4", "-1/2")]
    ['121/64', '25/16']
    """
    return 1 + abs(_in_range(a, least=None)) / 2


def keys_range(a: str | int | Fraction) -> tuple[Fraction, Fraction]:
    """(min W, max W) = (4a/27, 1), at |x| = 4/3 and x = 0; needs -3 <= a <= 0. W(x)W(y) has the same two.

    >>> [str(value) for value in keys_range("-3/4")]
    ['-1/9', '1']
    """
    return Fraction(4, 27) * _in_range(a, least=Fraction(-3)), Fraction(1)


def row_sum_is_one(kernel: Kernel) -> bool:
    """Whether the weights of every phase sum to exactly 1, as polynomials in the phase.

    >>> all(row_sum_is_one(kernel) for kernel in (NEAREST, BILINEAR, BSPLINE, keys_cubic("-3/4"), keys_cubic(2)))
    True
    """
    if kernel == NEAREST:  # constant for phases in [0, 1/2) and in [1/2, 1)
        return sum(kernel.weights(0)) == sum(kernel.weights(Fraction(1, 2))) == 1
    total = [Fraction(0)] * max(len(piece) for piece in kernel.pieces)
    for polynomial in kernel.phase_polynomials():
        for power, coefficient in enumerate(polynomial):
            total[power] += coefficient
    return total == [1] + [0] * (len(total) - 1)


def _in_range(a: str | int | Fraction, *, least: Fraction | None) -> Fraction:
    value = parse_rational(a, name="a")
    if value > 0 or (least is not None and value < least):
        raise InputError(
            "the closed form does not hold for this a",
            got=a,
            allowed="a <= 0" if least is None else f"{least} <= a <= 0",
            hint="evaluate the kernel itself: keys_cubic(a).absolute_sum(phase)",
        )
    return value


def _evaluate(polynomial: Sequence[Fraction], x: Fraction) -> Fraction:
    value = Fraction(0)
    for coefficient in reversed(polynomial):
        value = value * x + coefficient
    return value


def _compose(outer: Sequence[Fraction], inner: tuple[Fraction, Fraction]) -> Polynomial:
    """outer(inner[0] + inner[1] t) as coefficients in t."""
    result = [Fraction(0)]
    for coefficient in reversed(outer):
        shifted = [Fraction(0), *(inner[1] * c for c in result)]
        for power, c in enumerate(result):
            shifted[power] += inner[0] * c
        shifted[0] += coefficient
        result = shifted
    return tuple(result[: len(outer)])
