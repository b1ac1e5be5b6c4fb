"""Whether the arms would notice: a wrong variant of a claim is attacked until it is killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from varproof.campaign.chunk import Chunk
from varproof.campaign.plan import search_cases
from varproof.campaign.result import Result, added
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Judgement

IN_TURN = ("exhaustive", "iid", "worst-ratio")


def power(chunk: Chunk, subject: Subject, run: Callable[[Chunk], Result]) -> Result:
    """The arms in turn, `count` cases each, until one finds a violation that the judge confirms.

    The search has as many evaluations as the statement's, since a variant of a claim of kind "tight" whose largest
    ratio stays below `attains` is killed too: it says less than what is attained. Not one that drops a hypothesis: it
    has all cases of the statement and more, so a smaller ratio is a weaker search. `run` runs one arm on a chunk.
    """
    attack = subject.attack
    able = [arm for arm in IN_TURN if arm in attack.arms and (arm != "exhaustive" or attack.small is not None)]
    total = Result()
    for arm in able or list(attack.arms):
        count = search_cases(attack, chunk.count) if arm == "worst-ratio" else chunk.count
        total = added(total, run(replace(chunk, arm=arm, count=count)))
        if total.judged.get(Judgement.VIOLATED.value):
            return replace(total, killed="violation")
    too_small = (
        subject.claim.kind == "tight"
        and not subject.case.dropped
        and attack.attains is not None
        and total.worst is not None
        and total.worst["ratio"] < attack.attains
    )
    return replace(total, killed="tightness" if too_small else "")
