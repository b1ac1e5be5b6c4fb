"""Does every witness of the image give a witness of the source, and are there as many where the rule says so?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reductions.core.answer import Decision
from reductions.run.checks.image import Image, modes


def check_witnesses(image: Image) -> Iterator[str]:
    """Sentences, one for every witness that fails; for parsimonious rules the counts must agree too.

    Targets that decide: all their witnesses are extracted. Targets that ask for numbers: all witnesses and the count
    that `decode` reports, for every way of answering. Nothing is asked of rules whose source asks for numbers.
    """
    if image.rule.source.FUNCTION:
        return
    yield from _decoded(image)
    if not image.rule.target.FUNCTION:
        yield from _extracted(image)


def _decoded(image: Image) -> Iterator[str]:
    for mode in modes(image.rule.target):
        answers = image.answers(mode)
        decoded = image.decoded(answers)
        bad = [each for each in decoded.witnesses if not image.case.instance.verify(each)]
        if bad:
            yield f"{mode}: {len(bad)} of {len(decoded.witnesses)} witnesses do not check, the first is {bad[0]}"
        if len(set(decoded.witnesses)) != len(decoded.witnesses):
            yield f"{mode}: witnesses are repeated"
        if decoded.witnesses and decoded.decision is not Decision.YES:
            yield f"{mode}: witnesses beside the answer {decoded.decision}"
        if decoded.count is not None and image.case.count is not None and decoded.count != image.case.count:
            yield f"{mode}: the count is {decoded.count}, the source has {image.case.count} witnesses"
        promised = image.rule.parsimonious and image.rule.target.FUNCTION and image.promised_precision(answers)
        if promised and decoded.count is None and decoded.decision is not Decision.UNDECIDED:
            yield f"{mode}: a parsimonious rule did not count"


def _extracted(image: Image) -> Iterator[str]:
    found: list[Any] = []
    for index, target in enumerate(image.targets):
        for witness in _witnesses(target):
            if not target.verify(witness):
                yield f"target {index}: its own witness {witness} does not check"
            source = image.rule.extract(image.mapped.context, index, witness)
            if not image.case.instance.verify(source):
                yield f"target {index}: the witness {witness} gives {source}, which does not check"
            found.append(source)
    if not image.rule.parsimonious or image.case.count is None:
        return
    if len(found) != image.case.count:
        yield f"the targets have {len(found)} witnesses, the source has {image.case.count}"
    elif len({_hashable(each) for each in found}) != len(found):
        yield "two witnesses of the targets give the same witness"


def _witnesses(target: Any) -> Iterator[Any]:
    if hasattr(target, "witnesses"):
        yield from target.witnesses()
    else:
        witness = target.solve().witness
        if witness is not None:
            yield witness


def _hashable(witness: Any) -> Any:
    return tuple(map(_hashable, witness)) if isinstance(witness, list | tuple) else witness
