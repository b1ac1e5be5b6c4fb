"""Campaigns inside ordinary pytest: a few cases of a claim, and every failure of it that was ever saved.

@claim_test("softmax_perturbation", cases=100)
def test_softmax_perturbation():
    "The lemma of section 2."
"""

from __future__ import annotations

import functools
import inspect
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec

from varproof.base.errors import InputError, VarproofError
from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.claim_modules import load_claim_module
from varproof.campaign.form_goals import LEAST_SHARE
from varproof.campaign.instances import decode_instance
from varproof.campaign.plan import cases_of
from varproof.campaign.replays import replay, replay_all, save_replay
from varproof.campaign.result import Result
from varproof.campaign.subjects import Subject, subjects_of
from varproof.campaign.totals import ROUNDING
from varproof.claims.attack import Judgement
from varproof.claims.model import Claim
from varproof.claims.registry import claim_ids, load_claim

FEWEST, MOST = 10, 200
SECONDS = 1.0  # of CPU that the small space may be expected to take, beyond that it is cut
SHOWN = 16  # numbers of a case that a message lists
SAMPLED = ("adversarial", "iid", "worst-ratio")  # the first of them that makes sense for the claim is run
Parameters = ParamSpec("Parameters")


def claim_test(
    claim: str | Claim,
    *,
    cases: int = 100,
    replays: str | Path | None = None,
    seed: int = 0,
) -> Callable[[Callable[Parameters, Any]], Callable[Parameters, None]]:
    """A decorator that makes a test of a claim: of an id of the ledger, or of a claim of your own.

    The test runs `cases` cases of the adversarial arm (fewer for a claim that caps them), as many of the small space
    where there is one, and all failures of the claim saved in the folder `replays` (default: `replays` beside the
    test's file). Then the decorated function is called, which may be empty. A statement that should hold fails by a
    case that is confirmed exactly, one that the ledger calls REFUTED fails without one; so does a claim whose cases
    raise, give no ratio, or lie outside the hypotheses. A new failure is saved in the folder, to be run first next
    time. The same cases for the same seed, always. Raises `InputError` at once for an unknown id or number of cases.

    >>> @claim_test("rank_count", cases=10)
    ... def test_rank_count():
    ...     "The number of monomials."
    >>> test_rank_count()
    """
    if isinstance(claim, str) and claim not in claim_ids():
        load_claim(claim)  # raises, and names the nearest ids
    if type(cases) is not int or not FEWEST <= cases <= MOST:
        hint = "varproof campaign run takes any number"
        raise InputError("the cases of a test", got=cases, allowed=f"from {FEWEST} to {MOST}", hint=hint)

    def decorate(function: Callable[Parameters, Any]) -> Callable[Parameters, None]:
        folder = Path(replays) if replays is not None else Path(function.__code__.co_filename).parent / "replays"

        @functools.wraps(function)
        def test(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
            __tracebackhide__ = True
            found = load_claim(claim) if isinstance(claim, str) else claim
            said = problems_of(found, cases=cases, folder=folder, seed=seed)
            if said:
                raise AssertionError("\n".join((f"{found.id}: {found.statement}", *said)))
            function(*args, **kwargs)

        return test

    return decorate


def check_replay(path: str | Path, claims: str | Path | Sequence[Claim] = ()) -> None:
    """Raises `AssertionError` while a saved failure still fails, and where it cannot be judged any more.

    `claims` are claims of your own or the file that holds them. Where the ledger expects the failure (a statement it
    calls REFUTED, a wrong variant) it is the other way round: the case must go on failing.
    """
    __tracebackhide__ = True
    outcome = replay(path, load_claim_module(claims) if isinstance(claims, str | Path) else claims)
    if not outcome.ok:
        raise AssertionError(outcome.text())


def problems_of(claim: Claim, *, cases: int, folder: Path, seed: int = 0) -> list[str]:
    """What speaks against a claim, in words: saved failures first, then new cases of each of its true forms."""
    said = [outcome.text() for outcome in replay_all(folder, (claim,), only=claim.id) if not outcome.ok]
    for subject in subjects_of(claim):
        if subject.variant is None:
            said += _against(subject, cases, folder, seed)
    return said


def _against(subject: Subject, cases: int, folder: Path, seed: int) -> Iterator[str]:
    violated = False
    chunks = _chunks(subject, cases)
    for chunk in chunks:
        result = run_chunk(chunk, subject, seed)
        violated = violated or bool(result.judged.get(Judgement.VIOLATED.value))
        if violated and subject.expects == "hold":
            yield _violation(subject, chunk, result, folder, seed)
            return
        if result.raised:
            yield f"{chunk.arm}: {result.raised} of {result.cases} cases raised: {result.error}"
        if subject.expects == "hold":
            yield from _unsettled(chunk, result)
    if subject.expects == "fail" and not violated:
        yield f"{subject.name}: the ledger says that it fails, and none of the cases shows it"
    if not chunks:
        yield f"{subject.name}: no arm makes sense for it, so nothing was tried"


def _chunks(subject: Subject, cases: int) -> list[Chunk]:
    attack = subject.attack
    made = []
    if attack.small is not None and "exhaustive" in attack.arms:
        count = min(attack.small.size() or 0, max(cases_of(attack, cases), int(SECONDS / attack.cost)))
        made.append(Chunk(subject.claim.id, subject.name, "exhaustive", (), 0, count))
    for arm in SAMPLED:
        if arm in attack.arms:
            made.append(Chunk(subject.claim.id, subject.name, arm, (), 0, cases_of(attack, cases)))
            break
    return made


def _unsettled(chunk: Chunk, result: Result) -> Iterator[str]:
    """A silent pass is none."""
    if not result.valid or result.valid < LEAST_SHARE * result.cases:
        yield f"{chunk.arm}: only {result.valid} of {result.cases} cases lie inside the hypotheses"
    if result.nan:
        yield f"{chunk.arm}: {result.nan} cases gave no ratio"
    worst = result.worst["ratio"] if result.worst is not None else 0.0
    if worst > 1 + ROUNDING and set(result.judged) != {Judgement.PASS.value}:
        yield f"{chunk.arm}: a case of ratio {worst:.6g} was not settled by exact arithmetic"


def _violation(subject: Subject, chunk: Chunk, result: Result, folder: Path, seed: int) -> str:
    failure = result.failure
    if failure is None:
        return f"{subject.name} is violated in {chunk.id}"
    lines = [
        f"{subject.name} is violated, confirmed exactly",
        f"  case:   size {failure['size']}{_numbers(failure)}",
        f"  ratio:  {float(failure['ratio']):.9g}",
    ]
    try:
        path = save_replay(folder, subject.claim, subject, failure, seed=seed, chunk=chunk.id)
        lines.append(f"  replay: varproof campaign replay {_shown(path)}{_module(subject.claim)}")
    except (OSError, VarproofError) as error:
        lines.append(f"  not saved: {error}")
    return "\n".join(lines)


def _numbers(failure: Mapping[str, Any]) -> str:
    """The numbers of a small case, the names and shapes of a large one."""
    instance = decode_instance(failure["instance"])
    few = sum(array.size for array in instance.arrays.values()) <= SHOWN
    arrays = {name: array.tolist() if few else f"array {array.shape}" for name, array in instance.arrays.items()}
    return "".join(f", {name} = {value}" for name, value in {**instance.numbers, **arrays}.items())


def _shown(path: Path) -> str:
    """A path for the command line, relative where it lies below the working directory."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _module(claim: Claim) -> str:
    """The option that names the file of a claim of one's own."""
    if claim.id in claim_ids():
        return ""
    try:
        file = inspect.getsourcefile(claim.check)
    except TypeError:  # a callable that is no function
        file = None
    return f" --claims {_shown(Path(file)) if file else 'FILE.py'}"
