"""An attention instance in words: matrices, scores and outputs as aligned rows while they are small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import arb

from reductions.precision.inspect import inner
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from varproof.base.balls import ball

MOST_ROWS, MOST_COLUMNS = 8, 12


def is_small(target: ApproximateAttention) -> bool:
    """Whether queries and keys have at most 8 rows and 12 columns (one more row for a neutral key)."""
    size = target.parameters()
    return size["queries"] <= MOST_ROWS and size["keys"] <= MOST_ROWS + 1 and size["head_dim"] <= MOST_COLUMNS


def table(rows: Sequence[Sequence[Any]], digits: int = 5) -> str:
    """Aligned rows: integers as they are, other numbers with `digits` significant digits.

    >>> print(table([[1, -10], [0.5, 2]]))
        1  -10
      0.5    2
    """
    cells = [[f"{float(x):.{digits}g}" for x in row] for row in rows]
    width = max((len(cell) for row in cells for cell in row), default=0)
    return "\n".join("  " + "  ".join(cell.rjust(width) for cell in row) for row in cells)


def shown_attention(target: ApproximateAttention) -> list[str]:
    """Paragraphs with the matrices, the table of scores and the outputs; empty when the instance is not small."""
    if not is_small(target) or not len(target.queries):
        return []
    scores, outputs = scores_and_outputs(target)
    return [
        f"Queries, times {float(target.query_unit):.6g}:\n{table(target.queries.tolist())}",
        f"Keys, times {float(target.key_unit):.6g}; the last column is the value:\n"
        + table([[*key, *value] for key, value in zip(target.keys.tolist(), target.values.tolist(), strict=True)]),
        f"Scores gamma <q_i, k_j>, a row for each query:\n{table(scores)}",
        f"Outputs:\n{table([[value] for value in outputs], 8)}",
    ]


def scores_and_outputs(target: ApproximateAttention) -> tuple[list[list[arb]], list[arb]]:
    """All scores and the first output of every row as balls; a plain double loop for small instances."""
    with working_precision():
        beta = ball(target.gamma) * ball(target.query_unit * target.key_unit)
        scores = [[beta * ball(inner(query, key)) for key in target.keys] for query in target.queries]
        outputs = []
        for row in scores:
            weights = [score.exp() for score in row]
            values = [ball(target.value_unit) * ball(int(value[0])) for value in target.values]
            outputs.append(sum((w * v for w, v in zip(weights, values, strict=True)), arb(0)) / sum(weights, arb(0)))
    return scores, outputs


def numbers_of(values: Sequence[tuple[str, Any]]) -> str:
    """One line of names and numbers, 6 significant digits.

    >>> numbers_of([("n", 3), ("beta", 0.123456789)])
    'n = 3, beta = 0.123457'
    """
    return ", ".join(
        f"{name} = {value if isinstance(value, int) else format(float(value), '.6g')}" for name, value in values
    )
