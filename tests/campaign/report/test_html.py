from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from varproof.campaign.chunk import Chunk
from varproof.campaign.report import charts, collect, diff, html, write_html
from varproof.campaign.report.commands import commands_of
from varproof.campaign.report.html import grids
from varproof.campaign.report.model import Coverage
from varproof.campaign.result import Result

VOID = {"meta", "link", "br", "hr", "input", "img"}
EVIL = "<script>alert('x')</script>\"'&amp;{{ 7*7 }}"


class Page(HTMLParser):
    """Elements with their attributes and text; fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in self.open:
            self.texts[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture
def report(made):
    claims, rows = made.three()
    return collect(made.store(rows), claims, store="c.db", replays={("literal_form", "statement"): "r/a b.json"})


def test_the_page_is_well_formed_and_stands_alone(report):
    text = html(report)
    page = Page(text)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    for tag, attrs in page.elements:
        for name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href"):
            target = attrs.get(name)
            assert target is None or target == "data:," or target[1:] in ids, (tag, attrs)
        for label in (attrs.get("aria-labelledby") or "").split():
            assert label in ids
    assert not re.search(r"https?://|@import|url\(|\bfetch\(|XMLHttpRequest|<base", text)


def test_what_help_technology_needs_is_there(report):
    page = Page(html(report))
    assert page.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))
    assert page.all("a")[0] == {"class": "skip", "href": "#claims"}
    svgs = [attrs for attrs in page.all("svg") if attrs.get("aria-hidden") is None]
    assert len(svgs) == 2 * 4  # two charts for each of four forms
    assert len(page.texts["desc"]) == len(svgs)
    assert all(page.texts["desc"])
    assert all(attrs.get("role") == "img" and attrs.get("aria-labelledby") for attrs in svgs)
    for attrs in page.all("div"):
        if attrs.get("class") == "scroll":
            assert (attrs["role"], attrs["tabindex"], bool(attrs["aria-label"])) == ("region", "0", True)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_what_users_write_is_text_and_nothing_else(made):
    name = "c" + EVIL
    claim = made.claim(name, statement=EVIL, hypotheses={EVIL: EVIL})
    rows = [
        (c, s, replace(r, error={"message": EVIL}, worst={"ratio": 0.5, "point": {EVIL: EVIL}}), w, k)
        for c, s, r, w, k in made.rows([claim])
    ]
    lost = (rows[0][0], "lost", None, EVIL, {EVIL: EVIL})
    report = collect(made.store([*rows, lost], note=EVIL), [claim], store=EVIL)
    text = html(report, diff(collect(made.store([]), []), report))
    page = Page(text)
    assert len(page.all("script")) == 1
    assert "alert('x')" not in page.texts["script"][0]
    assert "49" not in re.sub(r"\d{3,}", "", "".join(page.texts["p"]))
    assert page.texts["h3"] == [name]


def test_the_commands_can_be_pasted(report):
    claim = report.claims[1]
    form = claim.forms[0]
    assert commands_of(report, claim, form, form.failure) == ("Run it again", "varproof campaign replay 'r/a b.json'")
    said, lines = commands_of(report, claim, form, form.worst)
    compile(lines, "shown", "exec")
    assert f"subject_named(load_claim('{claim.id}'), 'statement')" in lines
    assert said == "See this case in Python"
    own = replace(report, settings={**report.settings, "claims_module": "my claims.py"})
    assert "claims_for(['literal_form'], Path('my claims.py'))[0]" in commands_of(own, claim, form, form.worst)[1]


def test_lines_of_python_give_the_worst_case_again(made):
    from varproof.campaign.report.commands import python_of
    from varproof.claims.registry import load_claim

    claim = load_claim("softmax_perturbation")
    worst = {
        "ratio": 0.5,
        "point": {"keys": 3, "rho": {"float": (0.1 + 8).hex()}, "spread": {"float": (0.3).hex()}, "seed": 5},
    }
    worst["point"]["factors"] = "uniform"
    chunk = Chunk(claim.id, "statement", "iid", (), 0, 1)
    rows = [(chunk, "done", Result(cases=1, valid=1, worst=worst), "", None)]
    report = collect(made.store(rows), [claim])
    lines = python_of(report, report.claims[0], report.claims[0].forms[0], worst)
    space: dict[str, object] = {}
    exec(lines.replace("print(", "shown = ("), space)
    assert 0 < space["shown"].ratio <= 1  # type: ignore[attr-defined]
    assert space["case"].numbers["rho"] == 0.1 + 8  # type: ignore[attr-defined]


def test_the_page_says_what_the_campaign_found(report):
    page = Page(html(report))
    whole = " ".join("".join(page.texts["main"]).split())
    assert "Goals are missed (exit code 4)" in whole
    assert "none of 1,008 valid cases violates it; with 95 % confidence fewer than 0.3 % of cases drawn" in whole
    assert whole.count("confidence fewer than") == 3  # the refuted statement has none
    assert "Without positive: the statement fails, a violation is confirmed." in whole
    assert "varproof campaign resume --store c.db" in whole
    assert "varproof campaign replay 'r/a b.json'" in whole
    assert "How it was made smaller, 4 steps" in whole
    assert whole.count("empty") == 16
    assert "(a fit, not a bound)" in whole
    assert report.digest in whole


@pytest.mark.parametrize(
    ("code", "said"), [(0, "All goals are met"), (1, "A violation is confirmed"), (3, "not finished"), (5, "broke")]
)
def test_the_headline_is_that_of_the_exit_code(report, code, said):
    page = Page(html(replace(report, exit_code=code)))
    assert said in page.texts["title"][0]
    assert said in page.texts["strong"][0]


def test_grids_of_one_two_and_three_axes():
    one = grids(Coverage((("a", ("x", "y")),), (4, 0)))
    assert [(g.label, g.columns, g.rows) for g in one] == [("", (), (("x", ((4, 5),)), ("y", ((0, 0),))))]
    axes = (("a", ("x", "y")), ("b", ("1", "2", "3")))
    (two,) = grids(Coverage(axes, (1, 2, 3, 4, 5, 100)))
    assert two.columns == ("1", "2", "3")
    assert [[count for count, _ in cells] for _, cells in two.rows] == [[1, 2, 3], [4, 5, 100]]
    three = grids(Coverage((*axes, ("c", ("p", "q"))), tuple(range(12))))
    assert [g.label for g in three] == ["c = p", "c = q"]
    assert [[count for count, _ in cells] for _, cells in three[1].rows] == [[1, 3, 5], [7, 9, 11]]
    assert grids(Coverage()) == []


def test_a_campaign_of_which_nothing_ran_still_has_a_page(made, tmp_path):
    claims, _ = made.three()
    write_html(collect(made.store([]), claims), tmp_path / "a.html")
    write_html(collect(made.store([]), []), tmp_path / "b.html")
    page = Page((tmp_path / "a.html").read_text())
    assert [attrs.get("aria-hidden") for attrs in page.all("svg")] == ["true"]
    assert "no chunk was run" in " ".join(page.texts["td"])
    assert "Report on 0 claims" in (tmp_path / "b.html").read_text()


def test_a_difference_is_shown_only_when_there_is_an_earlier_campaign(report):
    assert "previous campaign" not in html(report)
    page = Page(html(report, diff(report, report)))
    assert any("Nothing changed" in text for text in page.texts["p"])
    fewer = replace(report, claims=report.claims[:1])
    assert any(
        "Added: literal_form, three_axes" in text for text in Page(html(report, diff(fewer, report))).texts["li"]
    )


@pytest.mark.parametrize(("ratio", "kind", "said"), [(1 + 1e-12, "near", "by rounding"), (1.5, "over", None)])
def test_what_rounding_puts_above_the_bound_looks_no_alarm(made, ratio, kind, said):
    claim = made.claim("c")
    change = {"suspects": 1, "judged": {"PASS": 1}, "worst": {"ratio": ratio, "size": 2}, "by_size": {2: ratio}}
    bars = (5,) * 41
    rows = [
        (c, s, replace(r, histogram=bars, **change) if c.arm == "iid" else r, w, k)
        for c, s, r, w, k in made.rows([claim])
    ]
    text = html(collect(made.store(rows), [claim]))
    assert (f'class="{kind}"' in text, 'class="over"' in text) == (True, kind == "over")
    assert ("do so by rounding" in text or "does so by rounding" in text) == (said is not None)


def test_points_far_below_the_largest_are_drawn_at_the_edge_and_said_to_be():
    by_size = [(1, 1.0), (2, 1e-9), (3, 0.5)]
    assert "ratios below 1e-04 at the edge" in charts.growth("g", by_size, None)
    assert "at the edge" not in charts.growth("g", [(1, 1.0), (2, 1e-3)], None)
    heights = [float(y) for y in re.findall(r"M\d+ (\d+)h0", charts.growth("g", by_size, None))]
    assert heights[0] < heights[2] < heights[1] <= charts.BASE


@pytest.mark.parametrize(("judged", "told"), [({"VIOLATED": 1}, False), ({"PASS": 1}, True)])
def test_suspects_left_beside_a_confirmed_violation_are_not_missing(made, judged, told):
    claim = made.claim("c")
    change = {"suspects": 9, "judged": judged, "worst": {"ratio": 1.5, "size": 2}}
    rows = [(c, s, replace(r, **change) if c.arm == "worst-ratio" else r, w, k) for c, s, r, w, k in made.rows([claim])]
    cells = Page(html(collect(made.store(rows), [claim]))).texts["td"]
    assert any("not settled" in text for text in cells) == told


@pytest.mark.parametrize("ratio", [0.0, -1.0, 1e300, 5e-324])
def test_charts_of_extreme_ratios(made, ratio):
    claim = made.claim("c")
    rows = [
        (c, s, replace(r, by_size={0: ratio, 1: ratio, 7: 0.5, 10**9: ratio}, worst={"ratio": ratio, "size": 1}), w, k)
        for c, s, r, w, k in made.rows([claim])
    ]
    Page(text := html(collect(made.store(rows), [claim])))
    assert not re.search(r"[ \"MLHVh]-?(nan|inf)", text)
