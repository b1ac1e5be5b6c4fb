"""The forms of a claim that a campaign attacks: the statement, its corrected form, and every wrong variant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from varproof.base.verdict import Verdict
from varproof.claims.attack import Attack
from varproof.claims.attack_registry import attack_of, corrected_attack_of
from varproof.claims.model import Case, Claim, Variant

STATEMENT = "statement"
CORRECTED = "corrected"
# verdicts of the ledger under which the literal statement must survive a campaign
SURVIVES = (Verdict.PROVED, Verdict.TESTED, Verdict.UNKNOWN)


@dataclass(frozen=True)
class Subject:
    """One form of a claim, with the case that its measurements run on.

    `expects` is "hold" (a confirmed violation is a finding), "fail" (a violation is expected: the ledger says REFUTED,
    or this is a wrong variant) or "either" (VACUOUS and the like: shown, no goal).
    """

    claim: Claim
    name: str
    case: Case
    attack: Attack
    expects: str
    variant: Variant | None = None


def subjects_of(claim: Claim) -> Iterator[Subject]:
    """Statement, corrected form if there is one, then the variants in their order.

    Raises `InputError` for a claim without an attack.

    >>> from varproof.claims.registry import load_claim
    >>> [one.name for one in subjects_of(load_claim("softmax_perturbation"))][:2]
    ['statement', 'factor 1.9']
    """
    attack = attack_of(claim)
    expects = "hold" if claim.expected in SURVIVES else "fail" if claim.expected is Verdict.REFUTED else "either"
    yield Subject(claim, STATEMENT, claim.case(), attack, expects)
    corrected = corrected_attack_of(claim)
    if corrected is not None:
        yield Subject(claim, CORRECTED, claim.case(), corrected, "hold")
    # variants are wrong forms of what is true: of the corrected form where the statement itself fails
    true_form = corrected if corrected is not None and expects == "fail" else attack
    for variant in claim.falsified:
        yield Subject(claim, variant.name, claim.case(variant), true_form, "fail", variant)


def subject_named(claim: Claim, name: str) -> Subject:
    """The subject of this name; raises `LookupError` where the claim no longer has it."""
    for subject in subjects_of(claim):
        if subject.name == name:
            return subject
    raise LookupError(f"{claim.id} has no form called {name}")
