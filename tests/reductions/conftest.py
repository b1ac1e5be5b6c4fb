"""Prints the mutation score of the run: tests put lines into the property `mutation score`, workers of xdist too."""

from __future__ import annotations

import pytest

PROPERTY = "mutation score"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    lines = {str(text) for report in reports for name, text in report.user_properties if name == PROPERTY}
    if lines:
        terminalreporter.section("mutants caught, by the check that caught them")
        for line in sorted(lines):
            terminalreporter.write_line(line)
