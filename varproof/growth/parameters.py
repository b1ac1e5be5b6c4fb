"""The parameters of a theorem about attention in a VAR model, and what follows from them at this finite size.

Logarithms are natural, R is the entrywise max norm, B the bound on |scores|; all tokens of all scales count: a query of
the last scale sees L = S_K keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flint import ctx

from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational
from varproof.growth.counts import Counts, geometric_counts, linear_counts
from varproof.growth.scales import ScoreScale, parse_scale, positive
from varproof.growth.schedules import Schedule, parse_schedule
from varproof.growth.symbolic import PRECISION, is_symbolic, log, quotient, sqrt

if TYPE_CHECKING:
    from varproof.growth.symbolic import Quantity

DECISION_BITS = 1 << 14


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Side n, head dimension d, entry bound R, additive error delta, score scale and schedule; numbers or sympy.

    Text is read exactly (`"0.05"`, `"cosine:4"`, `"doubling"`). `n` may be None where the schedule fixes it;
    `entry_bound` is None exactly for a cosine scale. With a symbolic n the schedule is `doubling`, `ratio:A` with an
    integer A, or `linear`. Raises `InputError` for values outside (0, infinity), a d that is no integer, floats, a
    schedule whose last side is not n, and a single token (its attention is trivial).

    >>> p = Parameters(d=64, entry_bound="2", delta="1e-3", scale="d", schedule="256")
    >>> p.tokens, p.logit_bound, p.hypothesis_satisfied
    (680, Fraction(4, 1), True)
    >>> print(p.logit_ratio.str(6, radius=False), p.entry_ratio.str(6, radius=False))
    0.613300 0.783135
    """

    d: Quantity
    delta: Any
    schedule: Schedule | str
    scale: ScoreScale | str = "d"
    entry_bound: Any = None
    n: Any = None

    def __post_init__(self) -> None:
        for name in ("delta", "entry_bound"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, parse_rational(value, name=name))
            if getattr(self, name) is not None or name == "delta":
                positive(getattr(self, name), name)
        positive(self.d, "d")
        if not is_symbolic(self.d) and not isinstance(self.d, int):
            raise InputError("the head dimension is an integer", got=self.d, allowed="d >= 1")
        if isinstance(self.scale, str):
            object.__setattr__(self, "scale", parse_scale(self.scale))
        if (self._scale.name == "cosine") == (self.entry_bound is not None):
            raise InputError(
                "the entry bound belongs to the dot-product scales",
                got=f"scale {self._scale.name}, entry_bound {self.entry_bound}",
                allowed="an entry bound for d, sqrt and one; none for cosine",
            )
        if is_symbolic(self.n):
            positive(self.n, "n")
            self.counts  # noqa: B018  # refuses a schedule without a closed form
            return
        if isinstance(self.schedule, str):
            object.__setattr__(self, "schedule", parse_schedule(self.schedule, self.n))
        schedule = self._numeric_schedule
        if self.n is not None and self.n != schedule.side:
            raise InputError("n differs from the last side of the schedule", got=self.n, allowed=str(schedule.side))
        object.__setattr__(self, "n", schedule.side)
        if schedule.tokens < 2:
            raise InputError("a single token attends only to itself", got=schedule.sides, allowed="at least 2 tokens")

    @property
    def _scale(self) -> ScoreScale:
        if not isinstance(self.scale, ScoreScale):
            raise InputError("not a score scale", got=self.scale, allowed="a ScoreScale or its text")
        return self.scale

    @property
    def _numeric_schedule(self) -> Schedule:
        if not isinstance(self.schedule, Schedule):
            raise InputError("not a schedule", got=self.schedule, allowed="a Schedule or its text")
        return self.schedule

    @property
    def is_symbolic(self) -> bool:
        """Whether any of n, d, R, delta and the cosine temperature is a sympy expression; then all results are."""
        values = (self.n, self.d, self.entry_bound, self.delta, self._scale.temperature)
        return any(is_symbolic(value) for value in values)

    def _lifted(self, value: Any) -> Any:
        if not self.is_symbolic:
            return value
        import sympy

        return sympy.sympify(value)

    @cached_property
    def counts(self) -> Counts:
        """The four exact counts of the schedule (`varproof.growth.counts`), as expressions when n is symbolic."""
        if not is_symbolic(self.n):
            return self._numeric_schedule.counts
        text = self.schedule.strip().lower() if isinstance(self.schedule, str) else ""
        if text == "doubling":
            return geometric_counts(self.n)
        if text == "linear":
            return linear_counts(self.n)
        if text.startswith("ratio:"):
            ratio = parse_rational(text[6:], name="ratio")
            return geometric_counts(self.n, int(ratio) if ratio.denominator == 1 else ratio)  # type: ignore[arg-type]  # refused there
        raise InputError(
            "no closed form in n", got=self.schedule, allowed="doubling, linear, ratio:A with an integer A"
        )

    @property
    def tokens(self) -> Any:
        """L, the tokens of all scales."""
        return self.counts.tokens

    @property
    def log_tokens(self) -> Any:
        """ln L."""
        return log(self._lifted(self.tokens))

    @property
    def logit_bound(self) -> Any:
        """B: gamma d R^2, or the S of a cosine scale."""
        entry_bound = None if self.entry_bound is None else self._lifted(self.entry_bound)
        return self._lifted(self._scale.logit_bound(self._lifted(self.d), entry_bound))

    @property
    def entry_range(self) -> tuple[Any, Any]:
        """R balanced over Q and K in the 1/d convention: sqrt(B) twice; sqrt(S) and sqrt(S d) for cosine."""
        if self._scale.name == "cosine":
            return self._scale.entry_range(self._lifted(self.d))
        low = sqrt(self.logit_bound)
        return low, low

    @property
    def logit_ratio(self) -> Any:
        """B / ln L."""
        return quotient(self.logit_bound, self.log_tokens)

    @property
    def entry_ratio_range(self) -> tuple[Any, Any]:
        """`entry_range` over sqrt(ln L)."""
        root = sqrt(self.log_tokens)
        low, high = self.entry_range
        return quotient(low, root), quotient(high, root)

    @property
    def entry_ratio(self) -> Any:
        """R / sqrt(ln L), the upper end of `entry_ratio_range`; its square is `logit_ratio` except for cosine."""
        return self.entry_ratio_range[1]

    @property
    def hypothesis_satisfied(self) -> bool | None:
        """Whether B < ln L at this size, decided with enough bits; None for symbols, or if it stays open."""
        if self.is_symbolic:
            return None
        bits = PRECISION
        while bits <= DECISION_BITS:
            with ctx.workprec(bits):
                left, right = ball(self.logit_bound), ball(self.log_tokens)
                if left < right or left > right:
                    return bool(left < right)
            bits *= 2
        return None
