"""Jobs and events as plain data, for pipes and for the messages of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from varproof.campaign.chunk import Chunk
from varproof.campaign.executors.executor import Done, Job, Lost


def job_to_json(job: Job) -> dict[str, Any]:
    """Plain data."""
    return {
        "chunk": job.chunk.to_json(),
        "campaign_seed": job.campaign_seed,
        "attempt": job.attempt,
        "seconds": job.seconds,
        "memory": job.memory,
        "single": job.single,
    }


def job_from_json(data: Mapping[str, Any]) -> Job:
    """The inverse of `job_to_json`.

    >>> job = Job(Chunk("c", "statement", "iid", (), 0, 500), 7, 1, 60.0, 0)
    >>> job_from_json(job_to_json(job)) == job
    True
    """
    return Job(**{**data, "chunk": Chunk.from_json(data["chunk"])})


def event_to_json(event: Done | Lost) -> dict[str, Any]:
    """Plain data without the job, which its sender has."""
    if isinstance(event, Done):
        return {"result": event.result, "seconds": event.seconds, "worker": event.worker}
    return {"reason": event.reason, "case": event.case, "worker": event.worker}


def event_from_json(job: Job, data: Mapping[str, Any]) -> Done | Lost:
    """The inverse of `event_to_json`.

    >>> job = Job(Chunk("c", "statement", "iid", (), 0, 500), 7, 1, 60.0, 0)
    >>> event_from_json(job, {"reason": "killed by signal 9", "case": None, "worker": "w"}).reason
    'killed by signal 9'
    """
    if "result" in data:
        return Done(job, data["result"], data["seconds"], data["worker"])
    return Lost(job, data["reason"], data["case"], data["worker"])
