"""Errors through the scales of S6: a bound that is broken, a delta that is too large, a growth that is not there."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import chained_errors
from varproof.claims.almost_linear_criterion import CLAIM
from varproof.claims.chained_errors import amplification, executed_runs, recursion, runs, unbounded_entries

CASE = replace(CLAIM.case(), cells={"ratio": (2, 3), "log_side": (1, 4), "seed": (1,), "entries": (1, 3)})


def test_the_required_delta_falls_as_a_power_of_n():
    found = executed_runs(CASE)
    assert found.verdict is Verdict.TESTED
    exponents = found.evidence["exponent of the required delta"].values()
    assert len(exponents) == 3
    assert all(2.5 < exponent < 3.5 for exponent in exponents)


def test_a_run_needs_its_delta():
    for run in runs(1):
        assert run.ledger.delta == run.delta
        assert run.ledger.holds
        assert run.ledger.final_measured <= 1 / run.side
        assert max(call.certificate for call in run.ledger.calls) <= run.delta


@pytest.mark.parametrize("seed", [1, 2])
def test_the_page_lists_the_required_deltas(seed):
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "ledger.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| seed {seed} |")).split("|")[2:-1]
    found = runs(seed)
    for cell, run in zip(row, found, strict=False):
        assert math.isclose(float(cell), run.delta, rel_tol=0.06)
    exponents = [math.log2(low.delta / high.delta) for low, high in pairwise(found)]
    assert [float(cell) for cell in row[-1].split(",")] == pytest.approx(exponents, abs=0.1)


@pytest.mark.parametrize(("entry", "factor"), [("measured", 1e6), ("bound", 1e-6)])
def test_a_broken_bound_is_refuted(monkeypatch, entry, factor):
    honest = runs(1)

    def broken(seed):
        ledger = honest[-1].ledger
        last = ledger.entries[-1]
        wrong = replace(last, **{entry: getattr(last, entry) * factor})
        return (*honest[:-1], replace(honest[-1], ledger=replace(ledger, entries=(*ledger.entries[:-1], wrong))))

    monkeypatch.setattr(chained_errors, "runs", broken)
    found = executed_runs(CASE)
    assert found.verdict is Verdict.REFUTED
    assert found.evidence["counterexamples"][0]["n"] == "32"


def test_a_delta_that_falls_too_fast_is_refuted(monkeypatch):
    honest = runs(1)
    steeper = (*honest[:-1], replace(honest[-1], delta=honest[-1].delta / 2))
    monkeypatch.setattr(chained_errors, "runs", lambda seed: steeper)
    found = executed_runs(CASE)
    assert [one["quantity"] for one in found.evidence["counterexamples"]] == ["drop"]


def test_exact_attention_does_not_pass_for_fast_attention(monkeypatch):
    honest = runs(1)[-1]
    calls = tuple(replace(call, engine="exact") for call in honest.ledger.calls)
    monkeypatch.setattr(
        chained_errors, "runs", lambda seed: (replace(honest, ledger=replace(honest.ledger, calls=calls)),)
    )
    assert executed_runs(CASE).verdict is Verdict.REFUTED


def test_the_recursion_is_proved_and_notices_a_wrong_factor(monkeypatch):
    assert recursion(CASE).verdict is Verdict.PROVED
    monkeypatch.setattr(chained_errors, "AMPLIFICATIONS", (-2,))
    assert recursion(CASE).verdict is Verdict.REFUTED


def test_entries_that_grow_amplify_every_scale(monkeypatch):
    assert unbounded_entries(CASE).verdict is Verdict.TESTED
    for entries in (1, 2, 3):
        assert math.isclose(amplification(entries, (2, 4, 8)), (1 + entries**2) ** 3, rel_tol=1e-3)
    monkeypatch.setattr(chained_errors, "amplification", lambda entries, sides: float(entries ** (2 * len(sides))))
    assert unbounded_entries(CASE).verdict is Verdict.REFUTED


@pytest.mark.parametrize("cells", [{"seed": (9,)}, {"entries": (0,)}, {"log_side": (61,)}])
def test_cells_without_meaning_are_refused(cells):
    case = replace(CASE, cells={**CASE.cells, **cells})
    with pytest.raises(InputError):
        (executed_runs if "seed" in cells else unbounded_entries if "entries" in cells else recursion)(case)
