"""Rank as a power of the number of tokens: the entropy exponent, its value along the degree law, and where it is one.

With d = alpha ln N and g = gamma ln N, C(d+g, g) = N^(rho + o(1)) and never more than N^rho. All numbers are Arb
balls; proofs in `docs/explanation/rank.md`. Source: arXiv:2302.13214; the constants are ours.
"""

from __future__ import annotations

from flint import arb, ctx

from varproof.approx.degree_law import Kind, Number, law_degree, positive_ball
from varproof.base.balls import ball
from varproof.base.errors import InputError

DEFAULT_BITS = 128
MAX_LOG_BOUND = 1024  # further out the enclosures need thousands of digits


def rho(alpha: Number, gamma: Number, *, bits: int = DEFAULT_BITS) -> arb:
    """The exponent (alpha+gamma) H(alpha/(alpha+gamma)), H the entropy in nats; alpha, gamma >= 0.

    It equals alpha ln(1+gamma/alpha) + gamma ln(1+alpha/gamma), is homogeneous of degree one and increases in both
    arguments. C(d+g, g) <= e^rho(d, g) for all integers d, g >= 0: with p = g/(d+g) the binomial theorem gives
    1 = (p + (1-p))^(d+g) >= C(d+g, g) p^g (1-p)^d. Raises `InputError` for a negative argument.

    >>> print(rho(1, 1).str(12, radius=False))
    1.38629436112
    >>> from varproof.approx.rank import monomial_rank
    >>> bool(monomial_rank(8, 20) <= rho(8, 20).exp())
    True
    """
    with ctx.workprec(bits):
        left, right = _non_negative(alpha, "alpha"), _non_negative(gamma, "gamma")
        if left.is_zero() or right.is_zero():
            return arb(0)
        return left * (right / left).log1p() + right * (left / right).log1p()


def law_exponent(alpha: Number, bound: Number, power: Number, *, kind: Kind = "rel", bits: int = DEFAULT_BITS) -> arb:
    """rho(alpha, gamma) with gamma from the degree law: d = alpha ln N, logit bound `bound` ln N, error N^-`power`.

    Increases with each argument. It tends to 0 with the logit bound, very slowly (gamma ~ C / ln(C/b)):

    >>> print(law_exponent(1, "1e-6", 1).str(12, radius=False))
    0.310841659939
    """
    return rho(alpha, law_degree(bound, power, kind=kind, bits=bits), bits=bits)


def critical_logit_bound(
    alpha: Number, power: Number, *, kind: Kind = "rel", target: Number = 1, bits: int = DEFAULT_BITS
) -> arb:
    """b*(alpha, C): the logit bound over ln N at which the rank reaches N^`target`, as a certified enclosure.

    `law_exponent` increases strictly from 0 to infinity in the logit bound (the degree law has derivative
    sinh(a)/a > 0, abs: cosh(t)/t > 0), so the solution exists, is unique, and lies between two points at which the
    exponent is proved to be below and above the target. Raises `InputError` unless alpha, power and target are
    positive.

    >>> for alpha in ("0.5", 1, 2, 4):
    ...     print(critical_logit_bound(alpha, 1).str(6, radius=False))
    0.343766
    0.0633020
    0.0157573
    0.00468879
    """
    goal, share = positive_ball(target, "target"), positive_ball(alpha, "alpha")

    def excess(log_bound: arb, precision: int) -> arb:
        return law_exponent(share, log_bound.exp(), power, kind=kind, bits=precision) - goal

    working = bits + 32
    with ctx.workprec(working):
        low, high = arb(-1), arb(1)
        while not excess(low, working) < 0:
            low = _wider(low)
        while not excess(high, working) > 0:
            high = _wider(high)
        while not (high - low) < arb(2) ** -bits:
            middle = ((low + high) / 2).mid()
            value = excess(middle, working)
            if value < 0:
                low = middle
            elif value > 0:
                high = middle
            else:  # the enclosure cannot tell: the bracket is as narrow as this precision allows
                break
        return low.union(high).exp()


def effective_exponent(cost: Number, tokens: Number, *, bits: int = DEFAULT_BITS) -> arb:
    """ln(cost) / ln(tokens): the power of N that the cost is, at this N and not in a limit. Needs tokens >= 2.

    >>> print(effective_exponent(21, 1024).str(6, radius=False))
    0.439232
    """
    with ctx.workprec(bits):
        base, value = ball(tokens), positive_ball(cost, "cost")
        if not base >= 2:
            raise InputError("an exponent of N needs at least two tokens", got=tokens, allowed="tokens >= 2")
        return value.log() / base.log()


def _non_negative(value: Number, name: str) -> arb:
    number = ball(value)
    if not number >= 0:
        raise InputError(f"{name} must not be negative", got=value, allowed=f"{name} >= 0")
    return number


def _wider(log_bound: arb) -> arb:
    wider = 2 * log_bound
    if not abs(wider) < MAX_LOG_BOUND:
        raise InputError(
            "the critical logit bound is out of reach",
            got=f"|ln b| >= {MAX_LOG_BOUND // 2}",
            allowed=f"alpha, C and target for which |ln b| < {MAX_LOG_BOUND // 2}",
        )
    return wider
