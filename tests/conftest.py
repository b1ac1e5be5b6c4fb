"""Shared by all tests: a seeded sample of the slow ones, reproducible Hypothesis runs, pictures without a display."""

from __future__ import annotations

import hashlib
import math
import os
from fractions import Fraction

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["VARPROOF_CACHE_DIR"] = ""  # tables are built afresh: no test depends on, or writes into, a user's cache

settings.register_profile("varproof", deadline=None, derandomize=True, database=None)
settings.load_profile("varproof")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("varproof")
    group.addoption(
        "--slow-sample",
        metavar="1/K",
        type=Fraction,
        help="of the tests that were selected keep this share, at least one, chosen by --slow-seed",
    )
    group.addoption("--slow-seed", metavar="N", type=int, default=0, help="seed of --slow-sample")


def sample(names: list[str], share: Fraction, seed: int) -> set[str]:
    """A share of `names` (rounded up), the same for the same seed whatever their order."""
    ranked = sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    return set(ranked[: math.ceil(share * len(ranked))])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    share = config.getoption("--slow-sample")
    if share is None:
        return
    if not 0 < share <= 1:
        raise pytest.UsageError(f"--slow-sample must lie in (0, 1], got {share}")
    kept = sample([item.nodeid for item in items], share, config.getoption("--slow-seed"))
    dropped = [item for item in items if item.nodeid not in kept]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item.nodeid in kept]
