"""The measurements behind `varproof bench campaign`: each a number beside the bar it should meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.bench.false_lemmas import COUNT, false_lemma
from varproof.campaign.bench.overhead import adversarial_overhead, iid_speed
from varproof.campaign.bench.resuming import resumed
from varproof.campaign.bench.tight_inequalities import reached, tight_inequalities
from varproof.campaign.plan import plan
from varproof.campaign.subjects import subject_named


@dataclass(frozen=True)
class Row:
    """One number with its bar: at most the bar, or at least where `at_least`."""

    what: str
    measured: float
    unit: str
    bar: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.measured >= self.bar if self.at_least else self.measured <= self.bar


Measure = Callable[[], Iterator[Row]]


def measures(repeats: int) -> dict[str, Measure]:
    """By name: what each case costs, how well searches and shrinking do, how fast a finished campaign resumes."""
    return {
        "overhead": partial(_overhead, repeats),
        "iid": partial(_iid, repeats),
        "search": _search,
        "shrink": _shrink,
        "resume": _resume,
    }


def _overhead(repeats: int) -> Iterator[Row]:
    yield Row(
        "CPU per case over bare Hypothesis, property of 1 ms", adversarial_overhead(1e-3, repeats=repeats), "x", 1.05
    )
    yield Row(
        "CPU per case over bare Hypothesis, trivial property", adversarial_overhead(0.0, repeats=repeats), "x", 1.15
    )


def _iid(repeats: int) -> Iterator[Row]:
    for tokens, bar in ((8, 20.0), (64, 5.0)):
        speed = iid_speed(tokens, repeats=repeats)
        yield Row(f"iid arm, cases per CPU second over the Hypothesis arm, {tokens}x{tokens}", speed, "x", bar, True)


def _search() -> Iterator[Row]:
    least, longest = 1.0, 0.0
    for tight in tight_inequalities():
        start = time.process_time()
        least = min(least, reached(tight))
        longest = max(longest, time.process_time() - start)
    yield Row("worst-ratio arm, least share of the supremum on ten tight inequalities", least, "", 0.9, True)
    yield Row("worst-ratio arm, CPU of the slowest of them", longest, "s", 5.0)


def _shrink() -> Iterator[Row]:
    smallest, longest = 0, 0.0
    for number in range(COUNT):
        lemma = false_lemma(number)
        subject = subject_named(lemma.claim, "statement")
        start = time.process_time()
        failures = (run_chunk(chunk, subject, 0).failure for chunk in plan([lemma.claim]).chunks)
        first = next((failure for failure in failures if failure is not None), None)
        longest = max(longest, time.process_time() - start)
        smallest += first is not None and first["size"] == lemma.smallest
    yield Row(f"false lemmas of {COUNT} refuted and shrunk to the smallest size", smallest, "", COUNT, True)
    yield Row("false lemmas, CPU of the slowest", longest, "s", 5.0)


def _resume() -> Iterator[Row]:
    found = resumed()
    yield Row(f"resume of {found.chunks} finished chunks, whole process, wall time", found.seconds, "s", 2.0)
    yield Row("chunks that it ran again", found.ran, "", 0.0)
