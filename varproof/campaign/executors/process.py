"""A worker seen from outside: started, given jobs, listened to, killed, and its end explained."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.executors.flight import begun, open_flight_file, read_flight
from varproof.campaign.executors.running import RUNNER
from varproof.campaign.executors.wire import event_from_json, job_to_json
from varproof.campaign.scratch import hypothesis_home

# one thread per worker, and sets in the same order everywhere
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "HYPOTHESIS_STORAGE_DIRECTORY": str(hypothesis_home()),
}
# our own sys.path: what is importable here is importable there, and nothing else
BOOT = (
    "import json, sys; settings = json.loads(sys.argv.pop()); sys.path[:] = settings.pop('path'); "
    "from varproof.campaign.executors.worker import main; main(settings)"
)
START_SECONDS = 120.0  # to be ready for the first job
LEAVE_SECONDS = 5.0  # to be gone after the last one
READ = 1 << 16


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker is told at its start.

    It is replaced after `chunks` chunks or when it has grown by `growth` bytes; without a job for `idle` seconds it
    leaves by itself (None: never). `runner` is the function that runs a chunk, as `module:name`.
    """

    claims_module: str | None = None
    runner: str = RUNNER
    chunks: int = 2000
    growth: int = 100 * 2**20
    idle: float | None = None


class WorkerProcess:
    """One supervised worker. `watched` are the descriptors whose readiness calls for `read`."""

    def __init__(self, settings: WorkerSettings, name: str = "") -> None:
        self._flight = open_flight_file()
        told = {**asdict(settings), "flight": self._flight, "parent": os.getpid(), "path": [str(p) for p in sys.path]}
        try:
            # a group of its own: killed with whatever it starts, and Ctrl-C at a terminal is not for it
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", BOOT, json.dumps(told)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(self._flight,),
                process_group=0,
                env={**os.environ, **ENVIRONMENT},
                bufsize=0,
            )
        except BaseException:
            os.close(self._flight)
            raise
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        os.set_blocking(self._output.fileno(), False)
        self._ending = _ending_of(self._process.pid)
        self._buffer = b""
        self._given = 0
        self._limit = ""  # the reason of a kill by us
        self.name = f"{name}{self._process.pid}"
        self.job: Job | None = None
        self.ready = False
        self.leaving = False
        self.refused: list[Any] | None = None
        self.deadline = time.monotonic() + START_SECONDS
        self.watched = [self._output.fileno(), *([] if self._ending is None else [self._ending])]

    @property
    def _order(self) -> str:
        """The name of its job in the flight record."""
        return f"{self._given}"

    @property
    def tells_its_end(self) -> bool:
        """Whether one of the watched descriptors gets ready for certain when the process ends."""
        return self._ending is not None

    @property
    def free(self) -> bool:
        """Whether it waits for a job."""
        return self.ready and self.job is None and not self.leaving

    def give(self, job: Job) -> None:
        """Start a job; a worker that has died meanwhile is noticed by `ended`."""
        self.job = job
        self._given += 1
        self.deadline = time.monotonic() + job.seconds
        with contextlib.suppress(BrokenPipeError):
            order = {"name": self._order, "job": job_to_json(job)}
            self._input.write(json.dumps(order).encode() + b"\n")

    def read(self) -> Done | Lost | None:
        """Whatever it has said since; at most one job can have ended."""
        event: Done | Lost | None = None
        while chunk := self._received():
            *lines, self._buffer = (self._buffer + chunk).split(b"\n")
            for line in lines:
                if self._limit:
                    break  # it was killed for a reason; what it said after that does not count
                try:
                    event = self._heard(json.loads(line)) or event
                except (ValueError, KeyError):  # a case that writes wherever it likes
                    self.kill("worker does not speak sense any more")
        return event

    def ended(self) -> bool:
        """Whether the process is gone; then `read` first, and `lost` explains."""
        return self._process.poll() is not None

    def kill(self, reason: str = "") -> None:
        """End it and everything it has started, at once; for the stated reason."""
        self._limit = self._limit or reason
        self.leaving = True
        self.deadline = float("inf")
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def lost(self) -> Lost | None:
        """What the end of the process did to its job, if it had one."""
        if self.job is None:
            return None
        job, self.job = self.job, None
        return Lost(job, self._limit or self._why(), read_flight(self._flight, self._order), self.name)

    def untouched(self) -> Job | None:
        """The job that it was given but had not begun when it ended, if any: not that job's fault."""
        if self.job is None or self._limit or begun(self._flight, self._order):
            return None
        job, self.job = self.job, None
        return job

    def dispose(self) -> None:
        """Give everything back; the process must have been killed or have ended."""
        self.kill()
        self._process.wait()
        self._input.close()
        self._output.close()
        os.close(self._flight)
        if self._ending is not None:
            os.close(self._ending)

    def _received(self) -> bytes:
        try:
            return os.read(self._output.fileno(), READ)
        except BlockingIOError:
            return b""

    def _heard(self, message: dict[str, Any]) -> Done | Lost | None:
        if "ready" in message:
            self.ready, self.deadline = True, float("inf")
            return None
        if "refused" in message:
            self.refused = message["refused"]
            return None
        if self.job is None:
            return None
        job, self.job = self.job, None
        self.deadline = float("inf")
        if message["last"]:
            self.leaving, self.deadline = True, time.monotonic() + LEAVE_SECONDS
        data = {**message, "worker": self.name}
        if "reason" in message:
            data["case"] = read_flight(self._flight, self._order)
        return event_from_json(job, data)

    def _why(self) -> str:
        code = self._process.returncode
        if code is None or code >= 0:
            return f"worker ended with exit code {code}"
        return f"killed by signal {-code}"


def _ending_of(pid: int) -> int | None:
    """A descriptor that is ready when the process has ended, where the system has them.

    The pipe alone does not tell: what a claim has started may hold its other end.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
