"""What a campaign was asked to do, kept in its store so that `resume` needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from varproof.base.errors import InputError
from varproof.campaign.plan import DEFAULT_CASES
from varproof.campaign.store.plain import Plain


@dataclass(frozen=True)
class Settings(Plain):
    """`cases` per claim and arm, the campaign's seed, ids of claims (empty: all), and who runs the chunks.

    `claims_module` is the absolute path of the user's own module of claims, or None. Raises `InputError` for fewer
    than one case and for a negative seed.
    """

    cases: int = DEFAULT_CASES
    seed: int = 0
    claims: tuple[str, ...] = ()
    claims_module: Path | None = None
    executor: str = "inline"

    def __post_init__(self) -> None:
        if self.cases < 1:
            raise InputError("a campaign needs cases", got=self.cases, allowed="at least 1 case per claim and arm")
        if self.seed < 0:
            raise InputError("the seed of a campaign is negative", got=self.seed, allowed="0, 1, 2, ...")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        data = {one.name: getattr(self, one.name) for one in fields(self)}
        data["claims"] = list(self.claims)
        data["claims_module"] = None if self.claims_module is None else str(self.claims_module)
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Settings:
        """The inverse of `to_json`.

        >>> Settings.from_json(Settings(cases=5, claims=("S1",)).to_json())
        Settings(cases=5, seed=0, claims=('S1',), claims_module=None, executor='inline')
        """
        module = data["claims_module"]
        return Settings(
            data["cases"],
            data["seed"],
            tuple(data["claims"]),
            None if module is None else Path(module),
            data["executor"],
        )
