"""The reference solver of attention over VAR scales: single weights, fractions and balls, no array arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb, ctx

from reductions.core.answer import Answer, Outputs
from varproof.base.balls import ball, upper_rational
from varproof.base.errors import InputError
from varproof.growth.scales import parse_scale
from varproof.var.interpolation.operators import up
from varproof.var.interpolation.sparse import exact_row

if TYPE_CHECKING:
    from reductions.problems.var_attention import VarAttention

MAX_WORK = 2**22  # fractions handled; a few seconds
BITS = 256

Vector = list[Fraction]


def solve(instance: VarAttention) -> Answer:
    """Outputs as floats with the largest distance to the enclosed exact value. Raises `InputError` when large."""
    work = len(instance.rows) * instance.tokens * instance.parameters()["head_dim"]
    work += 16 * instance.tokens * int(instance.query_projection.shape[0])
    if work > MAX_WORK:
        raise InputError(
            "the reference solver takes small instances only",
            got=f"{work} fractions",
            allowed=f"{MAX_WORK}",
            hint="ask an oracle",
        )
    tokens = [token for k in range(len(instance.sides)) for token in scale_tokens(instance, k)]
    keys = [_project(x, instance.key_projection, instance.key_unit) for x in tokens]
    values = [_project(x, instance.value_projection, instance.value_unit) for x in tokens]
    levels = instance.levels
    outputs: list[list[float]] = []
    error = Fraction(0)
    with ctx.workprec(BITS):
        gamma = ball(parse_scale(instance.scale).gamma(instance.parameters()["head_dim"]))
        for row in instance.rows:
            query = _project(tokens[row], instance.query_projection, instance.query_unit)
            seen = [j for j in range(len(tokens)) if levels[j] <= levels[row]]
            weights = [
                (gamma * ball(sum((a * b for a, b in zip(query, keys[j], strict=True)), Fraction(0)))).exp()
                for j in seen
            ]
            total = sum(weights, arb(0))
            line = []
            for column in range(instance.value_projection.shape[1]):
                exact = sum((w * ball(values[j][column]) for w, j in zip(weights, seen, strict=True)), arb(0)) / total
                line.append(float(exact.mid()))
                error = max(error, upper_rational(abs(exact - ball(Fraction(line[-1])))))
            outputs.append(line)
    shape = (len(outputs), int(instance.value_projection.shape[1]))
    return Answer(outputs=Outputs(np.array(outputs, dtype=np.float64).reshape(shape), error))


def scale_tokens(instance: VarAttention, k: int) -> list[Vector]:
    """The token vectors of scale k (from 0), one interpolation weight after the other."""
    cells = instance.maps[k]
    side = instance.sides[k]
    exact = [[[_exact(x) for x in cell] for cell in line] for line in cells]
    if len(exact) == side:
        return [cell for line in exact for cell in line]
    operator = up(instance.kernel, len(exact), side)
    tokens = []
    for i in range(side):
        for j in range(side):
            token = [Fraction(0)] * len(exact[0][0])
            for (a, b), weight in exact_row(operator, i, j).items():
                token = [t + weight * x if x else t for t, x in zip(token, exact[a][b], strict=True)]
            tokens.append(token)
    return tokens


def _exact(number: Any) -> Fraction:
    return Fraction(number.item())


def _project(token: Vector, projection: Any, unit: Fraction) -> Vector:
    columns = range(projection.shape[1])
    return [unit * sum((x * _exact(projection[c, e]) for c, x in enumerate(token) if x), Fraction(0)) for e in columns]
