"""Sollya as a peer: its minimax polynomial of e^x and the certified sup norm, run as a process if it is installed.

Sollya (CeCILL-C) is not a dependency: nothing but `varproof bench approx` calls it. It gets the degree as a gift and
answers for the upper side alone.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from varproof.base.errors import shorten

SUPNORM_ACCURACY_BITS = 10  # supnorm returns an interval of relative width at most 2^-10
REMEZ_QUALITY = Fraction(1, 10**5)  # remez stops when its error is within this of the best one (Sollya's default)
ATTEMPTS = 3  # each at half again the precision of the one before
MAX_OUTPUT = 100_000  # characters read of what a run printed

_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,5})?"
_ANSWER = re.compile(rf"^varproof-answer ({_NUMBER}) ({_NUMBER}) ({_NUMBER}) ({_NUMBER})$", re.MULTILINE | re.ASCII)


@dataclass(frozen=True)
class SollyaRun:
    """One run: what came of it, seconds of `remez` and of `supnorm` by Sollya's own wall clock, the sup's enclosure.

    Numbers are None unless `outcome` is "answered"; `message` says what went wrong. `precision` is in bits.
    """

    outcome: Literal["answered", "timed out", "failed"]
    precision: int
    remez_seconds: float | None = None
    supnorm_seconds: float | None = None
    sup: tuple[Fraction, Fraction] | None = None
    message: str = ""

    @property
    def seconds(self) -> float | None:
        """Seconds of both calls together, without starting the program and reading the script."""
        if self.remez_seconds is None or self.supnorm_seconds is None:
            return None
        return self.remez_seconds + self.supnorm_seconds


def find_sollya() -> Path | None:
    """The executable `sollya` on PATH, or None."""
    found = shutil.which("sollya")
    return Path(found) if found else None


def working_precision(bound: Fraction, eps: Fraction) -> int:
    """The working precision in bits at which Sollya is started (measured to be near its fastest; a rule, no theorem).

    2 log2(1/eps) + 3 B log2(e) + 10. On the page benchmark-certificates: what less and what more cost.

    >>> working_precision(Fraction(4), Fraction(1, 10**8)), working_precision(Fraction(16), Fraction(1, 10**16))
    (81, 186)
    """
    log2_inverse = math.log2(eps.denominator) - math.log2(eps.numerator)
    return 10 + math.ceil(2 * log2_inverse + 3 * float(bound) * math.log2(math.e))


def script(degree: int, bound: Fraction, precision: int) -> str:
    """The Sollya program that times the relative minimax polynomial on [-B, B] and its certified sup norm.

    >>> "remez(1, 3, [-(1/2); 1/2], exp(-x))" in script(3, Fraction(1, 2), 60)
    True
    """
    interval = f"[-({bound}); {bound}]"
    return "\n".join(
        (
            "verbosity = 0!;",
            "display = decimal!;",
            f"prec = {precision}!;",
            f"first = time({{ p = remez(1, {degree}, {interval}, exp(-x)); }});",
            f"second = time({{ s = supnorm(p, exp(x), {interval}, relative, 2^(-{SUPNORM_ACCURACY_BITS})); }});",
            'print("varproof-answer", first, second, inf(s), sup(s));',
            "quit;",
            "",
        )
    )


def parse_answer(text: str, precision: int) -> SollyaRun:
    """Read the answer line out of everything a run printed; "failed" unless there is exactly one sensible one.

    >>> parse_answer("varproof-answer 9e-2 1e-2 5.01e-9 5.02e-9", 80).seconds
    0.09999999999999999
    """
    found = _ANSWER.findall(text)
    if len(found) != 1:
        return SollyaRun("failed", precision, message=f"no answer in the output: {shorten(' '.join(text.split()))}")
    first, second, low, high = found[0]
    remez, supnorm, sup = float(first), float(second), (Fraction(low), Fraction(high))
    if not (0 < sup[0] <= sup[1] and 0 <= remez < math.inf and 0 <= supnorm < math.inf and remez + supnorm > 0):
        return SollyaRun("failed", precision, message=f"not a time and an interval: {shorten(' '.join(found[0]))}")
    return SollyaRun("answered", precision, remez, supnorm, sup)


def run_sollya(
    degree: int, bound: Fraction, eps: Fraction, *, executable: Path, timeout: float, precision: int | None = None
) -> SollyaRun:
    """Run Sollya for `degree` on [-bound, bound], at most `timeout` seconds for each attempt.

    Where it fails, the precision (default: `working_precision`) is raised by half, twice at most; the last run is
    returned. A time-out is not retried. Raises `OSError` when the executable cannot be started.
    """
    bits = working_precision(bound, eps) if precision is None else precision
    for attempt in range(1, ATTEMPTS + 1):
        run = _attempt(degree, bound, executable, timeout, bits)
        if run.outcome != "failed":
            return run
        if attempt < ATTEMPTS:
            bits += bits // 2
    return replace(run, message=f"{ATTEMPTS} attempts, the last at {bits} bits: {run.message}")


def _attempt(degree: int, bound: Fraction, executable: Path, timeout: float, precision: int) -> SollyaRun:
    """One process in its own process group, without stdin; its output goes to files, however much there is."""
    with tempfile.TemporaryDirectory(prefix="varproof-") as folder:
        program, out, err = (Path(folder) / name for name in ("ask.sollya", "out", "err"))
        program.write_text(script(degree, bound, precision), encoding="ascii")
        with out.open("wb") as out_stream, err.open("wb") as err_stream:
            process = subprocess.Popen(
                [str(executable), "--warnonstderr", str(program)],
                stdin=subprocess.DEVNULL,
                stdout=out_stream,
                stderr=err_stream,
                start_new_session=True,
            )
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                return SollyaRun("timed out", precision, message=f"stopped after {timeout:g} s")
            finally:
                _end(process)
        if code != 0:
            said = shorten(" ".join(_start_of(err).split())) or "nothing on stderr"
            return SollyaRun("failed", precision, message=f"left with exit code {code}: {said}")
        return parse_answer(_start_of(out), precision)


def _end(process: subprocess.Popen[Any]) -> None:
    """Kill what is left of the process group and wait for its leader."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _start_of(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(MAX_OUTPUT)
