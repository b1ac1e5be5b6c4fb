"""Files of claims: which claims come out, in which order, and what is said about files that hold none."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from varproof.base.errors import InputError
from varproof.campaign.claim_modules import claims_for, load_claim_module
from varproof.claims.registry import claim_ids

ONE = "from varproof.examples.first_claim import CLAIM\n"
TWO = ONE + "from dataclasses import replace\nCLAIMS = [replace(CLAIM, id='b'), replace(CLAIM, id='a')]\ndel CLAIM\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path / "mine.py"


def ids(path: Path) -> list[str]:
    return [claim.id for claim in load_claim_module(path)]


def test_claim_and_claims_in_their_order(path: Path) -> None:
    path.write_text(ONE)
    assert ids(path) == ["first_claim"]
    path.write_text(TWO)
    assert ids(path) == ["b", "a"]
    path.write_text(TWO.replace("del CLAIM", "CLAIMS = (CLAIM, *CLAIMS)"))
    assert ids(path) == ["first_claim", "b", "a"]
    path.write_text(TWO.replace("del CLAIM", ""))  # both names: nothing is lost, nothing twice
    assert ids(path) == ["first_claim", "b", "a"]


def test_an_edit_of_the_same_length_within_a_second_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for name in ("one", "two", "six"):
        path.write_text(ONE + f"from dataclasses import replace\nCLAIM = replace(CLAIM, id='{name}')\n")
        assert ids(path) == [name]
    assert not (path.parent / "__pycache__").exists()


def test_modules_beside_the_file_are_found_and_shadow_nothing(path: Path) -> None:
    (path.parent / "beside_my_claims.py").write_text("NAME = 'from_beside'\n")
    (path.parent / "fractions.py").write_text("raise RuntimeError('shadowed')\n")
    (path.parent / "numpy.py").write_text("raise RuntimeError('shadowed')\n")
    path.write_text(
        "from beside_my_claims import NAME\nimport fractions, numpy\nfrom dataclasses import replace\n"
        + ONE
        + "CLAIM = replace(CLAIM, id=NAME)\n"
    )
    assert ids(path) == ["from_beside"]


def test_what_the_file_defines_can_be_pickled_and_files_of_one_name_stay_apart(path: Path) -> None:
    other = path.parent / "folder" / "mine.py"
    other.parent.mkdir()
    text = (
        ONE + "from dataclasses import replace\ndef check(case):\n    return {0}\nCLAIM = replace(CLAIM, check=check)\n"
    )
    path.write_text(text.format(1))
    other.write_text(text.format(2))
    (first,), (second,) = load_claim_module(path), load_claim_module(other)
    assert pickle.loads(pickle.dumps(first.check)) is first.check
    assert first.check(first.case()) == 1  # type: ignore[comparison-overlap]
    assert second.check(second.case()) == 2  # type: ignore[comparison-overlap]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("def (", "SyntaxError", 1),
        ("x = 1\ny = '", "SyntaxError", 2),
        ("\n\n1 / 0", "ZeroDivisionError: division by zero", 3),
        ("def broken():\n    raise KeyError('k')\n\n\nbroken()", "KeyError", 2),
        ("import sys\nsys.exit(0)", "SystemExit", 2),
        ("\nimport not_there_at_all", "ModuleNotFoundError", 2),
        ("import json\njson.loads('{')", "JSONDecodeError", 2),
        ("x = 1\0", "SyntaxError", 1),
        ("# -*- coding: nonsense -*-", "SyntaxError", 1),
        ("class Odd(Exception):\n    def __str__(self): return 'a\\x1b[2Jb'\nraise Odd", "a\\x1b[2Jb", 3),
    ],
)
def test_a_file_that_does_not_run_is_named_with_its_line(path: Path, text: str, message: str, line: int) -> None:
    path.write_text(text)
    with pytest.raises(InputError, match="does not run") as raised:
        load_claim_module(path)
    assert message in raised.value.message
    assert raised.value.got == f"{path}:{line}"
    assert "CLAIM = Claim(...)" in raised.value.allowed


def test_a_refusal_of_ours_keeps_its_words(path: Path) -> None:
    path.write_text("from varproof.families.space import *\nSpace({'n': Integer(3, 2)})\n")
    with pytest.raises(InputError, match="field n has no values") as raised:
        load_claim_module(path)
    assert raised.value.got == f"{path}:2"
    assert "low <= high" in raised.value.allowed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "defines no claim"),
        ("CLAIMS = []", "defines no claim"),
        ("CLAIM = 3", "CLAIM and CLAIMS hold claims"),
        ("CLAIMS = 'ab'", "CLAIM and CLAIMS hold claims"),
        (ONE + "CLAIMS = [CLAIM, None]", "CLAIM and CLAIMS hold claims"),
        ("from varproof.claims.threshold_lemma import CLAIM", "the ledger has a claim of this id"),
        (ONE + "from copy import copy\nCLAIMS = [CLAIM, copy(CLAIM)]", "have the same id"),
        *(
            (ONE + f"from dataclasses import replace\nCLAIM = replace(CLAIM, id={name!r})", "needs an id")
            for name in ("", " ", "a|b", "a\nb", 3)
        ),
    ],
)
def test_files_without_usable_claims(path: Path, text: str, message: str) -> None:
    path.write_text(text)
    with pytest.raises(InputError, match=message) as raised:
        load_claim_module(path)
    assert raised.value.allowed


def test_places_that_hold_no_file(path: Path) -> None:
    (path.parent / "mine.txt").write_text(ONE)
    (path.parent / "binary.py").write_bytes(b"\x80\xff'")
    for place in (path, path.parent, Path("a\0b.py"), Path("n" * 5000 + ".py"), Path("")):
        with pytest.raises(InputError, match=r"no such file|cannot be read"):
            load_claim_module(place)
    with pytest.raises(InputError, match="not a Python file"):
        load_claim_module(path.parent / "mine.txt")
    with pytest.raises(InputError, match="does not run"):
        load_claim_module(path.parent / "binary.py")


def test_a_failed_load_leaves_no_module_behind(path: Path) -> None:
    path.write_text("1 / 0")
    before = set(sys.modules)
    with pytest.raises(InputError):
        load_claim_module(path)
    assert set(sys.modules) == before


def test_claims_for_names_of_both_kinds(path: Path) -> None:
    path.write_text(TWO)

    def found(*wanted: str, module: Path | None = path) -> list[str]:
        return [claim.id for claim in claims_for(wanted, module)]

    assert found() == ["b", "a"]
    assert found("a") == ["a"]
    assert found("rank_count", "a", "threshold_lemma") == ["a", "threshold_lemma", "rank_count"]
    assert found("rank_count") == ["rank_count"]
    assert found("a", "a") == ["a"]
    assert found("rank_count", module=None) == ["rank_count"]
    assert found(module=None) == list(claim_ids())


def test_unknown_names_are_refused_with_the_nearest_ones(path: Path) -> None:
    path.write_text(TWO.replace("'b'", "'my_lemma'"))
    with pytest.raises(InputError, match="unknown claim") as raised:
        claims_for(["my_lema", "rank_count"], path)
    assert raised.value.hint == "did you mean my_lemma?"
    assert "of the file: my_lemma, a; of the ledger: softmax_perturbation" in raised.value.allowed
    with pytest.raises(InputError, match="unknown claim") as raised:
        claims_for(["rank_cuont"])
    assert raised.value.hint == "did you mean rank_count or as23_rank_doubling?"


def test_a_file_alone_loads_without_the_ledger(path: Path) -> None:
    path.write_text(ONE)
    code = (
        "import sys; from pathlib import Path; from varproof.campaign.claim_modules import claims_for; "
        f"claims_for((), Path({str(path)!r})); print('varproof.claims.rank_count' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
