"""Counting by attention: exact counts from an independent oracle, at the tolerance and just beyond it; mutants."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from reductions.constructions.counting.counting_decode import WITNESSES, Interval, decode, row_intervals, sum_range
from reductions.constructions.counting.counting_explain import explain
from reductions.constructions.counting.counting_image import ball_of, degree_of
from reductions.constructions.counting.counting_structure import structure
from reductions.core.answer import Answer, Decision, Outputs
from reductions.core.reduction import Mapped, size
from reductions.problems.attention import ApproximateAttention
from reductions.problems.bits import BitMatrix
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_attention_counting import RULE, accepts, hard, precision
from varproof.attention import attend
from varproof.base.balls import ball
from varproof.base.errors import InputError

OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"scale": "sqrt", "logit_ratio": Fraction(1, 3)},
    {"scale": "one", "row_weights": False, "logit_ratio": Fraction(9)},
)


def outputs_of(call: ApproximateAttention, factor: Fraction = Fraction(0)) -> Answer:
    """Outputs by the definition, in balls, moved by `factor` delta in the adverse direction."""
    bits = 64 + call.delta.denominator.bit_length()
    rows = []
    with ctx.workprec(bits):
        unit = ball_of(call.gamma) * ball(call.query_unit * call.key_unit)
        for scores in call.queries @ call.keys.T:
            above = below = arb(0)
            for score, value in zip(scores, call.values[:, 0], strict=True):
                weight = (unit * int(score)).exp()
                above += weight * int(value)
                below += weight
            rows.append([above / below + ball(factor * call.delta * call.adverse)])
    error = call.delta if factor else Fraction(1, 1 << (bits - 30))
    return Answer(outputs=Outputs(np.array(rows, dtype=object).reshape(len(call.queries), 1), error))


def through(
    instance: OrthogonalVectors, options: Mapping[str, Any] = {}, factor: Fraction = Fraction(0)
) -> tuple[Answer, Mapped]:
    mapped = RULE.forward(instance, {**RULE.defaults(), **options})
    return RULE.decode(mapped.context, [outputs_of(call, factor) for call in mapped.targets]), mapped


def instances() -> list[OrthogonalVectors]:
    small = [each for each in hard(3) if each.right.rows < 100]
    return [*itertools.islice(OrthogonalVectors.samples(7), 40), *small]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("factor", [Fraction(0), Fraction(99, 100), Fraction(-99, 100)])
def test_counts_are_exact(options: dict[str, Any], factor: Fraction) -> None:
    decisions = set()
    for instance in instances():
        pairs = tuple(instance.witnesses())
        answer, mapped = through(instance, options, factor)
        assert (answer.count, answer.witnesses) == (len(pairs), pairs)
        assert answer.decision is Decision.of(bool(pairs))
        assert answer.witness == (pairs[0] if pairs else None)
        assert structure(instance, mapped) == []
        decisions.add(answer.decision)
    assert decisions == {Decision.YES, Decision.NO}


def almost_no_slope(keys: int) -> OrthogonalVectors:
    """One row with one orthogonal key and inner product 1 with all others."""
    return OrthogonalVectors.from_bits([[1]], [[0], *[[1]] * (keys - 1)])


def test_the_tolerance_is_tight() -> None:
    """At 0.99 delta the only pair is found, at 1.01 delta it is lost without a sign: scores so small that S is n."""
    options = {"logit_ratio": Fraction(1, 10**6)}
    for factor, decision in ((Fraction(99, 100), Decision.YES), (Fraction(101, 100), Decision.NO)):
        assert through(almost_no_slope(200), options, factor)[0].decision is decision


def test_a_row_orthogonal_to_all_attains_the_bound() -> None:
    """Recovered S is off by delta (n+1)^2/(1 - delta (n+1)) exactly when y = 1/(n+1) is lowered by delta."""
    n, delta = 9, Fraction(1, 1000)
    y = Fraction(1, n + 1)
    assert 1 / (y - delta) - 1 / y == delta * (n + 1) ** 2 / (1 - delta * (n + 1))


def test_noise_beyond_the_tolerance_is_mostly_noticed() -> None:
    """A row orthogonal to all keys cannot give a smaller output: noise above delta breaks the promise visibly."""
    instance = OrthogonalVectors.from_bits([[0, 0, 0], [1, 1, 0]], [[1, 1, 1]] * 20)
    assert through(instance, factor=Fraction(101, 100))[0].decision is Decision.PROMISE_VIOLATED


def blurred(instance: OrthogonalVectors, options: Mapping[str, Any], factor: int) -> Answer:
    """The answer from exact outputs that are only said to be within `factor` delta."""
    mapped = RULE.forward(instance, {**RULE.defaults(), **options})
    answers = []
    for call in mapped.targets:
        exact = outputs_of(call).outputs
        assert exact is not None
        answers.append(Answer(outputs=Outputs(exact.values, factor * call.delta)))
    found: Answer = RULE.decode(mapped.context, answers)
    return found


def test_too_much_noise_is_undecided() -> None:
    """Outputs known to forty times delta: no count, and no decision unless some row must have a partner."""
    flat = {"logit_ratio": Fraction(1, 10**6)}
    assert blurred(almost_no_slope(20), flat, 1).count == 1
    answer = blurred(almost_no_slope(20), flat, 40)
    assert (answer.decision, answer.count) == (Decision.UNDECIDED, None)
    all_orthogonal = OrthogonalVectors.from_bits([[0, 1, 0], [1, 0, 1]], [[1, 0, 1], [1, 0, 0]] * 100)
    found = blurred(all_orthogonal, flat, 40)
    assert (found.decision, found.witness, found.count) == (Decision.YES, (0, 0), None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 0.0, 1.5])
def test_outputs_that_no_answer_allows(value: float) -> None:
    assert sum_range(value, arb("1e-6"), 5) is None
    mapped = RULE.forward(almost_no_slope(5), RULE.defaults())
    answers = [Answer(outputs=Outputs(np.array([[value]]), Fraction(1, 10**6)))]
    assert row_intervals(mapped.context.plan, [answer.outputs for answer in answers], 1) == [None]
    assert RULE.decode(mapped.context, answers).decision is Decision.PROMISE_VIOLATED


def test_sums_are_cut_to_what_n_keys_allow() -> None:
    bounds = sum_range(0.125, arb("1e-6"), 7)  # y = 1/8 is the least output of 7 keys
    assert bounds is not None
    low, high = bounds
    assert high == 7
    assert 6.9999 < low < 7


def test_one_impossible_output_is_enough() -> None:
    """An output two delta too small, where the weight is least: the count alone would fit."""
    instance = OrthogonalVectors.from_bits([[0] * 12, [1] * 12], [[1] * 12] * 20)
    mapped = RULE.forward(instance, RULE.defaults())
    answers = [outputs_of(call) for call in mapped.targets]
    assert RULE.decode(mapped.context, answers).count == 20
    assert answers[0].outputs is not None
    answers[0].outputs.values[0, 0] -= ball(2 * mapped.targets[0].delta)
    answers[0] = Answer(outputs=Outputs(answers[0].outputs.values, mapped.targets[0].delta))
    found = RULE.decode(mapped.context, answers)
    assert (found.decision, found.note[:5]) == (Decision.PROMISE_VIOLATED, "row 0")


def said(count: int, interval: Interval, keys: int) -> range:
    """A reader that does not look."""
    return range(count, count + 1)


def test_a_scan_that_contradicts_the_count() -> None:
    instance = almost_no_slope(5)
    mapped = RULE.forward(instance, RULE.defaults())
    answers = [outputs_of(call) for call in mapped.targets]
    for count, decision in ((1, Decision.YES), (2, Decision.PROMISE_VIOLATED)):
        found = decode(mapped.context, answers, read=partial(said, count))
        assert found.decision is decision


def test_a_missing_call_is_undecided() -> None:
    instance = hard(0)[7]
    mapped = RULE.forward(instance, RULE.defaults())
    answers = [outputs_of(call) for call in mapped.targets]
    assert RULE.decode(mapped.context, answers).decision is Decision.NO
    assert RULE.decode(mapped.context, answers[:-1]).decision is Decision.UNDECIDED


@pytest.mark.parametrize(
    ("left", "right", "dim", "decision", "count"),
    [(0, 3, 2, "NO", 0), (3, 0, 2, "NO", 0), (2, 3, 0, "YES", 6), (0, 0, 0, "NO", 0)],
)
def test_nothing_to_ask(left: int, right: int, dim: int, decision: str, count: int) -> None:
    instance = OrthogonalVectors.from_bits(np.ones((left, dim), np.uint8), np.ones((right, dim), np.uint8))
    answer, mapped = through(instance)
    assert (len(mapped.targets), answer.decision, answer.count) == (0, decision, count)


def test_calls_share_their_arrays_and_are_made_when_asked() -> None:
    mapped = RULE.forward(hard(0)[1], RULE.defaults())
    first, last = mapped.targets[0], mapped.targets[-1]
    assert first is not mapped.targets[0]
    assert first.queries is last.queries
    assert first.keys is last.keys
    assert first.values is last.values
    assert first.query_unit == last.query_unit
    assert first.key_unit < last.key_unit
    assert last.adverse == mapped.targets[len(mapped.targets) - 1].adverse == 1  # the sign of the last weight
    assert [call.key_unit for call in mapped.targets[:2]] == [mapped.targets[t].key_unit for t in range(2)]
    with pytest.raises(IndexError):
        mapped.targets[len(mapped.targets)]


def test_degree_comes_from_row_weights() -> None:
    instance = OrthogonalVectors.from_bits([[1, 1, 1, 0, 0]], [[0, 0, 1, 1, 1], [0, 0, 0, 1, 1]])
    assert degree_of(instance, {"row_weights": True}) == 3
    assert degree_of(instance, {"row_weights": False}) == 5


def test_many_pairs_are_counted_but_not_all_listed() -> None:
    instance = OrthogonalVectors.from_bits([[1, 0], [1, 0]] * 50, [[0, 1]] * 100)
    answer, _ = through(instance)
    assert answer.count == 10_000
    assert WITNESSES <= len(answer.witnesses) < WITNESSES + 100


def test_sizes_and_operations() -> None:
    for instance in instances():
        mapped = RULE.forward(instance, RULE.defaults())
        values = {size(name): value for name, value in instance.parameters().items()}
        assert len(mapped.targets) <= RULE.calls.subs(values)
        assert mapped.operations <= RULE.operations.subs(values)
        for call in mapped.targets:
            assert call.parameters() == {name: formula.subs(values) for name, formula in RULE.exact_size.items()}


def test_what_float64_can_do() -> None:
    """Where `precision` says float64, the engine certifies an error below delta and the counts are exact."""
    rng = np.random.default_rng(2)
    seen = set()
    for dim, kappa in ((5, 2), (12, 2), (16, 4), (22, 8), (40, 2)):
        left, right = ((rng.random((size, dim)) < 0.4).astype(np.uint8) for size in (6, 1023))
        left[0], right[0] = 1, 1
        instance = OrthogonalVectors.from_bits(left, right)
        options = {**RULE.defaults(), "logit_ratio": Fraction(kappa)}
        needs = precision(instance, options)
        seen.add(needs["dtype"])
        if needs["dtype"] == "arb":
            continue
        mapped = RULE.forward(instance, options)
        answers = []
        for call in mapped.targets:
            scale = float(Fraction(1, dim) * call.query_unit * call.key_unit)
            found = attend(
                *(a.astype(float) for a in (call.queries, call.keys, call.values)), delta=1, scale=scale, engine="exact"
            )
            # the float scale is within 2^-53 of the exact one, which moves outputs by at most B 2^-53
            error = Fraction(float(found.bound.max())) + Fraction(needs["logit_bound"]) / 2**53
            assert error <= call.delta
            answers.append(Answer(outputs=Outputs(found.values, error)))
        assert RULE.decode(mapped.context, answers).count == len(list(instance.witnesses()))
    assert seen == {"float64", "arb"}


def test_mutants_are_caught() -> None:
    missed = []
    for mutant in RULE.mutants:
        forward, decode = mutant.forward or RULE.forward, mutant.decode or RULE.decode
        for instance in instances():
            mapped = forward(instance, RULE.defaults())
            if structure(instance, mapped):
                break
            answer = decode(mapped.context, [outputs_of(call) for call in mapped.targets])
            if answer.count != len(list(instance.witnesses())):
                break
        else:
            missed.append(mutant.name)
    assert missed == []


def sixteen_variables(seed: int) -> tuple[OrthogonalVectors, int]:
    """Split and list for a random 3-CNF with 16 variables and 68 clauses, and its number of models."""
    rng = np.random.default_rng(seed)
    variables = np.stack([rng.permutation(16)[:3] for _ in range(68)])
    signs = rng.integers(0, 2, size=(68, 3))
    words = np.arange(256)
    halves = []
    for first in (0, 8):
        false = np.ones((256, 68), dtype=bool)
        for c in range(68):
            for v, sign in zip(variables[c], signs[c], strict=True):
                if first <= v < first + 8:
                    false[:, c] &= (words >> (v - first)) & 1 != sign
        halves.append(false)
    models = int((halves[0].astype(int) @ halves[1].T.astype(int) == 0).sum())
    return OrthogonalVectors.from_bits(*(half.astype(np.uint8) for half in halves)), models


@pytest.mark.slow
@pytest.mark.parametrize("row_weights", [True, False])
def test_sixteen_variables(row_weights: bool) -> None:
    """The model number comes back exactly, by balls of a few hundred bits."""
    instance, models = sixteen_variables(5)
    started = time.process_time()
    answer, mapped = through_counts(instance, {"row_weights": row_weights})
    assert answer.count == models
    assert time.process_time() - started < 60
    assert row_weights or len(mapped.targets) == 68


def through_counts(instance: OrthogonalVectors, options: Mapping[str, Any]) -> tuple[Answer, Mapped]:
    """As `through` without noise, each inner product exponentiated once."""
    mapped = RULE.forward(instance, {**RULE.defaults(), **options})
    inner = instance.left_bits.astype(int) @ instance.right_bits.T.astype(int)
    counts = [np.bincount(row).tolist() for row in inner]
    answers = []
    for call in mapped.targets:
        bits = 64 + call.delta.denominator.bit_length()
        with ctx.workprec(bits):
            x = (-ball_of(call.gamma) * ball(call.query_unit * call.key_unit)).exp()
            powers = [x**k for k in range(call.keys.shape[1] + 1)]
            rows = [[1 / (1 + sum((m * p for m, p in zip(row, powers, strict=False)), arb(0)))] for row in counts]
        answers.append(Answer(outputs=Outputs(np.array(rows, dtype=object), Fraction(1, 1 << (bits - 30)))))
    return RULE.decode(mapped.context, answers), mapped


def test_options_and_refusals() -> None:
    options = RULE.options
    assert options["logit_ratio"].parse("1/3") == Fraction(1, 3)
    assert options["row_weights"].parse("off") is False
    assert options["row_weights"].parse("on") is True
    assert options["scale"].parse("sqrt") == "sqrt"
    for name, text in (("logit_ratio", "0"), ("logit_ratio", "x"), ("row_weights", "yes"), ("scale", "cosine:4")):
        with pytest.raises(InputError):
            options[name].parse(text)
    wide = OrthogonalVectors.from_bits(np.ones((1, 3000), np.uint8), np.ones((1, 3000), np.uint8))
    assert "3000" in str(accepts(wide, RULE.defaults()))
    rows, row = (BitMatrix(np.zeros((count, 63), np.uint64), 4000) for count in (40000, 1))
    long = OrthogonalVectors(rows, row)
    assert "bytes" in str(accepts(long, RULE.defaults()))
    assert accepts(almost_no_slope(5), RULE.defaults()) is None
    rows = np.ones((1 << 14, 40), dtype=np.uint8)
    many = OrthogonalVectors.from_bits(rows, rows)
    assert "40 calls of 16384 x 16384 pairs each are 10737418240 pairs" in str(accepts(many, RULE.defaults()))
    assert accepts(OrthogonalVectors.from_bits(rows, rows[: 1 << 13]), RULE.defaults()) is None


def test_explanation_shows_the_count() -> None:
    instance = hard(0)[5]
    text = "\n".join(explain(instance, RULE.forward(instance, RULE.defaults())))
    assert "Row 0 has 24 orthogonal vectors" in text
    assert "all 13 terms: 24.0000" in text


def test_one_orthogonal_vector_is_singular() -> None:
    instance = OrthogonalVectors.from_bits([[1, 0]], [[0, 1], [1, 1]])
    text = "\n".join(explain(instance, RULE.forward(instance, RULE.defaults())))
    assert "Row 0 has 1 orthogonal vector; inner" in text
