"""Second solvers of the decision problems, in plain Python, last witness first: nothing shared with the reference ones.

Rows are read through the public bit arrays; no packed word, no block and no NumPy arithmetic is used, and pairs are
tried from the end, so that a rule meets a witness other than the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

from reductions.core.answer import Answer, Decision

Clause = tuple[int, ...]


def solve_cnf(instance: Any) -> Answer:
    """Backtracking from the last variable down, cutting a branch when a clause has lost its last literal."""

    def models(true: tuple[int, ...], clauses: Sequence[Clause]) -> tuple[int, ...] | None:
        if any(not clause for clause in clauses):
            return None
        variable = instance.variables - len(true)
        if variable == 0:
            return true[::-1]
        for literal in (variable, -variable):
            left = [tuple(x for x in c if x != -literal) for c in clauses if literal not in c]
            model = models((*true, literal), left)
            if model is not None:
                return model
        return None

    model = models((), instance.clauses)
    return Answer(Decision.of(model is not None), witness=model)


def solve_orthogonal(instance: Any) -> Answer:
    """Sets of positions that do not meet."""
    left, right = _ones(instance.left_bits), _ones(instance.right_bits)
    return _last_pair(left, right, lambda x, y: x.isdisjoint(y))


def solve_hamming(instance: Any) -> Answer:
    """Sizes of symmetric differences."""
    left, right = _ones(instance.left_bits), _ones(instance.right_bits)
    return _last_pair(left, right, lambda x, y: len(x ^ y) <= instance.threshold)


def solve_gap_hamming(instance: Any) -> Answer:
    """Sizes of symmetric differences against both levels."""
    left, right = _ones(instance.left_bits), _ones(instance.right_bits)
    close = _last_pair(left, right, lambda x, y: len(x ^ y) <= instance.near)
    not_far = _last_pair(left, right, lambda x, y: len(x ^ y) < instance.far)
    return close if close.decision is not_far.decision else Answer(Decision.PROMISE_VIOLATED)


def solve_maxip(instance: Any) -> Answer:
    """Sums of products of Python integers against both levels."""
    left, right = ([[int(x) for x in row] for row in rows] for rows in (instance.left, instance.right))
    high = _last_pair(left, right, lambda x, y: _inner(x, y) >= instance.threshold)
    not_low = _last_pair(left, right, lambda x, y: _inner(x, y) > instance.low)
    return high if high.decision is not_low.decision else Answer(Decision.PROMISE_VIOLATED)


def _inner(x: list[int], y: list[int]) -> int:
    return sum(a * b for a, b in zip(x, y, strict=True))


def _ones(rows: Any) -> list[frozenset[int]]:
    return [frozenset(position for position, bit in enumerate(row) if bit) for row in rows.tolist()]


def _last_pair(left: Sequence[Any], right: Sequence[Any], holds: Callable[[Any, Any], bool]) -> Answer:
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            if holds(left[i], right[j]):
                return Answer(Decision.YES, witness=(i, j))
    return Answer(Decision.NO)


# problem name -> its second solver
PLAIN_SOLVERS: MappingProxyType[str, Callable[[Any], Answer]] = MappingProxyType(
    {
        "cnf": solve_cnf,
        "ov": solve_orthogonal,
        "hamming": solve_hamming,
        "gap-hamming": solve_gap_hamming,
        "maxip": solve_maxip,
    }
)
