"""The revision of a claim changes with what its results depend on, and with nothing else."""

from __future__ import annotations

import dataclasses
import importlib.machinery
import importlib.util
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from varproof.campaign import revision, versions
from varproof.campaign.revision import revision_of, sources_of
from varproof.claims.registry import claim_ids, load_claim, load_claims

CLAIM = load_claim("softmax_perturbation")
OWN = dataclasses.replace(CLAIM, id="a_claim_of_a_user")


def test_every_claim_of_the_ledger_has_its_own_and_it_stays() -> None:
    claims = load_claims()
    found = [revision_of(claim) for claim in claims]
    assert len(set(found)) == len(claim_ids())
    assert found == [revision_of(claim) for claim in claims]


@pytest.mark.parametrize(
    "change",
    [
        {"statement": "another one"},
        {"constants": {"factor": Fraction(3)}},
        {"hypotheses": {**CLAIM.hypotheses, "more": "one more"}},
        {"falsified": CLAIM.falsified[:-1]},
        {"falsified": (dataclasses.replace(CLAIM.falsified[0], constants={"factor": Fraction(1)}),)},
        {"falsified": (dataclasses.replace(CLAIM.falsified[0], dropped=frozenset({"window"})),)},
        {"kind": "upper"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_edit_of_the_statement_counts(change: dict[str, Any]) -> None:
    assert revision_of(dataclasses.replace(CLAIM, **change)) != revision_of(CLAIM)


@pytest.mark.parametrize("edited", ["softmax_perturbation", "attacks.softmax_perturbation"])
def test_an_edit_of_the_claims_or_the_attacks_source_counts_for_that_claim(
    edited: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = load_claim("rank_count")
    before = [revision_of(CLAIM), revision_of(other)]
    real = importlib.util.find_spec
    name = f"varproof.claims.{edited}"
    spec = real(name)
    assert spec is not None
    assert spec.origin is not None
    copy = tmp_path / "copy.py"
    copy.write_bytes(Path(spec.origin).read_bytes())

    def find(wanted: str) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_file_location(name, copy) if wanted == name else real(wanted)

    monkeypatch.setattr(revision.importlib.util, "find_spec", find)
    assert [revision_of(CLAIM), revision_of(other)] == before  # the same source elsewhere is the same
    copy.write_text(copy.read_text() + "# one more line\n")
    after = [revision_of(CLAIM), revision_of(other)]
    assert after[0] != before[0]
    assert after[1] == before[1]


@pytest.mark.parametrize("name", ["varproof", "numpy", "hypothesis", "python-flint"])
def test_a_version_counts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = revision_of(CLAIM)
    if name == "varproof":
        monkeypatch.setattr(revision.varproof, "__version__", "99")
    else:
        real = versions.version
        monkeypatch.setattr(versions, "version", lambda one: "99" if one == name else real(one))
    assert revision_of(CLAIM) != before


def test_what_attacks_share_counts_for_all_that_use_it_and_for_no_other() -> None:
    files = {claim.id: {file.name for file in sources_of(claim)} for claim in load_claims()}
    assert "drawn_check.py" in files["rank_count"] & files["S1"]
    assert "drawn_check.py" not in files["softmax_perturbation"]
    assert "tally.py" in files["softmax_perturbation"]
    assert "registry.py" not in set.union(*files.values())


def test_a_claim_of_the_ledger_has_its_own_files_also_beside_a_users(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("x = 1\n")
    assert revision_of(CLAIM, tmp_path / "mine.py") == revision_of(CLAIM)


def test_a_users_file_and_what_it_imports_beside_it_count(tmp_path: Path) -> None:
    module, lemma, deeper, apart = (tmp_path / f"{name}.py" for name in ("claims", "lemma", "deeper", "apart"))
    package = tmp_path / "parts" / "__init__.py"
    package.parent.mkdir()
    module.write_text("import os\nimport numpy as np\nfrom lemma import bound\nimport parts.one\n")
    lemma.write_text("def f():\n    from deeper import x\n")
    deeper.write_text("import claims\nx = 1\n")  # imports may go round in circles
    package.write_text("")
    (package.parent / "one.py").write_text("y = 1\n")
    apart.write_text("z = 1\n")
    seen = {revision_of(OWN, module)}
    for file in (module, lemma, deeper, package, package.parent / "one.py"):
        file.write_text(file.read_text() + "# edited\n")
        assert revision_of(OWN, module) not in seen
        seen.add(revision_of(OWN, module))
    apart.write_text("z = 2\n")
    assert revision_of(OWN, module) in seen
    lemma.write_text("def f(:\n")  # the loader of claims tells about this; the revision only changes
    assert revision_of(OWN, module) not in seen


def test_the_place_of_a_users_file_does_not_count(tmp_path: Path) -> None:
    found = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "claims.py").write_text("import lemma\n")
        (tmp_path / name / "lemma.py").write_text("x = 1\n")
        found.add(revision_of(OWN, tmp_path / name / "claims.py"))
    assert len(found) == 1
