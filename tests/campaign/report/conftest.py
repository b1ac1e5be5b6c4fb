"""Made-up campaigns: results of any kind for claims of any kind, without running a case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from varproof.base.verdict import Finding, Verdict
from varproof.campaign.chunk import cell_text
from varproof.campaign.plan import plan
from varproof.campaign.report.collect import Row
from varproof.campaign.result import BARS, Result, bar_of
from varproof.campaign.subjects import subject_named
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Claim, Correction, Variant
from varproof.families.space import Choice, Integer, Real, Seed, Space, encode_value

SPACE = Space(
    {
        "keys": Integer(2, 64, log=True),
        "rho": Real(1.0, 64.0, log=True),
        "family": Choice(("gaussian", "one-hot", "sparse")),
        "seed": Seed(),
    }
)


@dataclass(frozen=True)
class FakeStore:
    """What a report asks of a store."""

    rows: tuple[Row, ...]
    settings: dict[str, Any]

    def counts(self) -> dict[str, int]:
        done = sum(status == "done" for _, status, *_ in self.rows)
        return {"planned": len(self.rows), "done": done, "lost": sum(row[1] == "lost" for row in self.rows)}

    def digest(self) -> str:
        return "2f1c9d7a55e0b1c4"

    def results(self) -> Iterable[Row]:
        return iter(self.rows)


def made_claim(name: str, axes: int = 2, *, kind: Any = "upper", attains: Fraction | None = None, **more: Any) -> Claim:
    """A claim whose attack is never run; `axes` of its three fields are the coverage map."""
    attack = Attack(
        space=SPACE,
        build=lambda point, case: Instance(numbers=dict(point)),
        measure=lambda instance, case: Measurement(0.5, 3),
        judge=lambda instance, case: Judgement.PASS,
        cells=("keys", "rho", "family")[:axes],
        attains=attains,
        arms=("iid", "adversarial", "worst-ratio"),
    )
    variants = (
        Variant("factor 1.9", "two groups attain factor 2", {"factor": Fraction(19, 10)}),
        Variant("signed", "a negative weight makes the normaliser small", dropped=frozenset({"positive"})),
    )
    given: dict[str, Any] = {
        "statement": "The normalised weights move in l1 by at most 2 tanh(ln(rho)/4), and two groups attain it.",
        "hypotheses": {"positive": "all weights are positive", "window": "multipliers lie in [c, c rho]"},
        "sources": ("arXiv:2302.13214",),
        "check": lambda case: Finding(Verdict.PROVED),
        "falsified": variants,
        "constants": {"factor": Fraction(2)},
        "attack": attack,
    }
    return Claim(id=name, kind=kind, **{**given, **more})


def made_result(claim: Claim, chunk: Any, rng: np.random.Generator, top: float) -> Result:
    """Ratios from a beta distribution below `top`, sizes from 2 to 64; a wrong variant is killed."""
    count = chunk.count
    if subject_named(claim, chunk.subject).variant is not None:
        return Result(cases=count, valid=count, killed="violation", judged={"VIOLATED": 1}, suspects=1)
    ratios = top * rng.beta(2, 1.5, count)
    sizes = np.minimum(2 ** rng.integers(1, 7, count), 64)
    histogram = [0] * (BARS + 1)
    for ratio in ratios:
        histogram[bar_of(float(ratio))] += 1
    cells = [cell_text(cell) for cell in claim.attack.space.cells(claim.attack.cells)] if claim.attack else []
    own = cell_text(chunk.cell)
    counts = {own: count} if own else {cells[0]: count}
    by_size = {int(n): float(ratios[sizes == n].max()) * float(n) ** -0.05 for n in np.unique(sizes)}
    worst = int(ratios.argmax())
    point = {"keys": int(sizes[worst]), "rho": float(rng.uniform(1, 64)), "family": "sparse", "seed": 7}
    return Result(
        cases=count + 3,
        valid=count,
        rejected=3,
        cells=counts,
        histogram=tuple(histogram),
        by_size=by_size,
        worst={
            "ratio": float(ratios[worst]),
            "measured": float(ratios[worst]),
            "bound": 1.0,
            "size": int(sizes[worst]),
            "point": {name: encode_value(value) for name, value in point.items()},
        },
    )


def made_rows(claims: Sequence[Claim], cases: int = 1000, top: float = 0.97) -> list[Row]:
    """One row for each chunk of the real plan."""
    by_id = {claim.id: claim for claim in claims}
    rows: list[Row] = []
    for chunk in plan(claims, cases=cases).chunks:
        rng = np.random.default_rng(chunk.seed(0) % 2**32)
        rows.append((chunk, "done", made_result(by_id[chunk.claim], chunk, rng, top), "", None))
    return rows


def made_store(rows: Sequence[Row], **settings: Any) -> FakeStore:
    return FakeStore(tuple(rows), {"seed": 0, "cases": 1000, **settings})


FAILURE = {
    "size": 2,
    "ratio": 1.25,
    "judgement": "VIOLATED",
    "point": {"keys": 2, "rho": {"float": (9.0).hex()}, "family": "one-hot", "seed": 3},
    "instance": {
        "arrays": {"weights": {"dtype": "float64", "shape": [2], "values": [(1.0).hex(), (3.0).hex()]}},
        "numbers": {"rho": {"float": (9.0).hex()}},
        "dimensions": {"keys": [["weights", 0]]},
        "boxes": {},
    },
    "story": [
        {"step": "found", "size": 23, "ratio": 1.31},
        {"step": "same seed, smaller point", "size": 4, "ratio": 1.27},
        {"step": "dropped keys", "size": 2, "ratio": 1.27},
        {"step": "rounder numbers", "size": 2, "ratio": 1.25},
    ],
}


def with_violation(rows: Sequence[Row], claim: str, subject: str = "statement") -> list[Row]:
    """The first iid or worst-ratio chunk of a form finds a violation."""
    changed = list(rows)
    for place, (chunk, status, result, reason, case) in enumerate(changed):
        if chunk.claim == claim and chunk.subject == subject and result is not None:
            histogram = list(result.histogram)
            histogram[BARS] += 4
            worst = {**(result.worst or {}), "ratio": 1.31}
            found = replace(
                result, suspects=4, judged={"VIOLATED": 4}, failure=FAILURE, histogram=tuple(histogram), worst=worst
            )
            changed[place] = (chunk, status, found, reason, case)
            return changed
    raise LookupError(claim)


@dataclass(frozen=True)
class Made:
    """The makers above, handed to tests as one fixture."""

    claim: Callable[..., Claim] = made_claim
    rows: Callable[..., list[Row]] = made_rows
    store: Callable[..., FakeStore] = made_store
    violated: Callable[..., list[Row]] = with_violation

    def three(self) -> tuple[list[Claim], list[Row]]:
        """A claim that holds, a tight one that is refuted with a corrected form, one with three axes and gaps."""
        literal = made_claim(
            "literal_form",
            1,
            kind="tight",
            expected=Verdict.REFUTED,
            corrected=Correction("With factor 2 it holds.", lambda case: Finding(Verdict.PROVED), attack=_narrow()),
        )
        claims = [made_claim("softmax_move"), literal, made_claim("three_axes", 3)]
        rows = with_violation(made_rows(claims), "literal_form")
        gaps = [row for row in rows if not (row[0].claim == "three_axes" and ("family", "sparse") in row[0].cell)]
        return claims, gaps


def _narrow() -> Attack:
    made = made_claim("narrow", 1).attack
    assert made is not None
    return made


@pytest.fixture
def made() -> Made:
    return Made()
