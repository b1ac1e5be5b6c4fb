"""The saved failures of a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from varproof.base.errors import InputError
from varproof.campaign.replays import Status, replay_all, replay_files
from varproof.claims.model import Claim

Save = Callable[..., Path]
Failures = Callable[..., dict[str, Any]]


def test_files_come_in_the_order_of_their_names(save: Save, wrong: Claim, failures: Failures, tmp_path: Path) -> None:
    paths = [save(wrong, failures(x=(-0.7, *[0.7] * count))) for count in range(1, 6)]
    (tmp_path / "saved" / "notes.txt").write_text("")
    assert replay_files(tmp_path / "saved") == tuple(sorted(paths))


def test_no_folder_is_no_failure_and_a_file_is_no_folder(tmp_path: Path) -> None:
    assert replay_files(tmp_path / "none") == ()
    assert replay_all(tmp_path / "none") == ()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="replays lie in a folder"):
        replay_all(tmp_path / "file")


def test_each_is_held_against_its_claim(
    save: Save, wrong: Claim, failures: Failures, lemma: Callable[[str], Claim], tmp_path: Path
) -> None:
    save(wrong)
    save(replace(wrong, id="mended"))
    save(replace(wrong, id="gone"))
    (tmp_path / "saved" / "zz.json").write_text("{")
    claims = iter([wrong, replace(lemma("1"), id="mended")])
    found = {outcome.claim: outcome.status for outcome in replay_all(tmp_path / "saved", claims)}
    assert found == {
        "my_lemma": Status.STILL_FAILS,
        "mended": Status.FIXED,
        "gone": Status.STALE,
        "": Status.ERROR,
    }


def test_only_those_of_one_claim_and_what_cannot_be_read(save: Save, wrong: Claim, tmp_path: Path) -> None:
    save(wrong)
    save(replace(wrong, id="other"))
    assert [one.claim for one in replay_all(tmp_path / "saved", [wrong], only="my_lemma")] == ["my_lemma"]
    (tmp_path / "saved" / "zz.json").write_text("{")
    assert [one.claim for one in replay_all(tmp_path / "saved", [wrong], only="my_lemma")] == ["my_lemma", ""]
