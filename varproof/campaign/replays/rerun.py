"""A saved failure held against today's claim: measured again in floats, judged again exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from varproof.base.errors import InputError, printable
from varproof.campaign.replays.files import load_replay
from varproof.campaign.replays.record import Replay, revision_digest
from varproof.campaign.subjects import Subject, subject_named
from varproof.claims.attack import Judgement
from varproof.claims.model import Claim
from varproof.claims.registry import claim_ids, load_claim


class Status(Enum):
    """What became of a saved failure."""

    STILL_FAILS = "STILL-FAILS"  # judged VIOLATED
    FIXED = "FIXED"  # judged PASS
    STALE = "STALE"  # the claim, this form of it or its kind of case is no longer there
    ERROR = "ERROR"  # the files cannot be read, an exception, or no decision


@dataclass(frozen=True)
class Outcome:
    """The status with its reason. `expects` is the subject's: "hold", "fail", "either", or "" where it is not known."""

    status: Status
    path: Path
    claim: str = ""
    subject: str = ""
    expects: str = ""
    ratio: float = math.nan
    judgement: str = ""
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it is as it should be: fixed, or still failing where the ledger expects a failure.

        >>> Outcome(Status.FIXED, Path("a.json"), expects="hold").ok, Outcome(Status.STALE, Path("a.json")).ok
        (True, False)
        """
        if self.expects == "either":
            return self.status in (Status.FIXED, Status.STILL_FAILS)
        return self.status is (Status.STILL_FAILS if self.expects == "fail" else Status.FIXED)

    def text(self) -> str:
        """One line for people."""
        found = f"ratio {self.ratio:.6g}" if not math.isnan(self.ratio) else ""
        parts = [self.claim, self.subject, found, *self.notes]
        return f"{self.status.value}: {printable(self.path.name)}: {'; '.join(part for part in parts if part)}"


def replay(path: str | Path, claims: Iterable[Claim] = ()) -> Outcome:
    """What a saved failure is today, by `claims` and, for an id that none of them has, by the ledger. Never raises.

    A statement that has changed since then is noted; what counts is how the saved numbers are judged now.
    """
    path = Path(path)
    try:
        saved = load_replay(path)
    except InputError as error:
        return Outcome(Status.ERROR, path, notes=(" ".join(str(error).split()),))
    named = {claim.id: claim for claim in claims}
    found = Outcome(Status.STALE, path, saved.claim, saved.subject)
    try:
        if saved.claim not in named and saved.claim not in claim_ids():
            return replace(
                found, notes=(f"no claim is called {saved.claim}; one of your own needs its file (--claims)",)
            )
        try:
            subject = subject_named(named.get(saved.claim) or load_claim(saved.claim), saved.subject)
        except LookupError as error:
            return replace(found, notes=(str(error.args[0]),))
        return _judged(replace(found, expects=subject.expects), saved, subject)
    except Exception as error:  # whatever a claim's code raises is told, not passed on
        return replace(found, status=Status.ERROR, notes=(f"{type(error).__name__}: {printable(error)[:300]}",))


class _MissingError(KeyError):
    """The claim asked the saved instance for something that it does not have."""


class _Saved(dict[str, Any]):
    def __missing__(self, name: str) -> NoReturn:
        raise _MissingError(name)


def _judged(found: Outcome, saved: Replay, subject: Subject) -> Outcome:
    attack, case = subject.attack, subject.case
    notes = () if revision_digest(subject) == saved.revision else ("what is claimed has changed since it was saved",)
    stored = saved.instance
    if not stored.arrays and set(stored.numbers) == set(saved.fields) != set(attack.space.fields):
        return replace(found, notes=(*notes, "the fields of a case are other ones now"))
    instance = replace(stored, arrays=_Saved(stored.arrays), numbers=_Saved(stored.numbers))
    try:
        with np.errstate(all="ignore"):
            measured = attack.measure(instance, case)
            if measured is None:
                return replace(found, notes=(*notes, "the hypotheses exclude these numbers now"))
            judgement = attack.judge(instance, case)
    except _MissingError as error:
        return replace(found, notes=(*notes, f"a case needs {error.args[0]} now, which was not saved"))
    found = replace(found, ratio=float(measured.ratio), judgement=judgement.value, notes=notes)
    if judgement is Judgement.AMBIGUOUS:
        return replace(found, status=Status.ERROR, notes=(*notes, "exact arithmetic does not decide this case"))
    return replace(found, status=Status.STILL_FAILS if judgement is Judgement.VIOLATED else Status.FIXED)


def counted(outcomes: Iterable[Outcome]) -> Mapping[str, int]:
    """How many there are of each status, all four named.

    >>> counted([Outcome(Status.FIXED, Path("a.json"))])["FIXED"]
    1
    """
    counts = dict.fromkeys((status.value for status in Status), 0)
    for outcome in outcomes:
        counts[outcome.status.value] += 1
    return counts
