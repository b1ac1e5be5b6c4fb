"""Where Hypothesis may keep its notes on source files: with the other caches, not in the folder a user works in."""

from __future__ import annotations

import os
from pathlib import Path

from varproof.attention.tables.cache import directory

NOWHERE = Path(os.devnull) / "hypothesis"  # cannot be made, so that nothing is kept


def hypothesis_home() -> Path:
    """The user's own choice if there is one (`HYPOTHESIS_STORAGE_DIRECTORY`), else a folder of our disk cache."""
    chosen = os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY")
    if chosen:
        return Path(chosen)
    cache = directory()
    return NOWHERE if cache is None else cache / "hypothesis"
