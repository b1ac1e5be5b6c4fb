"""What the attention of a pass must reach for a given final error: the delta, and the degree and rank that it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from varproof.approx.rank import monomial_rank
from varproof.approx.softmax_lemma import relative_error_for
from varproof.approx.sufficient_degree import DegreeKind, sufficient_degree
from varproof.base.errors import CertificateError, InputError
from varproof.var.ledger.attention_rule import AttentionCall
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.report import Run, outputs_of

CLOSE = 1.02  # ends of the search this close are one answer
MOST_PASSES = 60
LARGEST_DELTA, LEAST_DELTA = 1e6, 1e-15


@dataclass(frozen=True)
class Requirement:
    """`delta` for every attention call, the `final_bound` <= `target` that was checked there, and the calls.

    B and half-range of the calls hold for every pass whose attention errs by at most `delta`, not the exact one alone.
    `above`: a delta that does not meet the target (infinite where every delta does).
    """

    target: float
    delta: float
    final_bound: float
    above: float
    calls: tuple[AttentionCall, ...]
    passes: int


def required_delta(run: Run, target: float) -> Requirement:
    """The delta that every attention call of `run` may have so that the final error stays within `target`.

    Statement: a pass in real arithmetic whose attention calls err by at most `delta` in every entry ends within
    `target` of the exact pass as float64 computes it. That pass is run with an error of delta put in at every call; the
    answer is checked, and `above` <= 1.02 delta fails. Infinite where the trivial bounds already meet the target.
    Cost: about 15 exact passes. Raises `InputError` unless target > 0 is finite, and `CertificateError` where rounding
    or deltas above 1e-15 alone exceed the target.
    """
    if not (isinstance(target, (int, float)) and 0 < target < math.inf):
        raise InputError("a final error", got=target, allowed="a finite number > 0")
    passes = 0
    calls: tuple[AttentionCall, ...] = ()

    def final(delta: float) -> float:
        nonlocal passes, calls
        ops = Bounded(np.empty(0), reference=False, injected=delta)
        passes += 1
        bound = max((float(x.bound.max(initial=0.0)) for x in outputs_of(run(ops))), default=0.0)
        if bound <= target and delta < LARGEST_DELTA:
            calls = tuple(ops.calls)
        return bound

    low, below = LEAST_DELTA, final(LEAST_DELTA)
    if not below <= target:
        raise CertificateError(
            "the final error is below what rounding leaves",
            got=f"target {target:.3g}, bound {below:.3g} with attention within {low:.0e}",
            allowed=f"a target above {below * 1.01:.3g}",
        )
    high, beyond = LARGEST_DELTA, final(LARGEST_DELTA)
    if beyond <= target:
        return Requirement(target, math.inf, beyond, math.inf, calls, passes)
    while high > CLOSE * low and passes < MOST_PASSES:
        middle = _between(low, below, high, beyond, target, passes)
        found = final(middle)
        if found <= target:
            low, below = middle, found
        else:
            high, beyond = middle, found
    return Requirement(target, low, below, high, calls, passes)


def _between(low: float, below: float, high: float, beyond: float, target: float, passes: int) -> float:
    """The next delta: where bound grows with delta in proportion from below, or from above, in turns; else halves."""
    guesses = (low * target / below * 0.995, high * target / beyond * 1.005, math.sqrt(low * high))
    guess = guesses[passes % 3]
    if not (math.isfinite(guess) and low * 1.001 < guess < high / 1.001):
        guess = math.sqrt(low * high)
    return guess


@dataclass(frozen=True)
class Cost:
    """What one attention call costs by polynomials: eps of the weights, degree, rank C(d+g, g), rank over keys."""

    call: AttentionCall
    eps: Fraction
    degree: int
    kind: DegreeKind
    rank: int

    @property
    def rank_per_key(self) -> float:
        """Above 1 the polynomial method has more features than the call has keys."""
        return self.rank / self.call.keys


def degree_and_rank(calls: Sequence[AttentionCall], delta: float) -> tuple[Cost, ...]:
    """For every call the degree that suffices for delta: scores within its B, values within their half-range.

    eps is the largest relative error of the weights that keeps the output within delta, the degree that of
    `sufficient_degree`. B is Cauchy-Schwarz with keys centred, so at least the half-range of the scores. The calls of a
    `Requirement` hold for the inputs of the approximate pass too: with these degrees it stays within its target.

    >>> call = AttentionCall("layer 0 attention", 4, 85, 85, 4, 0.5, 1.0, 0.0, "exact", 0)
    >>> [(cost.degree, cost.rank) for cost in degree_and_rank([call], 1e-3)]
    [(3, 35)]
    """
    if not delta > 0:
        raise InputError("a delta", got=delta, allowed="a number > 0")
    costs = []
    for call in calls:
        eps = Fraction(1)
        if math.isfinite(delta) and call.half_range > 0:
            eps = relative_error_for(Fraction(delta), Fraction(call.half_range))
        if call.bound > 0:
            found = sufficient_degree(Fraction(call.bound), eps)
            degree, kind = found.degree, found.kind
        else:
            degree, kind = 0, "least, certified"
        costs.append(Cost(call, eps, degree, kind, monomial_rank(call.head_dim, degree)))
    return tuple(costs)
