"""Where a question sits on the regime map: d/ln N, B/ln N and ln(1/eps)/ln N, or their limits."""

from __future__ import annotations

import math

import sympy

from varproof.regimes.checking import decided
from varproof.regimes.decide import Regime
from varproof.regimes.finite import FiniteRegime
from varproof.regimes.problem import UPPER_KINDS, Problem
from varproof.regimes.regime_plot import RegimePoint


def growing_point(regime: Regime) -> tuple[RegimePoint, str]:
    """The limits of the three ratios, N = L tokens, None for a constant left open; and the title of the picture."""
    problem = regime.problem
    alpha, logit, power = (_limit(problem, name) for name in ("d", "B", "Lambda"))
    entries = "" if problem.entry_bound is None else f", R = {problem.entry_bound}"
    label = f"d = {problem.d}{entries}, delta = {problem.delta}"
    title = f"As n grows, scale {problem.scale}, {problem.schedule.name}: {regime.verdict}"
    return RegimePoint(alpha, logit, power, label, regime.verdict), title


def finite_point(answer: FiniteRegime) -> tuple[RegimePoint, str]:
    """The three ratios at this size, and the title of the picture."""
    log_tokens = math.log(answer.tokens)
    power = max(0.0, -math.log(answer.eps)) / log_tokens
    label = f"{answer.schedule}, d = {answer.d}, delta = {answer.delta}"
    point = RegimePoint(answer.d / log_tokens, float(answer.logit_bound) / log_tokens, power, label)
    return point, f"At N = {answer.tokens:,} tokens, scale {answer.scale}"


def _limit(problem: Problem, name: str) -> float | None:
    """The limit of the quantity over ln N; 0 for o(ln N), infinity above it, None for a constant left open."""
    given = problem.quantity(name)
    if given.exponential or given.relation == "any":
        return None
    ratio = decided(given.bound / (problem.schedule.tokens * sympy.log(sympy.Symbol("n", positive=True)))).value
    if ratio is None:
        return None
    if given.relation in ("=", "~"):
        return math.inf if ratio.is_infinite else float(ratio)
    if given.relation in UPPER_KINDS and (ratio.is_zero or (given.relation == "o" and ratio.is_finite)):
        return 0.0
    return math.inf if given.relation in ("Omega", "omega", "Theta") and ratio.is_infinite else None
