"""Sparsification with one mistake each: what the generic tests must catch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from reductions.constructions.formulas.flowers import Branch, Clauses, Flower, Leaves, branches, split_all
from reductions.constructions.formulas.sparsify_image import Source, image
from reductions.core.answer import Answer
from reductions.core.reduction import Mapped, Mutant
from reductions.problems.cnf import Cnf


def _with(branch: Branch) -> Any:
    def forward(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
        return image(instance, options, split=partial(split_all, branch=branch))

    return forward


def _heart_only(clauses: Clauses, flower: Flower) -> tuple[Clauses, Clauses]:
    heart, _ = branches(clauses, flower)
    return heart, heart


def _petals_only(clauses: Clauses, flower: Flower) -> tuple[Clauses, Clauses]:
    _, petals = branches(clauses, flower)
    return petals, petals


def _members_dropped(clauses: Clauses, flower: Flower) -> tuple[Clauses, Clauses]:
    heart, _ = branches(clauses, flower)
    kept = tuple(clause for clause in clauses if clause not in flower.clauses)
    return heart, (*kept, flower.clauses[0] - flower.heart)


def _heart_one_literal(clauses: Clauses, flower: Flower) -> tuple[Clauses, Clauses]:
    _, petals = branches(clauses, flower)
    return (*clauses, frozenset({min(flower.heart)})), petals


def _petal_signs(clauses: Clauses, flower: Flower) -> tuple[Clauses, Clauses]:
    heart, petals = branches(clauses, flower)
    wrong = flower.clauses[-1] - flower.heart
    return heart, tuple(frozenset(-x for x in clause) if clause == wrong else clause for clause in petals)


def _late(clauses: Iterable[frozenset[int]], petals: Sequence[int], leaves: int) -> Leaves:
    found = split_all(clauses, tuple(theta + 1 for theta in petals), leaves)
    return Leaves(found.leaves, 0, found.splits, found.operations)


def _threshold_plus_one(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    return image(instance, options, split=_late)


def _above_the_limit(clauses: Iterable[frozenset[int]], petals: Sequence[int], leaves: int) -> Leaves:
    return split_all(clauses, petals, leaves + 1)


def _one_leaf_more(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    return image(instance, options, split=_above_the_limit)


def _first_answer(context: Source, answers: Sequence[Answer]) -> Answer:
    return answers[0]


MUTANTS = (
    Mutant("petals never added", forward=_with(_heart_only)),
    Mutant("heart never added", forward=_with(_petals_only)),
    Mutant("flower removed, one petal kept", forward=_with(_members_dropped)),
    Mutant("heart cut to one literal", forward=_with(_heart_one_literal)),
    Mutant("last petal negated", forward=_with(_petal_signs)),
    Mutant("threshold off by one", forward=_threshold_plus_one),
    Mutant("one leaf too many", forward=_one_leaf_more),
    Mutant("only the first leaf is asked", decode=_first_answer),
)
