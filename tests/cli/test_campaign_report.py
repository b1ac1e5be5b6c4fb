"""`varproof campaign report` and `diff`: files that are whole or not there, and odd states told as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from varproof.cli import campaign_report

Bench = Any  # of conftest.py
RUN = "run --claims my_lemma.py --executor inline --cases 20"
FALSE = ('constants={"factor": Fraction(1)}', 'constants={"factor": Fraction(19, 20)}')
RAISES = ('    x, b = instance.arrays["x"]', '    raise ArithmeticError("no")\n    x, b = instance.arrays["x"]')
WIDER = ("Integer(1, 64, log=True)", "Integer(1, 65, log=True)")


def test_page_and_junit_are_written_and_the_exit_code_says_that_they_were(bench: Bench) -> None:
    bench.lemma(FALSE)
    bench.said(f"{RUN} --store c.db", 1)
    before = (bench.folder / "c.db").read_bytes()
    out, err = bench.said("report --store c.db --html c.html --junit c.xml", 0)
    assert "VIOLATED" in out
    assert "varproof campaign replay" in out
    assert "wrote c.html" in err
    assert "wrote c.xml" in err
    page = (bench.folder / "c.html").read_text()
    assert "my_lemma" in page
    assert page.rstrip().endswith("</html>")
    suite = ElementTree.parse(bench.folder / "c.xml").getroot()
    assert sum(1 for _ in suite.iter("failure")) == 1
    assert (bench.folder / "c.db").read_bytes() == before


def test_a_file_that_cannot_be_finished_is_left_as_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from varproof.campaign import report

    def half(made: Any, path: Path, difference: Any = None) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    bench.lemma()
    bench.said(f"{RUN} --store c.db", 0)
    (bench.folder / "c.html").write_text("old")
    for option, name in (("--html c.html", "write_html"), ("--junit c.xml", "write_junit")):
        with monkeypatch.context() as patch:
            patch.setattr(report, name, half)
            bench.said(f"report --store c.db {option}", 5)
    assert sorted(path.name for path in bench.folder.iterdir()) == ["c.db", "c.html", "my_lemma.py"]
    assert (bench.folder / "c.html").read_text() == "old"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("report --store c.db --html c.pdf", ".html"),
        ("report --store c.db --junit c.html", ".xml"),
        ("report --store c.db --html nowhere/c.html", "nowhere"),
        ("report --store c.db --html folder.html", "directory"),
        ("report --store c.db --html .html", "no name"),
        ("report --store same.html --html same.html", "same file"),
    ],
)
def test_targets_are_refused_before_the_store_is_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    def read(path: Path) -> None:
        raise AssertionError("the store was read")

    (bench.folder / "folder.html").mkdir()
    monkeypatch.setattr(campaign_report, "collected", read)
    assert said in " ".join(str(part) for part in bench.refused(line).values())


@pytest.mark.parametrize("line", ["report --store no.db", "diff c.db no.db", "diff no.db c.db"])
def test_stores_that_are_none_are_refused(bench: Bench, line: str) -> None:
    bench.lemma()
    bench.said(f"{RUN} --store c.db", 0)
    assert "no.db" in " ".join(str(part) for part in bench.refused(line).values())
    assert "no.db" in " ".join(str(part) for part in bench.refused("report --store c.db --against no.db").values())
    (bench.folder / "no.db").write_text("not a store")
    assert "no.db" in " ".join(str(part) for part in bench.refused(line).values())


def test_what_changed_is_told_by_diff_and_against(bench: Bench) -> None:
    bench.lemma()
    bench.said(f"{RUN} --store a.db", 0)
    assert bench.asked("diff a.db a.db", 0)["same"] is True
    assert bench.said("diff a.db a.db", 0)[0] == "nothing changed\n"
    bench.asked("run score_perturbation --executor inline --cases 20 --store b.db")
    found = bench.asked("diff a.db b.db", 1)
    assert (found["added"], found["removed"], found["same"]) == (["score_perturbation"], ["my_lemma"], False)
    assert bench.asked("diff b.db a.db", 1)["added"] == ["my_lemma"]
    out, _ = bench.said("report --store b.db --against a.db --html b.html", 0)
    assert "added: score_perturbation" in out
    assert "removed: my_lemma" in out
    assert "removed" in (bench.folder / "b.html").read_text().lower()
    told = bench.asked("report --store b.db --against a.db")["difference"]
    assert told == {name: found[name] for name in told}
    assert bench.asked("report --store b.db")["difference"] is None


def test_a_campaign_that_is_not_finished_differs_until_it_is(bench: Bench) -> None:
    bench.lemma()
    bench.said(f"{RUN} --store a.db", 0)
    bench.said(f"{RUN} --store b.db --time 1e-9", 3)
    found = bench.asked("diff a.db b.db", 1)
    assert ("my_lemma", "", "HOLDS", "INCOMPLETE") in [tuple(one.values()) for one in found["verdicts"]]
    (ratio,) = found["ratios"]
    assert (ratio["before"], ratio["after"]) == (pytest.approx(1), None)
    assert len(found["uncovered"]) == 8
    bench.said("resume --store b.db", 0)
    assert bench.asked("diff a.db b.db", 0)["same"]


def test_json_of_odd_states_fits_the_schemas(bench: Bench) -> None:
    """`asked` holds every answer against its schema."""
    states = {"violated": ((FALSE,), "", 1), "raised": ((RAISES,), "", 5), "open": ((), " --time 1e-9", 3)}
    for name, (edits, more, code) in states.items():
        bench.lemma(*edits)
        made = bench.asked(f"{RUN} --store {name}.db{more}", code)
        shown = bench.asked(f"report --store {name}.db")
        assert shown["exit_code"] == made["exit_code"] == code
        assert shown["claims"] == made["claims"]
        assert shown["digest"] == made["digest"] == bench.asked(f"status --store {name}.db")["digest"]
        bench.said(f"report --store {name}.db --html {name}.html --junit {name}.xml", 0)
        kinds = {child.tag for case in ElementTree.parse(f"{name}.xml").iter("testcase") for child in case}
        assert {"violated": "failure", "raised": "error", "open": "failure"}[name] in kinds
    assert bench.asked("diff violated.db open.db", 1)["verdicts"]
