"""What a Dask worker runs for a campaign: one job, in a supervised process of its own, kept for the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from varproof.base.extras import optional
from varproof.campaign.executors.executor import Done, Lost
from varproof.campaign.executors.fingerprint import fingerprint
from varproof.campaign.executors.local import LocalExecutor
from varproof.campaign.executors.process import WorkerSettings
from varproof.campaign.executors.wire import event_to_json, job_from_json

IDLE_SECONDS = 60.0  # a process without a job leaves, so that nothing stays when the coordinator is gone
LOOK_SECONDS = 0.2  # between two looks whether the campaign is over
_own = threading.local()  # of each thread of the Dask worker: its campaign and its executor


def attempt(
    campaign: str, expected: Mapping[str, str], claims_module: str | None, runner: str, job: Mapping[str, Any]
) -> dict[str, Any]:
    """Run one job to its end and tell what became of it, as plain data.

    `expected` is the fingerprint of the coordinator: a worker that joined later may have other code, then the job is
    lost.
    """
    name = f"{optional('distributed').get_worker().address}/"
    other = difference(expected, fingerprint(claims_module)) if getattr(_own, "campaign", "") != campaign else ""
    if other:
        return event_to_json(Lost(job_from_json(job), f"the worker has another {other}", None, name))
    if getattr(_own, "campaign", "") != campaign:
        if hasattr(_own, "executor"):
            _own.executor.close()
        module = None if claims_module is None else Path(claims_module)
        _own.executor = LocalExecutor(1, module, settings=WorkerSettings(runner=runner, idle=IDLE_SECONDS), name=name)
        _own.campaign = campaign
    return event_to_json(_ended(_own.executor, job))


def difference(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """The first name under which two fingerprints differ, or nothing.

    >>> difference({"numpy": "2.1.0"}, {"numpy": "2.2.0"})
    'numpy'
    """
    return next((name for name in expected if found.get(name) != expected[name]), "")


def _ended(executor: LocalExecutor, job: Mapping[str, Any]) -> Done | Lost:
    over = _dropped()
    executor.submit(job_from_json(job))
    while True:
        events = executor.events(LOOK_SECONDS)
        if events:
            return events[0]
        if over():
            executor.close()
            del _own.campaign, _own.executor
            return Lost(job_from_json(job), "the campaign was stopped", None, "")


def _dropped() -> Callable[[], bool]:
    """Asks whether the scheduler no longer wants this task: its coordinator has closed its executor, or has gone."""
    distributed = optional("distributed")
    worker = distributed.get_worker()
    key = worker.get_current_task()

    def dropped() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    return dropped
