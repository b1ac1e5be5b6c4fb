"""What the rules from pairs of rows to pairs of rows share: row (i, j) of the target is row (i, j) of the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reductions.core.answer import Answer, Decision


def same_pair(context: Any, index: int, witness: Any) -> tuple[int, int]:
    """`extract` of a rule that keeps all rows in their order: the pair itself."""
    return int(witness[0]), int(witness[1])


def same_answer(context: Any, answers: Sequence[Answer]) -> Answer:
    """`decode` of a many-one rule that keeps all rows in their order: decision, pairs and count carry over.

    >>> same_answer(None, [Answer(Decision.YES, (2, 1), ((2, 1),), 3)]).count
    3
    """
    (answer,) = answers
    pairs = tuple(same_pair(context, 0, pair) for pair in answer.witnesses)
    witness = None if answer.witness is None else same_pair(context, 0, answer.witness)
    return Answer(answer.decision, witness, pairs, answer.count, note=answer.note)


def any_answer(context: int, answers: Sequence[Answer]) -> Answer:
    """`decode` where a pair shows up in exactly one of `context` targets: YES iff some target says so.

    NO needs NO from every target; a violated promise goes before an open decision. Where every target was answered
    with its count the sum is the count of the source.

    >>> any_answer(2, [Answer(Decision.NO, count=0), Answer(Decision.YES, (0, 1), ((0, 1),), 1)]).count
    1
    >>> any_answer(2, [Answer(Decision.NO, count=0)]).decision.value
    'UNDECIDED'
    """
    counts = [answer.count for answer in answers if answer.count is not None]
    count = sum(counts) if len(counts) == context else None
    pairs = tuple(same_pair(context, k, pair) for k, answer in enumerate(answers) for pair in answer.witnesses)
    for k, answer in enumerate(answers):
        if answer.decision is Decision.YES:
            found = answer.witness if answer.witness is not None else next(iter(answer.witnesses), None)
            witness = None if found is None else same_pair(context, k, found)
            return Answer(Decision.YES, witness, pairs, count, note=answer.note)
    for decision in (Decision.PROMISE_VIOLATED, Decision.UNDECIDED):
        for answer in answers:
            if answer.decision is decision:
                return Answer(decision, note=answer.note)
    if len(answers) < context:
        return Answer(Decision.UNDECIDED, note=f"{len(answers)} of {context} targets were answered")
    return Answer(Decision.NO, count=count)


def turned_pair(context: Any, index: int, witness: Any) -> tuple[int, int]:
    """A mistake, for mutants: row indices of the wrong side."""
    return int(witness[1]), int(witness[0])
