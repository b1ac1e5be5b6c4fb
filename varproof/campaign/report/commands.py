"""How a reader gets at a case of a report: a command for a saved failure, some lines of Python for any other."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from varproof.campaign.report.model import ClaimReport, FormReport, Report
from varproof.campaign.report.numbers import decoded


def commands_of(report: Report, claim: ClaimReport, form: FormReport, case: Mapping[str, Any]) -> tuple[str, str]:
    """What the lines are, and the lines."""
    if form.replay and case is form.failure:
        return "Run it again", replay_command(report, form)
    if case.get("point"):
        return "See this case in Python", python_of(report, claim, form, case)
    if report.store:
        return (
            f"All its numbers, under {claim.id}",
            f"varproof campaign report --store {shlex.quote(report.store)} --json",
        )
    return "", ""


def replay_command(report: Report, form: FormReport) -> str:
    """The command that judges the form's saved failure again; a claim of a user needs its file."""
    module = report.settings.get("claims_module")
    own = f" --claims {shlex.quote(str(module))}" if module else ""
    return f"varproof campaign replay {shlex.quote(form.replay)}{own}"


def python_of(report: Report, claim: ClaimReport, form: FormReport, case: Mapping[str, Any]) -> str:
    """Lines that build a case from its point and measure it; floats are written so that they come back exactly."""
    point = decoded(case["point"])
    module = report.settings.get("claims_module")
    lines = ["from varproof.campaign.subjects import subject_named"]
    if module:
        lines += ["from pathlib import Path", "from varproof.campaign.claim_modules import claims_for"]
        found = f"claims_for([{claim.id!r}], Path({str(module)!r}))[0]"
    else:
        lines.append("from varproof.claims.registry import load_claim")
        found = f"load_claim({claim.id!r})"
    if any(isinstance(value, Fraction) for value in point.values()):
        lines.append("from fractions import Fraction")
    lines += [
        f"form = subject_named({found}, {form.name!r})",
        f"case = form.attack.build({point!r}, form.case)",
        "print(form.attack.measure(case, form.case))",
    ]
    return "\n".join(lines)
