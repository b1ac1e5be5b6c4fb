"""`varproof bench campaign`: rows beside their bars; the measurements themselves are tested where they live."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from typing import Any

import jsonschema
import pytest

from varproof.campaign.bench import benchmark
from varproof.campaign.bench.benchmark import Row
from varproof.cli.bench_campaign import NAMES
from varproof.cli.main import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Measurements that only say that they were asked for; their numbers miss and meet bars of both kinds."""
    asked: list[str] = []

    def measure(name: str, repeats: int) -> Iterator[Row]:
        asked.append(f"{name} {repeats}")
        yield Row(f"{name}, as little as possible", 1.25, "x", 1.05 if name == "iid" else 1.25)
        yield Row(f"{name}, as much as possible", 0.75, "", 0.9 if name == "iid" else 0.75, True)

    def measures(repeats: int) -> dict[str, Callable[[], Iterator[Row]]]:
        return {name: partial(measure, name, repeats) for name in NAMES}

    assert tuple(benchmark.measures(1)) == NAMES
    monkeypatch.setattr(benchmark, "measures", measures)
    return asked


def answered(capsys: Capture, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["bench", "campaign", *words, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    rules = json.loads((resources.files("varproof.cli.schemas") / "bench-campaign.json").read_text(encoding="utf-8"))
    jsonschema.validate(answer, rules, cls=jsonschema.Draft202012Validator)
    return answer


def test_all_measurements_run_once_in_their_order(quick: list[str], capsys: Capture) -> None:
    answer = answered(capsys, "--repeats", "3")
    assert quick == [f"{name} 3" for name in NAMES]
    assert len(answer["rows"]) == 2 * len(NAMES)
    assert answer["repeats"] == 3


def test_bars_that_are_missed_are_shown_and_are_no_failure(quick: list[str], capsys: Capture) -> None:
    rows = answered(capsys, "--only", "iid", "--only", "shrink")["rows"]
    assert quick == ["iid 5", "shrink 5"]
    assert [row["met"] for row in rows] == [False, False, True, True]
    assert main(["bench", "campaign", "--only", "iid"]) == 0
    out = capsys.readouterr().out
    assert out.count("│ no ") == 2
    assert "<= 1.05 x" in out
    assert ">= 0.9" in out


@pytest.mark.parametrize(
    ("words", "said"), [(("--only", "speed"), "overhead, iid"), (("--repeats", "0"), "1"), (("--repeats", "x"), "x")]
)
def test_what_is_refused_says_why(quick: list[str], capsys: Capture, words: tuple[str, ...], said: str) -> None:
    assert main(["bench", "campaign", *words, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert said in " ".join(str(part) for part in error.values())
    assert quick == []


def test_a_real_measurement_meets_its_bar(capsys: Capture) -> None:
    rows = answered(capsys, "--only", "search", "--repeats", "1")["rows"]
    assert rows[0]["measured"] >= rows[0]["bar"] == 0.9
    assert rows[0]["met"]
