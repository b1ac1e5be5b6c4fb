"""Verdicts and findings: what a check may say, and what it must bring along when it says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Verdict(Enum):
    """The outcome of a check; the order of `SEVERITY` decides when parts are combined."""

    PROVED = "PROVED"  # rigorous enclosure, exact identity or certificate
    TESTED = "TESTED"  # sampled, nothing found
    REFUTED = "REFUTED"  # a counterexample is kept in the evidence
    VACUOUS = "VACUOUS"  # hypotheses unsatisfiable, or the bound is worse than the trivial one here
    UNKNOWN = "UNKNOWN"  # undecided; `because` says what is missing
    NOT_APPLICABLE = "NOT_APPLICABLE"
    ERROR = "ERROR"


SEVERITY = (
    Verdict.ERROR,
    Verdict.REFUTED,
    Verdict.UNKNOWN,
    Verdict.VACUOUS,
    Verdict.TESTED,
    Verdict.PROVED,
    Verdict.NOT_APPLICABLE,
)


def combine(verdicts: list[Verdict]) -> Verdict:
    """The most severe of several verdicts: one refuted part refutes the whole, one unknown part leaves it unknown.

    >>> combine([Verdict.PROVED, Verdict.UNKNOWN, Verdict.TESTED])
    <Verdict.UNKNOWN: 'UNKNOWN'>
    """
    if not verdicts:
        return Verdict.UNKNOWN
    return min(verdicts, key=SEVERITY.index)


@dataclass(frozen=True)
class Part:
    """One part of a statement with its own verdict and the reason for it."""

    name: str
    verdict: Verdict
    because: str = ""


@dataclass(frozen=True)
class Finding:
    """What a check found.

    `measured` and `bound` are the worst pair met (for display; the rigorous comparison is in `evidence`); `evidence`
    is JSON-ready: counterexamples, certificates, the cells that were visited. `because` is one sentence that says
    what kind of evidence stands behind the verdict.
    """

    verdict: Verdict
    measured: float | None = None
    bound: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    because: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def ratio(self) -> float | None:
        """`measured / bound`, or None where one is missing or the bound is zero."""
        if self.measured is None or not self.bound:
            return None
        return self.measured / self.bound


def from_parts(
    parts: list[Part],
    *,
    measured: float | None = None,
    bound: float | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Finding:
    """A finding whose verdict is the most severe of its parts; the reasons of the parts are kept."""
    because = "; ".join(f"{part.name}: {part.verdict.value} ({part.because})" for part in parts)
    return Finding(combine([part.verdict for part in parts]), measured, bound, evidence or {}, because, tuple(parts))
