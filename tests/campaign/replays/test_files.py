"""Saved failures as files: everything is in them, one failure is one pair of files, and junk is refused."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varproof import __version__
from varproof.base.errors import InputError
from varproof.campaign.replays import files, load_replay
from varproof.campaign.subjects import CORRECTED, subject_named
from varproof.claims.model import Claim
from varproof.claims.registry import load_claim

Save = Callable[..., Path]
Failures = Callable[..., dict[str, Any]]
Lemma = Callable[[str], Claim]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def edited(path: Path, **parts: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **parts}))


def test_everything_is_kept(save: Save, wrong: Claim, failures: Failures) -> None:
    path = save(wrong, failures(), seed=3, chunk="my_lemma|statement|iid||0|5")
    found = load_replay(path)
    assert (found.claim, found.subject, found.statement) == ("my_lemma", "statement", wrong.statement)
    assert found.constants == {"factor": Fraction(9, 10)}
    assert (found.dropped, found.fields) == ((), ("n", "b", "kind", "seed"))
    assert (found.ratio, found.size, found.judgement) == (10 / 9, 2, "VIOLATED")
    assert found.point == {"n": 2, "b": {"float": (0.7).hex()}, "kind": "ends", "seed": 7}
    assert [step["step"] for step in found.story] == ["found", "fewer numbers"]
    assert (found.seed, found.chunk) == (3, "my_lemma|statement|iid||0|5")
    assert found.versions["varproof"] == __version__
    assert found.versions["numpy"] == np.__version__
    assert {"python", "hypothesis", "python-flint"} <= set(found.versions)
    assert found.instance.arrays["x"].tolist() == [-0.7, 0.7]
    assert found.instance.numbers == {"b": 0.7}
    assert found.instance.dimensions == {"n": (("x", 0),)}
    assert found.instance.boxes == {"x": (-0.7, 0.7)}


def test_seed_and_chunk_may_come_with_the_failure(save: Save, wrong: Claim, failures: Failures) -> None:
    found = load_replay(str(save(wrong, failures(seed=5, chunk="c"))))
    assert (found.seed, found.chunk) == (5, "c")
    found = load_replay(save(wrong, failures(seed=5, chunk="c"), seed=0, chunk="d"))
    assert (found.seed, found.chunk) == (0, "d")


def test_floats_are_hexadecimal_and_arrays_are_in_the_numpy_file(save: Save, wrong: Claim) -> None:
    path = save(wrong)
    data = json.loads(path.read_text(), parse_float=lambda text: pytest.fail(text) if "." not in text else text)
    assert data["ratio"] == (10 / 9).hex()
    assert data["instance"]["numbers"] == {"b": {"float": (0.7).hex()}}
    assert data["instance"]["arrays"] == {"x": {"dtype": "float64", "shape": [2]}}
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as stored:
        assert stored["x"].tolist() == [-0.7, 0.7]


def test_a_variant_keeps_what_it_drops_and_a_correction_its_own_words(save: Save, wrong: Claim) -> None:
    assert load_replay(save(wrong, name="outside the box")).dropped == ("box",)
    claim = next(c for c in map(load_claim, ("S7", "S4", "S2", "S1")) if c.corrected is not None)
    attack = subject_named(wrong, "statement").attack
    assert claim.corrected is not None
    mended = replace(wrong, corrected=replace(claim.corrected, attack=attack))
    found = load_replay(save(mended, name=CORRECTED))
    assert found.statement == claim.corrected.statement != wrong.statement


def test_the_same_failure_is_one_pair_of_files(save: Save, wrong: Claim, failures: Failures, tmp_path: Path) -> None:
    first = save(wrong)
    written = first.with_suffix(".npz").read_bytes()
    again = save(wrong, failures(story=[], ratio=1.5), seed=9)
    assert again == first
    assert names(tmp_path / "saved") == [first.with_suffix(ending).name for ending in (".json", ".npz")]
    assert first.with_suffix(".npz").read_bytes() == written
    assert load_replay(first).seed == 9
    others = [
        save(wrong, failures(x=(-0.7, 0.7, 0.7))),
        save(wrong, failures(b=0.75)),
        save(wrong, failures(x=(-0.7, np.nextafter(0.7, 0)))),
        save(wrong, name="factor 9/10"),
        save(replace(wrong, id="other")),
    ]
    assert len({first, *others}) == 6
    assert len(names(tmp_path / "saved")) == 12


@pytest.mark.parametrize(
    ("claim_id", "begins"),
    [("my_lemma", "my_lemma-"), ("../up: 1", "_up__1-"), ("...", "claim-"), ("é" * 90, "_" * 60 + "-")],
)
def test_the_file_is_named_after_the_claim(
    save: Save, wrong: Claim, tmp_path: Path, claim_id: str, begins: str
) -> None:
    path = save(replace(wrong, id=claim_id))
    assert path.parent == tmp_path / "saved"
    assert path.name.startswith(begins)
    assert path.suffix == ".json"
    found = load_replay(path)
    assert found.claim == claim_id
    assert path.stem.endswith(f"-{found.digest[:12]}")


def test_a_failure_without_arrays_point_and_story(save: Save, wrong: Claim, failures: Failures) -> None:
    empty = {"arrays": {}, "numbers": {"n": 3}, "dimensions": {}, "boxes": {}}
    found = load_replay(save(wrong, failures(instance=empty, point=None, story=None, ratio=math.inf)))
    assert found.instance.numbers == {"n": 3}
    assert (found.point, found.story, found.ratio) == ({}, (), math.inf)


def test_a_story_with_odd_numbers_is_json_all_the_same(save: Save, wrong: Claim, failures: Failures) -> None:
    story = [{"step": "found", "ratio": math.nan, "at": Fraction(1, 3), "list": [math.inf]}]
    path = save(wrong, failures(story=story))
    json.loads(path.read_text(), parse_constant=pytest.fail)
    assert load_replay(path).story[0]["at"] == {"fraction": "1/3"}


def test_a_write_that_fails_leaves_nothing_half_done(
    save: Save, wrong: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(wrong)
    before = path.read_bytes()

    def half(place: Path, text: str, **_: object) -> None:
        place.write_bytes(text.encode()[:50])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space left"):
        save(wrong, seed=5)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert names(tmp_path / "saved") == [path.name, path.with_suffix(".npz").name]


def test_the_arrays_are_there_before_the_file_that_names_them(
    save: Save, wrong: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "save_arrays", full)
    with pytest.raises(OSError, match="No space left"):
        save(wrong)
    assert names(tmp_path / "saved") == []


def test_a_folder_that_is_a_file_is_refused(save: Save, wrong: Claim, tmp_path: Path) -> None:
    (tmp_path / "saved").write_text("")
    with pytest.raises(InputError, match="replays go to a folder"):
        save(wrong)


@pytest.mark.parametrize("cut", [0, 1, 400, -3])
@pytest.mark.parametrize("ending", [".json", ".npz"])
def test_cut_files_are_refused(save: Save, wrong: Claim, ending: str, cut: int) -> None:
    path = save(wrong)
    whole = path.with_suffix(ending).read_bytes()
    if ending == ".npz" and cut == 400:
        cut = 100
    path.with_suffix(ending).write_bytes(whole[:cut])
    with pytest.raises(InputError):
        load_replay(path)


@pytest.mark.parametrize(
    "parts",
    [
        {"format": "varproof/replay/2"},
        {"format": None},
        {"claim": 3},
        {"claim": "other"},
        {"subject": "factor 9/10"},
        {"constants": []},
        {"constants": {"factor": "x"}},
        {"constants": {"factor": "1/0"}},
        {"constants": {"factor": 1}},
        {"dropped": "box"},
        {"dropped": [1]},
        {"fields": None},
        {"ratio": 1.5},
        {"ratio": "one"},
        {"ratio": "0x1p99999"},
        {"size": "2"},
        {"seed": "0"},
        {"story": {}},
        {"story": ["found"]},
        {"point": []},
        {"versions": ["1"]},
        {"instance": None},
        {"instance": {}},
        {"digest": "0" * 32},
    ],
)
def test_damaged_files_are_refused(save: Save, wrong: Claim, parts: dict[str, Any]) -> None:
    path = save(wrong)
    load_replay(path)
    edited(path, **parts)
    with pytest.raises(InputError):
        load_replay(path)


def test_a_missing_part_is_refused(save: Save, wrong: Claim) -> None:
    path = save(wrong)
    whole = json.loads(path.read_text())
    for name in whole:
        path.write_text(json.dumps({key: value for key, value in whole.items() if key != name}))
        with pytest.raises(InputError):
            load_replay(path)


@pytest.mark.parametrize(
    "x", [[-0.7, 0.6], [-0.7, 0.7, 0.7], np.array([-0.7, 0.7], dtype=np.float32), [[-0.7, 0.7]], ["a", "b"]]
)
def test_other_arrays_than_were_saved_are_refused(save: Save, wrong: Claim, x: Any) -> None:
    path = save(wrong)
    np.savez(path.with_suffix(".npz"), x=np.asarray(x))
    with pytest.raises(InputError):
        load_replay(path)


def test_pickles_in_the_place_of_arrays_are_not_run(save: Save, wrong: Claim, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    path = save(wrong)
    np.savez(path.with_suffix(".npz"), x=np.array([Trap(), Trap()], dtype=object))
    with pytest.raises(InputError):
        load_replay(path)
    assert not (tmp_path / "sprung").exists()


def test_places_that_hold_no_replay(save: Save, wrong: Claim, tmp_path: Path) -> None:
    path = save(wrong)
    (tmp_path / "list.json").write_text("[]")
    os.mkfifo(tmp_path / "pipe.json")
    for place in (tmp_path, tmp_path / "missing.json", path.with_suffix(".npz"), tmp_path / "list.json", Path("")):
        with pytest.raises(InputError):
            load_replay(place)
    with pytest.raises(InputError):
        load_replay(tmp_path / "pipe.json")  # and does not wait for a writer
    path.with_suffix(".npz").unlink()
    with pytest.raises(InputError, match="arrays of an instance cannot be read"):
        load_replay(path)
    os.mkfifo(path.with_suffix(".npz"))
    with pytest.raises(InputError, match="arrays of an instance cannot be read"):
        load_replay(path)
    path.with_suffix(".npz").unlink()
    path.with_suffix(".npz").mkdir()
    with pytest.raises(InputError, match="arrays of an instance cannot be read"):
        load_replay(path)
