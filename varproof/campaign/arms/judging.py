"""The exact second look at the worst suspects of a chunk, and the shrinking of what it confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from varproof.campaign.arms.accumulator import Accumulator, Kept
from varproof.campaign.arms.answers import check_judgement
from varproof.campaign.recorder import Recorder
from varproof.campaign.result import Result
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance, Judgement

Shrinker = Callable[[Kept, Instance], Mapping[str, Any]]


def judged(found: Accumulator, subject: Subject, recorder: Recorder, shrink: Shrinker | None) -> Result:
    """The result with its suspects judged, at most three of them.

    `shrink` is called for the worst confirmed violation of a form that is expected to hold. A judge that raises counts
    as raised beside the case's own count.
    """
    counts: dict[str, int] = {}
    failure: Mapping[str, Any] | None = None
    for kept in found.worst_suspects:
        recorder.case(kept.index, kept.point)
        try:
            instance = kept.make()
            if kept.point is None and subject.attack.measure(instance, subject.case) is None:
                # a judge need not know the hypotheses, and a replay of the case would be called stale
                raise ValueError("a batch gave a case that measure calls outside the hypotheses")
            verdict = check_judgement(subject.attack.judge(instance, subject.case))
            counts[verdict.value] = counts.get(verdict.value, 0) + 1
        except (Exception, SystemExit) as error:  # whatever a claim's code raises is a finding about that code
            found.failed(kept.index, error, kept.point, "judge")
            continue
        if verdict is Judgement.VIOLATED and failure is None and shrink is not None and subject.expects == "hold":
            failure = shrink(kept, instance)
    return replace(found.result(), judged=counts, failure=failure)
