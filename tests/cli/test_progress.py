"""What is said while one long step goes on."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from varproof.cli.progress import working


def console(*, terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=80)


def test_a_line_per_interval_without_a_terminal():
    quiet = console(terminal=False)
    with working("searching", console=quiet, every=0.05):
        time.sleep(0.3)
    lines = quiet.file.getvalue().splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("searching: ") and line.endswith(" s so far") for line in lines)


def test_a_spinner_on_a_terminal_after_the_wait():
    shown = console(terminal=True)
    with working("searching", console=shown, after=0.05):
        time.sleep(0.4)
    assert "searching" in shown.file.getvalue()


def test_a_short_step_is_silent_and_an_error_passes_through():
    for terminal in (True, False):
        silent = console(terminal=terminal)
        with pytest.raises(KeyError, match="inside"), working("searching", console=silent):
            raise KeyError("inside")
        assert silent.file.getvalue() == ""
