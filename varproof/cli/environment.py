"""The `environment` block of every JSON answer: versions and the BLAS in use, found without importing big packages."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

from varproof import __version__

DISTRIBUTIONS = ("numpy", "scipy", "sympy", "python-flint")
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def environment() -> dict[str, Any]:
    """Versions, platform and BLAS, JSON-ready; a package that is not installed is null.

    >>> sorted(environment())
    ['blas', 'cpus', 'numpy', 'platform', 'python', 'python-flint', 'scipy', 'sympy', 'varproof']
    """
    return {
        "varproof": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in DISTRIBUTIONS},
        "platform": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "blas": {"name": _blas_name(), "threads": _threads()},
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _blas_name() -> str | None:
    import numpy

    configuration: Any = numpy.show_config(mode="dicts")
    name = configuration.get("Build Dependencies", {}).get("blas", {}).get("name")
    return str(name) if name else None


def _threads() -> int | None:
    """What the environment asks for; None means that the library decides (usually one per core)."""
    for variable in THREAD_VARIABLES:
        value = os.environ.get(variable, "")
        if value.isdecimal():
            return int(value)
    return None
