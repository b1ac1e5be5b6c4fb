"""The shapes of a measurement of attention engines: rows, curves, cold starts, cases, and the whole benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from varproof.attention.bench.cases import Case

SDPA, EXACT, ATTEND = "torch SDPA", "exact", "attend"
BASELINES = (SDPA, EXACT)
Kind = Literal["ours", "baseline", "peer"]
Outcome = Literal["measured", "unavailable", "failed"]


@dataclass(frozen=True)
class Row:
    """One contestant at one head. `seconds` has one entry a round, empty unless it was measured.

    `bound` is the largest certified error over the rows of the output, None without a certificate on every row;
    `error` the largest measured one, against exact attention in float64 (for exact engines: in extended precision, on
    some rows). `violated`: some row's measured error, less the reference's own bound, is above its certified bound.
    `flops` are those that ran, `useful_flops` those that the method needs: 4 N r (d_v + 1) + 2 N r; 0 where unknown.
    """

    name: str
    kind: Kind
    outcome: Outcome = "measured"
    reason: str = ""
    seconds: tuple[float, ...] = ()
    engine: str = ""
    degree: int = 0
    rank: int = 0
    flops: int = 0
    useful_flops: int = 0
    rows_rerun: int = 0
    bound: float | None = None
    error: float | None = None
    violated: bool = False
    note: str = ""

    @property
    def median(self) -> float | None:
        """The median over rounds in seconds."""
        return median(self.seconds) if self.seconds else None


@dataclass(frozen=True)
class Curve:
    """Median seconds of one contestant against N."""

    name: str
    tokens: tuple[int, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Cold:
    """The first call in a fresh process: loading the code apart; with empty caches and, in another process, filled.

    The caches are those of the tables and of compiled code.
    """

    name: str
    load_seconds: float
    empty_seconds: float
    filled_seconds: float


@dataclass(frozen=True)
class CaseResult:
    """All that was measured of one case; `peak` is the machine's matrix product in flops a second, same process."""

    case: Case
    delta: float
    peak: float
    rows: tuple[Row, ...]
    curves: tuple[Curve, ...] = ()
    cold: tuple[Cold, ...] = ()

    def row(self, name: str) -> Row | None:
        """The measured row of this name."""
        return next((row for row in self.rows if row.name == name and row.outcome == "measured"), None)

    def speed(self, row: Row, against: str) -> float | None:
        """How many times faster `row` is than the contestant `against`: ratio of medians."""
        other = self.row(against)
        if row.median is None or other is None or other.median is None or other.name == row.name:
            return None
        return other.median / row.median


@dataclass(frozen=True)
class RankPoint:
    """The error of one method at one rank; `bound` None for methods without a certificate."""

    method: str
    rank: int
    error: float
    bound: float | None
    seconds: float
    violated: bool = False


@dataclass(frozen=True)
class RankStudy:
    """Error against rank at one head, small enough for every method; `missing` says which method is not there, why."""

    case: Case
    points: tuple[RankPoint, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """How to measure; `dtype`, `backend` and `device` are those of the head's arrays."""

    repeats: int = 5
    seed: int = 0
    backend: Literal["numpy", "torch"] = "numpy"
    device: Literal["cpu", "cuda"] = "cpu"
    dtype: Literal["float64", "float32"] = "float64"
    peers: bool = True
    quick: bool = False
    keops: str = ""  # why KeOps is not to be run; empty when it may


@dataclass(frozen=True)
class Benchmark:
    """All measurements and where they ran: versions of optional packages, and the variables that set the threads."""

    settings: Settings
    cases: tuple[CaseResult, ...]
    ranks: RankStudy | None
    versions: Mapping[str, str | None] = field(default_factory=dict)
    threads: Mapping[str, str] = field(default_factory=dict)

    @property
    def violated(self) -> bool:
        """Whether some certified bound is below a measured error."""
        rows = any(row.violated for case in self.cases for row in case.rows)
        points = () if self.ranks is None else self.ranks.points
        return rows or any(point.violated for point in points)
