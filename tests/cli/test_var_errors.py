"""`varproof var errors`: bounds that hold, growth, the delta that a final error needs, and what is refused."""

from __future__ import annotations

import json
import shlex

import pytest

import varproof.cli.var_errors as command
from varproof.cli.main import main
from varproof.var.ledger.entries import Entry

SMALL = "var errors --schedule 1,2,4 --width 8 --heads 2"


def answer(line: str, capsys) -> dict:
    assert main([*shlex.split(line), "--json"]) == 0
    found: dict = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("chained", ["", "--chained"])
def test_every_measured_error_is_within_its_bound(chained, capsys):
    found = answer(f"{SMALL} --depth 2 --delta 1e-3 --seed 2 {chained}", capsys)
    assert found["holds"]
    assert {entry["phase"].split("/")[0] for entry in found["entries"]} >= {"transformer", "reconstruction"}
    for entry in found["entries"]:
        assert entry["measured"] <= entry["bound"]
    final = found["results"][0]
    assert final["name"] == "feature map"
    assert final["slack"] == pytest.approx(final["bound"] / final["measured"])
    product = 1.0
    for entry in found["entries"]:
        product *= entry["slack_factor"] or 1
    assert product == pytest.approx(next(e["slack"] for e in reversed(found["entries"]) if e["slack"]))
    assert found["loosest"]["name"] in {entry["name"] for entry in found["entries"]}


def test_a_decoder_is_bounded_too(capsys):
    found = answer(f"{SMALL} --delta 1e-3 --decoder-base 4", capsys)
    assert found["holds"]
    assert found["results"][0]["name"] == "image"
    decoder = [entry for entry in found["entries"] if entry["phase"].startswith("decoder")]
    assert len(decoder) > 5
    assert all(0 < entry["bound"] < float("inf") for entry in decoder)


@pytest.mark.slow
def test_a_bound_that_says_nothing_is_called_vacuous(capsys):
    deep = answer("var errors --schedule 1,2,3,4 --width 8 --depth 4 --delta 1e-2 --chained", capsys)
    (final,) = deep["results"]
    assert final["bound"] > 2 * final["magnitude"]
    assert final["vacuous"]
    assert main(shlex.split("var errors --schedule 1,2,3,4 --width 8 --depth 4 --delta 1e-2 --chained")) == 0
    assert "the bound of the feature map is vacuous here" in capsys.readouterr().out
    (useful,) = answer(f"{SMALL} --delta 1e-4", capsys)["results"]
    assert useful["bound"] < 2 * useful["magnitude"]
    assert not useful["vacuous"]
    image = Entry("image", "", bound=1.9, measured=0.0, reference_bound=0.0, magnitude=0.1)
    assert not command.is_vacuous("image", image)
    assert command.is_vacuous("feature map", image)


def test_chained_errors_grow_from_scale_to_scale(capsys):
    line = "var errors --schedule doubling --n 8 --width 8 --heads 2 --delta 1e-3 --seed 1"
    chained, given = answer(f"{line} --chained", capsys)["growth"], answer(line, capsys)["growth"]
    assert (chained["kind"], given["kind"]) == ("multiplicative", "additive")
    assert [scale["side"] for scale in chained["scales"]] == [1, 2, 4, 8]
    last, ours = chained["scales"][-1]["bound"], given["scales"][-1]["bound"]
    assert last > 10 * ours
    for before, after in zip(chained["scales"], chained["scales"][1:], strict=False):
        assert after["factor"] == pytest.approx(after["bound"] / before["bound"])


def test_the_delta_for_a_target_meets_it_in_the_run_that_uses_it(capsys):
    found = answer(f"{SMALL} --target 0.05", capsys)
    need = found["requirement"]
    assert need["final_bound"] <= need["target"] == 0.05
    assert found["delta"] == need["delta"]
    assert found["results"][0]["bound"] <= 0.05 * 1.001
    tighter = answer(f"{SMALL} --target 0.005", capsys)["requirement"]
    assert 8 < need["delta"] / tighter["delta"] < 13
    assert tighter["attention"][0]["degree"] >= need["attention"][0]["degree"] > 0
    beside = answer(f"{SMALL} --target 0.05 --delta 1e-4", capsys)
    assert beside["delta"] == 1e-4
    assert beside["requirement"]["delta"] == pytest.approx(need["delta"])


def test_the_table_names_steps_and_the_loosest(capsys):
    assert main(shlex.split(f"{SMALL} --delta 1e-3 --target 0.1")) == 0
    shown = capsys.readouterr().out
    assert "layer 0 output projection" in shown
    assert "loosest step: " in shown
    assert "errors add" in shown
    assert "a final error of 0.1 allows attention within" in shown


def test_a_violation_is_said_and_is_exit_code_1(capsys, monkeypatch):
    from varproof.var.ledger import report

    whole = report.error_ledger

    def broken(*arguments, **options):
        ledger = whole(*arguments, **options)
        entry = Entry("planted", "", bound=1.0, measured=2.0, reference_bound=0.0, magnitude=1.0)
        return type(ledger)((*ledger.entries, entry), ledger.outputs, ledger.calls, ledger.engine, ledger.delta)

    monkeypatch.setattr(report, "error_ledger", broken)
    assert main(shlex.split(f"{SMALL} --delta 1e-3")) == 1
    assert "VIOLATED" in capsys.readouterr().out


def test_long_ledgers_show_the_steps_that_matter(capsys):
    line = "var errors --schedule 1,2,3,4 --width 4 --depth 5 --chained --delta 1e-6"
    entries = answer(line, capsys)["entries"]
    assert len(entries) > command.MOST_ROWS
    assert main(shlex.split(line)) == 0
    assert f"{command.MOST_ROWS} of {len(entries)} steps" in capsys.readouterr().out


def test_plot(tmp_path, capsys):
    assert main(shlex.split(f"{SMALL} --delta 1e-3 --plot {tmp_path / 'ledger.svg'}")) == 0
    assert (tmp_path / "ledger.svg").read_text().count("<path") > 10


REFUSED = [
    (SMALL, "which error may attention have?"),
    (f"{SMALL} --engine fast", "which error may attention have?"),
    (f"{SMALL} --delta x", "delta"),
    (f"{SMALL} --target 0", "target"),
    (f"{SMALL} --target 1e-400", "target is out of range"),
    (f"{SMALL} --engine exact --delta 0.1", "exact attention takes no delta"),
    (f"{SMALL} --engine quick --target 0.1", "unknown engine"),
    (f"{SMALL} --delta 0.1 --plot r.txt", "unknown file type"),
    ("var errors --delta 0.1", "which model?"),
    ("var errors --kind reference --schedule 1,2 --width 64 --decoder-base 0 --delta 1 --chained", "no chained pass"),
]


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_refusals(line, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*shlex.split(line), "--json"]) == 2
    shown = capsys.readouterr()
    assert message in json.loads(shown.out)["error"]["message"]
    assert "Traceback" not in shown.err


def test_a_target_below_rounding_is_undecided(capsys):
    assert main(shlex.split(f"{SMALL} --target 1e-18 --json")) == 3
    assert "below what rounding leaves" in json.loads(capsys.readouterr().out)["error"]["message"]
