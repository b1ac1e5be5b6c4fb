"""How far a campaign is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from varproof.campaign.store.plain import Plain


@dataclass(frozen=True)
class Counts(Plain):
    """Chunks of the current plan: all, with a result, given up, to be run; `failed` have a confirmed violation.

    >>> dict(Counts(10, 3, 1, 6, 0))
    {'planned': 10, 'done': 3, 'lost': 1, 'pending': 6, 'failed': 0}
    """

    planned: int
    done: int
    lost: int
    pending: int
    failed: int

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
