from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from varproof.base.errors import InputError
from varproof.campaign.report import collect, diff, from_json, junit, to_json, write_junit


@pytest.fixture
def report(made):
    claims, rows = made.three()
    return collect(made.store(rows), claims, store="c.db", replays={("literal_form", "statement"): "r/1.json"})


def test_json_is_valid_and_comes_back(report):
    text = json.dumps(to_json(report), allow_nan=False)
    assert json.loads(text)["format"] == "varproof/campaign-report/1"
    back = from_json(json.loads(text))
    assert to_json(back) == json.loads(text)
    assert not diff(report, back)
    assert not diff(back, report)


def test_infinite_and_missing_numbers_are_valid_json_too(report):
    form = report.claims[0].forms[0]
    odd = replace(
        form, largest=math.inf, worst={"ratio": math.inf, "bound": math.nan}, by_size=((1, math.inf), (2, 0.5))
    )
    claim = replace(report.claims[0], forms=(odd,))
    text = json.dumps(to_json(replace(report, claims=(claim,))), allow_nan=False)
    back = from_json(json.loads(text)).claims[0].forms[0]
    assert back.largest == math.inf
    assert back.worst == {"ratio": math.inf, "bound": None}
    assert back.by_size == ((1, math.inf), (2, 0.5))


@pytest.mark.parametrize("damage", ["format", "claims", "digest"])
def test_json_of_something_else_is_refused(report, damage):
    data = to_json(report)
    del data[damage]
    with pytest.raises(InputError):
        from_json(data)
    with pytest.raises(InputError):
        from_json([data])


def test_junit_has_one_case_for_each_form_and_skips_none(report):
    root = ET.fromstring(junit(report))
    forms = sum(len(claim.forms) + len(claim.variants) for claim in report.claims)
    assert len(root.findall("testsuite/testcase")) == forms
    assert root.findall(".//skipped") == []
    failures = root.findall(".//failure")
    assert [one.get("type") for one in failures] == ["UNDER-COVERED"]
    assert "16 of 48 cells" in (failures[0].text or "")
    assert [suite.get("failures") for suite in root] == ["0", "0", "1"]


def test_a_violation_in_junit_names_its_replay(made, tmp_path):
    claims, _ = made.three()
    rows = made.violated(made.rows(claims[:1]), "softmax_move")
    rows = [(c, "lost", None, "gone", None) if c.subject == "signed" else (c, s, r, w, k) for c, s, r, w, k in rows]
    report = collect(made.store(rows), claims[:1], replays={("softmax_move", "statement"): "r/7.json"})
    write_junit(report, tmp_path / "c.xml")
    root = ET.parse(tmp_path / "c.xml").getroot()
    failure, error = root.find(".//failure"), root.find(".//error")
    assert failure is not None
    assert (failure.get("type"), (failure.text or "").endswith("replay: r/7.json")) == ("VIOLATED", True)
    assert error is not None
    assert error.get("type") == "LOST"
    assert (root[0].get("tests"), root[0].get("failures"), root[0].get("errors")) == ("3", "1", "1")


def test_junit_fails_for_what_never_ran(made):
    claim = made.claim("alone", falsified=())
    root = ET.fromstring(junit(collect(made.store([]), [claim])))
    assert [one.get("type") for one in root.findall(".//failure")] == ["UNDER-COVERED", "LOW-POWER"]
    empty = ET.fromstring(junit(collect(made.store([]), [])))
    assert len(empty.findall(".//failure")) == 1


def test_junit_of_texts_that_xml_cannot_hold(made):
    claim = made.claim("a<b>&\x00\x1b", statement="\ud800")
    root = ET.fromstring(junit(collect(made.store([]), [claim])).encode())
    assert root[0].get("name") == "a<b>&\ufffd\ufffd"


def test_a_difference_says_what_changed_and_in_which_direction(made):
    claims, rows = made.three()
    new = collect(made.store(rows), claims)
    edited = made.claim("softmax_move", statement="Something else.")
    old_rows = made.violated(made.rows([edited, made.claim("gone")], top=0.9), "softmax_move")
    old_rows = [row for row in old_rows if row[0].cell[:1] != (("keys", "5..11"),)]
    found = diff(collect(made.store(old_rows), [edited, made.claim("gone")]), new)
    assert found.added == ("literal_form", "three_axes")
    assert found.removed == ("gone",)
    assert found.edited == ("softmax_move",)
    verdicts = [(one.form, one.before, one.after) for one in found.verdicts]
    assert verdicts == [("", "VIOLATED", "HOLDS"), ("statement", "VIOLATED", "HOLDS")]
    (ratio,) = found.ratios
    assert (ratio.form, ratio.before, ratio.after) == ("statement", 1.31, new.claims[0].forms[0].largest)
    assert [cell for _, _, cell in found.covered] == [
        f"keys=5..11,rho={r}" for r in ("1..2.83", "2.83..8", "8..22.6", "22.6..64")
    ]
    assert found.uncovered == ()
    back = diff(new, collect(made.store(old_rows), [edited, made.claim("gone")]))
    assert (back.added, back.removed, back.uncovered, back.covered) == (found.removed, found.added, found.covered, ())


def test_nothing_changed_is_no_difference(made):
    claims, rows = made.three()
    one, two = (collect(made.store(rows), claims) for _ in range(2))
    assert not diff(one, two)
    assert diff(one, two).to_json() == {key: [] for key in diff(one, two).to_json()}


@pytest.mark.parametrize("change", [{"constants": {"factor": 3}}, {"hypotheses": {}}, {"kind": "lower"}])
def test_every_part_of_a_claim_that_is_edited_shows(made, change):
    old, new = made.claim("c"), made.claim("c", **change)
    assert diff(*(collect(made.store([]), [one]) for one in (old, new))).edited == ("c",)


def test_a_variant_that_came_is_a_change_of_verdict(made):
    new = made.claim("c")
    old = made.claim("c", falsified=new.falsified[:1])
    found = diff(collect(made.store(made.rows([old])), [old]), collect(made.store(made.rows([new])), [new]))
    assert [(one.form, one.before, one.after) for one in found.verdicts] == [("signed", None, "KILLED")]
