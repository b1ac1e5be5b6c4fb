from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from varproof.base.verdict import Finding, Verdict
from varproof.campaign.chunk import POWER, Chunk, cell_text
from varproof.campaign.form_goals import Outcome, form_goal
from varproof.campaign.goals import CODES, Goals, goals_of
from varproof.campaign.plan import plan
from varproof.campaign.result import BARS, Result
from varproof.campaign.subjects import subject_named, subjects_of
from varproof.campaign.totals import ROUNDING, Totals
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Claim, Correction, Variant
from varproof.families.space import Integer, Seed, Space

SPACE = Space({"keys": Integer(1, 4), "seed": Seed()})
Row = tuple[Chunk, str, Result | None]
Change = Callable[[Chunk, Result], Result | str | None]


def attack_with(**more: Any) -> Attack:
    given: dict[str, Any] = {"cells": ("keys",), "arms": ("iid", "adversarial", "worst-ratio"), **more}
    return Attack(
        SPACE,
        lambda point, case: Instance(numbers=dict(point)),
        lambda instance, case: Measurement(0.5, 1),
        lambda instance, case: Judgement.PASS,
        **given,
    )


def claim_with(name: str = "claim", **more: Any) -> Claim:
    given: dict[str, Any] = {
        "kind": "upper",
        "falsified": (Variant("factor 1.9", "too small"), Variant("signed", "needed", dropped=frozenset({"positive"}))),
        "attack": attack_with(),
        **more,
    }
    return Claim(
        id=name, statement="x <= 1", hypotheses={}, sources=(), check=lambda case: Finding(Verdict.PROVED), **given
    )


def good(chunk: Chunk) -> Result:
    """A chunk in which nothing is wrong: variants are killed, every case is valid and well below the bound."""
    if chunk.arm == POWER:
        return Result(cases=10, valid=10, suspects=1, judged={"VIOLATED": 1}, killed="violation")
    cells = {cell_text(chunk.cell): chunk.count} if chunk.cell else {"keys=1": chunk.count}
    worst = {"ratio": 0.9, "size": 3}
    return Result(cases=chunk.count, valid=chunk.count, cells=cells, by_size={3: 0.9}, worst=worst)


def rows_of(claims: Sequence[Claim], change: Change = lambda chunk, result: result) -> list[Row]:
    """The plan's chunks with good results; `change` may replace one, or give a status for a chunk without a result."""
    rows: list[Row] = []
    for chunk in plan(claims, cases=100).chunks:
        found = change(chunk, good(chunk))
        if isinstance(found, str):
            rows.append((chunk, found, None))
        elif found is not None:
            rows.append((chunk, "done", found))
    return rows


def judge(claims: Sequence[Claim], rows: Sequence[Row]) -> Goals:
    totals: dict[tuple[str, str], Totals] = {}
    for chunk, status, result in rows:
        totals.setdefault((chunk.claim, chunk.subject), Totals()).add(chunk, status, result)
    return goals_of(
        {one.id: [(form, totals.get((one.id, form.name), Totals())) for form in subjects_of(one)] for one in claims}
    )


def of_arm(arm: str, **changes: Any) -> Change:
    """The same change for every chunk of one arm of the statement."""
    return lambda chunk, result: replace(result, **changes) if chunk.arm == arm else result


def above(ratio: float, **changes: Any) -> Change:
    return of_arm("iid", worst={"ratio": ratio, "size": 3}, by_size={3: ratio}, **changes)


def test_a_campaign_without_fault_meets_its_goals() -> None:
    claims = [claim_with()]
    goals = judge(claims, rows_of(claims))
    assert (goals.exit_code, goals.missed) == (0, ())
    assert goals.claims[0].outcome is Outcome.HOLDS
    assert (goals.killed, goals.variants) == (2, 2)


SILENT: dict[str, tuple[Change, int, Outcome]] = {
    "no chunk at all": (lambda chunk, result: None, 4, Outcome.UNDER_COVERED),
    "no chunk of the statement": (
        lambda chunk, result: result if chunk.arm == POWER else None,
        4,
        Outcome.UNDER_COVERED,
    ),
    "one arm was never run": (
        lambda chunk, result: None if chunk.arm == "adversarial" else result,
        4,
        Outcome.UNDER_COVERED,
    ),
    "too few valid cases": (
        lambda chunk, result: result if chunk.arm == POWER else replace(result, valid=1, cases=10),
        4,
        Outcome.UNDER_COVERED,
    ),
    "few cases of an arm inside the hypotheses": (of_arm("iid", valid=1, rejected=24), 4, Outcome.UNDER_COVERED),
    "an arm without valid cases": (of_arm("worst-ratio", valid=0, rejected=100), 4, Outcome.UNDER_COVERED),
    "all cases rejected": (
        lambda chunk, result: result if chunk.arm == POWER else Result(cases=chunk.count, rejected=chunk.count),
        4,
        Outcome.UNDER_COVERED,
    ),
    "an empty cell": (
        lambda chunk, result: replace(result, cells={}) if chunk.cell == (("keys", "4"),) else result,
        4,
        Outcome.UNDER_COVERED,
    ),
    "a case without a ratio": (of_arm("iid", nan=1), 4, Outcome.UNDECIDED),
    "a worst ratio that is no number": (above(math.nan), 4, Outcome.UNDECIDED),
    "suspects never judged": (above(1.5, suspects=3), 4, Outcome.UNDECIDED),
    "suspects just beyond rounding never judged": (above(1 + 2 * ROUNDING, suspects=1), 4, Outcome.UNDECIDED),
    "some of the suspects not judged": (above(1.5, suspects=4, judged={"PASS": 3}), 4, Outcome.UNDECIDED),
    "a ratio above 1 that was not counted": (above(1.5), 4, Outcome.UNDECIDED),
    "only ambiguous judgements": (above(1.5, suspects=2, judged={"NUMERIC-AMBIGUOUS": 2}), 4, Outcome.UNDECIDED),
    "a violation": (above(1.5, suspects=1, judged={"VIOLATED": 1}), 1, Outcome.VIOLATED),
    "a saved failure": (of_arm("iid", failure={"size": 1, "ratio": 1.5, "judgement": "VIOLATED"}), 1, Outcome.VIOLATED),
    "a lost chunk": (lambda chunk, result: "lost" if chunk.arm == "iid" else result, 5, Outcome.LOST),
    "a status nobody knows": (lambda chunk, result: "?" if chunk.arm == "iid" else result, 5, Outcome.LOST),
    "a lost chunk of a variant": (lambda chunk, result: "lost" if chunk.arm == POWER else result, 5, Outcome.LOST),
    "an exception": (of_arm("iid", raised=1, error={"type": "ValueError", "message": "no"}), 5, Outcome.ERROR),
    "an exception in a variant": (of_arm(POWER, raised=1), 5, Outcome.ERROR),
    "a chunk to be run": (lambda chunk, result: "pending" if chunk.arm == "iid" else result, 3, Outcome.INCOMPLETE),
    "a variant to be attacked": (
        lambda chunk, result: "pending" if chunk.subject == "signed" else result,
        3,
        Outcome.INCOMPLETE,
    ),
    "a variant that survived": (
        lambda chunk, result: replace(result, killed="", judged={}) if chunk.subject == "signed" else result,
        4,
        Outcome.LOW_POWER,
    ),
    "a variant that was never attacked": (
        lambda chunk, result: None if chunk.subject == "signed" else result,
        4,
        Outcome.LOW_POWER,
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_passes_in_silence(name: str) -> None:
    change, code, outcome = SILENT[name]
    claims = [claim_with(), claim_with("other")]
    goals = judge(
        claims, rows_of(claims, lambda chunk, result: change(chunk, result) if chunk.claim == "claim" else result)
    )
    assert goals.exit_code == code
    assert [one.outcome for one in goals.claims] == [outcome, Outcome.HOLDS]
    assert any(reason.startswith("claim: ") or "claim / " in reason for reason in goals.missed)
    assert not any(reason.startswith("other: ") for reason in goals.missed)


def test_a_campaign_of_no_claims_does_not_pass() -> None:
    assert judge([], []).exit_code == 4
    assert judge([], []).missed == ("No claim was attacked.",)


@pytest.mark.parametrize("judged", [{}, {"NUMERIC-AMBIGUOUS": 1}, {"PASS": 1}])
def test_equality_up_to_rounding_is_no_suspicion(judged: dict[str, int]) -> None:
    claims = [claim_with()]
    goals = judge(claims, rows_of(claims, above(1 + ROUNDING / 2, suspects=5, judged=judged)))
    assert goals.exit_code == 0


def test_suspects_that_all_pass_an_exact_look_are_settled() -> None:
    claims = [claim_with()]
    assert judge(claims, rows_of(claims, above(1.5, suspects=3, judged={"PASS": 3}))).exit_code == 0


def test_judgements_of_one_chunk_do_not_settle_another() -> None:
    claims = [claim_with()]
    first = next(chunk.id for chunk in plan(claims, cases=100).chunks if chunk.arm == "iid")

    def change(chunk: Chunk, result: Result) -> Result:
        judged = {"PASS": 3} if chunk.id == first else {}
        return replace(result, suspects=1, judged=judged, worst={"ratio": 2.0}) if chunk.arm == "iid" else result

    assert judge(claims, rows_of(claims, change)).claims[0].outcome is Outcome.UNDECIDED


TIGHT = {"kind": "tight", "attack": attack_with(attains=Fraction(95, 100))}


@pytest.mark.parametrize(("ratio", "code", "outcome"), [(0.94, 4, Outcome.LOOSE), (0.96, 0, Outcome.HOLDS)])
def test_a_tight_claim_must_come_near_its_bound(ratio: float, code: int, outcome: Outcome) -> None:
    claims = [claim_with(**TIGHT)]
    goals = judge(claims, rows_of(claims, of_arm("worst-ratio", worst={"ratio": ratio, "size": 2})))
    assert (goals.exit_code, goals.claims[0].outcome) == (code, outcome)


def test_only_tight_claims_have_to() -> None:
    claims = [claim_with(attack=attack_with(attains=Fraction(95, 100)))]
    assert judge(claims, rows_of(claims)).exit_code == 0


def refuted(**more: Any) -> Claim:
    corrected = Correction("y <= 1", lambda case: Finding(Verdict.PROVED), attack=attack_with())
    return claim_with(expected=Verdict.REFUTED, corrected=corrected, **more)


def violated(chunk: Chunk, result: Result) -> Result:
    return replace(result, judged={"VIOLATED": 1}, suspects=1) if chunk.subject == "statement" else result


def test_a_refuted_statement_must_be_violated_and_its_correction_must_not() -> None:
    claims = [refuted()]
    goals = judge(claims, rows_of(claims, violated))
    assert (goals.exit_code, goals.claims[0].outcome) == (0, Outcome.REFUTED)
    assert judge(claims, rows_of(claims)).claims[0].outcome is Outcome.NOT_REFUTED
    assert judge(claims, rows_of(claims)).exit_code == 4
    other = {"corrected": "statement", "statement": "corrected"}
    swapped = judge(
        claims, rows_of(claims, lambda chunk, r: violated(replace(chunk, subject=other.get(chunk.subject, "")), r))
    )
    assert (swapped.exit_code, swapped.claims[0].outcome) == (1, Outcome.VIOLATED)


def test_a_refuted_statement_that_waits_is_incomplete() -> None:
    claims = [refuted()]
    waits = rows_of(claims, lambda chunk, r: "pending" if chunk.subject == "statement" else r)
    assert judge(claims, waits).exit_code == 3


@pytest.mark.parametrize("change", [violated, lambda chunk, result: result])
def test_where_the_ledger_expects_neither_there_is_no_goal(change: Change) -> None:
    claims = [claim_with(expected=Verdict.VACUOUS)]
    goals = judge(claims, rows_of(claims, change))
    assert (goals.exit_code, goals.claims[0].outcome) == (0, Outcome.NO_GOAL)


@pytest.mark.parametrize("change", [lambda chunk, r: None, lambda chunk, r: replace(r, valid=0, rejected=r.cases)])
def test_no_goal_is_no_pass_where_nothing_was_looked_at(change: Change) -> None:
    claims = [claim_with(expected=Verdict.VACUOUS)]
    goals = judge(claims, rows_of(claims, lambda chunk, r: r if chunk.arm == POWER else change(chunk, r)))
    assert (goals.exit_code, goals.claims[0].outcome) == (4, Outcome.UNDER_COVERED)


def survive(*names: str) -> Change:
    return lambda chunk, r: replace(r, killed="", judged={}) if f"{chunk.claim}/{chunk.subject}" in names else r


def test_nineteen_of_twenty_variants_are_enough_and_survivors_are_shown() -> None:
    claims = [claim_with(f"c{i}") for i in range(10)]
    goals = judge(claims, rows_of(claims, survive("c3/signed")))
    assert (goals.exit_code, goals.killed, goals.variants) == (0, 19, 20)
    assert goals.claims[3].outcome is Outcome.LOW_POWER
    assert "1 of 2 wrong variants survived: signed" in goals.claims[3].reasons
    two = judge(claims, rows_of(claims, survive("c3/signed", "c4/signed")))
    assert two.exit_code == 4
    assert "c3 / signed, c4 / signed" in two.missed[-1]


def test_a_claim_none_of_whose_variants_is_killed_fails_the_campaign() -> None:
    claims = [claim_with(f"c{i}") for i in range(40)]
    goals = judge(claims, rows_of(claims, survive("c3/signed", "c3/factor 1.9")))
    assert goals.killed == 78
    assert goals.exit_code == 4
    assert any(reason.startswith("c3: LOW-POWER") for reason in goals.missed)


def test_a_claim_without_variants_has_no_power() -> None:
    claims = [claim_with(falsified=()), *(claim_with(f"c{i}") for i in range(3))]
    goals = judge(claims, rows_of(claims))
    assert (goals.exit_code, goals.claims[0].outcome) == (4, Outcome.LOW_POWER)


@pytest.mark.parametrize(("present", "code"), [((1, 5, 4, 3), 1), ((5, 4, 3), 5), ((4, 3), 4), ((3,), 3), ((), 0)])
def test_one_beats_five_beats_four_beats_three(present: tuple[int, ...], code: int) -> None:
    changes: dict[int, Change] = {
        1: above(1.5, suspects=1, judged={"VIOLATED": 1}),
        5: SILENT["a lost chunk"][0],
        4: of_arm("iid", nan=1),
        3: SILENT["a chunk to be run"][0],
    }
    claims = [claim_with(f"c{i}") for i in (1, 3, 4, 5)]
    rows = rows_of(
        claims, lambda chunk, r: changes[int(chunk.claim[1])](chunk, r) if int(chunk.claim[1]) in present else r
    )
    assert judge(claims, rows).exit_code == code


def test_the_gravest_outcome_of_a_form_is_said_and_no_reason_is_lost() -> None:
    subject = subject_named(claim_with(), "statement")
    totals = Totals()
    chunk = Chunk("claim", "statement", "iid", (), 0, 5)
    totals.add(chunk, "done", Result(cases=5, valid=4, nan=1, raised=1, judged={"VIOLATED": 1}))
    totals.add(replace(chunk, index=1), "lost", None, "killed by signal 9")
    goal = form_goal(subject, totals)
    assert goal.outcome is Outcome.VIOLATED
    assert [word in " ".join(goal.reasons) for word in ("exact", "signal 9", "raised", "no ratio")] == [True] * 4


@pytest.mark.parametrize(("count", "said"), [("rejected", "is inside the hypotheses"), ("raised", "was measured")])
def test_an_arm_whose_cases_raised_is_not_called_outside_the_hypotheses(count: str, said: str) -> None:
    claims = [claim_with()]
    goals = judge(claims, rows_of(claims, of_arm("worst-ratio", valid=0, **{count: 100})))
    told = [reason for reason in goals.missed if "none of the" in reason]
    assert len(told) == 1
    assert told[0].endswith(f"cases of the worst-ratio arm {said}")


def test_every_outcome_with_a_code_comes_in_the_order_of_precedence() -> None:
    codes = [CODES[one] for one in Outcome if one in CODES]
    assert codes == sorted(codes, key=(1, 5, 4, 3).index)


def test_an_exhaustive_arm_alone_needs_one_case_only() -> None:
    small = Space({"keys": Integer(1, 4)})
    attack = attack_with(arms=("exhaustive",), small=small)
    claims = [claim_with(attack=attack)]
    every = {f"keys={n}": 1 for n in range(1, 5)}
    assert judge(claims, rows_of(claims, of_arm("exhaustive", cells=every))).exit_code == 0
    assert judge(claims, rows_of(claims, of_arm("exhaustive", cells=every, valid=0))).exit_code == 4


def test_an_attack_that_makes_no_case_does_not_pass() -> None:
    claims = [claim_with(attack=attack_with(arms=("exhaustive",), cells=()))]
    goals = judge(claims, rows_of(claims))
    assert (goals.exit_code, goals.claims[0].outcome) == (4, Outcome.UNDER_COVERED)
    assert "no chunk was run" in goals.missed[0]


def test_a_variant_that_waits_has_not_survived() -> None:
    claims = [claim_with()]
    goals = judge(claims, rows_of(claims, lambda chunk, r: "pending" if chunk.arm == POWER else r))
    assert [form.reasons for form in goals.claims[0].forms[1:]] == [("1 of 1 chunks have not run",)] * 2
    assert goals.missed == ("claim: INCOMPLETE. variant factor 1.9: 1 of 1 chunks have not run; 1 more like it",)


def test_a_ratio_that_is_no_number_counts_as_none_wherever_it_stands() -> None:
    totals = Totals()
    chunk = Chunk("claim", "statement", "iid", (), 0, 5)
    totals.add(chunk, "done", Result(valid=5, by_size={2: math.nan, 3: 0.5}))
    totals.add(chunk, "done", Result(valid=5, worst={"ratio": math.nan}))
    assert (totals.count("nan"), totals.largest, totals.by_size) == (2, None, {3: 0.5})


def test_ratios_are_counted_in_all_bars() -> None:
    totals = Totals()
    chunk = Chunk("claim", "statement", "iid", (), 0, 5)
    bars = (1,) + (0,) * (BARS - 1) + (2,)
    totals.add(chunk, "done", Result(histogram=bars))
    totals.add(chunk, "done", Result(histogram=bars))
    assert (totals.histogram[0], totals.histogram[BARS], sum(totals.histogram)) == (2, 4, 6)


def test_claims_that_wait_are_told_once_together() -> None:
    claims = [claim_with("one"), claim_with("two"), claim_with("three")]
    rows = rows_of(claims, lambda chunk, result: result if chunk.claim == "three" else "pending")
    goals = judge(claims, rows)
    assert goals.exit_code == 3
    assert goals.missed == ("2 of 3 claims are incomplete: some of their chunks have not run.",)


def test_an_attack_without_a_map_covers_nothing() -> None:
    claims = [claim_with(attack=attack_with(cells=()))]
    goals = judge(claims, rows_of(claims))
    assert (goals.exit_code, goals.claims[0].outcome) == (4, Outcome.UNDER_COVERED)
    assert "names no cells" in goals.missed[0]
