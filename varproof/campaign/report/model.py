"""A report as plain data: what `collect` makes, what HTML, JSON and JUnit show, and what `diff` compares."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ArmReport:
    """One arm on one form: chunks and cases, and the largest ratio (None without a valid case)."""

    arm: str
    chunks: int
    open: int
    lost: int
    cases: int
    valid: int
    rejected: int
    raised: int
    nan: int
    suspects: int
    unsettled: int
    judged: Mapping[str, int]
    largest: float | None


@dataclass(frozen=True)
class Coverage:
    """Valid cases by cell: `axes` are (name, labels), `counts` runs over their product, the last axis fastest."""

    axes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def filled(self) -> int:
        """Cells with a valid case.

        >>> Coverage((("n", ("1", "2")),), (3, 0)).filled
        1
        """
        return sum(count > 0 for count in self.counts)


@dataclass(frozen=True)
class Slope:
    """Least squares of ln(largest ratio) on ln(n): ratio about exp(intercept) n^slope; a fit, not a bound."""

    slope: float
    intercept: float
    sizes: int
    residual: float  # root mean square, in ln(ratio)

    @property
    def at_one(self) -> float:
        """The line's value at n = 1."""
        return math.exp(min(max(self.intercept, -700.0), 700.0))


@dataclass(frozen=True)
class FormReport:
    """One form of a claim: its outcome, the arms, and what all arms together found.

    `below` is the confidence of the iid arm: with 95 % confidence fewer than this share of cases violate the form;
    None where nothing may be said. `replay` is the saved failure, `variant` says what a wrong form changes.
    """

    name: str
    text: str
    expects: str
    outcome: str
    reasons: tuple[str, ...]
    arms: tuple[ArmReport, ...]
    coverage: Coverage
    histogram: tuple[int, ...]
    by_size: tuple[tuple[int, float], ...]
    slope: Slope | None = None
    below: float | None = None
    attains: float | None = None
    largest: float | None = None
    worst: Mapping[str, Any] | None = None
    failure: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    lost: tuple[Mapping[str, Any], ...] = ()
    replay: str = ""
    killed: str = ""
    constants: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()

    @property
    def valid(self) -> int:
        """Valid cases of all arms."""
        return sum(arm.valid for arm in self.arms)

    @property
    def cases(self) -> int:
        """Cases of all arms."""
        return sum(arm.cases for arm in self.arms)


@dataclass(frozen=True)
class ClaimReport:
    """A claim with its forms: those that are attacked to see whether they hold, and the wrong variants."""

    id: str
    kind: str
    statement: str
    expected: str
    hypotheses: Mapping[str, str]
    sources: tuple[str, ...]
    outcome: str
    reasons: tuple[str, ...]
    forms: tuple[FormReport, ...]
    variants: tuple[FormReport, ...]
    digest: str  # of statement, hypotheses, constants and variants: tells an edited claim

    @property
    def killed(self) -> int:
        """Wrong variants that were found out."""
        return sum(one.outcome == "KILLED" for one in self.variants)


@dataclass(frozen=True)
class Report:
    """A campaign: settings, counts and digest of the store, the exit code with its reasons, and the claims."""

    exit_code: int
    missed: tuple[str, ...]
    settings: Mapping[str, Any]
    counts: Mapping[str, int]
    digest: str
    versions: Mapping[str, str]
    store: str
    claims: tuple[ClaimReport, ...]

    @property
    def resume(self) -> str:
        """The command that goes on with this campaign; empty where the store is not known."""
        return f"varproof campaign resume --store {shlex.quote(self.store)}" if self.store else ""
