"""Statements in several parts: some checked here, some waiting for a module that does not exist yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from varproof.base.verdict import Finding, Part, Verdict, from_parts


def assemble(checked: Sequence[tuple[str, Finding]], missing: Sequence[Part] = ()) -> Finding:
    """One finding from checked parts (with their evidence) and parts stated by hand, e.g. `waits_for`.

    The verdict is the most severe one; counterexamples of the checked parts are gathered so that a wrong variant is
    killed by whichever part notices it; measured and bound are those of the first checked part that has them.

    >>> exact_part = ("algebra", Finding(Verdict.PROVED, because="exact"))
    >>> assemble([exact_part], [waits_for("engine", "reductions", "a run")]).verdict
    <Verdict.UNKNOWN: 'UNKNOWN'>
    """
    evidence: dict[str, Any] = {"checked": {name: dict(finding.evidence) for name, finding in checked}}
    counterexamples = [
        {"part": name, **found} for name, finding in checked for found in finding.evidence.get("counterexamples", [])
    ]
    if counterexamples:
        evidence["counterexamples"] = counterexamples
    shown = next((finding for _, finding in checked if finding.measured is not None), Finding(Verdict.UNKNOWN))
    parts = [Part(name, finding.verdict, finding.because) for name, finding in checked]
    return from_parts([*parts, *missing], measured=shown.measured, bound=shown.bound, evidence=evidence)


def waits_for(name: str, module: str, result: str) -> Part:
    """A part that is UNKNOWN until `module` exists; `result` says what that module will establish.

    >>> waits_for("the chain", "reductions", "a run of it").because
    'needs reductions, not built yet: a run of it'
    """
    return Part(name, Verdict.UNKNOWN, f"needs {module}, not built yet: {result}")
