"""Runs claims and their wrong variants and says whether the ledger holds: the records behind `varproof verify`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from varproof.base.errors import InputError
from varproof.base.verdict import Finding, Verdict
from varproof.claims.model import Case, Claim
from varproof.claims.registry import load_claims
from varproof.claims.settings import Cells, override, parse_settings


@dataclass(frozen=True)
class VariantRecord:
    """What the claim's own check said about one wrong variant; it must be REFUTED."""

    name: str
    because: str
    verdict: Verdict
    counterexample: Any = None

    @property
    def killed(self) -> bool:
        """Whether the variant was refuted with a concrete counterexample."""
        return self.verdict is Verdict.REFUTED and self.counterexample is not None


@dataclass(frozen=True)
class ClaimRecord:
    """The result of one claim: its finding, its correction's finding where there is one, and its variants."""

    claim: Claim
    finding: Finding
    corrected: Finding | None
    variants: tuple[VariantRecord, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Both verdicts are the expected ones and every wrong variant was refuted."""
        correction = self.claim.corrected
        right = self.finding.verdict is self.claim.expected and (
            correction is None or (self.corrected is not None and self.corrected.verdict is correction.expected)
        )
        return right and all(variant.killed for variant in self.variants)

    @property
    def killed(self) -> int:
        """How many wrong variants were refuted."""
        return sum(variant.killed for variant in self.variants)

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON data (numbers, text, lists, objects; no NaN)."""
        claim, finding, correction = self.claim, self.finding, self.claim.corrected
        shown = None
        if correction is not None and self.corrected is not None:
            shown = {
                "statement": correction.statement,
                "verdict": self.corrected.verdict.value,
                "expected": correction.expected.value,
                "because": self.corrected.because,
                "parts": _parts(self.corrected),
                "evidence": plain(self.corrected.evidence),
            }
        return {
            "id": claim.id,
            "statement": claim.statement,
            "kind": claim.kind,
            "hypotheses": dict(claim.hypotheses),
            "sources": list(claim.sources),
            "verdict": finding.verdict.value,
            "expected": claim.expected.value,
            "expected_because": claim.because,
            "corrected": shown,
            "measured": plain(finding.measured),
            "bound": plain(finding.bound),
            "ratio": plain(finding.ratio),
            "evidence": plain(finding.evidence),
            "because": finding.because,
            "parts": _parts(finding),
            "falsified": {
                "killed": self.killed,
                "total": len(self.variants),
                "variants": [
                    {
                        "name": variant.name,
                        "because": variant.because,
                        "verdict": variant.verdict.value,
                        "counterexample": plain(variant.counterexample),
                    }
                    for variant in self.variants
                ],
            },
            "ok": self.ok,
            "seconds": round(self.seconds, 4),
        }


def run_claim(claim: Claim, cells: Cells | None = None, seed: int = 0) -> ClaimRecord:
    """Check a claim, its correction and its wrong variants.

    `cells` replaces axes of the claim's grid (others are ignored); the wrong variants always run on the claim's own
    grid, since they measure the check. Where the literal statement is expected to be REFUTED they are wrong variants of
    the corrected one and run through its check: the literal counterexample would refute anything.

    An exception inside a check becomes verdict ERROR with its message, except that an `InputError` about a replaced
    axis is raised: then the caller's value is at fault, as it is where `override` refuses the size of the grid.

    >>> from varproof.claims.registry import load_claim
    >>> record = run_claim(load_claim("threshold_lemma"))
    >>> record.ok, record.finding.verdict.value, record.killed
    (True, 'PROVED', 5)
    """
    started = time.perf_counter()
    replaced = {axis: values for axis, values in (cells or {}).items() if axis in claim.cells}
    case = replace(claim.case(seed=seed), cells=override(claim, replaced))
    finding = _guarded(claim, claim.check, case, strict=bool(replaced))
    corrected = None if claim.corrected is None else _guarded(claim, claim.corrected.check, case, strict=bool(replaced))
    judge = claim.check
    if claim.corrected is not None and claim.expected is Verdict.REFUTED:
        judge = claim.corrected.check
    variants = []
    for variant in claim.falsified:
        answer = _guarded(claim, judge, claim.case(variant, seed=seed))
        variants.append(VariantRecord(variant.name, variant.because, answer.verdict, counterexample(answer)))
    return ClaimRecord(claim, finding, corrected, tuple(variants), time.perf_counter() - started)


def run_ledger(
    ids: Sequence[str] = (),
    settings: Sequence[str] = (),
    *,
    seed: int = 0,
    after_each: Callable[[], object] = lambda: None,
    claims: Sequence[Claim] | None = None,
) -> tuple[ClaimRecord, ...]:
    """Run the claims named in `ids` (all when empty) with `KEY=VALUE` settings, in the order of the ledger.

    `claims` are run instead of the ledger's where they are given. `after_each` is called after every claim (a progress
    bar). Raises `InputError` for unknown ids and settings, and before any claim runs for a grid that is too large.

    >>> [record.claim.id for record in run_ledger(["score_perturbation"], ["eta=1/2"])]
    ['score_perturbation']
    """
    claims = load_claims(ids) if claims is None else claims
    cells = parse_settings(settings, claims)
    for claim in claims:
        override(claim, cells)  # too large a grid is refused before any claim runs
    records = []
    for claim in claims:
        records.append(run_claim(claim, cells, seed))
        after_each()
    return tuple(records)


def counterexample(finding: Finding) -> Any:
    """The first counterexample of a refuted finding, from its evidence or from the refuted part; None without one."""
    if finding.verdict is not Verdict.REFUTED:
        return None
    for found in finding.evidence.get("counterexamples", ()):
        return found
    named = (part for part in finding.parts if part.verdict is Verdict.REFUTED and part.because.startswith("fails at"))
    return next((f"{part.name} {part.because}" for part in named), None)


def _guarded(claim: Claim, check: Callable[[Case], Finding], case: Case, *, strict: bool = False) -> Finding:
    try:
        return check(case)
    except Exception as error:  # a broken check is a result of the ledger, not the end of it
        if strict and isinstance(error, InputError):
            error.message = f"{claim.id}: {error.message}"
            raise
        return Finding(Verdict.ERROR, because=f"the check raised {type(error).__name__}: {error}")


def _parts(finding: Finding) -> list[dict[str, str]]:
    return [{"name": part.name, "verdict": part.verdict.value, "because": part.because} for part in finding.parts]


def plain(value: object) -> Any:
    """`value` as JSON data: exact numbers and unknown types as text, NaN and infinities as null.

    >>> from fractions import Fraction
    >>> plain({"x": Fraction(1, 3), "y": [float("nan"), 2]})
    {'x': '1/3', 'y': [None, 2]}
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)
