"""The versions that results depend on: part of revisions, compared by clusters, shown to people."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import varproof

LIBRARIES = ("numpy", "hypothesis", "python-flint")
ABSENT = "not installed"


def versions(*more: str) -> dict[str, str]:
    """Of varproof, of the libraries that make and judge cases, and of `more` distributions.

    >>> list(versions("no-such-library").items())[-1]
    ('no-such-library', 'not installed')
    """
    return {"varproof": varproof.__version__, **{name: _version(name) for name in (*LIBRARIES, *more)}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ABSENT
