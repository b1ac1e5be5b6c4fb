"""The unit of work of a campaign: some cases of one arm, on one form of one claim, in one cell of its parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from varproof.families.space import Cell

POWER = "power"  # the arm of a wrong variant: all of the claim's arms in turn, until the variant is killed


@dataclass(frozen=True)
class Chunk:
    """`count` cases, number `index` of its kind; the same work whoever runs it, and when.

    `subject` is "statement", "corrected" or the name of a wrong variant; `cell` restricts the space (empty: all of it).
    """

    claim: str
    subject: str
    arm: str
    cell: Cell
    index: int
    count: int

    @property
    def id(self) -> str:
        """A readable name that says everything but nothing about the campaign, e.g. `c|statement|iid|keys=4..9|0|500`.

        >>> Chunk("c", "statement", "iid", (("keys", "4..9"),), 0, 500).id
        'c|statement|iid|keys=4..9|0|500'
        """
        return "|".join((self.claim, self.subject, self.arm, cell_text(self.cell), str(self.index), str(self.count)))

    def seed(self, campaign_seed: int) -> int:
        """The chunk's own 128-bit seed, from its id and the campaign's seed."""
        digest = hashlib.blake2b(f"{campaign_seed}|{self.id}".encode(), digest_size=16).digest()
        return int.from_bytes(digest, "big")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "claim": self.claim,
            "subject": self.subject,
            "arm": self.arm,
            "cell": [list(pair) for pair in self.cell],
            "index": self.index,
            "count": self.count,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Chunk:
        """The inverse of `to_json`."""
        cell = tuple((str(name), str(label)) for name, label in data["cell"])
        return Chunk(data["claim"], data["subject"], data["arm"], cell, int(data["index"]), int(data["count"]))


def cell_text(cell: Cell) -> str:
    """A cell in one line: `keys=4..9,rho=1..2`; empty for all of the space."""
    return ",".join(f"{name}={label}" for name, label in cell)
