"""The perturbation rule of attention against attention in balls: held by random errors, attained by two groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from varproof.base.balls import upper_rational
from varproof.var.ledger.attention_rule import clipped_certificate, score_bound, score_factor, seen_by
from varproof.var.ledger.bounded import Bounded

GAMMA = {"d": 0.5, "sqrt": 2**-0.5, "one": 1.0, 0.25: 0.25}


def balls(x: np.ndarray) -> list[list[arb]]:
    return [[arb(float(a)) for a in row] for row in x]


def true_attention(q: np.ndarray, k: np.ndarray, v: np.ndarray, scale: Any, sees: Any) -> list[list[arb]]:
    gamma = 1 / arb(2).sqrt() if scale == "sqrt" else arb(GAMMA[scale])
    out = []
    for i, row in enumerate(balls(q)):
        keys = [j for j in range(len(k)) if sees(i, j)]
        scores = [gamma * sum((a * arb(float(b)) for a, b in zip(row, k[j], strict=True)), arb(0)) for j in keys]
        weights = [score.exp() for score in scores]
        total = sum(weights, arb(0))
        out.append(
            [
                sum((w * arb(float(v[j, c])) for w, j in zip(weights, keys, strict=True)), arb(0)) / total
                for c in range(v.shape[1])
            ]
        )
    return out


def used(found: Any, truth: list[list[arb]]) -> float:
    """The largest share of a bound that is used up, inf when one is exceeded."""
    worst = 0.0
    for i, c in np.ndindex(*found.shape[1:]):
        off = abs(arb(float(found.numbers[0, i, c])) - truth[i][c])
        allowed = arb(float(found.bound[0, i, c]))
        if not off <= allowed:
            return float("inf")
        worst = max(worst, float(upper_rational(off / allowed)))
    return worst


@pytest.mark.parametrize("scale", ["d", "sqrt", "one", 0.25])
@pytest.mark.parametrize("size", [0.0, 1e-6, 1e-2, 1.0, 30.0])
@pytest.mark.parametrize("blocked", [False, True])
def test_random_errors_stay_within_the_rule(rules: Any, scale: Any, size: float, blocked: bool) -> None:
    rng = np.random.default_rng(8)
    q, k, v = rng.uniform(-2, 2, (3, 6, 2))
    levels = np.array([2, 0, 1, 1, 2, 0]) if blocked else None
    errors = [size * rng.uniform(0, 1, (6, 2)) for _ in range(3)]
    parts = [rules.given(x[None], e[None]) for x, e in zip((q, k, v), errors, strict=True)]
    found = rules.ops.attention(*parts, scale=scale, levels=levels)
    assert np.isfinite(found.bound).all()

    def sees(i: int, j: int) -> bool:
        return levels is None or bool(levels[j] <= levels[i])

    with ctx.workprec(400):
        for trial in range(6):
            signs = [rng.choice([-1.0, 1.0], (6, 2)) if trial else np.ones((6, 2)) for _ in range(3)]
            moved = [x - e * s for x, e, s in zip((q, k, v), errors, signs, strict=True)]
            assert used(found, true_attention(*moved, scale, sees)) <= 1


def test_two_groups_attain_the_score_part(rules: Any) -> None:
    # scores -e/2, e/2 that change places, values 1, -1: the softmax lemma with equality
    q, v = np.array([[1.0]]), np.array([[1.0], [-1.0]])
    for e in (1e-4, 0.1, 1.0):
        k = np.array([[-e / 2], [e / 2]])
        exact_parts = rules.given(q[None], 0.0), rules.given(k[None], e), rules.given(v[None], 0.0)
        found = rules.ops.attention(*exact_parts, scale="one")
        with ctx.workprec(200):
            moved = k + np.array([[e], [-e]])
            share = used(found, true_attention(q, moved, v, "one", lambda i, j: True))
        assert 0.999 <= share <= 1


def test_queries_attain_with_centred_keys(rules: Any) -> None:
    # keys 7 +- 1: only the +-1 counts, the 7 shifts the row
    q, k, v = np.array([[0.0]]), np.array([[8.0], [6.0]]), np.array([[1.0], [-1.0]])
    found = rules.ops.attention(
        rules.given(q[None], 1e-3), rules.given(k[None], 0.0), rules.given(v[None], 0.0), scale="one"
    )
    with ctx.workprec(200):
        share = used(found, true_attention(q - 1e-3, k, v, "one", lambda i, j: True))
    assert 0.999 <= share <= 1


def test_errors_of_values_pass_and_those_of_unseen_keys_do_not(rules: Any) -> None:
    rng = np.random.default_rng(9)
    q, k, v = rng.uniform(-1, 1, (3, 4, 2))
    error = np.array([1e-3, 1e-3, 0.5, 0.5])[:, None] * np.ones((4, 2))
    found = rules.ops.attention(
        rules.given(q[None], 0.0),
        rules.given(k[None], 0.0),
        rules.given(v[None], error[None]),
        scale="d",
        levels=np.array([0, 0, 1, 1]),
    )
    assert found.bound[0, :2].max() <= 1e-3 * 1.0001
    with ctx.workprec(200):
        truth = true_attention(q, k, v - np.minimum(error, 1e-3), "d", lambda i, j: j < 2 or i >= 2)
        share = max(
            float(
                upper_rational(abs(arb(float(found.numbers[0, i, c])) - truth[i][c]) / arb(float(found.bound[0, i, c])))
            )
            for i, c in np.ndindex(2, 2)
        )
    assert 0.999 <= share <= 1


def test_rows_are_capped_by_the_range_of_the_values(rules: Any) -> None:
    rng = np.random.default_rng(10)
    q, k, v = rng.uniform(-1, 1, (3, 1, 5, 2))
    lost = rules.ops.attention(rules.given(q, np.inf), rules.given(k, np.inf), rules.given(v, 0.0), scale="d")
    spread = v.max(axis=1) - v.min(axis=1)
    assert (lost.bound[0] <= spread * 1.0001).all()
    same = rules.ops.attention(
        rules.given(q, 9.0), rules.given(k, 9.0), rules.given(np.ones((1, 5, 2)), 0.0), scale="d"
    )
    assert same.bound.max() < 1e-12


def test_a_single_key_is_its_value(rules: Any) -> None:
    q, k, v = np.ones((3, 1, 1, 2))
    ops = Bounded(np.empty(0), engine="polynomial", delta=0.1, reference=False)
    found = ops.attention(rules.given(q, 0.5), rules.given(k, 0.5), rules.given(v, 0.0), scale="d")
    assert found.bound.max() < 1e-14
    seen = seen_by(None, 1, 2)
    values = np.array([[[0.0], [1.0]]])
    clipped = clipped_certificate(np.array([[[0.25]]]), np.array([[5.0]]), values, seen)
    assert abs(clipped.item() - 0.75) < 1e-6
    assert clipped_certificate(np.array([[[0.25]]]), np.array([[0.5]]), values, seen).item() == 0.5
    assert clipped_certificate(np.array([[[2.0]]]), np.array([[5.0]]), values, seen).item() >= 2
    assert clipped_certificate(np.array([[[np.nan]]]), np.array([[np.nan]]), values, seen).item() == np.inf


def test_who_sees_what_in_any_order() -> None:
    seen = seen_by((np.array([1, 0, 5]), np.array([2, 0, 1, 0])), 3, 4)
    x = np.array([[[7.0], [1.0], [5.0], [2.0]]])
    assert seen.largest(x)[0, seen.stage, 0].tolist() == [5.0, 2.0, 7.0]


def test_scales_and_the_bound_of_scores() -> None:
    assert score_factor("sqrt", 3) ** 2 >= 1 / 3
    assert score_factor("d", 3) * 3 >= 1
    q, k = np.array([[[3.0, 4.0]]]), np.array([[[1.0, 1.0], [1.0, 3.0]]])
    assert abs(score_bound(q, k, 0.5) - 2.5) < 1e-6
