"""The report: loosest step, growth from scale to scale, the delta a final error asks for, degree and rank of it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from varproof.approx.degree_certificate import minimal_degree
from varproof.approx.softmax_lemma import l1_bound_from_relative_error
from varproof.base.errors import CertificateError, InputError
from varproof.growth.schedules import parse_schedule
from varproof.var.ledger.attention_rule import AttentionCall
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray
from varproof.var.ledger.entries import Entry, entry_of
from varproof.var.ledger.report import Ledger, error_ledger
from varproof.var.ledger.requirement import degree_and_rank, required_delta
from varproof.var.models.config import FormalConfig
from varproof.var.models.formal import formal_random, generate, random_maps, teacher_forced

CONFIG = FormalConfig(parse_schedule("1,2,4"), width=8, heads=2, hidden=16, depth=2)
WEIGHTS, MAPS = formal_random(CONFIG, 0), random_maps(CONFIG, 0)


def forced(ops: Any) -> Any:
    return teacher_forced(ops, WEIGHTS, CONFIG, [ops.known(each) for each in MAPS])


def chained(ops: Any) -> Any:
    return generate(ops, WEIGHTS, CONFIG, ops.known(MAPS[0]))


def entry(name: str, bound: float, measured: float) -> Entry:
    return Entry(name, "", bound, measured, 1e-16, 1.0)


def test_the_loosest_step_has_the_largest_factor_of_its_own() -> None:
    steps = (entry("a", 1.0, 0.5), entry("exact", 1.0, 0.0), entry("b", 3.0, 0.1), entry("c", 40.0, 1.0))
    found = Ledger(steps, (entry("out", 40.0, 1.0),), (), "exact", 1.0)
    assert [(e.name, pytest.approx(f)) for e, f in found.slack_factors] == [("a", 2), ("b", 15), ("c", 4 / 3)]
    assert found.loosest is steps[2]
    assert found.slack == 40
    assert Ledger((entry("a", math.inf, 1.0),), (), (), "exact", 1.0).loosest is None
    assert Ledger((), (), (), "exact", 1.0).loosest is None
    assert entry("r", 1.0, 1e-17).slack is None  # rounding of the reference


def test_an_entry_that_is_exceeded_does_not_hold() -> None:
    assert entry("a", 1.0, 0.5).holds
    assert not entry("a", 0.5, 1.0).holds
    broken = entry_of(BoundedArray(np.array([np.nan]), np.zeros(1)), "nan", "")
    assert broken.measured == broken.bound == math.inf
    exceeded = Ledger((entry("a", 0.5, 1.0),), (), (), "exact", 1.0)
    assert not exceeded.holds


def test_errors_add_up_where_maps_are_given_and_multiply_where_they_are_chained() -> None:
    options: dict[str, Any] = {"like": np.empty(0), "engine": "polynomial", "delta": 1e-4}
    added, multiplied = error_ledger(forced, **options), error_ledger(chained, **options)
    assert added.holds
    assert multiplied.holds
    assert added.growth[-1] is not None
    assert multiplied.growth[-1] is not None
    assert added.growth[-1] < 4 < multiplied.growth[-1]
    assert len(added.outputs) == len(added.growth) + 1 == 3
    assert [call.name for call in multiplied.calls] == [e.name for e in multiplied.entries if "attention" in e.name]
    assert {e.phase for e in added.entries} == {
        "transformer/interpolation",
        "transformer/attention",
        "transformer/projections",
        "transformer/ffn",
    }
    assert added.final_bound == max(e.bound for e in added.outputs)
    assert added.final_measured == max(e.measured for e in added.outputs)


def at(run: Any, delta: float) -> float:
    return max(float(x.bound.max()) for x in run(Bounded(np.empty(0), reference=False, injected=delta)))


@pytest.mark.parametrize("run", [forced, chained])
@pytest.mark.parametrize("target", [1e-6, 1e-2, 1.0])
def test_the_required_delta_meets_its_target_and_a_twentieth_more_does_not(run: Any, target: float) -> None:
    found = required_delta(run, target)
    assert at(run, found.delta) == found.final_bound <= target
    assert at(run, 1.05 * found.delta) > target
    assert found.delta < found.above <= 1.02 * found.delta
    assert found.passes < 40


def test_a_pass_with_attention_within_the_required_delta_ends_within_the_target() -> None:
    found = required_delta(forced, 1e-3)
    ledger = error_ledger(forced, like=np.empty(0), engine="polynomial", delta=found.delta)
    assert ledger.final_measured <= 1e-3
    worst = Worst(np.empty(0), reference=False)
    worst.error = found.delta
    exact = forced(Bounded(np.empty(0), reference=False))
    off = max(float(np.abs(a.numbers - b.numbers).max()) for a, b in zip(forced(worst), exact, strict=True))
    assert found.delta / 10 < off <= 1e-3


class Worst(Bounded):
    """Attention whose every entry is off by `error`, with the signs of a checkerboard."""

    error = 0.0

    def attention(self, *args: Any, **options: Any) -> Any:
        found = super().attention(*args, **options)
        signs = np.where(np.arange(found.numbers.size).reshape(found.shape) % 2, 1.0, -1.0)
        return BoundedArray(found.numbers + self.error * signs, found.remainder, (), None)


def test_targets_that_cannot_be_met_or_always_are() -> None:
    with pytest.raises(CertificateError, match="below what rounding leaves"):
        required_delta(forced, 1e-15)
    for bad in (0.0, -1.0, math.inf, math.nan, "1"):
        with pytest.raises(InputError):
            required_delta(forced, bad)  # type: ignore[arg-type]
    assert required_delta(lambda ops: ops.known(np.ones((1, 2))), 1e-3).delta == math.inf


def call(bound: float, half_range: float) -> AttentionCall:
    return AttentionCall("x", 2, 10, 20, 3, bound, half_range, 0.0, "exact", 0)


def test_degree_and_rank_of_a_delta() -> None:
    (cost,) = degree_and_rank([call(2.0, 0.5)], 1e-3)
    assert cost.degree == minimal_degree(2, cost.eps) == 6
    assert (cost.rank, cost.rank_per_key) == (84, 4.2)
    assert l1_bound_from_relative_error(cost.eps) * Fraction(1, 2) <= Fraction(1e-3)
    assert Fraction(199, 100000) < cost.eps < Fraction(2, 1000)
    (free,) = degree_and_rank([call(0.0, 0.5)], 1e-3)
    assert (free.degree, free.rank) == (0, 1)
    (any_delta,) = degree_and_rank([call(2.0, 0.5)], math.inf)
    assert any_delta.degree == 0
    (constant,) = degree_and_rank([call(2.0, 0.0)], 1e-3)
    assert constant.degree == 0
    with pytest.raises(InputError):
        degree_and_rank([call(1.0, 1.0)], 0.0)
