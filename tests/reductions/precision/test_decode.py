"""Rows become an answer: what is said where rows are undecided and others lie between the levels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from reductions.core.answer import Answer, Decision, Outputs
from reductions.precision.decode import decode_threshold
from reductions.precision.image import ThresholdContext
from reductions.problems.maxip import MaxInnerProduct
from reductions.rules.maxip_to_attention import RULE


def context(products: list[list[int]]) -> ThresholdContext:
    rows = [np.array(row) for row in products]
    return ThresholdContext(lambda numbers: iter([rows[i] for i in numbers]), 5, 1, len(rows), Fraction(1, 8), None)


def decided(products: list[list[int]], outputs: list[float], error: Fraction) -> Decision | None:
    column = np.array(outputs).reshape(-1, 1)
    return decode_threshold(context(products), [Answer(outputs=Outputs(column, error))]).decision


def test_a_row_between_the_levels_breaks_the_promise_only_when_no_row_may_be_yes() -> None:
    coarse, fine = Fraction(1, 4), Fraction(1, 8)
    assert decided([[5, 0], [3, 1]], [0.6, 0.9], coarse) is Decision.UNDECIDED  # row 0 is a YES, not seen yet
    assert decided([[5, 0], [3, 1]], [0.9, 0.9], coarse) is Decision.YES
    assert decided([[0, 0], [3, 1]], [0.1, 0.9], coarse) is Decision.PROMISE_VIOLATED
    assert decided([[0, 0], [3, 1]], [0.4, 0.9], fine) is Decision.PROMISE_VIOLATED


def test_honest_outputs_of_a_yes_instance_never_say_that_a_promise_was_broken() -> None:
    """The witness is in row 1; the best pair of row 2 lies between the levels, and errors exceed delta."""
    instance = MaxInnerProduct(np.array([[-2], [18], [16]]), np.array([[-4], [-46], [27]]), 433, -15)
    mapped = RULE.forward(instance, RULE.defaults())
    target = mapped.targets[0]
    error = 2 * target.delta
    exact = target.solve().outputs
    assert exact is not None
    middle = np.array([[float(value.mid())] for value in exact.values.ravel()])
    outputs = middle + float(error) * np.array([[1], [-0.99], [0.99]])
    answer = RULE.decode(mapped.context, [Answer(outputs=Outputs(outputs, error))])
    assert answer.decision in (Decision.YES, Decision.UNDECIDED)
