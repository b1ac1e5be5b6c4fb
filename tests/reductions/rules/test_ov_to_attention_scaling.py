"""Orthogonal vectors to attention by scaling: answers, witnesses, the edge of the tolerance, odd shapes, refusals."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from reductions.constructions.thresholds.threshold_mutants import remade
from reductions.core.answer import Answer, Decision, Outputs
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.precision import decode as decoding
from reductions.problems.bits import BitMatrix
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_attention_scaling import RULE, layout_of
from varproof.base.balls import ball
from varproof.base.errors import InputError

SCALES = ("d", "sqrt", "one")
SMALL = OrthogonalVectors.from_bits([[1, 0, 1], [1, 1, 1], [0, 0, 0]], [[1, 1, 0], [0, 1, 0], [1, 0, 0]])


def options(**changed):
    return {**RULE.defaults(), **changed}


def decided(instance, oracle=None, **changed):
    mapped = RULE.forward(instance, options(**changed))
    outputs = (oracle or ExactOracle("arb")).outputs(mapped.targets[0])
    return RULE.decode(mapped.context, [Answer(outputs=outputs)])


def low_and_high(keys, dim):
    """All keys at the low level; one orthogonal key, all others of product `dim`."""
    ones, unit = np.ones((1, dim), np.uint8), np.zeros((keys, dim), np.uint8)
    unit[:, 0] = 1
    alone = np.ones((keys, dim), np.uint8)
    alone[-1] = 0
    return OrthogonalVectors.from_bits(ones, unit), OrthogonalVectors.from_bits(ones, alone)


def test_scores_are_minus_beta_times_the_product():
    mapped = RULE.forward(SMALL, options(scale="one"))
    target = mapped.targets[0]
    products = -(SMALL.left_bits.astype(int) @ SMALL.right_bits.astype(int).T)
    assert (target.queries @ target.keys.T)[:, :-1].tolist() == products.tolist()
    assert len({*(target.queries @ target.keys[-1])}) == 1
    assert target.values.ravel().tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("oracle", [ExactOracle("arb"), ExactOracle(), WorstNoise(ExactOracle("arb"))])
def test_answer_and_all_witnesses(scale, oracle):
    answer = decided(SMALL, oracle, scale=scale)
    assert answer.decision is Decision.YES
    assert answer.witness == (0, 1)
    assert answer.witnesses == tuple(SMALL.witnesses())
    assert answer.count is None
    no = OrthogonalVectors.from_bits([[1, 0, 1], [1, 1, 1]], [[1, 1, 0], [0, 1, 1]])
    assert decided(no, oracle, scale=scale) == Answer(Decision.NO)


@pytest.mark.parametrize("keys", [1, 2, 50])
@pytest.mark.parametrize("weight_gap", [Fraction(9), Fraction(2), Fraction(10**6)])
def test_the_tolerance_is_tight(keys, weight_gap):
    """0.99 of delta never turns an answer; 1.01 turns the row of keys that are all at the low level."""
    low, high = low_and_high(keys, 40)
    for instance, right in ((low, Decision.NO), (high, Decision.YES)):
        assert decided(instance, WorstNoise(ExactOracle("arb")), weight_gap=weight_gap).decision is right
    beyond = WorstNoise(ExactOracle("arb"), factor=Fraction(101, 100))
    wrong = [decided(each, beyond, weight_gap=weight_gap).decision is not right for each, right in
             ((low, Decision.NO), (high, Decision.YES))]  # fmt: skip
    assert any(wrong)


def test_the_levels_are_those_of_the_lemma():
    """With e^g = 9: 1/4 and 3/4, up to the rounding of the unit and the neutral entry."""
    for instance, level in zip(low_and_high(30, 40), (0.25, 0.75), strict=True):
        target = RULE.forward(instance, options()).targets[0]
        with ctx.workprec(120):
            beta = ball(target.gamma) * ball(target.query_unit) * ball(target.key_unit)
            weights = [(beta * ball(Fraction(x))).exp() for x in (target.queries @ target.keys.T)[0].tolist()]
            output = sum(weights[:-1], arb(0)) / sum(weights, arb(0))
            assert abs(float(output.mid()) - level) < 1e-5


def test_the_scale_belongs_to_the_final_dimension():
    """Built for 1/d and run at 1/(d + 1): false for ln n > d g/2, here 28 keys of dimension 3; right for fewer."""

    def ran(keys):
        instance = low_and_high(keys, 3)[0]
        layout = layout_of(instance, options())
        narrow = remade(layout, Fraction(9), head_dim=3)
        target = replace(RULE.forward(instance, options()).targets[0], query_unit=narrow.unit, key_unit=narrow.unit)
        return ExactOracle("arb").outputs(target).values[0, 0]

    assert ran(26) < ball(Fraction(1, 2))
    assert ran(28) > ball(Fraction(1, 2))


@pytest.mark.parametrize(
    ("left", "right", "dim"), [(0, 0, 0), (0, 3, 2), (3, 0, 2), (1, 1, 0), (2, 3, 0), (1, 1, 1), (5, 2, 70)]
)
@pytest.mark.parametrize("bit", [0, 1])
def test_odd_shapes(left, right, dim, bit):
    instance = OrthogonalVectors.from_bits(np.full((left, dim), bit, np.uint8), np.full((right, dim), bit, np.uint8))
    answer = decided(instance)
    assert answer.decision is instance.solve().decision
    assert answer.witnesses == tuple(instance.witnesses())
    mapped = RULE.forward(instance, options())
    assert RULE.structure(instance, mapped) == []
    assert mapped.targets[0].parameters() == {"queries": left, "keys": right + 1, "head_dim": dim + 1}


def given(mapped, *values, error=Fraction(1, 10**9)):
    return RULE.decode(mapped.context, [Answer(outputs=Outputs(np.array(values).reshape(-1, 1), error))])


def test_answers_that_cannot_be():
    instance = OrthogonalVectors.from_bits([[1, 1], [1, 0]], [[1, 1], [0, 1]])
    mapped = RULE.forward(instance, options())
    assert given(mapped, 0.1, 0.9).witnesses == ((1, 1),)
    assert given(mapped, 0.9, 0.9).decision is Decision.PROMISE_VIOLATED
    assert given(mapped, 0.9, 0.9).witnesses == ()
    assert given(mapped, 0.1, 1.5).decision is Decision.PROMISE_VIOLATED
    assert given(mapped, 0.1, float("nan")).decision is Decision.PROMISE_VIOLATED
    assert given(mapped, 0.1, 0.1).decision is Decision.NO  # nothing contradicts a false NO: it rests on the error


def test_errors_above_delta_leave_rows_undecided():
    instance = OrthogonalVectors.from_bits([[1, 1], [1, 0]], [[1, 1], [0, 1]])
    mapped = RULE.forward(instance, options())
    large = Fraction(3, 10)
    assert given(mapped, 0.1, 0.6, error=large).decision is Decision.UNDECIDED
    assert given(mapped, 0.6, 0.9, error=large).decision is Decision.YES
    assert given(mapped, 0.1, 0.19, error=large).decision is Decision.NO


def test_answers_of_another_instance_are_refused():
    mapped = RULE.forward(SMALL, options())
    with pytest.raises(InputError, match="does not belong"):
        given(mapped, 0.1)
    with pytest.raises(InputError, match="does not belong"):
        RULE.decode(mapped.context, [Answer(Decision.YES)])


def test_long_lists_of_witnesses_are_cut_and_say_so(monkeypatch):
    monkeypatch.setattr(decoding, "MOST_WITNESSES", 4)
    full = OrthogonalVectors.from_bits(np.zeros((2, 1), np.uint8), np.zeros((3, 1), np.uint8))
    answer = decided(full)
    assert answer.witnesses == ((0, 0), (0, 1), (0, 2), (1, 0))
    assert "first 4" in answer.note
    monkeypatch.setattr(decoding, "MOST_WITNESSES", 6)
    assert decided(full).note == ""


def test_extract_scans_one_row():
    mapped = RULE.forward(SMALL, options())
    assert [RULE.extract(mapped.context, 0, row) for row in range(3)] == [(0, 1), None, (2, 0)]


def test_too_large_instances_are_refused_before_anything_is_built():
    rows = BitMatrix(np.zeros((1 << 21, 4), np.uint64), 256)
    instance = OrthogonalVectors(rows, rows)
    reason = RULE.accepts(instance, options())
    assert reason is not None
    assert str(1 << 21) in reason
    assert RULE.accepts(SMALL, options()) is None


def test_entry_and_logit_bounds_hold_and_grow_as_stated():
    """R: sqrt(ln n + g) at gamma = 1, times sqrt(d + 1) at 1/d; B = beta max <a, b>."""
    needs = RULE.precision(SMALL, options(scale="one"))
    target = RULE.forward(SMALL, options(scale="one")).targets[0]
    assert abs(needs["entry_bounds"]["one"] - float(target.query_unit)) < 1e-9
    assert abs(needs["entry_bounds"]["d"] / needs["entry_bounds"]["one"] - 2) < 1e-9  # sqrt(4)
    assert abs(needs["entry_bounds"]["one"] ** 2 - np.log(27)) < 1e-4  # ln 3 + ln 9
    assert needs["logit_bound"] == pytest.approx(2 * np.log(27), rel=1e-4)  # min(3, 2) ones
    assert needs["delta"] == target.delta


def test_the_text_shows_the_matrices_of_small_instances_only():
    text = "\n".join(RULE.explain(SMALL, RULE.forward(SMALL, options())))
    assert "0.76315771" in text
    large = OrthogonalVectors.from_bits(np.ones((20, 3), np.uint8), np.ones((2, 3), np.uint8))
    assert "Queries, times" not in "\n".join(RULE.explain(large, RULE.forward(large, options())))


@pytest.mark.parametrize(
    ("name", "text"), [("scale", "cosine:4"), ("scale", "2"), ("weight_gap", "1"), ("weight_gap", "x")]
)
def test_bad_options(name, text):
    with pytest.raises(InputError):
        RULE.options[name].parse(text)
