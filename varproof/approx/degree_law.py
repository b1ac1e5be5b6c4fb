"""The asymptotic law of the minimal degree of e^x on [-B, B] for error eps, behind the Theta of AA22 and AS23.

With n = degree + 1 and Lam = ln(1/eps): relative error, n ~ B cosh a where a cosh a - sinh a = Lam/B; absolute
error, n ~ B sinh t where t sinh t - cosh t = Lam/B. `docs/explanation/degree-law.md` derives both, proves the upper
half, and compares them with certified degrees. Sources: arXiv:2205.06249, arXiv:2302.13214; the law is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flint import arb, ctx

from varproof.base.balls import Exact, ball, to_float
from varproof.base.errors import InputError

Number = Exact | str | arb
Kind = Literal["rel", "abs"]

DEFAULT_BITS = 128
MAX_NEWTON_STEPS = 400


def law_angle(ratio: Number, *, kind: Kind = "rel", bits: int = DEFAULT_BITS) -> arb:
    """The angle of the law: a > 0 with a cosh a - sinh a = ratio (rel), t > 0 with t sinh t - cosh t = ratio (abs).

    `ratio` = Lam/B > 0. Both left sides increase strictly for positive arguments (derivatives a sinh a, t cosh t), so
    the root is unique; the returned ball is proved to contain it by the signs at its two ends, whatever the iteration
    did. Raises `InputError` unless ratio > 0 and kind is "rel" or "abs".

    >>> a = law_angle(1)
    >>> print(a.str(15, radius=False)), bool((a * a.cosh() - a.sinh()).contains(1))
    1.35831057296577
    (None, True)
    """
    if kind not in _LEFT_SIDES:
        raise InputError("unknown kind of approximation error", got=kind, allowed='"rel" or "abs"')
    left_side, slope = _LEFT_SIDES[kind]
    with ctx.workprec(bits):
        goal = positive_ball(ratio, "ratio")
        # a cosh a - sinh a loses its leading digits when a is small, that is when the ratio is
        guard = 64 + max(0, int(-4 * to_float(goal.log())))
    with ctx.workprec(bits + guard):
        root = _newton(left_side, slope, positive_ball(ratio, "ratio"), bits)
        return _verified(left_side, positive_ball(ratio, "ratio"), root, bits)


def law_degree(bound: Number, log_inverse_eps: Number, *, kind: Kind = "rel", bits: int = DEFAULT_BITS) -> arb:
    """n of the law for logit bound B > 0 and Lam = ln(1/eps) > 0 (nats): B cosh a (rel) or B sinh t (abs).

    The minimal degree is about n - 1. Homogeneous of degree one, so that with B = b ln N and eps = N^-C it gives the
    degree over ln N. At fixed Lam it equals Lam/(a - tanh a), abs Lam/(t - coth t).

    >>> print(law_degree(64, "18.420680743952367").str(8, radius=False))  # eps = 1e-8: the minimal n is 92
    93.439396
    """
    with ctx.workprec(bits):
        half_range, inverse = positive_ball(bound, "bound"), positive_ball(log_inverse_eps, "log_inverse_eps")
        angle = law_angle(inverse / half_range, kind=kind, bits=bits)
        return half_range * (angle.cosh() if kind == "rel" else angle.sinh())


def law_upper_degree(bound: Number, log_inverse_eps: Number, *, bits: int = DEFAULT_BITS) -> arb:
    """A proved upper bound on the minimal n for relative error: the law plus ln(2/(1 - e^-a - eps^2))/a.

    The error at every n >= this number is at most eps (Chernoff form of the relative bound at the law's own angle, page
    `docs/explanation/degree-law.md`). Raises `InputError` when eps^2 >= 1 - e^-a, where it says nothing.

    >>> print(law_upper_degree(64, "18.420680743952367").str(8, radius=False))
    94.733188
    """
    with ctx.workprec(bits):
        half_range, inverse = positive_ball(bound, "bound"), positive_ball(log_inverse_eps, "log_inverse_eps")
        angle = law_angle(inverse / half_range, bits=bits)
        room = 1 - (-angle).exp() - (-2 * inverse).exp()
        if not room > 0:
            raise InputError(
                "the bound says nothing here", got=f"eps^2 >= 1 - e^-a at B = {bound}", allowed="a smaller eps"
            )
        return half_range * angle.cosh() + (2 / room).log() / angle


def hidden_constant(angle: arb, *, kind: Kind = "rel") -> arb:
    """The law over the two-branch form of the literature, as a function of the angle, with L = Lam/B.

    Log branch L >= e: n / (Lam / ln L) = ln L / (a - tanh a) (abs: ln L / (t - coth t)). Branch L < e: n / B =
    cosh a (abs: sinh t). Both branches together are what Theta(max(B, Lam/ln(Lam/B))) hides; the literal maximum is
    unbounded near Lam = B, which is why the switch is at L = e. Balls that straddle it are refused.

    >>> print(hidden_constant(law_angle(20)).str(5, radius=False), hidden_constant(law_angle(2)).str(5, radius=False))
    1.4987 2.7317
    """
    left_side, _ = _LEFT_SIDES[kind]
    ratio = left_side(angle)
    switch = arb(1).exp()
    if ratio >= switch:
        return ratio.log() / (angle - (angle.tanh() if kind == "rel" else angle.coth()))
    if ratio <= switch:
        return angle.cosh() if kind == "rel" else angle.sinh()
    raise InputError("the angle lies on both sides of the switch", got=angle, allowed="Lam/B entirely >= e or <= e")


def positive_ball(value: Number, name: str) -> arb:
    """The ball of `value`, or `InputError` when it is not proved positive and finite."""
    try:
        number = ball(value)
    except (TypeError, ValueError):
        number = arb("nan")
    if not (number > 0 and number.is_finite()):
        raise InputError(f"{name} must be positive", got=value, allowed=f"{name} > 0, exact or a ball")
    return number


_Function = Callable[[arb], arb]
_LEFT_SIDES: dict[str, tuple[_Function, _Function]] = {
    "rel": (lambda a: a * a.cosh() - a.sinh(), lambda a: a * a.sinh()),
    "abs": (lambda t: t * t.sinh() - t.cosh(), lambda t: t * t.cosh()),
}


def _newton(left_side: _Function, slope: _Function, goal: arb, bits: int) -> arb:
    """A point near the root. Convex and increasing, so Newton from the right never leaves it; nothing is trusted."""
    cube, logarithm = (3 * goal).root(3).mid(), (2 * goal + 1).log().mid()
    logarithm = logarithm if logarithm > 2 else arb(2)
    right_of_root = left_side(cube) > goal.mid() * (1 - arb(2) ** -20)  # (3 L)^(1/3): rel only, as f(a) >= a^3/3
    point = cube if right_of_root and cube < logarithm else logarithm
    for _ in range(MAX_NEWTON_STEPS):
        step = ((left_side(point) - goal.mid()) / slope(point)).mid()
        point = (point - step).mid()
        if abs(step) <= abs(point) * arb(2) ** -(bits + 8):
            break
    return point


def _verified(left_side: _Function, goal: arb, point: arb, bits: int) -> arb:
    """The smallest tried ball around `point` at whose ends the left side is proved below and above the goal."""
    radius = abs(point) * arb(2) ** -(bits + 4)
    while radius < abs(point):
        low, high = point - radius, point + radius
        if left_side(low) < goal and left_side(high) > goal:
            return low.union(high)
        radius = radius * 4
    raise InputError("the ratio is too wide a ball to enclose its root", got=goal, allowed="a narrower ball")
