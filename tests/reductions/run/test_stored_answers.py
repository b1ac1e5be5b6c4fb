"""Answers survive the way through JSON exactly: floats, balls, witnesses."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from reductions.core.answer import Answer, Decision, Outputs
from reductions.run.stored_answers import from_json, to_json
from varproof.base.errors import InputError


def again(answer: Answer) -> Answer:
    return from_json(json.loads(json.dumps(to_json(answer))))


@pytest.mark.parametrize(
    "answer",
    [Answer(Decision.YES, witness=(1, -2, 3), count=7), Answer(Decision.NO, count=0), Answer(Decision.UNDECIDED)],
)
def test_decisions(answer: Answer) -> None:
    assert again(answer) == answer


def test_floats_come_back_bit_for_bit() -> None:
    values = np.array([[0.1, -5e-324], [1.7e308, 1 / 3]])
    back = again(Answer(outputs=Outputs(values, Fraction(1, 3)))).outputs
    assert back is not None
    assert back.values.tobytes() == values.tobytes()
    assert back.error == Fraction(1, 3)


def test_balls_come_back_at_any_working_precision() -> None:
    with ctx.workprec(500):
        ball = arb(2).sqrt()
        values = np.array([[ball]], dtype=object)
    back = again(Answer(outputs=Outputs(values, Fraction(1, 10**200)))).outputs
    assert back is not None
    found = back.values[0, 0]
    with ctx.workprec(500):
        assert found.mid() == ball.mid()
        assert found.rad() >= ball.rad()
        assert found.rel_accuracy_bits() >= 490


@pytest.mark.parametrize("data", [{}, {"decision": "MAYBE"}, {"decision": None, "witness": None, "count": None}])
def test_other_objects_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(InputError):
        from_json(data)
