"""`varproof reduce`: verdicts and witnesses, paths, folders that can be resumed, and what is refused."""

from __future__ import annotations

import json
import time
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from reductions import reduce
from reductions.problems.cnf import Cnf
from reductions.run.folder import Folder
from varproof.base.errors import InputError
from varproof.cli.main import main
from varproof.cli.reduce_view import show

Capture = pytest.CaptureFixture[str]
YES = "p cnf 4 5\n1 2 0\n-1 3 0\n-2 -3 0\n2 4 0\n-4 3 0\n"
NO = "p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yes.cnf").write_text(YES)
    (tmp_path / "no.cnf").write_text(NO)
    return tmp_path


def asked(capsys: Capture, line: str, code: int) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*line.split(), "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def refused(capsys: Capture, line: str) -> dict[str, str]:
    error: dict[str, str] = asked(capsys, line, 2)["error"]
    assert error["message"]
    return error


@pytest.mark.parametrize("to", ["ov", "hamming", "gap-hamming", "maxip", "attention", "var-attention"])
def test_every_problem_is_reached_and_answers_both_ways(here: Path, capsys: Capture, to: str) -> None:
    yes = asked(capsys, f"reduce yes.cnf --to {to}", 0)
    clauses = tuple(tuple(map(int, line.split()[:-1])) for line in YES.splitlines()[1:])
    assert yes["verdict"] == "YES"
    assert Cnf(4, clauses).verify(tuple(yes["witness"]))
    no = asked(capsys, f"reduce no.cnf --to {to}", 1)
    assert (no["verdict"], no["witness"]) == ("NO", None)
    for answer in (yes, no):
        for step in answer["steps"]:
            assert all(step["target_sizes"][name] == value for name, value in step["exact_sizes"].items())
            assert all(step["target_sizes"][name] <= value for name, value in step["upper_sizes"].items())


def test_via_names_rules_in_order_and_the_rest_is_filled_in(here: Path, capsys: Capture) -> None:
    line = "reduce yes.cnf --to var-attention --via ov_to_attention_counting,attention_to_var_interpolated"
    answer = asked(capsys, line, 0)
    assert answer["path"] == ["cnf_to_ov", "ov_to_attention_counting", "attention_to_var_interpolated"]
    assert answer["count"] == sum(
        all(any((x >> (abs(lit) - 1) & 1) == (lit > 0) for lit in map(int, text.split()[:-1])) for text in rows)
        for rows in [YES.splitlines()[1:]]
        for x in range(16)
    )
    wrong = refused(capsys, "reduce yes.cnf --to attention --via attention_to_var_free")
    assert "attention" in wrong["message"] + wrong["got"]


def test_without_a_target_the_path_ends_where_the_last_rule_does(here: Path, capsys: Capture) -> None:
    line = "reduce yes.cnf --via ov_to_attention_counting,attention_to_var_interpolated"
    answer = asked(capsys, line, 0)
    assert (answer["to"], answer["path"][-1]) == ("var-attention", "attention_to_var_interpolated")
    assert "needs --to" in refused(capsys, "reduce yes.cnf")["message"]


def test_noise_within_the_allowed_delta_changes_no_verdict(here: Path, capsys: Capture) -> None:
    for line, code, verdict in (("reduce yes.cnf", 0, "YES"), ("reduce no.cnf", 1, "NO")):
        assert asked(capsys, f"{line} --to attention --oracle worst-noise", code)["verdict"] == verdict
        assert asked(capsys, f"{line} --to attention --dtype float32", code)["verdict"] == verdict
        assert asked(capsys, f"{line} --to attention --dtype arb", code)["verdict"] == verdict


def test_a_folder_is_written_resumed_and_guarded(here: Path, capsys: Capture) -> None:
    first = asked(capsys, "reduce yes.cnf --to attention --out run", 0)
    assert first["oracle"]["calls"] == 1
    again = asked(capsys, "reduce --resume run", 0)
    assert (again["oracle"]["calls"], again["oracle"]["reused"], again["verdict"]) == (0, 1, "YES")
    next((here / "run" / "answers").glob("*.json")).unlink()
    assert asked(capsys, "reduce --resume run", 0)["oracle"]["calls"] == 1
    manifest = json.loads((here / "run" / "manifest.json").read_text())
    assert manifest["result"]["verdict"] == "YES"
    assert all((here / "run" / name).is_file() for name in manifest["files"])
    instance = next((here / "run" / "instances").glob("*-ov.json"))
    instance.write_text(instance.read_text() + " ")
    assert "changed" in refused(capsys, "reduce --resume run")["message"]
    assert "another run" in refused(capsys, "reduce no.cnf --to attention --out run")["message"]
    (here / "other").mkdir()
    (here / "other" / "mine.txt").write_text("mine")
    assert "something else" in refused(capsys, "reduce yes.cnf --to attention --out other")["message"]


def test_a_run_that_is_killed_goes_on_where_it_was(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed process runs no `finally`: the manifest must be there before the first answer."""
    line = "reduce yes.cnf --to attention --via ov_to_attention_counting --out run"
    kept = Folder.answered

    def third_kills(self: Folder, *arguments: Any) -> None:
        if len(list((self.directory / "answers").iterdir())) == 2:
            raise KeyboardInterrupt
        kept(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "answered", third_kills)
        patch.setattr(Folder, "finish", lambda self, result: None)
        assert main(line.split()) == 130
    assert json.loads((here / "run" / "manifest.json").read_text())["result"] == {"complete": False}
    whole = asked(capsys, "reduce --resume run", 0)
    assert whole["oracle"]["reused"] == 2
    assert whole["oracle"]["calls"] > 0
    again = asked(capsys, line, 0)
    assert (again["oracle"]["calls"], again["count"]) == (0, whole["count"])
    assert (again["oracle"]["error"], again["oracle"]["delta"]) == (whole["oracle"]["error"], whole["oracle"]["delta"])
    assert main(["reduce", "--resume", "run"]) == 0
    assert f"0 answers, {again['oracle']['reused']} more from the folder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (("format",), "varproof/reduction-run/9", "format varproof/reduction-run/9"),
        (("plan",), 3, "no plan"),
        (("oracle",), None, "no plan, files or oracle"),
        (("files",), {"source.json": 3}, "without a SHA-256"),
        (("files",), {"../yes.cnf": {"sha256": "0"}}, "outside the folder"),
        (("plan", "path"), 3, "no list of names"),
        (("plan", "path"), ["cnf_to_vo"], "unknown rule"),
        (("plan", "path"), ["cnf_to_ov"], "cnf to ov"),
        (("plan", "path"), ["ov_to_maxip", "maxip_to_attention"], "does not fit"),
        (("plan", "options"), {"scale": 1}, "options"),
        (("plan", "dtype"), None, "dtype"),
    ],
)
def test_manifests_that_were_changed_are_refused(
    here: Path, capsys: Capture, keys: tuple[str, ...], value: Any, said: str
) -> None:
    asked(capsys, "reduce yes.cnf --to attention --out run", 0)
    file = here / "run" / "manifest.json"
    manifest = json.loads(file.read_text())
    inner = manifest
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    file.write_text(json.dumps(manifest))
    error = refused(capsys, "reduce --resume run")
    assert said in " ".join(str(part) for part in error.values())


def test_attention_as_source_has_outputs_and_no_verdict(here: Path, capsys: Capture) -> None:
    asked(capsys, "reduce yes.cnf --to var-attention --out run", 0)
    clauses = [tuple(map(int, line.split()[:-1])) for line in YES.splitlines()[1:]]
    models = [x for x in range(16) if all(any((x >> (abs(v) - 1) & 1) == (v > 0) for v in c) for c in clauses)]
    extendable = [any(x % 4 == left for x in models) for left in range(4)]
    for name, to in (("0.0-attention.npz", "var-attention"), ("0.0.0-var-attention.npz", "var-attention")):
        folder = f"again-{name.partition('-')[0]}"
        answer = asked(capsys, f"reduce run/instances/{name} --to {to} --out {folder}", 0)
        assert (answer["verdict"], answer["witness"]) == (None, None)
        stored = json.loads((here / folder / "answer.json").read_text())
        values = [float.fromhex(row[0]) for row in stored["outputs"]["values"]]
        assert [value > 0.5 for value in values] == extendable


def test_outputs_of_a_kernel_of_ones_own(here: Path, capsys: Capture) -> None:
    """Softmax attention in three lines of NumPy on the saved instance, brought back by file:PATH."""
    asked(capsys, "reduce yes.cnf --to attention --out run", 0)
    with np.load(next((here / "run" / "instances").glob("*-attention.npz"))) as saved:
        units = [float(_rational(saved[f"{name}_unit"])) for name in ("query", "key")]
        scores = (saved["q"] @ saved["k"].T) * (units[0] * units[1] / saved["k"].shape[1])
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        outputs = (weights / weights.sum(axis=1, keepdims=True)) @ saved["v"]
    np.savez("mine.npz", outputs=outputs)
    answer = asked(capsys, "reduce --resume run --oracle file:mine.npz", 0)
    assert (answer["verdict"], answer["oracle"]["calls"]) == ("YES", 1)
    np.savez("mine.npz", outputs=0 * outputs)  # a file that has changed is read anew
    assert asked(capsys, "reduce --resume run --oracle file:mine.npz", 1)["verdict"] == "NO"
    np.savez("two.npz", outputs_000=outputs, outputs_001=outputs)
    assert "outputs_001" in refused(capsys, "reduce --resume run --oracle file:two.npz")["got"]
    np.savez("zeros.npz", outputs=0 * outputs)
    assert asked(capsys, "reduce --resume run --oracle file:zeros.npz", 1)["verdict"] == "NO"
    np.savez("ones.npz", outputs=0 * outputs + 1)
    assert asked(capsys, "reduce --resume run --oracle file:ones.npz", 3)["verdict"] == "PROMISE_VIOLATED"
    np.savez("short.npz", outputs=outputs[:-1])
    refused(capsys, "reduce --resume run --oracle file:short.npz")


def _rational(text: Any) -> float:
    upper, _, lower = str(text).partition("/")
    return int(upper) / int(lower or 1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("reduce yes.cnf", "--to"),
        ("reduce --to ov", "FILE"),
        ("reduce yes.cnf --to attnetion", "unknown problem"),
        ("reduce yes.cnf --to attention --via cnf_to_vo", "unknown rule"),
        ("reduce missing.cnf --to ov", "No such file"),
        ("reduce yes.cnf --to attention --oracle guess", "oracle"),
        ("reduce yes.cnf --to attention --dtype float16", "dtype"),
        ("reduce yes.cnf --to attention --set colour=1", "option"),
        ("reduce yes.cnf --to attention --set scal=one", "did you mean scale?"),
        ("reduce yes.cnf --to attention --set copies=4", "no rule of the path cnf_to_ov, ov_to_attention_scaling"),
        ("reduce yes.cnf --to attention --set copies=4", "scale, weight_gap"),
        ("reduce yes.cnf --to attention --set scale", "--set"),
        ("reduce yes.cnf --to attention --set scale=cosine:1", "scale"),
        ("reduce --resume nowhere", "no run"),
        ("reduce yes.cnf --to attention --resume nowhere", "--resume"),
        ("reduce notes.txt --to ov", "unknown kind"),
        ("reduce yes.cnf --to ov --out --explain", "--out"),
        ("reduce yes.cnf --out run --to --explain", "--to"),
    ],
)
def test_what_is_refused_says_why(here: Path, capsys: Capture, line: str, said: str) -> None:
    (here / "notes.txt").write_text("hello")
    error = refused(capsys, line)
    assert said in " ".join(str(value) for value in error.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p cnf x 2\n1 0\n", "header"),
        ("p cnf 2 1\n1 5 0\n", "5"),
        ("p cnf 2 1\n1 two 0\n", "two"),
        ("\x00\x01\x02", ""),
    ],
)
def test_bad_dimacs_names_the_line(here: Path, capsys: Capture, text: str, said: str) -> None:
    (here / "bad.cnf").write_text(text)
    error = refused(capsys, "reduce bad.cnf --to ov")
    assert said in " ".join(str(value) for value in error.values())


def test_what_is_tolerated_is_said_and_strict_refuses(here: Path, capsys: Capture) -> None:
    (here / "odd.cnf").write_text("c hello\np cnf 3 9\n1 2\n0 -3 0 c\n%\n0\n")
    assert asked(capsys, "reduce odd.cnf --to ov", 0)["tolerated"]
    refused(capsys, "reduce odd.cnf --to ov --strict")


def test_too_many_variables_are_refused_before_anything_is_made(here: Path, capsys: Capture) -> None:
    (here / "huge.cnf").write_text("p cnf 10000000 1\n1 -10000000 0\n")
    error = refused(capsys, "reduce huge.cnf --to ov")
    text = " ".join(str(value) for value in error.values())
    assert "5000000" in text.replace(",", "") or "2^5000000" in text
    assert "byte" in text


def test_precision_that_a_dtype_cannot_give_names_the_bits(here: Path, capsys: Capture) -> None:
    assert main(["example", "uf16.cnf"]) == 0
    line = "reduce uf16.cnf --to attention --via ov_to_attention_counting --dtype float64"
    assert "bits" in " ".join(str(value) for value in refused(capsys, line).values())


def test_the_story_is_told(here: Path, capsys: Capture) -> None:
    capsys.readouterr()
    assert main(["reduce", "yes.cnf", "--to", "var-attention", "--explain"]) == 0
    out = capsys.readouterr().out
    assert "Step 1: cnf to ov" in out
    assert "Coming back" in out
    assert "witness, checked on the source" in out


def test_names_of_rules_are_whole_on_a_narrow_terminal() -> None:
    formula = Cnf(4, ((1, 2), (-1, 3), (-2, -3)))
    done = reduce(formula, "var-attention", via=["ov_to_attention_counting", "attention_to_var_interpolated"])
    console = Console(width=80, file=StringIO())
    show(console, done, explain=False)
    assert isinstance(console.file, StringIO)
    out = console.file.getvalue()
    rows = [line for line in out.splitlines() if line.startswith("│")]
    assert all(len(row) <= 80 for row in rows)
    for name in ("cnf_to_ov", "ov_to_attention_counting", "attention_to_var_interpolated"):
        assert any(f"│ {name} " in row for row in rows)
    assert "cnf: variables 4," in out
    assert "gap g = 0," not in out


@pytest.mark.parametrize(
    ("to", "rule", "setting", "allowed"),
    [
        ("maxip", "ov_to_maxip_crt", "per_integer=0", "an integer from 1 to 16"),
        ("maxip", "ov_to_maxip_crt", "per_integer=-1", "an integer from 1 to 16"),
        ("maxip", "ov_to_maxip_crt", "per_integer=1000000000", "an integer from 1 to 16"),
        ("maxip", "ov_to_maxip_crt", "limit=3/2", "an integer from 1 to 1099511627776"),
        ("maxip", "ov_to_maxip_reed_solomon", "blocks=0", "an integer from 1 to 20"),
        ("maxip", "ov_to_maxip_tensor", "power=1000000000", "an integer from 1 to 64"),
        ("gap-hamming", "hamming_to_gap_hamming", "gap=3", "an integer from 1 to 2"),
        ("ov", "sparsify", "leaves=0", "an integer from 1 to 999999999"),
        ("ov", "sparsify", "petals=4,1_000", "integers from 2 to 999999999 with commas, such as 4,8,16"),
        ("attention", "ov_to_attention_counting", "logit_ratio=1e999999999", "a rational from 1/1000 to 1000"),
        ("attention", "gap_hamming_to_attention", "small_ball=1000000000", "0 to 1/2"),
    ],
)
def test_options_outside_their_range_are_refused(
    here: Path, capsys: Capture, to: str, rule: str, setting: str, allowed: str
) -> None:
    error = refused(capsys, f"reduce yes.cnf --to {to} --via {rule} --set {setting}")
    assert (error["got"], error["allowed"]) == (setting.partition("=")[2], allowed)
    if setting == "blocks=0":
        with pytest.raises(InputError, match="an integer from 1 to 20"):
            reduce(Cnf(1, ((1,),)), to, via=(rule,), options={"blocks": 0})


@pytest.mark.parametrize("via", ["", " --via attention_to_var_interpolated"])
def test_absurd_numbers_of_variables_are_refused_at_once(here: Path, capsys: Capture, via: str) -> None:
    (here / "h7.cnf").write_text("p cnf 10000000 1\n1 2 0\n")
    start = time.monotonic()
    error = refused(capsys, f"reduce h7.cnf --to var-attention{via}")
    assert "2^5000000 and 2^5000000" in error["hint"]
    assert "bytes" in error["hint"]
    assert time.monotonic() - start < 5
    assert "at most 1000000" in refused(capsys, "reduce h7.cnf --to cnf")["allowed"]
    (here / "h30.json").write_text(json.dumps({"problem": "cnf", "variables": 10**30, "clauses": [[1]]}))
    assert refused(capsys, "reduce h30.json --to cnf")["allowed"] == "at most 10000000"


@pytest.mark.parametrize("to", ["ov", "hamming", "gap-hamming", "maxip", "attention", "var-attention"])
def test_too_many_pairs_are_refused_with_numbers(here: Path, capsys: Capture, to: str) -> None:
    (here / "n40.cnf").write_text("p cnf 40 1\n1 40 0\n")
    error = refused(capsys, f"reduce n40.cnf --to {to}")
    assert "pairs; at most 2^" in error["hint"]


def test_names_that_are_nearly_right_and_names_that_cannot_be_run(here: Path, capsys: Capture) -> None:
    assert refused(capsys, "reduce yes.cnf --to attn")["hint"] == "did you mean attention?"
    assert refused(capsys, "reduce yes.cnf --to ov --via cnf_ov")["hint"] == "did you mean cnf_to_ov?"
    assert refused(capsys, "rule check cnf_ov")["hint"] == "did you mean cnf_to_ov?"
    assert "cannot be run" in refused(capsys, "reduce yes.cnf --to maxip --via cited_chen")["message"]
    assert "empty name" in refused(capsys, "reduce yes.cnf --to ov --via ,")["message"]
    assert "empty name" in refused(capsys, "reduce yes.cnf --to ov --via cnf_to_ov,")["message"]


def test_limits_that_an_option_raises_are_named(here: Path, capsys: Capture) -> None:
    for setting in ("--via ov_to_maxip_tensor --set limit=3", "--via ov_to_maxip_crt --set limit=3"):
        assert (
            "limit of 3; --set limit=NUMBER raises it"
            in refused(capsys, f"reduce yes.cnf --to maxip {setting}")["hint"]
        )
