"""Jobs of a campaign: how long a chunk may take, how often it is tried, and what its end means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from varproof.campaign.chunk import POWER, Chunk
from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.store import DONE, LOST, TRIED, Outcome
from varproof.campaign.subjects import Subject, subjects_of
from varproof.claims.model import Claim

ATTEMPTS = 3  # the last one case by case
LEAST_SECONDS = 60.0
MARGIN = 20.0  # how many times longer than expected a chunk may take
MEMORY = 4 * 2**30


class Attempts:
    """Makes jobs of chunks and counts their lost attempts; `lost_before` are those of earlier runs, by chunk id.

    `seconds` is the hard limit of wall time for every chunk; by default 20 times what its attack expects, at least 60.
    """

    def __init__(
        self,
        claims: Sequence[Claim],
        campaign_seed: int,
        lost_before: Mapping[str, int],
        *,
        seconds: float | None,
        memory: int,
    ) -> None:
        self._subjects = {(claim.id, one.name): one for claim in claims for one in subjects_of(claim)}
        self._seed = campaign_seed
        self._lost = dict(lost_before)
        self._seconds = seconds
        self._memory = memory

    def subject(self, chunk: Chunk) -> Subject:
        """The form of a claim that a chunk attacks."""
        return self._subjects[chunk.claim, chunk.subject]

    def job(self, chunk: Chunk) -> Job:
        """The next attempt at a chunk."""
        attempt = self._lost.get(chunk.id, 0) + 1
        seconds = self._seconds or max(LEAST_SECONDS, MARGIN * expected_seconds(chunk, self.subject(chunk)))
        return Job(chunk, self._seed, attempt, seconds, self._memory, single=attempt >= ATTEMPTS)

    def ended(self, event: Done | Lost) -> Outcome:
        """What the end of an attempt means for its chunk: DONE, TRIED (another attempt is due) or LOST."""
        chunk, attempt = event.job.chunk, event.job.attempt
        if isinstance(event, Done):
            return Outcome(chunk, DONE, event.result, attempts=attempt, seconds=event.seconds, worker=event.worker)
        self._lost[chunk.id] = attempt
        status = LOST if attempt >= ATTEMPTS else TRIED
        return Outcome(chunk, status, None, event.reason, event.case, attempt, worker=event.worker)


def expected_seconds(chunk: Chunk, subject: Subject) -> float:
    """About the CPU seconds of a chunk; one for a wrong variant goes through all arms of the attack."""
    attack = subject.attack
    if chunk.arm != POWER:
        return attack.cost * chunk.count
    small = attack.small.size() or 0 if attack.small is not None else 0
    return attack.cost * (chunk.count * len(attack.arms) + small)
