"""What a user states about one attention layer as n grows, and what follows: logit bound, error exponent, scales."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import sympy

from varproof.base.errors import InputError
from varproof.growth.bounded import total_budget
from varproof.growth.eventual_sign import limit_value, log_of
from varproof.growth.magnitude_text import parse_magnitude
from varproof.growth.magnitudes import Magnitude, Relation, log_inverse
from varproof.regimes.schedule_growth import ScheduleGrowth, parse_schedule_growth

SCALES = {"d": Fraction(-1), "sqrt": Fraction(-1, 2), "one": Fraction(0)}  # gamma = d to this power
UPPER_KINDS = ("=", "~", "Theta", "O", "o")  # relations that bound a quantity from above
RANK_LOGARITHM = "d log(2 + (B + Lambda)/d)"
QUANTITIES = ("d", "R", "B", "Lambda", "delta", RANK_LOGARITHM)  # what hypotheses may be about
ALLOWED_SCALES = "d, sqrt, one, or cosine:S with S a function of n such as 4 or log(n)"


@dataclass(frozen=True)
class Problem:
    """One block-causal attention layer over all scales of a family of schedules, with its growth in the side n.

    `d` head dimension, `entry_bound` R of Q and K (None for cosine), `delta` additive entrywise error for values in
    [-1, 1], `scale` the name of the score scale, `temperature` the S of cosine, `scales` what is claimed about the
    number of scales (None: nothing). Classes stand for all their members: an algorithm has to serve every member, and
    the problem is as difficult as its most difficult one. Use `parse_problem` to make one from text.

    >>> p = parse_problem(d="Theta(log(n))", entry_bound="o(sqrt(log(n)))", delta="1/poly(n)")
    >>> str(p.logit_bound), str(p.log_inverse_error)
    ('o(log(n))', 'Theta(log(n))')
    """

    d: Magnitude
    entry_bound: Magnitude | None
    delta: Magnitude
    scale: str
    schedule: ScheduleGrowth
    temperature: Magnitude | None = None
    scales: Magnitude | None = None

    @cached_property
    def logit_bound(self) -> Magnitude:
        """B = gamma d R^2, or the S of cosine."""
        if self.entry_bound is None:
            assert self.temperature is not None
            return self.temperature
        return self.d.power(1 + SCALES[self.scale]).times(self.entry_bound.power(2))

    @cached_property
    def log_inverse_error(self) -> Magnitude:
        """max(ln(1/delta), 0), natural logarithm."""
        return log_inverse(self.delta)

    @cached_property
    def hardest_error(self) -> Magnitude:
        """Lambda of the hardest members of the class of delta, for lower bounds, which ask for some member.

        O(f) and o(f) hold every smaller error. The hardest members of Omega(f) and omega(f) are constants times f, or
        slightly above f, so Lambda ~ ln(1/f): its constant is fixed, while `log_inverse_error` is O of it.
        """
        delta = self.delta
        if delta.exponential or delta.relation not in ("O", "o", "Omega", "omega"):
            return self.log_inverse_error
        if delta.relation in ("O", "o"):
            return Magnitude("Omega", sympy.Integer(1))
        vanishing = limit_value(delta.bound) == 0
        return Magnitude("~", log_of(1 / delta.bound)) if vanishing else self.log_inverse_error

    @cached_property
    def small_dimension_rank(self) -> Magnitude:
        """d log(2 + (B + Lambda)/d), which bounds the log of the rank up to a factor; it increases in d, B and Lambda.

        O of that function of the bounds when one of the three is a class with an upper bound, `any` when one has none.
        """
        parts = (self.d, self.logit_bound, self.log_inverse_error)
        if any(part.relation not in UPPER_KINDS or part.exponential for part in parts):
            return Magnitude("any", sympy.Integer(1))
        d, bound, inverse = (part.bound for part in parts)
        relation: Relation = "=" if all(part.explicit for part in parts) else "O"
        return Magnitude(relation, d * sympy.log(2 + (bound + inverse) / d))

    def quantity(self, name: str, *, hardest: bool = False) -> Magnitude:
        """The magnitude with the name used in hypotheses: d, R, B, Lambda = ln(1/delta), delta, or the rank's log.

        `hardest` asks for the members that lower bounds look at; only Lambda differs then.
        """
        if name == "Lambda" and hardest:
            return self.hardest_error
        if name == "R" and self.entry_bound is not None:
            return self.entry_bound
        return {
            "d": self.d,
            "B": self.logit_bound,
            "Lambda": self.log_inverse_error,
            "delta": self.delta,
            RANK_LOGARITHM: self.small_dimension_rank,
        }[name]


@total_budget(5.0)
def parse_problem(
    *,
    d: str,
    delta: str,
    entry_bound: str | None = None,
    scale: str = "d",
    schedule: str = "doubling",
    scales: str | None = None,
) -> Problem:
    """The problem that the texts state; the grammar is that of `varproof.growth.magnitude_text`.

    Raises `InputError` for text outside the grammar, R together with cosine or missing without it, quantities that are
    not positive, and constant d that are not integers.
    """
    name, colon, value = scale.strip().partition(":") if isinstance(scale, str) else ("", "", "")
    name = name.lower()
    if (name == "cosine") != bool(colon) or (name != "cosine" and name not in SCALES):
        raise InputError("not a score scale", got=scale, allowed=ALLOWED_SCALES)
    if (name == "cosine") == (entry_bound is not None):
        raise InputError(
            "the entry bound R is missing"
            if entry_bound is None
            else "cosine scores are at most S, whatever the entries",
            got=f"scale {scale} {'without R' if entry_bound is None else f'and R = {entry_bound}'}",
            allowed="R with the scales d, sqrt and one; no R with cosine",
        )
    return Problem(
        d=_head_dim(d),
        entry_bound=None if entry_bound is None else _algebraic(entry_bound, "R"),
        delta=parse_magnitude(delta, name="delta"),
        scale=name,
        schedule=parse_schedule_growth(schedule),
        temperature=_algebraic(value, "S") if name == "cosine" else None,
        scales=None if scales is None else _algebraic(scales, "scales"),
    )


def _algebraic(text: str, name: str) -> Magnitude:
    magnitude = parse_magnitude(text, name=name)
    if magnitude.exponential:
        raise InputError(
            f"{name}: an exponent without a value leaves the order open",
            got=text,
            allowed="an explicit power such as n**(1/2), or a constant C as a factor",
            hint="for at most polynomial write O(n**5), or another power",
        )
    return magnitude


def _head_dim(text: str) -> Magnitude:
    d = _algebraic(text, "d")
    if d.explicit and d.bound.is_number and not (d.bound.is_Integer and d.bound >= 1):
        raise InputError("a constant head dimension is an integer", got=text, allowed="an integer d >= 1")
    return d
