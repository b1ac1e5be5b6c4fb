"""The process that measures: `python -m varproof.attention.benchmark_child`, started with the threads limited.

A pickled task comes in on stdin; pickled messages go out on stdout: `("step", None)` after each step, and last
`("done", result)` or `("error", error)`. What libraries print is sent to stderr, so that it cannot mix with them.
"""

from __future__ import annotations

import os
import pickle
import sys

from varproof.attention.benchmark_task import Task, perform
from varproof.base.errors import VarproofError


def main() -> int:
    """Read the task, do it, report."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    task: Task = pickle.load(sys.stdin.buffer)

    def send(kind: str, content: object) -> None:
        pickle.dump((kind, content), messages)
        messages.flush()

    try:
        send("done", perform(task, lambda: send("step", None)))
    except VarproofError as error:
        send("error", (type(error), (error.message, str(error.got), error.allowed, error.hint)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
