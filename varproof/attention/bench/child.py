"""The process that measures: `python -m varproof.attention.bench.child`, started with the threads limited.

A pickled task comes in on stdin; pickled messages go out on stdout: `("step", None)` after each step, and last
`("done", result)` or `("error", error)`. What libraries print is sent to stderr, so that it cannot mix with them. When
stdin closes before that, whoever asked is gone, and so is this process.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading

from varproof.attention.bench.task import Task, perform
from varproof.base.errors import VarproofError


def main() -> int:
    """Read the task, do it, report."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    task: Task = pickle.load(sys.stdin.buffer)

    answered = threading.Event()

    def watch() -> None:
        os.read(0, 1)  # not through the buffer, whose lock would be held at the end
        if not answered.is_set():
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

    def send(kind: str, content: object) -> None:
        pickle.dump((kind, content), messages)
        messages.flush()

    try:
        result = perform(task, lambda: send("step", None))
        answered.set()
        send("done", result)
    except VarproofError as error:
        answered.set()
        send("error", (type(error), (error.message, str(error.got), error.allowed, error.hint)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
