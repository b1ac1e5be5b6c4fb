"""Rigorous Bessel values and tails, the numbers behind every closed form of this package."""

from __future__ import annotations

from collections.abc import Callable

from flint import arb, ctx

from varproof.base.balls import Exact, ball

# log2(e), rounded up: how many bits one unit of the argument can cost through cancellation
BITS_PER_UNIT = 1.45


def working_precision(bound: Exact, extra: int = 0) -> int:
    """Bits that keep `J_k(bound)` and `I_k(bound)` relatively accurate despite cancellation of size `e^bound`."""
    return 96 + extra + int(2 * BITS_PER_UNIT * float(bound))


def bessel_i(order: int, bound: Exact) -> arb:
    """The modified Bessel function I_order(bound), enclosed."""
    with ctx.workprec(working_precision(bound)):
        return ball(bound).bessel_i(arb(order))


def bessel_j(order: int, bound: Exact) -> arb:
    """The Bessel function J_order(bound), enclosed."""
    with ctx.workprec(working_precision(bound)):
        return ball(bound).bessel_j(arb(order))


def bessel_i_tail(order: int, bound: Exact) -> arb:
    """The tail sum of I_k(bound) over k >= order, enclosed; order >= 0 and bound > 0.

    Terms are added until the geometric remainder is small: I_{k+1}(x) / I_k(x) <= x / (2 (k + 1)).
    """
    with ctx.workprec(working_precision(bound)):
        argument = ball(bound)
        return _tail(order, argument, lambda k: argument.bessel_i(arb(k)))


def bessel_j_tail(order: int, bound: Exact) -> arb:
    """The tail sum S_order(bound) of J_k(bound) over k >= order, enclosed; all terms are positive for order > bound.

    The remainder after k = K uses |J_k(x)| <= (x/2)^k / k!, which the geometric ratio x / (2 (k + 1)) sums.
    """
    with ctx.workprec(working_precision(bound)):
        argument = ball(bound)
        return _tail(order, argument, lambda k: argument.bessel_j(arb(k)), majorant=True)


def _tail(order: int, argument: arb, term: Callable[[int], arb], *, majorant: bool = False) -> arb:
    total = arb(0)
    k = order
    while True:
        value = term(k)
        total += value
        ratio = argument / (2 * (k + 2))
        if ratio < arb("0.5"):
            # an upper bound of the next term: the majorant for J, the last I times its own ratio for I
            power = (argument / 2) ** (k + 1) / arb(k + 2).gamma()
            last = power if majorant else value * argument / (2 * (k + 1))
            remainder = last / (1 - ratio)
            if remainder < total * arb(2) ** -60 or remainder < arb(2) ** -4000:
                return total + (remainder / 2) + arb(0, (remainder / 2).upper())
        k += 1
