"""`varproof var cost`: exact answers, tables that fit 80 columns, pictures at any size, refusals with exit code 2."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import pytest

from varproof.cli.main import main


def answer(capsys, line: str) -> dict:
    assert main(["var", "cost", *line.split(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rules = json.loads((resources.files("varproof.cli.schemas") / "var-cost.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, rules, cls=jsonschema.Draft202012Validator)
    return found


def test_exact_integers_of_a_small_model(capsys):
    """By hand: sides 1, 2; T = 5 tokens, 1*1 + 4*5 = 21 pairs, C = 4, two heads of d = 2, hidden 16, depth 3."""
    found = answer(capsys, "--schedule 1,2 --depth 3 --width 4 --heads 2")
    assert found["flops"] == {
        "transformer/interpolation": 2 * 4 * 4 * (2 * 1 + 2 * 2),  # four weights for 2 x 1, then 2 x 2 entries
        "transformer/projections": 3 * 5 * (4 * 2 * 4 * 4 + 4),
        "transformer/attention": 3 * 2 * (21 * (4 + 1 + 6) + 5 * 2),
        "transformer/ffn": 3 * 5 * (2 * 2 * 4 * 16 + 4),
        "reconstruction/interpolation": 2 * 4 * 4 * (2 * 1 + 2 * 2),
        "reconstruction/convolution": 2 * 4 * (2 * 9 * 4 * 4) + 4 * 4,
    }
    assert found["flops_total"] == sum(found["flops"].values())
    assert (found["tokens"], found["attention_pairs"]) == (5, 21)
    assert (found["attention_constant"], found["attention_constant_exact"]) == (1.3125, "21/16")
    assert found["attention_share"] == found["flops"]["transformer/attention"] / found["flops_total"]
    assert found["speedup_ceiling"] == pytest.approx(1 / (1 - found["attention_share"]), rel=1e-12)
    assert found["exponent"] is found["slope"] is found["crossover"] is None


@pytest.mark.parametrize(("preset", "constant"), [("256", 4.3706), ("512", 3.1184), ("1024", 3.3947)])
def test_presets(preset, constant, capsys):
    found = answer(capsys, f"--schedule {preset} --kind reference")
    assert round(found["attention_constant"], 4) == constant
    assert found["matrix_product_flops"] == 4 * 1024 * 16 * found["attention_pairs"]
    assert "between n =" in found["exponent_kind"]
    assert [row["variant"] for row in found["variants"]] == ["cached", "one-pass", "recomputed", "dense"]


def test_doubling_and_linear(capsys):
    found = answer(capsys, "--schedule doubling --n 1024 --width 64 --heads 4 --decoder-base 4")
    assert found["attention_pairs"] == (64 * 1024**4 - 20 * 1024**2 + 1) // 45
    assert found["exponent"] == 4
    assert found["exponents"]["transformer/attention"]["constant"] == f"{(4 * 64 + 3 * 4) * 64}/45"
    assert found["exponents"]["decoder/attention"]["rate"] == "n^4"
    assert found["exponents"]["reconstruction/convolution"]["rate"] == "n^2 log n"
    assert found["exponents"]["transformer/interpolation"]["rate"] == "n^2"
    assert found["exponents"]["reconstruction/interpolation"] == {
        "power": 2,
        "log": 1,
        "rate": "n^2 log n",
        "constant": f"{2 * 4 * 64}",
        "constant_value": 512.0,
        "limit": True,
    }
    assert found["shares"]["with decoder attention"]["flops"] > found["shares"]["all"]["flops"]
    assert found["crossover"]["n"] == 32
    linear = answer(capsys, "--schedule linear --n 50 --variant dense")
    assert (linear["exponent"], linear["variants"][0]["rate"]) == (7, "n^6")
    averages = answer(capsys, "--schedule linear --n 5 --kind reference")["exponents"]["reconstruction/down-sampling"]
    assert (averages["rate"], averages["limit"]) == ("n^3", False)


def test_variants_change_the_flops_and_not_the_schedule(capsys):
    lines = {v: answer(capsys, f"--schedule 256 --variant {v}") for v in ("cached", "one-pass", "recomputed", "dense")}
    totals = {variant: found["flops_total"] for variant, found in lines.items()}
    assert totals["cached"] == totals["one-pass"] < totals["recomputed"] < totals["dense"]
    for variant, found in lines.items():
        assert found["variant"] == variant
        assert {row["variant"]: row["flops_total"] for row in found["variants"]} == totals
        assert found["attention_pairs"] == 286434


def test_a_model_file_says_the_same_as_its_options(tmp_path, capsys):
    path = tmp_path / "model.toml"
    path.write_text('schedule = "1,2,4"\nwidth = 8\nheads = 2\nhidden = 32\n')
    by_file, by_options = answer(capsys, str(path)), answer(capsys, "--schedule 1,2,4 --width 8 --heads 2")
    assert by_file == by_options


def test_no_decoder(capsys):
    with_decoder = answer(capsys, "--schedule 256 --kind reference")
    without = answer(capsys, "--schedule 256 --kind reference --decoder-base 0")
    assert {p: c for p, c in with_decoder["flops"].items() if not p.startswith("decoder")} == without["flops"]


@pytest.mark.parametrize(
    "line",
    [
        "--schedule 256 --kind reference",
        "--schedule doubling --n 64 --width 256 --heads 4",
        "--schedule ratio:3/2 --n 100 --variant dense",
        "--schedule 1,2,4 --decoder-base 4",
        f"--schedule doubling --n {2**1000}",
        f"--schedule ratio:7/2 --n {2**1000 - 1} --variant recomputed --decoder-base 160",
        f"--schedule 1,{2**900}",
        "--schedule 7, --width 1 --heads 1",
    ],
)
def test_the_tables_fit_80_columns(line, capsys):
    assert main(["var", "cost", *line.split()]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert all(len(row) <= 80 for row in shown if row[:1] in "┏┃┡│└")
    rows = {cells[1].strip(): cells[2].strip() for row in shown if len(cells := row.split("│")) > 4}
    assert {"transformer/attention", "all", "cached", "one-pass", "recomputed", "dense"} <= rows.keys()
    assert all(rows.values())


def test_hundreds_of_digits_are_exact_in_json(capsys):
    found = answer(capsys, f"--schedule doubling --n {2**1000}")
    assert found["attention_pairs"] == (64 * 2**4000 - 20 * 2**2000 + 1) // 45
    assert found["slope"]["to"] == 2**1000


@pytest.mark.parametrize(
    "line",
    [
        "--schedule 256 --kind reference",
        "--schedule linear --n 30 --variant dense",
        "--schedule 7,",
        "--schedule ratio:10001/10000 --n 2",
        f"--schedule doubling --n {2**1000}",
    ],
)
def test_pictures(line, tmp_path, capsys):
    path = tmp_path / "cost.png"
    assert main(["var", "cost", *line.split(), "--json", "--plot", str(path)]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["format"] == "varproof/var-cost/1"
    assert "cost.png" in shown.err
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("line", "got", "allowed"),
    [
        ("--schedule 256 --width 10 --heads 4", "width 10, heads 4", "multiple"),
        ("--schedule 256 --n 17", "17", "16"),
        ("--schedule 1,2,4 --n 8", "8", "4"),
        ("--schedule doubling --n 48", "48", "32 or 64"),
        ("--schedule doubling", "doubling", ""),
        ("--schedule 4,2", "4 then 2", "p_1 < p_2"),
        ("--schedule linear --n 10001", "10001", "10000"),
        ("--schedule 256 --depth 0", "0", "from 1"),
        ("--schedule 256 --depth 1025", "1025", "1 to 1024"),
        ("--schedule 256 --width 0", "0", "from 1"),
        ("--schedule 256 --hidden -3", "-3", "from 1"),
        ("--schedule 256 --heads 1.5", "1.5", ""),
        ("--schedule 256 --variant fast", "fast", "cached, one-pass, recomputed, dense"),
        ("--schedule 256 --kind real", "real", "formal, reference"),
        ("--schedule 256 --plot cost.gif", "cost.gif", ".png"),
        ("--schedule 256 --plot missing/cost.png", "missing", ""),
        (f"--schedule doubling --n {2**1001}", "10", "2^1000"),
        ("--schedule 257", "257", "256, 512, 1024"),
        ("model.toml --width 8", "model.toml and --width", "the file, or the options"),
        ("", "neither", "--schedule"),
    ],
)
def test_bad_input_leaves_with_2_and_says_what_came(line, got, allowed, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["var", "cost", *line.split(), "--json"]) == 2
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert got in error["got"]
    assert allowed in error["allowed"]
    assert "Traceback" not in shown.err
    assert not list(tmp_path.iterdir())
