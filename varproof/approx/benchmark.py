"""How long certificates for minimal degrees take to find and to check, beside Sollya's minimax polynomial and sup norm.

Everything runs in this process on one thread except Sollya, whose own clock is read; one run of ours and one of
Sollya's alternate. What the numbers mean is on the page benchmark-certificates.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from varproof import approx
from varproof.approx.sollya import REMEZ_QUALITY, SollyaRun, run_sollya
from varproof.base.errors import InputError, shorten
from varproof.base.rationals import open_unit_rational, positive_rational

DEFAULT_CELLS = (("4", "1e-8"), ("8", "1e-8"), ("16", "1e-16"))
CHECK_CELL = ("64", "1e-8")
MAX_REPEATS = 1000
# how far below our certified error of a degree the error is asked for that this degree cannot reach
SLACKS = (Fraction(1, 1000), Fraction(1, 20))


@dataclass(frozen=True)
class Cell:
    """The timings of one question (B, eps), in seconds, one entry for each repetition; `degree` is certified.

    `upper` and `lower` enclose the best relative error of that degree, both proved (`lower` is 0 where certificates
    do not separate it); `check_seconds` maps the engine ("integers", "flint") to its times; `sollya` is empty
    without a peer.
    """

    bound: Fraction
    eps: Fraction
    degree: int
    upper: Fraction
    lower: Fraction
    certify_seconds: tuple[float, ...]
    check_seconds: dict[str, tuple[float, ...]]
    sollya: tuple[SollyaRun, ...]

    @property
    def name(self) -> str:
        """The cell as people write it: `B = 1/2, eps = 0.01`."""
        eps = Decimal(self.eps.numerator) / Decimal(self.eps.denominator)
        return f"B = {shorten(self.bound, 20)}, eps = {eps:.3g}"

    @property
    def agrees(self) -> bool | None:
        """Whether every enclosure of Sollya's is consistent with ours; None when it gave none.

        Its polynomial is a polynomial of this degree, so its sup is at least `lower`; it is within Sollya's stopping
        rule of the best one, so its sup is at most `upper`, 1e-5 aside.
        """
        sups = [run.sup for run in self.sollya if run.sup is not None]
        if not sups:
            return None
        return all(high >= self.lower and low <= self.upper * (1 + REMEZ_QUALITY) for low, high in sups)


@dataclass(frozen=True)
class Benchmark:
    """All measurements: `cold_seconds` is the very first certificate with the loading of its code."""

    cells: tuple[Cell, ...]
    check_cell: Cell
    cold_seconds: float
    timeout: float


def measure(
    cells: Sequence[tuple[str, str]] = DEFAULT_CELLS,
    *,
    repeats: int = 5,
    timeout: float = 60.0,
    peer: Path | None = None,
    after_each: Callable[[], object] = lambda: None,
) -> Benchmark:
    """Time finding and checking certificates for the relative error on [-B, B], for each (B, eps) of `cells`.

    `peer` is the executable of Sollya (`find_sollya()`), or None to measure ours alone; `timeout` in seconds is for
    each run of it, and after a time-out or a failure it is not run again on that cell. The check of (64, 1e-8) is
    always measured. `after_each` is called once for every repetition, `repeats * (len(cells) + 1)` times in all.
    Raises `InputError` for bad cells before anything runs, for repeats outside 1..1000 and a timeout that is not
    a positive finite number.
    """
    if not 1 <= repeats <= MAX_REPEATS:
        raise InputError("the number of repeats is out of range", got=repeats, allowed=f"1 to {MAX_REPEATS}")
    if not 0 < timeout <= 86400:
        raise InputError("the time limit is out of range", got=timeout, allowed="seconds, above 0 and at most 86400")
    exact = [(positive_rational(b, name="bound"), open_unit_rational(e, name="eps")) for b, e in cells]
    if not exact:
        raise InputError("no cell to measure", allowed="at least one pair of bound and eps")
    start = time.perf_counter()
    approx.certify(*exact[0])  # the first use loads the code
    cold = time.perf_counter() - start
    measured = tuple(_measure_cell(cell, repeats, timeout, peer, after_each) for cell in exact)
    reference = (Fraction(CHECK_CELL[0]), Fraction(CHECK_CELL[1]))
    return Benchmark(measured, _measure_cell(reference, repeats, timeout, None, after_each), cold, timeout)


def _measure_cell(
    question: tuple[Fraction, Fraction],
    repeats: int,
    timeout: float,
    peer: Path | None,
    after_each: Callable[[], object],
) -> Cell:
    """Ours, its two checks and Sollya's in turn, `repeats` times."""
    from varproof.approx import flint_checker, integer_checker

    engines: dict[str, Callable[[Any], str]] = {"integers": integer_checker.check, "flint": flint_checker.check}
    found = approx.certify(*question)  # not timed, nor is the first check: every timed run of ours is a warm one
    payload = found.certificate.payload
    for check in engines.values():
        check(payload)
    certify_seconds: list[float] = []
    check_seconds: dict[str, list[float]] = {engine: [] for engine in engines}
    runs: list[SollyaRun] = []
    for _ in range(repeats):
        certify_seconds.append(_seconds(lambda: approx.certify(*question)))
        for engine, check in engines.items():
            check_seconds[engine].append(_seconds(lambda check=check: check(payload)))  # type: ignore[misc]  # bound now
        if peer is not None and all(run.outcome == "answered" for run in runs):
            runs.append(run_sollya(found.degree, *question, executable=peer, timeout=timeout))
        after_each()
    upper = flint_checker.certified_sides(integer_checker.parse(payload)).upper
    lower = _proved_lower(question[0], found.degree, upper)
    checks = {engine: tuple(times) for engine, times in check_seconds.items()}
    return Cell(*question, found.degree, upper, lower, tuple(certify_seconds), checks, tuple(runs))


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _proved_lower(bound: Fraction, degree: int, upper: Fraction) -> Fraction:
    """A proved lower bound on the best error of `degree`: the certificate of a slightly smaller eps excludes it."""
    from varproof.approx import flint_checker, integer_checker

    for slack in SLACKS:
        asked = (upper * (1 - slack)).limit_denominator(10**12 * upper.denominator // upper.numerator)
        above = approx.certify(bound, asked)
        if above.degree > degree:
            return flint_checker.certified_sides(integer_checker.parse(above.certificate.payload)).lower
    return Fraction(0)
