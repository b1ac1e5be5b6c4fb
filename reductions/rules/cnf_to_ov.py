"""CNF to orthogonal vectors: split the variables, list the assignments of each half by the clauses they leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from reductions.constructions.formulas.clause_vectors import Split, row_literals
from reductions.constructions.formulas.cnf_to_ov_mutants import MUTANTS
from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Exponents, Kind, Mapped, Reduction, size
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import full, parity, pigeonhole, uniform
from reductions.problems.orthogonal_vectors import OrthogonalVectors

MEMORY = 1 << 28  # bytes of the two packed matrices that are accepted

_n, _m, _k = size("variables"), size("clauses"), size("width")
_LEFT, _RIGHT = 2 ** sympy.floor(_n / 2), 2 ** sympy.ceiling(_n / 2)


def forward(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    """a_r[c] = 1 iff assignment r of the first half makes no literal of clause c true; b likewise on the second.

    A pair is orthogonal iff its two assignments together leave no clause open, that is, iff they are a model.
    """
    split = Split.of(instance)
    left, right = split.matrices()
    note = f"{left.rows} and {right.rows} vectors in dimension {left.dim}, {left.rows * right.rows} pairs"
    return Mapped((OrthogonalVectors(left, right),), split, split.operations(), (note,))


def extract(context: Split, index: int, witness: Any) -> tuple[int, ...]:
    """The model that an orthogonal pair stands for."""
    return context.literals(int(witness[0]), int(witness[1]))


def decode(context: Split, answers: Sequence[Answer]) -> Answer:
    """The same answer; pairs become models, and the count is the same number."""
    (answer,) = answers
    witnesses = tuple(extract(context, 0, pair) for pair in answer.witnesses)
    witness = None if answer.witness is None else extract(context, 0, answer.witness)
    shown = (*witnesses, *(() if witness is None else (witness,)))
    wrong = next((model for model in shown if not context.formula.verify(model)), None)
    if wrong is not None:
        return Answer(Decision.PROMISE_VIOLATED, note=f"the pair of {wrong} was called orthogonal and is no model")
    return Answer(answer.decision, witness, witnesses, answer.count, note=answer.note)


def accepts(instance: Cnf, options: Mapping[str, Any]) -> str | None:
    """None, or why the two lists are too large: their numbers of vectors and bytes."""
    high = instance.variables - instance.variables // 2
    words = max(1, -(-len(instance.clauses) // 64))
    # the sum of two powers is at most twice the larger; beyond 2^40 vectors no power is written out
    if high <= 40 and (size_in_bytes := ((1 << high) + (1 << instance.variables // 2)) * 8 * words) <= MEMORY:
        return None
    needed = f"{size_in_bytes} bytes" if high <= 40 else f"more than 2^{high} x {8 * words} bytes"
    return (
        f"{instance.variables} variables make 2^(n/2) vectors a side, 2^{instance.variables // 2} and 2^{high}, "
        f"of {len(instance.clauses)} bits: {needed}, at most {MEMORY} bytes are accepted"
    )


def structure(instance: Cnf, mapped: Mapped) -> list[str]:
    """What is wrong with the lists: each coordinate has the number of ones that its clause says, in the right rows."""
    (target,) = mapped.targets
    wrong: list[str] = []
    for side, matrix, half in zip(("left", "right"), (target.left, target.right), mapped.context.halves, strict=True):
        for c, clause in enumerate(instance.clauses[: matrix.dim]):
            literals = {literal for literal in clause if abs(literal) in half}
            contradictory = any(-literal in literals for literal in literals)
            expected = 0 if contradictory else 1 << (len(half) - len(literals))
            bits = matrix.words[:, c // 64] >> c % 64 & 1
            if int(bits.sum()) != expected:
                wrong.append(f"{side} coordinate {c} has {int(bits.sum())} ones instead of {expected}")
            # the row in which every literal of the clause is false, and all other variables of the half too
            row = sum(1 << place for place, v in enumerate(half) if -v in literals)
            if not contradictory and row < matrix.rows and not bits[row]:
                wrong.append(f"{side} row {row} does not leave clause {c + 1} open")
    return wrong


def hard(seed: int) -> list[Cnf]:
    """Formulas one assignment away from the other answer: one model or none, and structured ones without a model."""
    exact = [full(n, missing) for n in (1, 2, 3, 4) for missing in (None, 0, (seed + 5) % (1 << n))]
    chains = [parity(n, bool(seed % 2), contradict) for n in (2, 3) for contradict in (False, True)]
    random = [uniform(7, 37, 3, 2 * seed + yes, satisfiable=bool(yes)) for yes in (0, 1)]
    return [*exact, *chains, *random, pigeonhole(3, 2), pigeonhole(3, 3)]


def explain(instance: Cnf, mapped: Mapped) -> list[str]:
    """The split, the two lists (shown when small) and how to read them."""
    (target,) = mapped.targets
    first, second = mapped.context.halves
    left, right, dim = target.left.rows, target.right.rows, target.left.dim
    text = [
        f"The {instance.variables} variables are split: {_names(first)} on the left, {_names(second)} on the right. "
        f"Every assignment of a half becomes a vector with one coordinate for each of the {dim} clauses, "
        "1 if the assignment makes no literal of that clause true, so leaves it open, and 0 otherwise.",
        "The inner product of a left and a right vector counts the clauses that both leave open. It is 0 iff the two "
        "assignments together are a model. So orthogonal pairs and models correspond one to one.",
        f"There are 2^{len(first)} = {left} left and 2^{len(second)} = {right} right vectors in dimension {dim}.",
    ]
    if dim <= 12 and left <= 8 and right <= 8:
        clauses = ", ".join("(" + " ".join(map(str, clause)) + ")" for clause in instance.clauses)
        text.append(f"The coordinates are the clauses {clauses or '(none)'}, in this order.")
        text.append(_table("Left vectors:", target.left_bits.tolist(), first))
        text.append(_table("Right vectors:", target.right_bits.tolist(), second))
        models = [(i, j, mapped.context.literals(i, j)) for i, j in target.witnesses()]
        shown = "; ".join(f"({i}, {j}) is the model {' '.join(map(str, model))}" for i, j, model in models[:4])
        rest = f"; and {len(models) - 4} more" if len(models) > 4 else ""
        text.append(f"Orthogonal pairs, rows counted from 0: {shown}{rest}." if models else "No pair is orthogonal.")
    return text


def _names(variables: Sequence[int]) -> str:
    if not variables:
        return "none"
    return str(variables[0]) if len(variables) == 1 else f"{variables[0]} to {variables[-1]}"


def _table(title: str, bits: list[list[int]], variables: Sequence[int]) -> str:
    labels = [" ".join(f"{x:>3}" for x in row_literals(row, variables)) for row in range(len(bits))]
    lines = [
        f"  {row} [{label}]  {' '.join(map(str, line))}"
        for row, (label, line) in enumerate(zip(labels, bits, strict=True))
    ]
    return "\n".join([title, *(line.rstrip() for line in lines)])


RULE = Reduction(
    name="cnf_to_ov",
    source=Cnf,
    target=OrthogonalVectors,
    kind=Kind.MANY_ONE,
    summary="Split the variables, list both halves.",
    forward=forward,
    decode=decode,
    extract=extract,
    exact_size={"left": _LEFT, "right": _RIGHT, "dim": _m},
    upper_size={"left": _LEFT, "right": _RIGHT, "dim": _m},
    # N = 2^n becomes 2^(n/2), up to the rounding of n/2
    exponents=Exponents(sympy.Rational(1, 2), sympy.Integer(0), sympy.Rational(1, 2)),
    calls=sympy.Integer(1),
    operations=(_LEFT + _RIGHT) * (_m + sympy.ceiling(_n / 2)) + _RIGHT * _m * _k + _m * (_k + 1),
    claim_scope="every CNF formula; models and orthogonal pairs correspond one to one. The dimension is the number of "
    "clauses: O(log N) only after sparsification.",
    sources=("R. Williams, Theoretical Computer Science 348 (2005) 357-365",),
    page="docs/explanation/sat-to-vectors.md",
    parsimonious=True,
    structure=structure,
    hard=hard,
    accepts=accepts,
    explain=explain,
    mutants=MUTANTS,
)
