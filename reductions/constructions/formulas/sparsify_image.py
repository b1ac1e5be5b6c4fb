"""The leaves of a formula as formulas, and what their answers say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reductions.constructions.formulas.flowers import Leaves, minimal, split_all, written
from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Mapped
from reductions.problems.cnf import Cnf


@dataclass(frozen=True)
class Source:
    """The formula, the options in use, and how many leaves, splits and leaves with a flower left there are."""

    formula: Cnf
    petals: tuple[int, ...]
    limit: int
    leaves: int
    splits: int
    unfinished: int


def image(instance: Cnf, options: Mapping[str, Any], split: Callable[..., Leaves] = split_all) -> Mapped:
    """The leaves: formulas on the same variables whose disjunction is equivalent to `instance`."""
    petals, limit = tuple(options["petals"]), int(options["leaves"])
    clauses = [frozenset(clause) for clause in instance.clauses]
    found = split(clauses, petals, limit)
    targets = tuple(Cnf(instance.variables, tuple(map(written, leaf))) for leaf in found.leaves)
    start = len(minimal(clauses)[0])
    sizes = [len(leaf.clauses) for leaf in targets]
    notes = [
        f"{len(clauses)} clauses, {start} without tautologies, repetitions and clauses that contain another",
        f"{found.splits} splits make {len(targets)} formulas of {min(sizes)} to {max(sizes)} clauses",
    ]
    if found.unfinished:
        notes.append(
            f"{found.unfinished} of them still hold a flower: the limit of {limit} formulas stopped the splits"
        )
    literals_read = sum(len(clause) + 1 for clause in instance.clauses)
    literals_written = sum(len(clause) + 1 for leaf in targets for clause in leaf.clauses)
    context = Source(instance, petals, limit, len(targets), found.splits, found.unfinished)
    return Mapped(targets, context, found.operations + literals_read + literals_written, tuple(notes))


def extract(context: Source, index: int, witness: Any) -> tuple[int, ...]:
    """A model of a leaf is a model of the formula, unchanged."""
    return tuple(int(literal) for literal in witness)


def decode(context: Source, answers: Sequence[Answer]) -> Answer:
    """YES with the first model that a leaf gives; NO if every leaf says so; else what is open or contradictory.

    Leaves may share models, so no count is made of theirs but 0.
    """
    for index, answer in enumerate(answers):
        if answer.decision is Decision.YES:
            models = tuple(extract(context, index, model) for model in answer.witnesses)
            witness = None if answer.witness is None else extract(context, index, answer.witness)
            shown = (*models, *(() if witness is None else (witness,)))
            if not all(map(context.formula.verify, shown)):
                return Answer(Decision.PROMISE_VIOLATED, note=f"leaf {index} gave an assignment that is no model")
            return Answer(Decision.YES, witness, models, note=answer.note)
    for open_decision in (Decision.PROMISE_VIOLATED, Decision.UNDECIDED):
        for answer in answers:
            if answer.decision is open_decision:
                return Answer(open_decision, note=answer.note)
    if len(answers) < context.leaves:
        return Answer(Decision.UNDECIDED, note=f"{len(answers)} of {context.leaves} leaves were answered")
    return Answer(Decision.NO, count=0)
