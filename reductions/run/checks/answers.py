"""Is the decoded answer that of the source, whoever answers the targets, with noise of 0.99 of what is allowed too?"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from flint import arb, ctx

from reductions.core.answer import Answer, Decision, Outputs
from reductions.core.reduction import Kind
from reductions.run.checks.image import Image, modes
from varproof.base.balls import ball

BITS = 256  # of the comparison of outputs with outputs; their errors are far above 2^-BITS


def check_answers(image: Image) -> Iterator[str]:
    """Sentences, one for every mode of answering whose decoded answer is not the source's.

    UNDECIDED is allowed only where an answer came with an error above its target's delta. Sources off their promise
    are not compared. A source that asks for numbers is compared within the error reported, and that error must be at
    most the source's delta as soon as the targets' errors are at most theirs.
    """
    for mode in modes(image.rule.target):
        answers = image.answers(mode)
        precise = image.promised_precision(answers)
        for said in _compare(image, image.decoded(answers), precise=precise):
            yield f"{mode}: {said}"
        if image.rule.kind is Kind.OR_MANY:
            for said in _compare(image, image.decoded(_until_yes(answers)), precise=precise):
                yield f"{mode}, stopped at the first YES: {said}"


def _compare(image: Image, decoded: Answer, *, precise: bool) -> Iterator[str]:
    expected = image.case.expected
    if image.rule.source.FUNCTION:
        yield from _compare_outputs(decoded.outputs, expected.outputs, image.case.instance.delta if precise else None)
        return
    if expected.decision is Decision.PROMISE_VIOLATED:
        return
    if decoded.decision is Decision.UNDECIDED and not precise:
        return
    if decoded.decision is not expected.decision:
        yield f"the answer is {decoded.decision}, the reference solver says {expected.decision}. {decoded.note}".strip()
    elif decoded.decision is Decision.YES and decoded.witness is None:
        yield "YES without a witness"
    elif decoded.decision is Decision.YES and not image.case.instance.verify(decoded.witness):
        yield f"the witness {decoded.witness} does not check"


def _compare_outputs(found: Outputs | None, wanted: Outputs | None, delta: Fraction | None) -> Iterator[str]:
    if found is None or wanted is None:
        yield "no outputs"
        return
    if found.values.shape != wanted.values.shape:
        yield f"outputs have shape {found.values.shape}, the reference has {wanted.values.shape}"
        return
    if delta is not None and found.error > delta:
        yield f"the error {float(found.error):.3g} is above the {float(delta):.3g} that was asked for"
    with ctx.workprec(BITS):
        allowed = ball(found.error) + ball(wanted.error)
        far = [
            (row, column)
            for (row, column), value in _entries(found)
            if not abs(value - _number(wanted.values[row, column])) <= allowed
        ]
    if far:
        yield f"{len(far)} outputs are further from the reference than the error reported, the first at {far[0]}"


def _entries(outputs: Outputs) -> Iterator[tuple[tuple[int, int], arb]]:
    rows, columns = outputs.values.shape
    for row in range(rows):
        for column in range(columns):
            yield (row, column), _number(outputs.values[row, column])


def _number(value: Any) -> arb:
    return value if isinstance(value, arb) else arb(float(value))


def _until_yes(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    for index, answer in enumerate(answers):
        if answer.decision is Decision.YES:
            return answers[: index + 1]
    return answers
