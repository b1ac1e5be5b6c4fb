"""The worker: a process of its own that runs one chunk after another, as told on its standard input.

It is started by `process.py` with its settings as one JSON argument. Lines of JSON go both ways; what a claim prints
goes nowhere. It leaves when its standard input ends, and ignores Ctrl-C, which is for the coordinator to answer.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from varproof.base.errors import VarproofError, shorten
from varproof.campaign.executors.flight import FlightRecorder
from varproof.campaign.executors.limits import address_space, die_with, limit_address_space, no_core_files, resident
from varproof.campaign.executors.running import ChunkRunner, reason_of
from varproof.campaign.executors.wire import job_from_json


def main(settings: Mapping[str, Any]) -> None:
    """Serve until there are no more jobs, then leave without waiting for threads that a claim has left running."""
    serve(settings)
    os._exit(0)


def serve(settings: Mapping[str, Any]) -> None:
    """Run the jobs that arrive, one after another."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(settings["parent"])
    no_core_files()
    jobs, answers = _own_pipes()
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs, lines), daemon=True).start()
    try:
        module = settings["claims_module"]
        runner = ChunkRunner(None if module is None else Path(module), settings["runner"])
    except VarproofError as error:
        _say(answers, {"refused": [error.message, shorten(error.got, 500), error.allowed, error.hint]})
        return
    os.dup2(1, 2)  # from here on standard error goes nowhere as well
    flight = FlightRecorder(settings["flight"])
    started, space = resident(), address_space()
    _say(answers, {"ready": started})
    served = 0
    while True:
        try:
            line = lines.get(timeout=settings["idle"])
        except queue.Empty:
            return
        order = json.loads(line)
        flight.begin(order["name"])
        job = job_from_json(order["job"])
        limit_address_space(space + job.memory if job.memory else 0)
        start = time.monotonic()
        answer: dict[str, Any]
        try:
            answer = {"result": runner.run(job, flight)}
        except BaseException as error:  # also SystemExit: a claim does not end a worker this way
            answer = {"reason": reason_of(error)}
        answer["seconds"] = time.monotonic() - start
        limit_address_space(0)
        served += 1
        last = served >= settings["chunks"] or resident() - started > settings["growth"]
        _say(answers, {**answer, "last": last})
        if last:
            return


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes under numbers that no claim knows; numbers 0 and 1 become the null device."""
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return jobs, answers


def _listen(jobs: BinaryIO, lines: queue.SimpleQueue[bytes]) -> None:
    for line in jobs:
        lines.put(line)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # with whatever a claim has started
    os._exit(1)


def _say(answers: BinaryIO, message: Mapping[str, Any]) -> None:
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()
