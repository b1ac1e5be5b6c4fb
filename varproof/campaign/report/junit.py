"""A report as JUnit XML, for the tools that collect test results: one test case for each form of each claim."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from varproof.base.certificate import replacing
from varproof.campaign.report.model import ClaimReport, FormReport, Report

PASSED = ("HOLDS", "AS-EXPECTED-REFUTED", "KILLED", "NO-GOAL")
BROKE = ("LOST", "ERROR")
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters XML cannot hold


def write_junit(report: Report, path: Path | str) -> None:
    """Write the XML; the file is replaced only once it is complete."""
    with replacing(Path(path)) as scratch:
        scratch.write_text(junit(report), encoding="utf-8")


def junit(report: Report) -> str:
    """The XML as text. What did not run is a failure here, never a skipped case."""
    root = ET.Element("testsuites", name="varproof campaign")
    for claim in report.claims:
        suite = ET.SubElement(root, "testsuite", name=_clean(claim.id))
        for form in (*claim.forms, *claim.variants):
            _case(suite, claim, form)
        if not claim.variants:
            _add(suite, claim.id, "wrong variants", "failure", "LOW-POWER", "the claim has no wrong variants")
        _count(suite)
    if not report.claims:
        suite = ET.SubElement(root, "testsuite", name="campaign")
        _add(suite, "campaign", "claims", "failure", "UNDER-COVERED", "no claim was attacked")
        _count(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, claim: ClaimReport, form: FormReport) -> None:
    kind = "" if form.outcome in PASSED else "error" if form.outcome in BROKE else "failure"
    lines = list(form.reasons)
    if form.replay and form.outcome == "VIOLATED":
        lines.append(f"replay: {form.replay}")
    _add(suite, claim.id, form.name, kind, form.outcome, "\n".join(lines))


def _add(suite: ET.Element, claim: str, name: str, kind: str, outcome: str, text: str) -> None:
    case = ET.SubElement(suite, "testcase", classname=_clean(claim), name=_clean(name))
    if kind:
        problem = ET.SubElement(case, kind, type=outcome, message=_clean(text.split("\n")[0] or outcome))
        problem.text = _clean(text)


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", "0")


def _clean(text: str) -> str:
    return FORBIDDEN.sub("�", text)
