"""A saved failure against today's claim: the four statuses, and that nothing a claim does gets out."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varproof.base.verdict import Verdict
from varproof.campaign.instances import encode_instance
from varproof.campaign.replays import Outcome, Status, replay_all, rerun, save_replay
from varproof.campaign.replays.rerun import counted, replay
from varproof.campaign.subjects import subject_named, subjects_of
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim
from varproof.claims.registry import load_claim
from varproof.families.space import Integer, Space

Save = Callable[..., Path]
Failures = Callable[..., dict[str, Any]]
Lemma = Callable[[str], Claim]


def attacked(claim: Claim, **parts: Any) -> Claim:
    """The claim with another attack."""
    assert claim.attack is not None
    return replace(claim, attack=replace(claim.attack, **parts))


def noted(outcome: Outcome) -> str:
    return "; ".join(outcome.notes)


def test_it_still_fails(save: Save, wrong: Claim) -> None:
    outcome = replay(save(wrong), [wrong])
    assert (outcome.status, outcome.judgement, outcome.expects) == (Status.STILL_FAILS, "VIOLATED", "hold")
    assert outcome.ratio == pytest.approx(10 / 9)
    assert outcome.notes == ()
    assert not outcome.ok


def test_it_is_fixed_and_the_change_is_noted(save: Save, wrong: Claim, lemma: Lemma) -> None:
    outcome = replay(save(wrong), [lemma("1")])
    assert (outcome.status, outcome.judgement) == (Status.FIXED, "PASS")
    assert noted(outcome) == "what is claimed has changed since it was saved"
    assert outcome.ok


def test_a_changed_statement_that_still_fails(save: Save, wrong: Claim, lemma: Lemma) -> None:
    outcome = replay(save(wrong), [lemma("19/20")])
    assert outcome.status is Status.STILL_FAILS
    assert "has changed" in noted(outcome)
    for part in ({"statement": "other words"}, {"hypotheses": {"box": "other words"}}):
        outcome = replay(save(wrong), [replace(wrong, **part)])
        assert (outcome.status, "has changed" in noted(outcome)) == (Status.STILL_FAILS, True)
    assert "has changed" not in noted(replay(save(wrong), [replace(wrong, sources=("elsewhere",))]))


def test_the_exact_judge_decides_and_not_the_float_ratio(save: Save, wrong: Claim) -> None:
    for ratio in (0.5, 1.5, float("nan")):
        high = attacked(wrong, measure=lambda instance, case, ratio=ratio: Measurement(ratio, 2))
        assert replay(save(wrong), [high]).status is Status.STILL_FAILS
        passing = attacked(high, judge=lambda instance, case: Judgement.PASS)
        assert replay(save(wrong), [passing]).status is Status.FIXED


def test_the_numbers_are_the_saved_ones_to_the_last_bit(save: Save, lemma: Lemma, failures: Failures) -> None:
    claim = lemma("1")
    above = float(np.nextafter(0.7, 1))
    assert replay(
        save(claim, failures(x=(-0.7, above))), [attacked(claim, measure=lambda i, c: Measurement(1, 2))]
    ).status is (Status.STILL_FAILS)
    assert replay(save(claim, failures(x=(-0.7, 0.7))), [claim]).status is Status.FIXED


def test_neither_is_an_error(save: Save, wrong: Claim) -> None:
    outcome = replay(save(wrong), [attacked(wrong, judge=lambda instance, case: Judgement.AMBIGUOUS)])
    assert outcome.status is Status.ERROR
    assert "does not decide" in noted(outcome)
    assert outcome.judgement == "NUMERIC-AMBIGUOUS"


def test_a_claim_or_variant_that_is_gone_is_stale(save: Save, wrong: Claim) -> None:
    for claims in ([], [replace(wrong, id="other")]):
        outcome = replay(save(wrong), claims)
        assert (outcome.status, noted(outcome)) == (
            Status.STALE,
            "no claim is called my_lemma; one of your own needs its file (--claims)",
        )
        assert not outcome.ok
    path = save(wrong, name="factor 9/10")
    assert replay(path, [wrong]).status is Status.STILL_FAILS
    outcome = replay(path, [replace(wrong, falsified=wrong.falsified[1:])])
    assert (outcome.status, noted(outcome)) == (Status.STALE, "my_lemma has no form called factor 9/10")


def test_arrays_that_no_longer_fit_are_stale(save: Save, wrong: Claim) -> None:
    def other_array(instance: Instance, case: Case) -> Measurement:
        return Measurement(float(instance.arrays["weights"].sum()), 2)

    def other_number(instance: Instance, case: Case) -> Measurement:
        return Measurement(float(instance.numbers["rho"]), 2)

    def late(instance: Instance, case: Case) -> Judgement:
        return Judgement.PASS if instance.arrays["late"].any() else Judgement.VIOLATED

    for parts, missing in (
        ({"measure": other_array}, "weights"),
        ({"measure": other_number}, "rho"),
        ({"judge": late}, "late"),
    ):
        outcome = replay(save(wrong), [attacked(wrong, **parts)])
        assert (outcome.status, noted(outcome)) == (Status.STALE, f"a case needs {missing} now, which was not saved")


def test_numbers_outside_todays_hypotheses_are_stale(save: Save, wrong: Claim) -> None:
    outcome = replay(save(wrong), [attacked(wrong, measure=lambda instance, case: None)])
    assert (outcome.status, "hypotheses exclude" in noted(outcome)) == (Status.STALE, True)


def test_an_unknown_constant_is_an_error_and_not_stale(save: Save, wrong: Claim) -> None:
    outcome = replay(save(wrong), [replace(wrong, constants={})])
    assert outcome.status is Status.ERROR
    assert "KeyError: 'factor'" in noted(outcome)


@pytest.mark.parametrize(
    "error", [ValueError("no"), KeyError("x"), LookupError("x"), ZeroDivisionError(), RecursionError(), MemoryError()]
)
@pytest.mark.parametrize("part", ["measure", "judge"])
def test_what_a_claim_raises_is_told(save: Save, wrong: Claim, part: str, error: Exception) -> None:
    def raising(instance: Instance, case: Case) -> Any:
        raise error

    outcome = replay(save(wrong), [attacked(wrong, **{part: raising})])
    assert outcome.status is Status.ERROR
    assert type(error).__name__ in noted(outcome)
    assert "\n" not in outcome.text()


def test_a_claim_without_an_attack_or_with_a_silly_answer_is_an_error(save: Save, wrong: Claim) -> None:
    assert replay(save(wrong), [replace(wrong, attack=None)]).status is Status.ERROR
    for parts in ({"judge": lambda instance, case: True}, {"measure": lambda instance, case: 1.0}):
        assert replay(save(wrong), [attacked(wrong, **parts)]).status is Status.ERROR


def test_warnings_of_floats_do_not_matter(save: Save, wrong: Claim) -> None:
    def loud(instance: Instance, case: Case) -> Measurement:
        return Measurement(float(np.float64(1.0) / np.zeros(1)[0]), 2)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert replay(save(wrong), [attacked(wrong, measure=loud)]).status is Status.STILL_FAILS


def test_files_that_cannot_be_read_are_errors_with_their_reason(save: Save, wrong: Claim, tmp_path: Path) -> None:
    path = save(wrong)
    path.with_suffix(".npz").write_bytes(b"junk")
    (tmp_path / "cut.json").write_text(path.read_text()[:100])
    for place in (path, tmp_path / "cut.json", tmp_path, tmp_path / "missing.json"):
        outcome = replay(place, [wrong])
        assert outcome.status is Status.ERROR
        assert noted(outcome)
        assert "\n" not in outcome.text()
        assert not outcome.ok


def test_forms_that_are_expected_to_fail_are_ok_while_they_do(save: Save, wrong: Claim, lemma: Lemma) -> None:
    path = save(wrong)
    refuted = replace(wrong, expected=Verdict.REFUTED)
    assert replay(path, [refuted]).ok
    assert not replay(path, [replace(lemma("1"), expected=Verdict.REFUTED)]).ok
    for claim in (wrong, lemma("1")):
        assert replay(path, [replace(claim, expected=Verdict.VACUOUS)]).ok
    assert replay(save(wrong, name="outside the box"), [wrong]).expects == "fail"


def test_claims_of_the_ledger_need_not_be_given(tmp_path: Path) -> None:
    claim = load_claim("softmax_perturbation")
    subject = subject_named(claim, "factor 1.9")
    made = Instance({"weights": np.array([1.0, 2.0]), "factors": np.array([4.0, 1.0])}, {"rho": 4.0})
    failure = {"size": 2, "ratio": 1.05, "instance": encode_instance(made)}
    path = save_replay(tmp_path, claim, subject, failure)
    assert replay(path).status is Status.STILL_FAILS
    assert replay(save_replay(tmp_path, claim, next(subjects_of(claim)), failure)).status is Status.FIXED
    assert replay(path, [replace(claim, falsified=())]).status is Status.STALE  # those that are given come first


def test_drawn_checks_whose_fields_changed_are_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = load_claim("rank_count")
    subject = next(subjects_of(claim))
    made = Instance(numbers={"head_dim": 2, "degree": 1, "large": 3})
    path = save_replay(tmp_path, claim, subject, {"size": 1, "ratio": 2.0, "instance": encode_instance(made)})
    assert replay(path).status is Status.FIXED
    other = replace(subject.attack, space=Space({"head_dim": Integer(1, 4), "degree": Integer(0, 6)}))
    outcome = replay(path, [replace(claim, attack=other)])
    assert (outcome.status, noted(outcome)) == (Status.STALE, "the fields of a case are other ones now")


def test_cases_with_numbers_only_that_are_not_the_fields_go_on(tmp_path: Path, wrong: Claim) -> None:
    attack = Attack(
        Space({"n": Integer(1, 3)}),
        lambda point, case: Instance(numbers={"square": int(point["n"]) ** 2}),
        lambda instance, case: Measurement(2.0, 1),
        lambda instance, case: Judgement.VIOLATED if instance.numbers["square"] == 4 else Judgement.PASS,
        (),
    )
    claim = replace(wrong, attack=attack)
    failure = {"size": 1, "ratio": 2.0, "instance": encode_instance(Instance(numbers={"square": 4}))}
    path = save_replay(tmp_path, claim, next(subjects_of(claim)), failure)
    wider = attacked(claim, space=Space({"n": Integer(1, 3), "m": Integer(1, 2)}))
    assert replay(path, [wider]).status is Status.STILL_FAILS


def test_paths_may_be_text(save: Save, wrong: Claim, tmp_path: Path) -> None:
    path = save(wrong)
    assert replay(str(path), [wrong]).status is Status.STILL_FAILS
    assert [one.status for one in replay_all(str(tmp_path / "saved"), [wrong])] == [Status.STILL_FAILS]


def test_text_and_counts(save: Save, wrong: Claim) -> None:
    outcome = replay(save(wrong), [wrong])
    assert outcome.text() == f"STILL-FAILS: {outcome.path.name}: my_lemma; statement; ratio 1.11111"
    assert counted([outcome, outcome]) == {"STILL-FAILS": 2, "FIXED": 0, "STALE": 0, "ERROR": 0}
    assert [status.value for status in rerun.Status] == list(counted([]))
    assert json.dumps(counted([]))
