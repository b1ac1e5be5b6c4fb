"""`claim_test`: what passes, what fails and with which words, inside this pytest and in real ones of a user."""

from __future__ import annotations

import inspect
import json
import math
import shlex
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.campaign import testing
from varproof.campaign.chunk import Chunk
from varproof.campaign.instances import encode_instance
from varproof.campaign.replays import load_replay, save_replay
from varproof.campaign.result import Result
from varproof.campaign.subjects import subjects_of
from varproof.campaign.testing import check_replay, claim_test, problems_of
from varproof.claims.attack import Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim, Correction
from varproof.claims.registry import claim_ids, load_claim
from varproof.cli.main import main
from varproof.examples.my_lemma import CLAIM
from varproof.families.space import Choice, Integer, Space

FALSE = replace(CLAIM, constants={"factor": Fraction(9, 10)})


def attacked(claim: Claim, **parts: Any) -> Claim:
    """The claim with another attack."""
    assert claim.attack is not None
    return replace(claim, attack=replace(claim.attack, **parts))


def said(claim: Claim, folder: Path, **more: Any) -> str:
    return "\n".join(problems_of(claim, cases=more.pop("cases", 100), folder=folder, **more))


def failing(claim: Claim, folder: Path, **more: Any) -> str:
    """The message of a test that has to fail."""
    test = claim_test(claim, replays=folder, **more)(lambda: None)
    with pytest.raises(AssertionError) as raised:
        test()
    return str(raised.value)


# decorated here as a user would: true claims, one of the ledger, one with a small space, one of one's own


@claim_test("softmax_perturbation", cases=50)
def test_a_claim_of_the_ledger() -> None:
    """The words of the user stay."""


@claim_test("rank_count", cases=10)
def test_a_claim_with_a_small_space() -> None: ...


@claim_test(CLAIM)
def test_a_claim_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fixtures reach the function."""
    assert tmp_path.is_dir()


class TestInAClass:
    @claim_test(CLAIM, cases=10)
    def test_a_method(self) -> None:
        assert isinstance(self, TestInAClass)


def test_name_words_and_signature_are_those_of_the_function() -> None:
    assert test_a_claim_of_the_ledger.__name__ == "test_a_claim_of_the_ledger"
    assert test_a_claim_of_the_ledger.__doc__ == "The words of the user stay."
    assert list(inspect.signature(test_a_claim_of_ones_own).parameters) == ["tmp_path", "capsys"]


def test_the_body_runs_after_the_cases(tmp_path: Path) -> None:
    def body() -> None:
        raise RuntimeError("the body ran")

    with pytest.raises(RuntimeError, match="the body ran"):
        claim_test(CLAIM, cases=10, replays=tmp_path)(body)()
    assert "the body ran" not in failing(FALSE, tmp_path)


def test_a_violation_names_case_ratio_and_command(tmp_path: Path) -> None:
    text = failing(FALSE, tmp_path)
    assert text.startswith(f"my_lemma: {CLAIM.statement}\n")
    assert "statement is violated, confirmed exactly" in text
    (saved,) = tmp_path.glob("*.json")
    found = load_replay(saved)
    assert f"case:   size {found.size}, b = " in text
    assert f"ratio:  {found.ratio:.9g}" in text
    assert 1 < found.ratio <= 10 / 9 + 1e-9
    command = next(line for line in text.splitlines() if "replay:" in line).partition("replay: ")[2]
    words = shlex.split(command)
    assert words[:3] == ["varproof", "campaign", "replay"]
    assert Path(words[3]).resolve() == saved.resolve()
    assert words[4] == "--claims"
    assert Path(words[5]).name == "my_lemma.py"
    assert found.chunk == "my_lemma|statement|adversarial||0|100"


def test_a_saved_failure_fails_first_and_until_it_is_mended(tmp_path: Path) -> None:
    failing(FALSE, tmp_path)
    (saved,) = tmp_path.glob("*.json")
    quiet = attacked(FALSE, build=lambda point, case: Instance({"x": np.zeros(2)}, {"b": 1.0}))
    text = failing(quiet, tmp_path)  # its own cases find nothing
    assert text.splitlines()[1].startswith(f"STILL-FAILS: {saved.name}")
    assert "is violated" not in text
    assert said(CLAIM, tmp_path) == ""
    assert said(quiet, tmp_path / "other") == ""


def test_replays_of_other_claims_do_not_count_and_stale_or_broken_ones_do(tmp_path: Path) -> None:
    failing(replace(FALSE, id="other"), tmp_path)
    assert said(CLAIM, tmp_path) == ""
    instance = encode_instance(Instance({"y": np.ones(2)}, {"b": 1.0}))
    save_replay(tmp_path, CLAIM, next(subjects_of(CLAIM)), {"size": 2, "ratio": 2.0, "instance": instance})
    assert "STALE: my_lemma-" in said(CLAIM, tmp_path)
    (tmp_path / "zz.json").write_text("{")
    assert "ERROR: zz.json" in said(CLAIM, tmp_path)


def test_replays_lie_beside_the_file_of_the_test_unless_said_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(testing, "replay_all", lambda folder, claims, only: asked.append(folder) or ())
    for folder in (None, tmp_path / "there", str(tmp_path / "text")):
        claim_test(CLAIM, cases=10, replays=folder)(lambda: None)()
    assert asked == [Path(__file__).parent / "replays", tmp_path / "there", tmp_path / "text"]


def test_a_refuted_statement_passes_only_if_it_is_violated(tmp_path: Path) -> None:
    assert said(replace(FALSE, expected=Verdict.REFUTED), tmp_path) == ""
    text = said(replace(CLAIM, expected=Verdict.REFUTED), tmp_path)
    assert text == "statement: the ledger says that it fails, and none of the cases shows it"
    assert not list(tmp_path.iterdir())  # an expected failure is no finding


def test_a_correction_is_held_to_what_it_says(tmp_path: Path) -> None:
    for factor, holds in ((Judgement.PASS, True), (Judgement.VIOLATED, False)):
        attack = attacked(FALSE, judge=lambda instance, case, factor=factor: factor).attack
        mended = Correction("variance <= b^2", CLAIM.check, attack=attack)
        text = said(replace(FALSE, expected=Verdict.REFUTED, corrected=mended), tmp_path)
        assert ("corrected is violated" in text) is not holds
        assert "statement" not in text


def test_claims_without_a_goal_only_have_to_run(tmp_path: Path) -> None:
    assert said(replace(FALSE, expected=Verdict.VACUOUS), tmp_path) == ""

    def raising(instance: Instance, case: Case) -> Measurement:
        raise ValueError("no")

    assert "100 of 100 cases raised" in said(
        attacked(replace(FALSE, expected=Verdict.VACUOUS), measure=raising), tmp_path
    )


def test_nothing_passes_in_silence(tmp_path: Path) -> None:
    def raising(instance: Instance, case: Case) -> Measurement:
        raise ValueError("odd numbers")

    points: list[Any] = []

    def rarely(point: Any, case: Case) -> Instance | None:
        if points[-1:] != [point]:  # asked again at once, build gives the same
            points.append(point)
        return Instance({"x": np.zeros(2)}, {"b": 1.0}) if len(points) % 25 == 0 else None

    text = said(attacked(CLAIM, measure=raising), tmp_path)
    assert "adversarial: 100 of 100 cases raised" in text
    assert "odd numbers" in text
    assert "only 0 of" in said(attacked(CLAIM, build=lambda point, case: None), tmp_path)
    text = said(attacked(CLAIM, build=rarely), tmp_path)
    assert "adversarial: only 4 of 100 cases lie inside the hypotheses" in text
    assert "gave no ratio" in said(attacked(CLAIM, measure=lambda i, c: Measurement(math.nan, 1)), tmp_path)
    assert "nothing was tried" in said(attacked(CLAIM, arms=()), tmp_path)
    unsettled = attacked(FALSE, judge=lambda instance, case: Judgement.AMBIGUOUS)
    assert "was not settled by exact arithmetic" in said(unsettled, tmp_path)
    assert said(attacked(FALSE, judge=lambda instance, case: Judgement.PASS), tmp_path) == ""


def test_an_arm_that_tries_nothing_does_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "run_chunk", lambda chunk, subject, seed: Result())
    assert "only 0 of 0 cases" in said(CLAIM, tmp_path)


def test_a_judge_that_raises_is_told(tmp_path: Path) -> None:
    def raising(instance: Instance, case: Case) -> Judgement:
        raise ValueError("no decision")

    assert "no decision" in said(attacked(FALSE, judge=raising), tmp_path)


def test_a_violation_is_told_even_where_it_cannot_be_saved(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(testing, "replay_all", lambda folder, claims, only: ())
        text = said(FALSE, tmp_path / "file" / "below")
    assert "is violated, confirmed exactly" in text
    assert "not saved: " in text


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Chunk, int]]:
    ran: list[tuple[Chunk, int]] = []
    real = testing.run_chunk

    def run(chunk: Chunk, subject: Any, seed: int) -> Any:
        ran.append((chunk, seed))
        return real(chunk, subject, seed)

    monkeypatch.setattr(testing, "run_chunk", run)
    return ran


def test_the_small_space_and_one_arm_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = recorded(monkeypatch)
    small = Space({"n": Integer(1, 30), "b": Choice((1.0, 2.0)), "kind": Choice(("ends",)), "seed": Choice((0, 1))})
    claims = {
        "all": attacked(CLAIM, small=small),
        "cut": attacked(CLAIM, small=small, cost=0.1),
        "capped": attacked(CLAIM, small=small, cost=0.1, most=5),
        "iid": attacked(CLAIM, arms=("worst-ratio", "iid")),
        "worst": attacked(CLAIM, arms=("worst-ratio", "exhaustive")),
    }
    found = {}
    for name, claim in claims.items():
        ran.clear()
        assert said(claim, tmp_path, cases=20, seed=4) == ""
        assert {seed for _, seed in ran} == {4}
        assert {chunk.subject for chunk, _ in ran} == {"statement"}
        found[name] = [(chunk.arm, chunk.count) for chunk, _ in ran]
    assert found == {
        "all": [("exhaustive", 120), ("adversarial", 20)],
        "cut": [("exhaustive", 20), ("adversarial", 20)],
        "capped": [("exhaustive", 10), ("adversarial", 5)],
        "iid": [("iid", 20)],
        "worst": [("worst-ratio", 20)],
    }


def test_the_small_space_alone_can_find_the_violation(tmp_path: Path) -> None:
    small = Space({"n": Choice((2,)), "b": Choice((1.0,)), "kind": Choice(("ends",)), "seed": Integer(0, 20)})
    text = said(attacked(FALSE, small=small), tmp_path)
    assert "is violated" in text
    (saved,) = tmp_path.glob("*.json")
    assert "|exhaustive|" in load_replay(saved).chunk


def test_the_same_seed_gives_the_same_message(tmp_path: Path) -> None:
    places = ("place_1", "place_2")
    assert len({said(FALSE, tmp_path / place, seed=1).replace(place, "") for place in places}) == 1
    first, second = ({path.name for path in (tmp_path / place).iterdir()} for place in places)
    assert first == second


@pytest.mark.parametrize("cases", [9, 201, 0, -1, 100.0, True, "100"])
def test_numbers_of_cases_that_are_refused_at_once(cases: Any) -> None:
    with pytest.raises(InputError, match="the cases of a test"):
        claim_test("rank_count", cases=cases)


def test_an_unknown_claim_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="unknown claim") as raised:
        claim_test("softmax_pertubation")
    assert (
        raised.value.hint
        == "did you mean softmax_perturbation or softmax_perturbation_classical or score_perturbation?"
    )


def test_check_replay_takes_claims_or_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    failing(FALSE, tmp_path / "saved")
    (saved,) = (tmp_path / "saved").glob("*.json")
    with pytest.raises(AssertionError, match="STILL-FAILS: my_lemma-"):
        check_replay(saved, [FALSE])
    with pytest.raises(AssertionError, match="STALE"):
        check_replay(saved)
    check_replay(saved, [CLAIM])
    assert main(["claim", "new", "my_lemma"]) == 0
    check_replay(saved, tmp_path / "my_lemma.py")


USERS_TEST = '''
from pathlib import Path

from varproof.campaign.claim_modules import load_claim_module
from varproof.campaign.testing import claim_test

(CLAIM,) = load_claim_module(Path(__file__).parent / "my_bound.py")


@claim_test(CLAIM, cases=50)
def test_my_bound():
    """The bound of section 2."""


@claim_test("rank_count", cases=10)
def test_rank_count():
    pass
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["claim", "new", "my_bound"]) == 0
    (tmp_path / "test_mine.py").write_text(USERS_TEST)
    return tmp_path


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(folder)]
    return subprocess.run([*command, *options, str(folder)], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize(
    "options",
    [
        ["--import-mode=importlib"],
        pytest.param([], marks=pytest.mark.slow),
        pytest.param(["--import-mode=importlib", "-n", "2"], marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_in_a_pytest_of_the_user(project: Path, options: list[str]) -> None:
    found = run_pytest(project, *options)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "2 passed" in found.stdout
    module = project / "my_bound.py"
    module.write_text(
        module.read_text().replace('constants={"factor": Fraction(1)}', 'constants={"factor": Fraction(9, 10)}')
    )
    found = run_pytest(project, *options)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "1 failed, 1 passed" in found.stdout
    assert "statement is violated, confirmed exactly" in found.stdout
    assert "varproof campaign replay replays/my_bound-" in found.stdout
    assert " --claims my_bound.py" in found.stdout
    (saved,) = (project / "replays").glob("*.json")
    assert json.loads(saved.read_text())["claim"] == "my_bound"
    again = run_pytest(project, *options)
    assert f"STILL-FAILS: {saved.name}" in again.stdout
    assert len(list((project / "replays").iterdir())) == 2  # the same failure is one


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", claim_ids())
def test_every_claim_of_the_ledger_passes(claim_id: str, tmp_path: Path) -> None:
    assert said(load_claim(claim_id), tmp_path, cases=50) == ""
