"""Checks of a rule on its own samples: run them on a rule you add, and on its mutants to see that they would notice.

`check_rule` lists what is wrong with a rule, `caught` says which check notices one deliberate mistake, and
`mutation_score` does so for all mutants of some rules. Nothing here knows a rule: a new one is covered as it is.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from reductions.core.answer import Decision
from reductions.core.reduction import Mutant, Reduction
from reductions.run.checks.answers import check_answers
from reductions.run.checks.fidelity import check_determinism, check_round_trip, check_structure
from reductions.run.checks.growth import check_growth
from reductions.run.checks.image import Case, Image, cases_of, make_image
from reductions.run.checks.needs import check_needs
from reductions.run.checks.sizes import check_sizes
from reductions.run.checks.witnesses import check_witnesses

# checks of one image, the cheap ones first: a mutant is counted for the first that notices it
CHECKS: MappingProxyType[str, Callable[[Image], Iterator[str]]] = MappingProxyType(
    {
        "structure": check_structure,
        "sizes": check_sizes,
        "answers": check_answers,
        "witnesses": check_witnesses,
        "needs": check_needs,
        "determinism": check_determinism,
        "round trip": check_round_trip,
    }
)
LEAST_MUTANTS = 4


@dataclass(frozen=True, eq=False)
class Failure:
    """What is wrong: the rule, the check that noticed, the case (None: the rule as such), and a sentence."""

    rule: str
    check: str
    case: Case | None
    message: str

    @property
    def place(self) -> tuple[str, str]:
        """The case and the check."""
        return (self.case.label if self.case is not None else "", self.check)

    def __str__(self) -> str:
        where = self.case.label if self.case is not None else "the rule"
        return f"{self.rule}, {self.check}, {where}: {self.message}"


@dataclass(frozen=True)
class Score:
    """The mutants of one rule: name -> the check that caught it, None where none did."""

    rule: str
    caught_by: dict[str, str | None]

    @property
    def missed(self) -> list[str]:
        """The mutants that no check noticed."""
        return [name for name, check in self.caught_by.items() if check is None]

    def __str__(self) -> str:
        by: dict[str, int] = {}
        for check in self.caught_by.values():
            by[check or "MISSED"] = by.get(check or "MISSED", 0) + 1
        total = len(self.caught_by)
        parts = ", ".join(f"{check} {count}" for check, count in sorted(by.items()))
        return f"{self.rule}: {total - len(self.missed)}/{total} ({parts})"


def check_rule(
    rule: Reduction, seed: int = 0, cases: int = 12, *, checks: Sequence[str] = tuple(CHECKS)
) -> list[Failure]:
    """What is wrong with a rule on `cases` of its samples and all its hard instances; empty when every check passes.

    `checks` are names of `CHECKS`. An exception anywhere is a failure of the check "raises".

    >>> from reductions.registry import rule_named
    >>> check_rule(rule_named("ov_to_hamming"), cases=4)
    []
    """
    return list(failures(rule, cases_of(rule, seed, cases), checks))


def images_of(rule: Reduction, seed: int = 0, cases: int = 12) -> list[Case | Image]:
    """The images that `check_rule` looks at, to be checked several times; the bare case where `forward` raises."""
    made: list[Case | Image] = []
    for case in cases_of(rule, seed, cases):
        try:
            made.append(make_image(rule, case))
        except Exception:  # said by `failures`, which tries again
            made.append(case)
    return made


def failures(
    rule: Reduction, cases: Sequence[Case | Image], checks: Sequence[str] = tuple(CHECKS)
) -> Iterator[Failure]:
    """The failures of a rule on these cases, as they are found. Images with the same `forward` are not made again."""
    for each in cases:
        case = each.case if isinstance(each, Image) else each
        try:
            image = each.under(rule) if isinstance(each, Image) else make_image(rule, case)
            for name in checks:
                for message in CHECKS[name](image):
                    yield Failure(rule.name, name, case, message)
        except Exception as error:
            yield Failure(rule.name, "raises", case, raised(error))


def raised(error: Exception) -> str:
    """An exception in a sentence, with the place in the rule's file (or wherever) that raised it.

    >>> raised(KeyError("x"))
    "KeyError: 'x'"
    """
    said = f"{type(error).__name__}: {error}"
    places = traceback.extract_tb(error.__traceback__)
    return f"{said} ({Path(places[-1].filename).name}, line {places[-1].lineno})" if places else said


def check_declared(rule: Reduction, seed: int = 0, cases: int = 12) -> list[Failure]:
    """What is wrong with the rule as such: its exponents, its texts, its mutants, and what its samples cover."""
    said: list[tuple[str, str]] = []
    try:
        said += [("growth", message) for message in check_growth(rule)]
    except Exception as error:
        said.append(("raises", raised(error)))
    if len({mutant.name for mutant in rule.mutants}) < LEAST_MUTANTS:
        said.append(("mutants", f"{len(rule.mutants)} mutants of different names, at least {LEAST_MUTANTS} are wanted"))
    for mutant in rule.mutants:
        if all(part is None for part in (mutant.forward, mutant.decode, mutant.extract)):
            said.append(("mutants", f"{mutant.name} replaces nothing"))
    for name in ("summary", "claim_scope", "page"):
        if not getattr(rule, name).strip():
            said.append(("texts", f"{name} is empty"))
    found = cases_of(rule, seed, cases)
    if not rule.source.FUNCTION:
        for decision in (Decision.YES, Decision.NO):
            if not any(case.expected.decision is decision for case in found):
                said.append(("coverage", f"none of {len(found)} cases is a {decision} instance"))
    if rule.explain is not None and found:
        try:
            said += [("explain", message) for message in _explained(rule, found[-1])]
        except Exception as error:
            said.append(("raises", f"explain for {found[-1].label}: {raised(error)}"))
    return [Failure(rule.name, check, None, message) for check, message in said]


def _explained(rule: Reduction, case: Case) -> Iterator[str]:
    assert rule.explain is not None
    paragraphs = rule.explain(case.instance, make_image(rule, case).mapped)
    if (
        isinstance(paragraphs, str)
        or not paragraphs
        or not all(isinstance(each, str) and each.strip() for each in paragraphs)
    ):
        yield f"explain gives no list of paragraphs for {case.label}"


def mutated(rule: Reduction, mutant: Mutant) -> Reduction:
    """The rule with the mistake in it."""
    parts = {"forward": mutant.forward, "decode": mutant.decode, "extract": mutant.extract}
    return replace(rule, **{name: part for name, part in parts.items() if part is not None})  # type: ignore[arg-type]


def caught(
    rule: Reduction,
    mutant: Mutant,
    cases: Sequence[Case | Image],
    *,
    checks: Sequence[str] = tuple(CHECKS),
    known: Collection[tuple[str, str]] = (),
) -> Failure | None:
    """The first failure of the mutant on these cases, None where no check notices it.

    `known` are labels of cases with checks that fail without the mistake too: they show nothing.
    """
    found = (each for each in failures(mutated(rule, mutant), cases, checks) if each.place not in known)
    return next(found, None)


def mutation_score(
    rules: Sequence[Reduction], seed: int = 0, cases: int = 12, *, checks: Sequence[str] = tuple(CHECKS)
) -> list[Score]:
    """For each rule which check catches each of its mutants, on the same cases as `check_rule`."""
    return [score(rule, images_of(rule, seed, cases), checks) for rule in rules]


def score(rule: Reduction, cases: Sequence[Case | Image], checks: Sequence[str] = tuple(CHECKS)) -> Score:
    """The score of one rule on these cases. What fails without any mistake is not counted as catching one."""
    known = {each.place for each in failures(rule, cases, checks)}
    found = {each.name: caught(rule, each, cases, checks=checks, known=known) for each in rule.mutants}
    return Score(rule.name, {name: failure.check if failure is not None else None for name, failure in found.items()})
