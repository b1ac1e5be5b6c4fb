"""One coordinator per store: a lock that the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import time
from pathlib import Path

from varproof.base.errors import InputError
from varproof.campaign.store.errors import StoreError

PATIENCE = 1.0  # seconds in which a coordinator that was just killed, and what it had forked, come to their end
_HELD: set[Lock] = set()  # by this process


class Lock:
    """Holds `FILE.lock` from construction to `release`; the file names the process that has it.

    Raises `InputError` where another process holds it (naming that process) or where the file cannot be made.
    """

    def __init__(self, store: Path) -> None:
        self.path = store.with_name(store.name + ".lock")
        self._descriptor: int | None = None
        taken = self._descriptor = self._taken(store)
        _HELD.add(self)
        with contextlib.suppress(OSError):  # on a full disk the lock holds all the same, only without a name
            os.ftruncate(taken, 0)
            os.pwrite(taken, f"{os.getpid()} {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back and remove its file; a second call does nothing."""
        if self._descriptor is not None:
            self.path.unlink(missing_ok=True)
            self.forget()
            _HELD.discard(self)

    def forget(self) -> None:
        """Close this process's handle on the lock and leave the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _taken(self, store: Path) -> int:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    hint = "make room and resume"
                    raise StoreError("the disk is full: taking the store failed", got=self.path, hint=hint) from error
                raise InputError(
                    "the store's folder cannot be written to",
                    got=f"{self.path}: {error.strerror}",
                    allowed="a folder in which files can be made",
                ) from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                holder = os.pread(descriptor, 200, 0).decode(errors="replace").split()
                os.close(descriptor)
                if time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                raise InputError(
                    f"process {_told(holder)} runs a campaign on this store",
                    got=store,
                    allowed="one coordinator per store",
                    hint="wait for it or stop it; varproof campaign status and report can read meanwhile",
                ) from error
            if _is_still(descriptor, self.path):
                return descriptor
            os.close(descriptor)  # its holder removed the file between our open and our lock


def _told(holder: list[str]) -> str:
    pid = holder[0] if holder else "(unknown)"
    here = len(holder) < 2 or holder[1] == socket.gethostname()
    return pid if here else f"{pid} on {holder[1]}"


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _forget_in_child() -> None:
    # a forked worker must not keep the lock of a coordinator that has died
    for lock in _HELD:
        lock.forget()
    _HELD.clear()


os.register_at_fork(after_in_child=_forget_in_child)
