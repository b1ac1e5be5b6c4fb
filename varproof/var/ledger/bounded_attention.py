"""Attention with a bound beside every number: the engine's certificate and the perturbation lemma."""

from __future__ import annotations

from typing import Any

import numpy as np

from varproof.attention import attend
from varproof.var.arithmetic.plain import NO_TARGET
from varproof.var.ledger.attention_rule import (
    AttentionCall,
    clipped_certificate,
    perturbation,
    score_bound,
    score_factor,
    seen_by,
)
from varproof.var.ledger.bounded_array import INFLATION, BoundedArray, numbers
from varproof.var.ledger.core import Core, twin_of


class AttentionCalls(Core):
    """Attention, each call recorded."""

    def attention(
        self, q: BoundedArray, k: BoundedArray, v: BoundedArray, *, scale: str | float, levels: Any = None
    ) -> BoundedArray:
        """By `attend`: its certificate, and the perturbation lemma for the errors of q, k, v."""
        delta = NO_TARGET if self.engine == "exact" else self.delta
        answer = attend(
            q.value,
            k.value,
            v.value,
            delta=delta,
            engine=self.engine,
            scale=scale,  # type: ignore[arg-type]
            levels=levels,
        )
        with np.errstate(all="ignore"):
            seen = seen_by(levels, q.shape[-2], k.shape[-2])
            certificate = clipped_certificate(numbers(answer.values), numbers(answer.bound), v.numbers, seen)
            certificate = certificate + self.injected
            gamma = score_factor(scale, q.shape[-1])
            pairs = [(part.numbers, part.bound) for part in (q, k, v)]
            moved = perturbation(pairs[0], pairs[1], pairs[2], gamma, seen)
            remainder = (moved + certificate) * INFLATION
            self.calls.append(self._call(q, k, v, answer, gamma))
        twin = None
        if self._twin is not None:
            twin = self._twin.attention(twin_of(q), twin_of(k), twin_of(v), scale=scale, levels=levels)
        return BoundedArray(answer.values, remainder, (), twin)

    def _call(self, q: BoundedArray, k: BoundedArray, v: BoundedArray, answer: Any, gamma: float) -> AttentionCall:
        # the question of `required_delta` is about every pass within the bounds, not about this one alone
        errors = [part.bound if self.injected else 0.0 for part in (q, k, v)]
        spread = (v.numbers + errors[2]).max(axis=-2) - (v.numbers - errors[2]).min(axis=-2)
        return AttentionCall(
            name="",
            heads=q.shape[0],
            queries=q.shape[-2],
            keys=k.shape[-2],
            head_dim=q.shape[-1],
            bound=score_bound(q.numbers, k.numbers, gamma, errors[0], errors[1]),
            half_range=float(spread.max() / 2 * INFLATION),
            certificate=float(numbers(answer.bound).max()),
            engine=str(answer.engine),
            degree=int(answer.degree),
        )
