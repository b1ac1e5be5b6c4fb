"""Schedules of token maps: the sides p_1 < ... < p_K = n, exact token counts and exact numbers of attention pairs.

Scale k holds N_k = p_k^2 tokens and S_k = N_1 + ... + N_k tokens exist once it is there. Everything is an exact integer
or fraction; closed forms for huge linear schedules are in `varproof.growth.counts`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Literal

from varproof.base.errors import InputError, shorten
from varproof.base.rationals import parse_rational
from varproof.growth.counts import Counts

MAX_SCALES = 10_000
MAX_SIDE = 2**1000
MAX_RATIO_PART = 10**9

Family = Literal["doubling", "ratio", "linear", "preset", "list"]

PRESETS: dict[str, tuple[int, ...]] = {
    "256": (1, 2, 3, 4, 5, 6, 8, 10, 13, 16),
    "512": (1, 2, 3, 4, 6, 9, 13, 18, 24, 32),
    "1024": (1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 27, 36, 48, 64),
}
ALLOWED = "256, 512, 1024, doubling, ratio:A, linear, or sides such as 1,2,4,8"


@dataclass(frozen=True)
class Schedule:
    """The sides of the token maps, strictly increasing; `name` is what a user typed, `family` how the sides arose.

    Raises `InputError` for no sides, sides that are not integers in [1, 2^1000] or do not increase, and more than
    10000 scales. Source of the presets: arXiv:2404.02905.

    >>> s = parse_schedule("256")
    >>> s.tokens, s.number_of_scales, s.attention_pairs, round(float(s.attention_constant), 4)
    (680, 10, 286434, 4.3706)
    """

    sides: tuple[int, ...]
    name: str = "list"
    family: Family = "list"

    def __post_init__(self) -> None:
        if isinstance(self.sides, str) or not isinstance(self.sides, Sequence) or not self.sides:
            raise InputError("a schedule needs a sequence of sides", got=self.sides, allowed="at least one side")
        if len(self.sides) > MAX_SCALES:
            raise InputError("too many scales", got=len(self.sides), allowed=f"at most {MAX_SCALES}")
        sides = tuple(check_side(side) for side in self.sides)
        for before, after in pairwise(sides):
            if after <= before:
                raise InputError("the sides must increase", got=f"{before} then {after}", allowed="p_1 < p_2 < ...")
        object.__setattr__(self, "sides", sides)

    @property
    def side(self) -> int:
        """n = p_K, the side of the last token map."""
        return self.sides[-1]

    @property
    def number_of_scales(self) -> int:
        """K."""
        return len(self.sides)

    @cached_property
    def tokens_per_scale(self) -> tuple[int, ...]:
        """(N_1, ..., N_K)."""
        return tuple(side**2 for side in self.sides)

    @cached_property
    def cumulative_tokens(self) -> tuple[int, ...]:
        """(S_1, ..., S_K)."""
        return tuple(accumulate(self.tokens_per_scale))

    @property
    def tokens(self) -> int:
        """L = S_K, the tokens of all scales together."""
        return self.cumulative_tokens[-1]

    @cached_property
    def attention_pairs(self) -> int:
        """sum_k N_k S_k: pairs (query, key) when step k attends from its N_k tokens to all S_k and keeps a cache."""
        return sum(map(operator.mul, self.tokens_per_scale, self.cumulative_tokens))

    @cached_property
    def counts(self) -> Counts:
        """The four counts of `varproof.growth.counts`, summed scale by scale."""
        masked = list(accumulate(map(operator.mul, self.tokens_per_scale, self.cumulative_tokens)))
        return Counts(self.tokens, masked[-1], sum(s * s for s in self.cumulative_tokens), sum(masked))

    @property
    def attention_constant(self) -> Fraction:
        """sum_k N_k S_k / n^4."""
        return Fraction(self.attention_pairs, self.side**4)

    @property
    def dense_constant(self) -> Fraction:
        """sum_k S_k^2 / n^4: without a cache, every step recomputes all its tokens against all of them."""
        return Fraction(self.counts.dense, self.side**4)

    @property
    def masked_constant(self) -> Fraction:
        """sum_k sum_{j<=k} N_j S_j / n^4: recomputed at every step, hidden pairs of the block-causal mask skipped."""
        return Fraction(self.counts.masked, self.side**4)

    def shrinks_by(self, ratio: Fraction | int) -> bool:
        """Whether p_{K-i} <= n / ratio^i for every i: the hypothesis of `counts.geometric_limits` (exact)."""
        a, power = Fraction(ratio), Fraction(1)
        for side in reversed(self.sides):
            if side * power > self.side:
                return False
            power *= a
        return True


def doubling(n: int) -> Schedule:
    """1, 2, 4, ..., n for a power of two n; raises `InputError` for another n."""
    if check_side(n) & (n - 1):
        low = n.bit_length() - 1
        near = f"{1 << low} or {2 << low}" if low < 64 else f"2^{low} or 2^{low + 1}"
        raise InputError("doubling needs a power of two", got=n, allowed=near, hint="ratio:2 rounds the sides down")
    return Schedule(tuple(1 << k for k in range(n.bit_length())), "doubling", "doubling")


def geometric(n: int, ratio: Fraction | int) -> Schedule:
    """Sides floor(n / a^i), i = 0, 1, ..., down to 1, each once: a = ratio > 1 rational, the last side is n exactly.

    For n = a^m these are the powers of a. Otherwise sides are rounded down, from the top, so that p_{K-i} <= n / a^i
    always holds. Raises `InputError` for a <= 1, for parts of a above 10^9, and where more than 10000 steps are needed.

    >>> geometric(16, Fraction(3, 2)).sides
    (1, 2, 3, 4, 7, 10, 16)
    """
    if isinstance(ratio, bool) or not isinstance(ratio, (int, Fraction)) or ratio <= 1:
        raise InputError("the ratio must be above 1", got=ratio, allowed="an exact rational above 1, e.g. 2 or 3/2")
    a = Fraction(ratio)
    if a.numerator > MAX_RATIO_PART:
        raise InputError("the ratio is too long", got=ratio, allowed=f"numerator at most {MAX_RATIO_PART}")
    sides: list[int] = []
    above, below = check_side(n), 1  # n / a^i = above / below
    for _ in range(MAX_SCALES):
        side = above // below
        if side == 0:
            return Schedule(tuple(reversed(sides)), f"ratio:{a}", "ratio")
        if not sides or side != sides[-1]:
            sides.append(side)
        above, below = above * a.denominator, below * a.numerator
    raise InputError("too many scales", got=f"ratio {a} from side {n}", allowed=f"at most {MAX_SCALES} steps")


def linear(n: int) -> Schedule:
    """1, 2, 3, ..., n; raises `InputError` above 10000 (use `counts.linear_counts`, which has no loop)."""
    if check_side(n) > MAX_SCALES:
        raise InputError(
            "too many scales",
            got=n,
            allowed=f"n <= {MAX_SCALES} for linear",
            hint="ratio:A has fewer scales at this n, and --asymptotic needs no n",
        )
    return Schedule(tuple(range(1, n + 1)), "linear", "linear")


def parse_schedule(text: str, n: int | None = None) -> Schedule:
    """The schedule that `text` names: `256|512|1024|doubling|ratio:A|linear|1,2,4,...`; A is a rational above 1.

    `n` is the last side: needed for doubling, ratio and linear; elsewhere it may be left out and must agree. A single
    scale of side 7 is written `7,`. Raises `InputError`, also for the caps of the families.

    >>> parse_schedule("ratio:3", 10).sides, parse_schedule("1,3,5").tokens
    ((1, 3, 10), 35)
    """
    if not isinstance(text, str) or len(text) > 400_000:
        raise InputError("a schedule is given as text", got=text, allowed=ALLOWED)
    word = text.strip().lower()
    if n is not None:
        check_side(n)
    if word in {"doubling", "linear"} or word.startswith("ratio:"):
        if n is None:
            raise InputError("this schedule needs its last side n", got=text, hint="give n, e.g. --n 64")
        if word == "doubling":
            return doubling(n)
        return linear(n) if word == "linear" else geometric(n, parse_rational(word[6:], name="ratio"))
    if word in PRESETS:
        schedule = Schedule(PRESETS[word], word, "preset")
    elif re.fullmatch(r"\d{1,400}(\s*,\s*\d{1,400})*\s*,?", word, re.ASCII) and "," in word:
        schedule = Schedule(tuple(int(side) for side in word.split(",") if side.strip()), word, "list")
    else:
        alone = re.fullmatch(r"\d{1,400}", word, re.ASCII) is not None
        hint = f"a single scale of side {shorten(word, 20)} is written {shorten(word, 20)}," if alone else ""
        raise InputError("not a schedule", got=text, allowed=ALLOWED, hint=hint)
    if n is not None and n != schedule.side:
        raise InputError("n differs from the last side of the schedule", got=n, allowed=shorten(schedule.side))
    return schedule


def check_side(side: object) -> int:
    """`side` as an int in [1, 2^1000]; raises `InputError` for anything else, bools included."""
    try:
        value = operator.index(side) if not isinstance(side, bool) else 0  # type: ignore[arg-type]  # raises TypeError
    except TypeError:
        value = 0
    if not 1 <= value <= MAX_SIDE:
        raise InputError("not a side", got=side, allowed="an integer from 1 to 2^1000")
    return value
