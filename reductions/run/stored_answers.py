"""Answers as JSON, exactly: floats as hexadecimal, balls by midpoint and radius, so that a run can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from reductions.core.answer import Answer, Decision, Outputs
from varproof.base.errors import InputError


def to_json(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer.

    >>> to_json(Answer(Decision.YES, witness=(0, 2)))
    {'decision': 'YES', 'witness': [0, 2], 'count': None, 'outputs': None}
    """
    outputs = None
    if answer.outputs is not None:
        outputs = {
            "values": [[_number(x) for x in row] for row in answer.outputs.values],
            "error": str(answer.outputs.error),
        }
    return {
        "decision": answer.decision.value if answer.decision is not None else None,
        "witness": plain(answer.witness),
        "count": answer.count,
        "outputs": outputs,
    }


def from_json(data: Mapping[str, Any]) -> Answer:
    """The answer of `to_json`. Raises `InputError` for anything else.

    >>> from_json(to_json(Answer(Decision.NO))).decision.value
    'NO'
    """
    try:
        decision = Decision(data["decision"]) if data["decision"] is not None else None
        witness = data["witness"]
        outputs = None
        if data["outputs"] is not None:
            rows = [[_read(x) for x in row] for row in data["outputs"]["values"]]
            kind = np.float64 if all(isinstance(x, float) for row in rows for x in row) else object
            values = np.array(rows, dtype=kind) if rows else np.zeros((0, 1))
            outputs = Outputs(values, Fraction(data["outputs"]["error"]))
        return Answer(decision, witness=_tuples(witness), count=data["count"], outputs=outputs)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("not an answer of this format", got=repr(error)) from None


def _number(x: Any) -> str | list[str]:
    if isinstance(x, arb):
        return [*_dyadic(x.mid()), *_dyadic(arb(x.rad()))]
    return float(x).hex()


def _dyadic(x: arb) -> list[str]:
    mantissa, exponent = x.man_exp()
    return [str(int(mantissa)), str(int(exponent))]


def _read(data: str | list[str]) -> float | arb:
    if isinstance(data, str):
        return float.fromhex(data)
    middle, middle_power, radius, radius_power = map(int, data)
    # both parts are exact dyadic numbers: no rounding at any precision of at least their bits
    return arb((middle, middle_power), (radius, radius_power))


def plain(value: Any) -> Any:
    """Tuples, NumPy integers and rationals as JSON has them.

    >>> plain((np.int64(3), (1, Fraction(1, 2))))
    [3, [1, '1/2']]
    """
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value
