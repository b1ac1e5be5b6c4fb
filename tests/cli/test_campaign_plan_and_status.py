"""`varproof campaign plan` and `status`: numbers that add up, and a look at a campaign that runs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

Bench = Any  # of conftest.py
SLOWER = ("    n, b = int(point", "    __import__('time').sleep(0.003)\n    n, b = int(point")


def test_the_numbers_of_a_plan_add_up_to_those_of_the_campaign(bench: Bench) -> None:
    bench.lemma()
    made = bench.asked("plan --claims my_lemma.py --cases 100")
    (row,) = made["claims"]
    assert (row["claim"], row["cells"], row["variants"], row["chunks"]) == ("my_lemma", 8, 3, made["chunks"])
    found = bench.asked("run --claims my_lemma.py --cases 100 --executor inline --store c.db")
    assert found["counts"]["planned"] == made["chunks"]
    (form,) = found["claims"][0]["forms"]
    ran = {arm["arm"]: arm["cases"] for arm in form["arms"]}
    assert ran == {arm: count for arm, count in row["cases"].items() if arm != "power"}
    assert min(ran["iid"], ran["adversarial"]) >= 100


def test_the_table_shows_sums_and_says_them(bench: Bench) -> None:
    line = "plan threshold_lemma rank_count --cases 50"
    made = bench.asked(line)
    assert made["chunks"] == sum(row["chunks"] for row in made["claims"])
    assert made["seconds"] == pytest.approx(sum(row["seconds"] for row in made["claims"]), abs=0.1)
    assert [row["claim"] for row in made["claims"]] == ["threshold_lemma", "rank_count"]
    out, _ = bench.said(line, 0)
    variants = sum(row["variants"] for row in made["claims"])
    assert f"2 claims, {variants} wrong variants, {made['chunks']} chunks, about" in out
    assert list(bench.folder.iterdir()) == []


def test_expensive_claims_have_a_cap_and_cheap_ones_grow_with_the_cases(bench: Bench) -> None:
    small, large = (
        {
            row["claim"]: row["cases"]
            for row in bench.asked(f"plan rank_count softmax_perturbation --cases {n}")["claims"]
        }
        for n in (200, 5000)
    )
    assert small["rank_count"] == large["rank_count"]
    assert large["softmax_perturbation"]["iid"] >= 5000 > small["softmax_perturbation"]["iid"] >= 200


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plan rank_cout", "did you mean rank_count"),
        ("plan --cases 0", "1"),
        ("plan --claims no.py", "no.py"),
        ("status --store no.db", "no.db"),
        ("status --store .", "directory"),
    ],
)
def test_what_is_refused_says_why(bench: Bench, line: str, said: str) -> None:
    assert said in " ".join(str(part) for part in bench.refused(line).values())
    assert list(bench.folder.iterdir()) == []


@pytest.mark.slow
def test_status_while_a_campaign_runs_in_another_process(bench: Bench) -> None:
    bench.lemma(SLOWER)
    words = ["run", "--claims", "my_lemma.py", "--executor", "inline", "--cases", "250", "--store", "c.db"]
    process = subprocess.Popen(
        [sys.executable, "-m", "varproof", "campaign", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        seen: list[dict[str, Any]] = []
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if Path("c.db").exists() and Path("c.db").stat().st_size > 0:
                answer = bench.asked("status --store c.db")
                assert answer["done"] + answer["lost"] + answer["pending"] == answer["planned"]
                seen.append(answer)
                if answer["planned"]:
                    bench.asked("report --store c.db")
            time.sleep(0.3)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
    done = [answer["done"] for answer in seen]
    assert done == sorted(done)
    assert len({answer["digest"] for answer in seen if 0 < answer["done"] < answer["planned"]}) > 1
    last = bench.asked("status --store c.db")
    assert (last["pending"], last["done"]) == (0, last["planned"])
    out, _ = bench.said("status --store c.db", 0)
    assert f"{last['done']} of {last['planned']} chunks done, 0 lost, 0 to run" in out
    assert last["digest"] in out
