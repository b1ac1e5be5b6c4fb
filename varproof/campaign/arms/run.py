"""Runs a chunk: the arm finds cases, the judge looks at the worst of them, a confirmed violation is shrunk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from varproof.base.errors import InputError
from varproof.campaign.arms.accumulator import Kept
from varproof.campaign.arms.exhaustive import exhaustive, spread
from varproof.campaign.arms.iid import iid, stream
from varproof.campaign.arms.judging import judged
from varproof.campaign.arms.power import power
from varproof.campaign.arms.probe import Probe
from varproof.campaign.arms.worst_ratio import worst_ratio
from varproof.campaign.chunk import POWER, Chunk
from varproof.campaign.recorder import Recorder, Silent
from varproof.campaign.result import Result
from varproof.campaign.shrink.oracle import Oracle
from varproof.campaign.subjects import Subject
from varproof.claims.attack import ARMS, Instance, Measurement
from varproof.families.space import Point

SILENT = Silent()


def run_chunk(
    chunk: Chunk, subject: Subject, campaign_seed: int, recorder: Recorder = SILENT, single: bool = False
) -> Result:
    """The result of a chunk: a function of the chunk, the campaign's seed and the code.

    What the claim's code raises is counted and kept, never passed on. `single` rehearses batches case by case for the
    flight record and changes nothing in the result. Raises `InputError` for an arm that does not exist.

    >>> from varproof.campaign.subjects import subjects_of
    >>> from varproof.claims.registry import load_claim
    >>> subject = next(subjects_of(load_claim("rank_count")))
    >>> run_chunk(Chunk("rank_count", "statement", "exhaustive", (), 0, 3), subject, 0).valid
    3
    """
    if chunk.arm not in (*ARMS, POWER):
        raise InputError("no such arm", got=chunk.arm, allowed=", ".join((*ARMS, POWER)))
    # floats that overflow are what a ratio says they are; warnings would depend on the settings of the process
    with np.errstate(all="ignore"):
        if chunk.arm != POWER:
            return _arm(chunk, subject, campaign_seed, recorder, single)
        return power(chunk, subject, lambda part: _arm(part, subject, campaign_seed, recorder, single))


def _arm(chunk: Chunk, subject: Subject, campaign_seed: int, recorder: Recorder, single: bool) -> Result:
    probe = Probe(chunk, subject, recorder)
    seed = chunk.seed(campaign_seed)
    if chunk.arm == "exhaustive":
        (spread if subject.variant is not None else exhaustive)(probe)
    elif chunk.arm == "iid":
        iid(probe, seed, single)
    elif chunk.arm == "adversarial":
        # Hypothesis is loaded by those workers only that need it
        from varproof.campaign.arms.adversarial import adversarial

        adversarial(probe, seed)
    else:
        worst_ratio(probe, stream(seed))

    def shrink(kept: Kept, instance: Instance) -> Mapping[str, Any]:
        from varproof.campaign.shrink.failure import shrink_failure

        def again(oracle: Oracle) -> tuple[Point, Instance, Measurement] | None:
            from varproof.campaign.shrink.raising import raised_again

            return raised_again(oracle, probe.space, seed, chunk.count)

        return shrink_failure(
            subject,
            kept.point,
            instance,
            recorder=recorder,
            index=kept.index,
            again=again if chunk.arm == "adversarial" else None,
        )

    return judged(probe.finish(), subject, recorder, shrink)
