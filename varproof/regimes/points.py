"""Where a question sits on the regime map: d/ln N, B/ln N and ln(1/eps)/ln N, or their limits."""

from __future__ import annotations

import math
from fractions import Fraction

import sympy

from varproof.base.display import shown
from varproof.growth.bounded import total_budget
from varproof.growth.monomial import SYMBOL
from varproof.regimes.decide import Regime
from varproof.regimes.finite import FiniteRegime
from varproof.regimes.problem import UPPER_KINDS, Problem
from varproof.regimes.regime_plot import RegimePoint
from varproof.regimes.steps import decided

FIRST_PARTS, LAST_PART = 50, 100  # characters of d and of R, then of delta: two lines under the picture


@total_budget(2.0)
def growing_point(regime: Regime) -> tuple[RegimePoint, str]:
    """The limits of the three ratios, None for a constant left open, and the proved exponent of N = L; and a title."""
    problem = regime.problem
    alpha, logit, power = (_limit(problem, name) for name in ("d", "B", "Lambda"))
    entries = "" if problem.entry_bound is None else f", R = {_cut(problem.entry_bound, FIRST_PARTS)}"
    label = f"d = {_cut(problem.d, FIRST_PARTS)}{entries}, delta = {_cut(problem.delta, LAST_PART)}"
    scale = problem.scale if problem.temperature is None else f"cosine:{problem.temperature}"
    title = f"As n grows, scale {scale}, schedule {problem.schedule.name}"
    found = None if regime.upper is None else regime.upper.exponent.number
    proved = None if found is None else found / problem.schedule.tokens
    return RegimePoint(alpha, logit, power, label, regime.verdict, proved), title


def finite_point(answer: FiniteRegime) -> tuple[RegimePoint, str]:
    """The three ratios at this size, and the title of the picture."""
    fields = answer.to_json()
    log_tokens, eps = fields["log_tokens"], answer.eps
    power = (math.log(eps.denominator) - math.log(eps.numerator)) / log_tokens  # eps itself may be below every float
    entries = "" if answer.entry_bound is None else f", R = {shown(answer.entry_bound)}"
    error = shown(Fraction(answer.parameters.delta))
    values = "" if answer.values == 1 else f", values = {shown(answer.values)}"
    label = f"schedule {answer.schedule_words}, d = {answer.head_dim}{entries}, delta = {error}{values}"
    point = RegimePoint(answer.head_dim / log_tokens, fields["logit_ratio"], power, label)
    return point, f"At N = {fields['tokens']:,} tokens, scale {fields['scale']}"


def _cut(value: object, most: int) -> str:
    """The text of `value`, in at most `most` characters; a longer one loses its middle."""
    text = str(value)
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def _limit(problem: Problem, name: str) -> float | None:
    """The limit of the quantity over ln N; 0 for o(ln N), infinity above it, None for a constant left open."""
    given = problem.quantity(name)
    if given.exponential or given.relation == "any":
        return None
    ratio = decided(given.bound / (problem.schedule.tokens * sympy.log(SYMBOL))).value
    if ratio is None:
        return None
    if given.relation in ("=", "~"):
        return math.inf if ratio.is_infinite else float(ratio)
    if given.relation in UPPER_KINDS and (ratio.is_zero or (given.relation == "o" and ratio.is_finite)):
        return 0.0
    above = given.relation in ("Omega", "omega", "Theta") and ratio.is_infinite
    return math.inf if above or (given.relation == "omega" and not ratio.is_zero) else None
