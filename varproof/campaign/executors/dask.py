"""A Dask cluster as executor: every thread of its workers supervises one process that runs the chunks."""

from __future__ import annotations

import contextlib
import queue
import secrets
import time
import warnings
from pathlib import Path
from typing import Any

from varproof.base.errors import InputError, shorten
from varproof.base.extras import optional
from varproof.campaign.executors.dask_task import attempt, difference
from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.executors.fingerprint import fingerprint
from varproof.campaign.executors.local import WorkersError
from varproof.campaign.executors.running import RUNNER
from varproof.campaign.executors.wire import event_from_json, job_to_json

CONNECT_SECONDS = 10.0
ASK_SECONDS = 30.0  # for an answer of all workers, or of one result
PATIENCE = 60.0  # without any worker
REFRESH = 10.0  # between two counts of the threads
# evaluated on the workers: built-in names only, which every version of Python unpickles
PROBE = "__import__('varproof.campaign.executors.fingerprint', fromlist=['fingerprint']).fingerprint({!r})"


class DaskExecutor:
    """Runs jobs on the workers of the scheduler at `address` (`tcp://HOST:PORT`).

    Raises `InputError` when nothing answers there within 10 s, when it has no workers, and when one of them lacks
    varproof or has other code, libraries or claims than this process; `MissingExtraError` without Dask. A user's file
    of claims must lie at the same path on every machine. `events` raises `WorkersError` when the cluster is gone.
    """

    def __init__(self, address: str, claims_module: Path | None = None, *, runner: str = RUNNER) -> None:
        self._module = None if claims_module is None else str(claims_module.absolute())
        self._runner = runner
        self._campaign = secrets.token_hex(8)
        self._jobs: dict[int, tuple[Job, Any]] = {}
        self._count = 0
        self._ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._expected = fingerprint(self._module)
        self._client = _connected(address)
        try:
            self._compare(address)
            self._threads, self._counted = self._thread_count(), time.monotonic()
        except BaseException:
            self._client.close()
            raise
        self._seen = time.monotonic()

    @property
    def capacity(self) -> int:
        """Twice the threads that the cluster has now."""
        if time.monotonic() - self._counted > REFRESH:
            self._threads, self._counted = self._thread_count(), time.monotonic()
        return max(2 * self._threads, 1)

    def submit(self, job: Job) -> None:
        """Take a job. Raises `WorkersError` when the cluster is gone."""
        self._check_alive()
        number, self._count = self._count, self._count + 1
        future = self._client.submit(
            attempt,
            self._campaign,
            self._expected,
            self._module,
            self._runner,
            job_to_json(job),
            key=f"varproof-{self._campaign}-{number}",
            pure=False,
        )
        self._jobs[number] = (job, future)
        future.add_done_callback(lambda _, number=number: self._ended.put(number))

    def events(self, seconds: float) -> list[Done | Lost]:
        """What ended, waiting at most so long for the first; at once when there is no job at all."""
        if not self._jobs:
            return []
        numbers = []
        with contextlib.suppress(queue.Empty):
            numbers.append(self._ended.get(timeout=seconds))
            while True:
                numbers.append(self._ended.get_nowait())
        self._check_alive()
        return [event for event in map(self._event, numbers) if event is not None]

    def close(self) -> None:
        """Drop all jobs; those that run are killed wherever they are, as soon as their Dask worker notices."""
        futures = [future for _, future in self._jobs.values()]
        self._jobs.clear()
        if self._client.status == "running":
            with contextlib.suppress(Exception):  # a cluster that has gone has stopped already
                self._client.cancel(futures)
        self._client.close()

    def _event(self, number: int) -> Done | Lost | None:
        job, future = self._jobs.pop(number)
        if future.cancelled():  # the connection was lost, and the scheduler dropped it: not the job's fault
            self._reconnected()
            self.submit(job)
            return None
        try:
            return event_from_json(job, future.result(timeout=ASK_SECONDS))
        except InputError:
            raise
        except Exception as error:
            name = type(error).__name__
            text = "the Dask workers that had it died" if name == "KilledWorker" else f"Dask says {name}: {error}"
            return Lost(job, shorten(text, 500), None, "dask")

    def _reconnected(self) -> None:
        """Wait until the client is connected again, which it tries by itself, or gives up."""
        until = time.monotonic() + 2 * CONNECT_SECONDS
        while self._client.status not in ("running", "closed") and time.monotonic() < until:
            time.sleep(0.1)
        if self._client.status != "running":
            raise self._gone()

    def _compare(self, address: str) -> None:
        found = self._client.run(eval, PROBE.format(self._module), on_error="return", callback_timeout=ASK_SECONDS)
        if not found:
            raise InputError(
                "the Dask scheduler has no workers",
                got=address,
                allowed="a scheduler with workers",
                hint=f"start some: dask worker {address}",
            )
        for worker, theirs in sorted(found.items()):
            if not isinstance(theirs, dict):
                raise InputError(
                    f"the Dask worker {worker} cannot use varproof",
                    got=f"{type(theirs).__name__}: {theirs}",
                    allowed=f"varproof {self._expected['varproof']}",
                    hint="install it in the environment of every worker",
                )
            if name := difference(self._expected, theirs):
                raise InputError(
                    f"the Dask worker {worker} has another {name}",
                    got=theirs.get(name, "nothing"),
                    allowed=self._expected[name],
                    hint="all workers need the same as this process, or the cases would differ",
                )

    def _thread_count(self) -> int:
        return sum(self._client.nthreads().values()) if self._client.status == "running" else 0

    def _check_alive(self) -> None:
        if self._client.status == "closed":
            raise self._gone()
        if self.capacity > 1:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > PATIENCE:
            raise WorkersError("the Dask cluster has had no worker for a minute", got=self._client.scheduler.address)

    def _gone(self) -> WorkersError:
        return WorkersError("the Dask scheduler has gone", hint="varproof campaign resume goes on where it stopped")


def _connected(address: str) -> Any:
    distributed = optional("distributed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared below, by us
            return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise InputError(
            "the Dask scheduler cannot be reached",
            got=address,
            allowed="the address of a running scheduler",
            hint=f"start one with: dask scheduler; then: dask worker {address}",
        ) from error
