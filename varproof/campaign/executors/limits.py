"""What the operating system does for a worker: die with its parent, a limit on memory, how much memory it has now."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
LINUX = sys.platform == "linux"


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when the thread that started it ends (Linux; elsewhere nothing).

    `parent` is the process that should be our parent; where it is gone already, this process leaves at once.
    """
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def no_core_files() -> None:
    """A crash leaves no file behind."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def address_space() -> int:
    """Bytes of address space of this process; 0 where the system does not tell."""
    return _statm(0)


def resident() -> int:
    """Bytes of memory that this process has now (elsewhere than on Linux: has had at most)."""
    if LINUX:
        return _statm(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes here


def limit_address_space(size: int) -> None:
    """Allocations beyond `size` bytes fail from now on; 0 takes the limit away (Linux; elsewhere nothing)."""
    if LINUX:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = size if size > 0 else hard
        if hard != resource.RLIM_INFINITY:
            soft = hard if soft == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _statm(field: int) -> int:
    if not LINUX:
        return 0
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[field]) * resource.getpagesize()
