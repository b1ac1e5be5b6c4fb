"""The split of a formula with one mistake each: what the generic tests must catch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reductions.constructions.formulas.clause_vectors import Split, row_literals
from reductions.core.reduction import Mapped, Mutant
from reductions.problems.bits import BitMatrix
from reductions.problems.cnf import Cnf
from reductions.problems.orthogonal_vectors import OrthogonalVectors


def _image(instance: Cnf, left: BitMatrix, right: BitMatrix, split: Split | None = None) -> Mapped:
    split = split or Split.of(instance)
    return Mapped((OrthogonalVectors(left, right),), split, split.operations())


def _clause_dropped(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    left, right = (m.to_bits().copy() for m in Split.of(instance).matrices())
    left[:, -1:] = 0
    return _image(instance, BitMatrix.from_bits(left), BitMatrix.from_bits(right))


def _sign_lost(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    clauses = (*instance.clauses[:-1], *(tuple(map(abs, clause)) for clause in instance.clauses[-1:]))
    return _image(instance, *Split.of(replace(instance, clauses=clauses)).matrices())


def _rows_shifted(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    left, right = Split.of(instance).matrices()
    return _image(instance, left, BitMatrix(np.roll(right.words, 1, axis=0), right.dim))


def _odd_variable_first(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    split = Split(instance, instance.variables - instance.variables // 2)
    return _image(instance, *split.matrices(), split)


def _empty_clause_true(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    keep = np.array([len(clause) > 0 for clause in instance.clauses], dtype=np.uint8)
    left, right = Split.of(instance).matrices()
    return _image(instance, BitMatrix.from_bits(left.to_bits() * keep), right)


def _tautologies_removed(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    kept = tuple(c for c in instance.clauses if not any(-x in c for x in c))
    return _image(instance, *Split.of(replace(instance, clauses=kept)).matrices())


def _equal_rows_merged(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    left, right = Split.of(instance).matrices()
    return _image(instance, left, BitMatrix(np.unique(right.words, axis=0), right.dim))


def _halves_swapped(context: Split, index: int, witness: Any) -> tuple[int, ...]:
    return context.literals(int(witness[1]), int(witness[0]))


def _bits_reversed(context: Split, index: int, witness: Any) -> tuple[int, ...]:
    first, second = context.halves
    parts = (row_literals(int(witness[0]), first[::-1]), row_literals(int(witness[1]), second[::-1]))
    return tuple(sorted((*parts[0], *parts[1]), key=abs))


MUTANTS = (
    Mutant("last clause never open on the left", forward=_clause_dropped),
    Mutant("signs of the last clause lost", forward=_sign_lost),
    Mutant("right rows shifted by one", forward=_rows_shifted),
    Mutant("odd variable on the left", forward=_odd_variable_first),
    Mutant("empty clause taken as true", forward=_empty_clause_true),
    Mutant("coordinates of tautologies removed", forward=_tautologies_removed),
    Mutant("equal right rows merged", forward=_equal_rows_merged),
    Mutant("halves swapped in the witness", extract=_halves_swapped),
    Mutant("bits of the witness reversed", extract=_bits_reversed),
)
