"""A checker for degree certificates: Python integers, nothing else. Runs alone: `python integer_checker.py FILE`.

A certificate claims: `degree` = g is the least degree of a polynomial P with error <= eps on the interval, where the
error of kind "rel" is max |P(x) e^-x - 1| and of kind "abs" is max |P(x) - e^x|; the interval is [-B, B] ("sym"),
[0, B] ("pos") or [-B, 0] ("neg"). With h the half-length and x = h t + centre all of it happens on -1 <= t <= 1: the
relative error does not change under the shift, the absolute one is multiplied by e^h ("pos") or e^-h ("neg").
A point is an integer u and stands for t = u / 2^scale_bits. The four inequalities checked, with their proofs, are on
the documentation page "polynomials-for-exp"; each function below names its own.
"""

import json
import os
import re
import sys
from itertools import pairwise
from typing import Any, NamedTuple

FORMAT = "varproof/degree-certificate/1"
KEYS = {"format", "kind", "interval", "bound", "eps", "degree", "scale_bits", "upper", "lower"}
# the caps keep the slowest certificate below a minute; exact values have about degree * (scale_bits + bound bits) bits
MAX_FILE_BYTES, MAX_DEGREE, MAX_SCALE_BITS, MAX_COEFFICIENT_BITS = 8_000_000, 512, 256, 8192
MAX_BOUND, MAX_RATIONAL_BITS, MAX_VALUE_BITS = 1024, 2048, 1 << 17
Ratio = tuple[int, int]


class Claimed(NamedTuple):
    """A certificate as numbers: h = `half` as a ratio, points in units of 2^-scale_bits."""

    relative: bool
    interval: str
    half: Ratio
    eps: Ratio
    degree: int
    scale_bits: int
    lower: list[int]
    upper: list[int]
    coefficients: list[int]
    coefficient_bits: int


class Unreadable(Exception):  # noqa: N818 - the words a user reads
    """The file is not a certificate at all."""


class Rejected(Exception):  # noqa: N818
    """The certificate does not prove what it claims."""


def require(condition: bool, reason: str) -> None:
    if not condition:
        raise Rejected(reason)


def integer(text: Any) -> int:
    if not (isinstance(text, str) and re.fullmatch(r"-?[0-9]{1,4000}", text, re.ASCII)):
        raise Unreadable("a number is not a string of at most 4000 decimal digits")
    return int(text)


def rational(text: Any) -> Ratio:
    top, slash, below = text.partition("/") if isinstance(text, str) else ("", "", "")
    pair = integer(top), integer(below) if slash else 1
    require(pair[1] > 0, "a denominator is not positive")
    return pair


def exp_enclosure(top: int, below: int, w: int) -> Ratio:
    """Integers (lo, hi) with lo <= 2^w e^(top/below) <= hi: Taylor series of a halved argument, squared back."""
    halvings = max(0, abs(top).bit_length() - below.bit_length() + 1) + 12
    argument = (abs(top) << w) // (below << halvings)  # y, rounded down; 0 <= y < 2^-12
    total, term, k = 1 << w, 1 << w, 0
    while term:
        k += 1
        term = (term * argument >> w) // k  # the floor of the whole quotient, and much faster than one division
        total += term
    lo, hi = total, total + 3 * k + 6  # each of k terms was rounded down; y moved by one unit; tail < one unit
    for _ in range(halvings):
        lo, hi = lo * lo >> w, -(-hi * hi >> w)
    return (lo, hi) if top >= 0 else ((1 << 2 * w) // hi, -(-(1 << 2 * w) // lo))


def horner(coefficients: list[int], u: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = value * u + coefficient
    return value


def points_in_order(texts: Any, count: int, limit: int) -> list[int]:
    require(isinstance(texts, list) and len(texts) == count, "the number of points does not fit the degree")
    points = [integer(text) for text in texts]
    require(all(a < b for a, b in pairwise(points)), "points are not strictly increasing")
    require(not points or (points[0] >= -limit and points[-1] <= limit), "a point lies outside the interval")
    return points


def relative_upper(points: list[int], half: Ratio, s: int, eps: Ratio, w: int) -> None:
    """P' - h P = Q = prod (t - tau_i) is solved exactly, so the extremes of P e^-ht are at the tau_i and at +-1."""
    b, c = half  # h = b / c; below everything is in u = 2^s t and one positive common factor is dropped
    q = [1]
    for p in points:
        q = [high - p * low for high, low in zip([0, *q], [*q, 0], strict=True)]
    r, g = q[:], len(points)
    for i in range(g, -1, -1):  # b r - c 2^s r' = b^(g+1) q
        r[i] = b**g * q[i] + (c * (i + 1) * r[i + 1] // b << s if i < g else 0)
    lows, highs = [], []
    for u in [-(1 << s), *points, 1 << s]:
        value = horner(r, u)
        ends = [value * end for end in exp_enclosure(-b * u, c << s, w)]
        lows.append(min(ends))
        highs.append(max(ends))
    m, M = min(lows), max(highs)
    require(m > 0 or M < 0, "upper side: the values do not have one sign, so no scaling of P is close to exp")
    require((M - m) * eps[1] <= eps[0] * abs(M + m), "upper side: the error of the polynomial exceeds eps")


def absolute_upper(
    coefficients: list[int], bits: int, brackets: list[int], half: Ratio, s: int, eps: Ratio, shift: Ratio, w: int
) -> None:
    """E = P - e^ht has at most g stationary points (Rolle); each bracket [u, u+1] shows one of them by a sign change.

    (P'' - h P') e^-ht is the derivative of P' e^-ht - h; where it keeps the sign of the change at both ends, that
    function is monotone in the bracket, hence |E'| <= 2 max of its end values there and |E| is bounded from one end.
    """
    (b, c), g, one = half, len(coefficients) - 1, 1 << s
    require(b << 1 <= c << s, "scale_bits is too small for this bound")
    scaled = [a << s * (g - i) for i, a in enumerate(coefficients)]  # P in u, over 2^(bits + s g)
    first = [i * a << s for i, a in enumerate(scaled)][1:]  # dP/dt, same denominator
    second = [i * a << s for i, a in enumerate(first)][1:]
    unit = bits + s * g

    def ends(u: int) -> tuple[Ratio, Ratio]:
        """Enclosures of E(t) and E'(t), both times 2^(unit + w) c, at t = u / 2^s."""
        lo, hi = exp_enclosure(b * u, c << s, w)
        value, slope = horner(scaled, u) * c << w, horner(first, u) * c << w
        error = (value - (hi * c << unit), value - (lo * c << unit))
        return error, (slope - (b * hi << unit), slope - (b * lo << unit))

    sup = max(abs(end) for u in (-one, one) for end in ends(u)[0])
    for u in brackets:
        require(-one <= u < one, "upper side: a bracket lies outside the interval")
        (left, slope_l), (_, slope_r) = ends(u), ends(u + 1)
        rising = slope_l[1] < 0 < slope_r[0]
        require(rising or slope_r[1] < 0 < slope_l[0], "upper side: no sign change of the slope in a bracket")
        bends = [c * horner(second, v) - b * horner(first, v) for v in (u, u + 1)]
        require(all(bend > 0 if rising else bend < 0 for bend in bends), "upper side: a bracket is too wide")
        steepest = max(abs(end) for end in slope_l + slope_r)
        sup = max(sup, max(abs(left[0]), abs(left[1])) + (-(-2 * steepest >> s)))
    require(
        sup * shift[1] * eps[1] <= eps[0] * c << unit + 2 * w, "upper side: the error of the polynomial exceeds eps"
    )


def lower(points: list[int], relative: bool, half: Ratio, s: int, eps: Ratio, shift: Ratio, w: int) -> None:
    """A divided difference kills every polynomial of lower degree: E >= |sum +-l_j e^x_j| / sum l_j w_j."""
    (b, c), nodes = half, []
    for u in points:
        node = 1
        for v in points:
            node *= abs(u - v) or 1
        nodes.append(node)
    top = max(nodes).bit_length() + w
    signed, weight = 0, 0  # lower end of the divided difference, upper end of the total weight
    for j, (u, node) in enumerate(zip(reversed(points), reversed(nodes), strict=True)):
        l_lo, l_hi = (1 << top) // node, -(-(1 << top) // node)
        e_lo, e_hi = exp_enclosure(b * u, c << s, w)
        signed += -l_hi * e_hi if j % 2 else l_lo * e_lo
        weight += l_hi * (e_hi if relative else 1 << w)
    require(signed * shift[0] * eps[1] > eps[0] * weight << w, "lower side: a smaller degree is not excluded")


def parse(data: Any) -> Claimed:
    """The numbers of a certificate; every structural fault is named."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise Unreadable(f'not a JSON object with "format": "{FORMAT}"')
    try:
        relative, interval, upper = {"rel": True, "abs": False}[data["kind"]], data["interval"], data["upper"]
        bound, eps = rational(data["bound"]), rational(data["eps"])
        g, s = integer(data["degree"]), integer(data["scale_bits"])
        keys = {"points"} if relative else {"brackets", "coefficients", "coefficient_bits"}
        if set(data) != KEYS or set(upper) != keys or set(data["lower"]) != {"points"}:
            raise Unreadable("the keys are not those of a degree certificate")
        half = {"sym": bound, "pos": (bound[0], 2 * bound[1]), "neg": (bound[0], 2 * bound[1])}[interval]
        require(0 < eps[0] < eps[1], "eps does not lie strictly between 0 and 1")
        require(0 < bound[0] <= MAX_BOUND * bound[1], f"the bound does not lie in (0, {MAX_BOUND}]")
        long = max(*bound, eps[1]).bit_length()
        require(long <= MAX_RATIONAL_BITS, f"the bound or eps has more than {MAX_RATIONAL_BITS} bits")
        require(0 <= g <= MAX_DEGREE, f"the degree does not lie in 0..{MAX_DEGREE}")
        require(8 <= s <= MAX_SCALE_BITS, f"scale_bits does not lie in 8..{MAX_SCALE_BITS}")
        require(g * (s + max(bound).bit_length()) <= MAX_VALUE_BITS, "degree times the bound's length is too large")
        below = points_in_order(data["lower"]["points"], g + 1, 1 << s)
        above = points_in_order(upper["points" if relative else "brackets"], g, 1 << s)
        listed = [] if relative else upper["coefficients"]
        fits = relative or (isinstance(listed, list) and len(listed) == g + 1)
        require(fits, "the number of coefficients does not fit the degree")
        coefficients = [integer(a) for a in listed]
        bits = 0 if relative else integer(upper["coefficient_bits"])
        require(0 <= bits <= MAX_COEFFICIENT_BITS, f"coefficient_bits does not lie in 0..{MAX_COEFFICIENT_BITS}")
    except (KeyError, TypeError, AttributeError) as error:
        word = next((word for word in error.args if isinstance(word, str)), "not a text")[:80]
        raise Unreadable(f"a field is missing or has the wrong type or word ({word!r})") from None
    return Claimed(relative, interval, half, eps, g, s, below, above, coefficients, bits)


def check(data: Any) -> str:
    """One line that says what was proved; raises Rejected or Unreadable otherwise."""
    c = parse(data)
    # bits that decide a difference of eps 4^-scale_bits beside e^h, after a shift by e^h; of eps h on a tiny interval
    tiny = max(0, c.half[1].bit_length() - c.half[0].bit_length())
    w = 128 + 2 * c.scale_bits + c.eps[1].bit_length() + tiny + 3 * (c.half[0] // c.half[1] + 2)
    sign = 0 if c.relative else {"sym": 0, "pos": 1, "neg": -1}[c.interval]
    shift = exp_enclosure(sign * c.half[0], c.half[1], w)
    lower(c.lower, c.relative, c.half, c.scale_bits, c.eps, shift, w)
    if c.relative:
        relative_upper(c.upper, c.half, c.scale_bits, c.eps, w)
    else:
        absolute_upper(c.coefficients, c.coefficient_bits, c.upper, c.half, c.scale_bits, c.eps, shift, w)
    return "{kind} on {interval}, bound {bound}, eps {eps}: the least degree is {degree}".format(**data)


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise Unreadable("a key appears twice")
    return dict(pairs)


def read(path: str) -> Any:
    if not os.path.isfile(path):
        raise Unreadable("not a regular file" if os.path.exists(path) else "no such file")
    if os.path.getsize(path) > MAX_FILE_BYTES:
        raise Unreadable(f"the file is larger than {MAX_FILE_BYTES} bytes")
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream, object_pairs_hook=no_duplicates)
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({error})") from None


def main(arguments: list[str]) -> int:
    try:
        sys.stdout.write(f"accepted: {check(read(arguments[0]))}\n")
    except IndexError:
        sys.stdout.write("usage: python integer_checker.py FILE\n")
        return 2
    except (Unreadable, Rejected) as error:
        sys.stdout.write(f"{type(error).__name__.lower()}: {error}\n")
        return 1 if isinstance(error, Rejected) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
