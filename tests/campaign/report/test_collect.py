from __future__ import annotations

import math
from dataclasses import replace
from functools import reduce
from pathlib import Path

import pytest

from varproof.campaign.plan import plan
from varproof.campaign.replays import save_replay
from varproof.campaign.report import collect
from varproof.campaign.report.collect import totals_of
from varproof.campaign.report.confidence import confidence, share_below
from varproof.campaign.report.slope import slope_of
from varproof.campaign.result import added
from varproof.campaign.store import Outcome, Settings, Store
from varproof.campaign.subjects import subject_named
from varproof.campaign.totals import ArmTotals, LostChunk


def test_the_sums_of_a_form_are_those_of_its_results(made):
    _, rows = made.three()
    wanted = reduce(added, [r for c, _, r, *_ in rows if (c.claim, c.subject) == ("three_axes", "statement")])
    found = totals_of(rows)["three_axes", "statement"]
    assert found.cells == dict(wanted.cells)
    assert tuple(found.histogram) == wanted.histogram
    assert found.by_size == dict(wanted.by_size)
    assert found.worst is not None
    assert {k: v for k, v in found.worst.items() if k != "arm"} == wanted.worst
    for name in ("cases", "valid", "rejected"):
        assert found.count(name) == getattr(wanted, name)


def test_the_smallest_failure_stays_and_says_its_arm(made):
    claims, _ = made.three()
    rows = []
    for chunk, status, result, reason, case in made.rows(claims[:1]):
        if chunk.subject == "statement":
            size = 3 if chunk.arm == "iid" else 9
            result = replace(result, failure={"size": size, "ratio": 2.0}, judged={"VIOLATED": 1}, suspects=1)
        rows.append((chunk, status, result, reason, case))
    form = collect(made.store(rows), claims[:1]).claims[0].forms[0]
    assert (form.failure["size"], form.failure["arm"]) == (3, "iid")


def test_a_report_has_forms_apart_from_wrong_variants_and_arms_in_order(made):
    claims, rows = made.three()
    report = collect(made.store(rows), claims, store="c.db")
    literal = report.claims[1]
    assert [form.name for form in literal.forms] == ["statement", "corrected"]
    assert [form.name for form in literal.variants] == ["factor 1.9", "signed"]
    assert [arm.arm for arm in literal.forms[0].arms] == ["iid", "adversarial", "worst-ratio"]
    assert literal.forms[1].text == "With factor 2 it holds."
    assert literal.variants[1].dropped == ("positive",)
    assert literal.variants[0].constants == {"factor": "19/10"}
    assert report.resume == "varproof campaign resume --store c.db"


def test_coverage_has_every_cell_in_the_order_of_the_axes(made):
    claims, rows = made.three()
    coverage = collect(made.store(rows), claims).claims[2].forms[0].coverage
    assert [name for name, _ in coverage.axes] == ["keys", "rho", "family"]
    assert len(coverage.counts) == 4 * 4 * 3
    # the last axis is the fastest: every third cell is "sparse", whose chunks are missing
    assert set(coverage.counts[2::3]) == {0}
    assert all(count > 0 for place, count in enumerate(coverage.counts) if place % 3 < 2)
    assert coverage.filled == 32


def test_a_confidence_is_that_of_the_iid_arm_and_of_no_other(made):
    claims, rows = made.three()
    form = collect(made.store(rows), claims).claims[0].forms[0]
    iid = next(arm for arm in form.arms if arm.arm == "iid")
    assert form.below == pytest.approx(1 - 0.05 ** (1 / iid.valid), rel=1e-12)
    without = [row for row in rows if row[0].arm != "iid"]
    assert collect(made.store(without), claims).claims[0].forms[0].below is None
    refuted = collect(made.store(rows), claims).claims[1].forms[0]
    assert refuted.below is None  # its violation lies in the iid arm
    assert all(one.below is None for one in collect(made.store(rows), claims).claims[0].variants)


@pytest.mark.parametrize(
    "arm",
    [
        None,
        ArmTotals(),
        ArmTotals(valid=9, judged={"VIOLATED": 1}),
        ArmTotals(valid=9, unsettled=1),
        ArmTotals(valid=9, nan=1),
        ArmTotals(valid=9, raised=1),
        ArmTotals(valid=9, open=1),
        ArmTotals(valid=9, lost=[LostChunk("c", "time limit", None)]),
    ],
)
def test_no_confidence_without_a_clean_arm(arm):
    assert confidence(arm) is None
    assert confidence(ArmTotals(valid=9)) == pytest.approx(1 - 0.05 ** (1 / 9))


def test_cells_with_few_valid_cases_weaken_the_confidence():
    """A form that fails in the thin cell only: the share printed must be that which 3 cases there can exclude."""
    thin = ArmTotals(valid=103, valid_in={"a": 100, "b": 3})
    found = confidence(thin)
    assert found == pytest.approx(1 - 0.05 ** (1 / 6))
    # b fails with probability 2 p, a never: all 103 cases are good with this chance
    assert (1 - 2 * found) ** 3 <= 0.05
    assert (1 - 2 * share_below(103)) ** 3 > 0.8
    assert confidence(ArmTotals(valid=100, valid_in={"a": 50, "b": 50})) == share_below(100)
    assert confidence(ArmTotals(valid=100, valid_in={"a": 100, "b": 0})) is None


@pytest.mark.parametrize("valid", [1, 59, 10**6])
def test_so_many_cases_with_that_share_would_all_be_good_in_one_of_twenty_campaigns(valid):
    assert (1 - share_below(valid)) ** valid == pytest.approx(0.05, rel=1e-6)


def test_the_slope_is_the_least_squares_one():
    import numpy as np

    by_size = [(1, 0.9), (2, 0.7), (5, 0.66), (40, 0.2), (41, 0.5)]
    found = slope_of(by_size)
    slope, intercept = np.polyfit(np.log([n for n, _ in by_size]), np.log([r for _, r in by_size]), 1)
    assert found is not None
    assert found.slope == pytest.approx(slope)
    assert found.intercept == pytest.approx(intercept)
    left = [math.log(r) - intercept - slope * math.log(n) for n, r in by_size]
    assert found.residual == pytest.approx(math.sqrt(sum(x * x for x in left) / 5))


@pytest.mark.parametrize("by_size", [[], [(1, 0.5), (2, 0.5)], [(0, 0.5), (1, 0.5), (2, 0.0), (3, 0.5)]])
def test_no_slope_through_fewer_than_three_points(by_size):
    assert slope_of(by_size) is None


def test_a_saved_failure_is_found_beside_the_store(made, tmp_path: Path):
    claims, rows = made.three()
    failure = next(r.failure for _, _, r, *_ in rows if r is not None and r.failure)
    store = tmp_path / "c.db"
    subject = subject_named(claims[1], "statement")
    assert collect(made.store(rows), claims, store=store).claims[1].forms[0].replay == ""
    saved = save_replay(Path(f"{store}.replays"), claims[1], subject, failure)
    forms = collect(made.store(rows), claims, store=store).claims[1].forms
    assert [form.replay for form in forms] == [str(saved), ""]


def test_a_lost_chunk_keeps_its_reason_and_the_case(made):
    claims, rows = made.three()
    chunk, *_ = rows[0]
    rows[0] = (chunk, "lost", None, "killed by signal 9", {"keys": 7})
    report = collect(made.store(rows), claims)
    form = next(one for one in report.claims if one.id == chunk.claim).forms[0]
    assert form.lost == ({"chunk": chunk.id, "reason": "killed by signal 9", "case": {"keys": 7}},)
    assert report.exit_code == 5


def test_a_store_on_disk_gives_the_report_of_its_rows(made, tmp_path: Path):
    claims, _ = made.three()
    rows = made.rows(claims[:1], cases=20)
    (lost, *_), (waits, *_) = rows[0], rows[-1]
    rows[0] = (lost, "lost", None, "killed by signal 9", {"keys": 7})
    with Store.create(tmp_path / "c.db", Settings(cases=20, seed=3)) as store:
        store.begin(plan(claims[:1], cases=20, seed=3), {claims[0].id: "r"})
        store.save(
            [
                Outcome(chunk, status, None if result is None else result.to_json(), reason, case)
                for chunk, status, result, reason, case in rows
                if chunk != waits
            ]
        )
        report = collect(store, claims[:1], store=tmp_path / "c.db")
    rows[-1] = (waits, "pending", None, "", None)
    wanted = collect(made.store(rows), claims[:1], store=tmp_path / "c.db")
    assert report.claims == wanted.claims
    assert (report.exit_code, report.settings["seed"], report.counts["pending"]) == (5, 3, 1)
    assert report.claims[0].forms[0].lost[0]["case"] == {"keys": 7}
