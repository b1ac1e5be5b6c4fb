"""What a claim of the ledger is: a statement, its hypotheses, a check, and wrong variants that the check must kill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from varproof.base.verdict import Finding, Verdict

if TYPE_CHECKING:
    from varproof.claims.attack import Attack

Kind = Literal["tight", "upper", "lower", "identity", "asymptotic"]
CellValue = int | Fraction | str


@dataclass(frozen=True)
class Case:
    """What a check runs on.

    `constants` are the numbers of the statement (a falsified variant changes one of them by at most 10%), `dropped`
    the names of hypotheses that the variant leaves out, `cells` the parameter grid: one tuple of values per axis.
    """

    constants: Mapping[str, Fraction]
    cells: Mapping[str, tuple[CellValue, ...]]
    dropped: frozenset[str] = frozenset()
    seed: int = 0

    def assumes(self, hypothesis: str) -> bool:
        """Whether the named hypothesis is part of the statement being checked."""
        return hypothesis not in self.dropped


@dataclass(frozen=True)
class Variant:
    """A deliberately wrong form of a claim: one constant off by at most 10%, or one hypothesis dropped."""

    name: str
    because: str
    constants: Mapping[str, Fraction] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Correction:
    """What is true where the literal statement fails, with a check of its own."""

    statement: str
    check: Callable[[Case], Finding]
    expected: Verdict = Verdict.PROVED
    attack: Attack | None = None


@dataclass(frozen=True)
class Claim:
    """One statement of the ledger.

    `hypotheses` maps a short name to its text; `sources` cites (`arXiv:id`), `derived_from` names claims or pages
    this one rests on. `because` explains an expected UNKNOWN. `cells` is the grid the check visits. `attack` says how
    campaigns make cases of it; the ledger's own claims have theirs in `varproof.claims.attacks`.
    """

    id: str
    statement: str
    kind: Kind
    hypotheses: Mapping[str, str]
    sources: tuple[str, ...]
    check: Callable[[Case], Finding]
    falsified: tuple[Variant, ...]
    expected: Verdict = Verdict.PROVED
    derived_from: tuple[str, ...] = ()
    corrected: Correction | None = None
    because: str = ""
    constants: Mapping[str, Fraction] = field(default_factory=dict)
    cells: Mapping[str, tuple[CellValue, ...]] = field(default_factory=dict)
    attack: Attack | None = None

    def case(self, variant: Variant | None = None, *, seed: int = 0) -> Case:
        """The case of the statement itself, or of one of its wrong variants."""
        if variant is None:
            return Case(self.constants, self.cells, seed=seed)
        return Case({**self.constants, **variant.constants}, self.cells, variant.dropped, seed)
