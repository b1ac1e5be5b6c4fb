"""How far interpolation can enlarge a bound on a map: exact constants by kernel, by step and along a schedule.

All norms are infinity norms in two dimensions, squares of those of one axis. Re-interpolating from scale to scale
multiplies them; interpolating every scale once to n x n, as the reference model does, takes each alone, and a sum of K
maps bounded by M is bounded by M times their sum. See `docs/explanation/interpolation-kernels.md`.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from varproof.approx.interpolation_kernels import Kernel, keys_absolute_sum
from varproof.approx.interpolation_matrix import chain_norm, infinity_norm
from varproof.growth.schedules import Schedule
from varproof.var.interpolation.operators import kernel_named


def phase_sup(kernel: str) -> Fraction:
    """sup over pairs of phases of sum |W(s-j) W(t-k)|, exactly: no map grows by more, whatever its sides. Tight.

    1 for kernels without negative values. Keys' cubic with a <= 0: (1 + |a|/2)^2. With a > 0, when it is negative
    within the unit cell instead of beyond: the square of max(8 (a+3)^3/(27 (a+2)^2), a/2) - 1. Raises `InputError` for
    an unknown kernel.

    >>> [str(phase_sup(name)) for name in ("bicubic", "bicubic:-1/2", "bspline", "bilinear", "nearest")]
    ['121/64', '25/16', '1', '1', '1']
    """
    return _axis_sup(kernel_named(kernel)) ** 2


def _axis_sup(kernel: Kernel) -> Fraction:
    a = kernel.pieces[-1][-1]
    if kernel != _keys(a):
        return Fraction(1)  # B-spline, bilinear and nearest: weights >= 0 that sum to 1
    if a <= 0:
        return keys_absolute_sum(a)
    # sum |W| = 1 - 2 (sum of the negative weights): one, least at |x| = 2(a+3)/(3(a+2)), or both inner ones, which sum
    # to 1 - a t(1-t), least at t = 1/2; at the former |x| with both negative, the sum is below the latter
    return max(8 * (a + 3) ** 3 / (27 * (a + 2) ** 2), a / 2) - 1


def _keys(a: Fraction) -> Kernel:
    return kernel_named(f"bicubic:{a}")


def step_norms(kernel: str, schedule: Schedule) -> tuple[Fraction, ...]:
    """The norms of p_1 -> p_2, ..., p_{K-1} -> p_K: of the K-1 interpolations of the formal model.

    >>> from varproof.growth.schedules import parse_schedule
    >>> [float(norm) for norm in step_norms("bicubic", parse_schedule("4,8,16"))]  # 1.28125 squared
    [1.6416015625, 1.6416015625]
    """
    named, sides = kernel_named(kernel), schedule.sides
    return tuple(infinity_norm(named, p, q) ** 2 for p, q in pairwise(sides))


def chained_norm(kernel: str, schedule: Schedule) -> Fraction:
    """The product of `step_norms`: an upper bound on the norm of p_1 -> ... -> p_K. 1 for a single scale.

    >>> from varproof.growth.schedules import parse_schedule
    >>> f"{float(chained_norm('bicubic', parse_schedule('256'))):.2f}"
    '88.87'
    """
    named, sides = kernel_named(kernel), schedule.sides
    return chain_norm(named, sides) if len(sides) > 1 else Fraction(1)


def direct_norms(kernel: str, schedule: Schedule) -> tuple[Fraction, ...]:
    """The norms of p_k -> n for k = 1..K: of the interpolations of the reconstruction, 1 for the last map.

    >>> from varproof.growth.schedules import parse_schedule
    >>> norms = direct_norms("bicubic", parse_schedule("256"))
    >>> float(norms[0]), float(norms[-1]), max(norms) <= phase_sup("bicubic")
    (1.0, 1.0, True)
    """
    named, sides = kernel_named(kernel), schedule.sides
    return (*(infinity_norm(named, p, sides[-1]) ** 2 for p in sides[:-1]), Fraction(1))
