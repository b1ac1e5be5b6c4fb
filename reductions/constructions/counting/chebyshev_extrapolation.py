"""Extrapolation of a polynomial to 0 from Chebyshev extremal points of [e^-s, 1]: nodes, weights, allowed noise.

A polynomial S of degree D is known at x_t = exp(-s_t), t = 0..D, s_0 = 0. Then S(0) = sum_t w_t S(x_t) with the
Lagrange weights w_t = prod_{i != t} x_i / (x_i - x_t). At the extremal points sum |w_t| = T_D(coth(s/2)), and no D+1
nodes in [e^-s, 1] have a smaller sum. Proofs: docs/explanation/counting-by-attention.md.
The idea is that of arXiv:2011.02466.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from flint import arb, ctx

from varproof.base.balls import Exact, ball, ceiling_integer, dyadic, floor_integer
from varproof.base.errors import InputError

_FRACTION = 24  # bits of a node beyond what its distance to the next one asks for
_GUARD = 96  # bits of a weight beyond its size


def rounded_down(x: arb, bits: int) -> Fraction:
    """A dyadic number with about `bits` significant bits, at most every point of the positive ball `x`, near it.

    Raises `InputError` for a ball that is not above 0.

    >>> rounded_down(arb("0.3"), 4)
    Fraction(9, 32)
    """
    if not x > 0:
        raise InputError("a positive number is needed", got=x)
    mantissa, exponent = x.lower().man_exp()
    shift = bits - int(exponent) - int(mantissa).bit_length()
    with ctx.workprec(max(ctx.prec, 2 * bits)):
        scaled = floor_integer(x.lower() * arb(2) ** shift)
    return Fraction(scaled << -shift) if shift < 0 else Fraction(scaled, 1 << shift)


def extremal_fractions(degree: int, s: arb) -> tuple[Fraction, ...]:
    """Dyadic rho_1 < .. < rho_D = 1 such that exp(-s rho_t), with 1, are nearly the extremal points of [e^-s, 1].

    The points are xi_t = 1 - (1 - e^-s) sin^2(pi t / 2D); rho_t is -ln(xi_t)/s rounded to 24 + 4 log2(D) bits, so each
    node moves by far less than its distance to the next. `degree` D >= 1, `s` > 0. Raises `InputError` for D < 1.

    >>> extremal_fractions(1, arb(2))
    (Fraction(1, 1),)
    """
    if degree < 1:
        raise InputError("no nodes are needed below degree 1", got=degree, allowed="degree >= 1")
    bits = _FRACTION + 4 * degree.bit_length()
    with ctx.workprec(2 * bits + 64):
        width = -(-s).expm1()
        inner = [
            Fraction(
                round(dyadic(-(-width * (arb(t) / (2 * degree)).sin_pi() ** 2).log1p() / s) * (1 << bits)), 1 << bits
            )
            for t in range(1, degree)
        ]
    return (*inner, Fraction(1))


def weights_at_zero(nodes: Sequence[arb]) -> list[arb]:
    """The Lagrange weights w_t of extrapolation to 0 from these nodes, as balls; the nodes are different.

    Raises `InputError` if two balls overlap.

    >>> [int(w.unique_fmpz()) for w in weights_at_zero([arb(1), arb(2)])]
    [2, -1]
    """
    product = arb(1)
    for x in nodes:
        product *= x
    weights = []
    for t, here in enumerate(nodes):
        below = here
        for i, other in enumerate(nodes):
            if i != t:
                below *= other - here
        if below.contains(0):
            raise InputError("two nodes cannot be told apart", got=t, hint="work with more bits")
        weights.append(product / below)
    return weights


def weight_sum(degree: int, s: arb) -> arb:
    """T_D(coth(s/2)) = (coth(s/4)^D + tanh(s/4)^D)/2: the sum of |w_t| at the exact extremal points.

    >>> weight_sum(1, 2 * arb(3).log()).str(4, radius=False)  # coth(ln 3) = (9 + 1)/(9 - 1)
    '1.250'
    """
    low = (s / 4).tanh()
    return (low ** (-degree) + low**degree) / 2


def working_bits(degree: int, s: arb, keys: int) -> int:
    """Binary digits with which weights, nodes and outputs are computed, for n = `keys` data keys."""
    size = weight_sum(degree, s).log() + 2 * ball(keys + 1).log()
    spread = 2 * ball(degree + 1).log() - s.log()
    return _GUARD + ceiling_integer((size + 2 * abs(spread)) / arb(2).log())


def allowed_delta(weights: arb, keys: int) -> Fraction:
    """A dyadic delta, 20 bits, just below the largest with W delta (n+1)^2 / (1 - delta (n+1)) < 1/2.

    `weights` is W, the sum of |w_t| over the calls (t >= 1), `keys` n >= 1.

    >>> delta = allowed_delta(arb(3), 9)  # below 1/(10 (2*3*10 + 1))
    >>> delta < Fraction(1, 610), delta > Fraction(999, 610_000)
    (True, True)
    """
    return rounded_down(1 / ((keys + 1) * (2 * weights * (keys + 1) + 1)), 20)


def bits_of(delta: Fraction) -> int:
    """The least b with 2^-b <= delta: the number of binary digits of an output.

    >>> bits_of(Fraction(1, 8)), bits_of(Fraction(1, 9))
    (3, 4)
    """
    return max(0, math.ceil(1 / delta) - 1).bit_length()


def constants(kappa: Exact, c: Exact) -> arb:
    """C_a = 2 + c ln coth(kappa/(4c)): counting needs delta = n^-(C_a + o(1)) for d = c ln n and B = kappa ln n.

    `kappa`, `c` > 0 rationals; logarithms are natural. A ball of the working precision.
    Raises `InputError` unless both are positive.

    >>> constants(2, 1).str(6)
    '[2.77194 +/- 3.17e-6]'
    """
    if kappa <= 0 or c <= 0:
        raise InputError("kappa and c are positive", got=(kappa, c))
    return 2 + ball(c) * (ball(kappa) / (4 * ball(c))).coth().log()
