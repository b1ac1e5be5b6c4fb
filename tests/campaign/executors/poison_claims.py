"""Claims whose case number 7 does to its process what a case should not do; one claim for each evil."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from varproof.base.verdict import Finding, Verdict
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim
from varproof.families.space import Integer, Point, Space

SPACE = Space({"n": Integer(0, 9)})
BAD = 7
kept: list[object] = []


def forever() -> None:
    while True:
        pass


def holding_the_pipes() -> None:
    """What it leaves behind has all of our descriptors, so that no pipe of ours ends."""
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)


def talking() -> None:
    for text in ('{"result": {}, "seconds": 0, "last": true}\n', "\x00\xff nonsense\n"):
        sys.stdout.write(text)
        sys.stdout.flush()
        sys.stderr.write(text)
        os.write(1, text.encode())
    assert sys.stdin.read() == ""


def shouting_at_every_descriptor() -> None:
    for descriptor in range(3, 20):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"nonsense\n")


def leaving_a_thread() -> None:
    threading.Thread(target=time.sleep, args=(60,)).start()


def on_one_thread() -> None:
    """A product of matrices this large starts the threads of BLAS; one of ours listens to the coordinator."""
    square = np.ones((600, 600))
    assert (square @ square).any()
    assert len(os.listdir("/proc/self/task")) == 2


EVILS: dict[str, Callable[[], object]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "loop": forever,
    "c_loop": lambda: re.match("(a+)+$", "a" * 60 + "b"),
    "memory": lambda: bytearray(10**11),
    "array": lambda: np.ones(10**11 // 8),
    "large": lambda: np.ones(3 * 2**27, dtype=np.uint8),
    "segfault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "exit": lambda: os._exit(3),
    "system_exit": lambda: sys.exit(4),
    "forked": holding_the_pipes,
    "sleeper": lambda: (kept.append(subprocess.Popen(["sleep", f"4321.{os.getppid()}"])), forever()),
    "talking": talking,
    "shouting": shouting_at_every_descriptor,
    "thread": leaving_a_thread,
    "one_thread": on_one_thread,
    "hoard": lambda: kept.append(bytes(np.ones(40 * 2**20, dtype=np.uint8))),
    "interrupt": lambda: os.kill(os.getpid(), signal.SIGINT),
    "slow": lambda: time.sleep(1.0),
    "good": lambda: None,
}


def _claim(name: str, evil: Callable[[], object]) -> Claim:
    def build(point: Point, _: Case) -> Instance:
        return Instance(numbers=dict(point))

    def measure(instance: Instance, _: Case) -> Measurement:
        n = int(instance.numbers["n"])
        if n == BAD:
            evil()
        return Measurement(n / 16, n, n, 16)

    def judge(_: Instance, __: Case) -> Judgement:
        return Judgement.PASS

    attack = Attack(SPACE, build, measure, judge, ("n",), small=SPACE, arms=("exhaustive", "iid"))
    return Claim(
        f"poison_{name}",
        "n is below 16",
        "upper",
        {},
        (),
        check=lambda _: Finding(Verdict.PROVED),
        falsified=(),
        attack=attack,
    )


CLAIMS = tuple(_claim(name, evil) for name, evil in EVILS.items())
