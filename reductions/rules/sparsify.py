"""Sparsification: a formula is the disjunction of formulas without large flowers, on the same variables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy

from reductions.constructions.formulas.flowers import find_flower, minimal, written
from reductions.constructions.formulas.sparsify_image import decode, extract, image
from reductions.constructions.formulas.sparsify_mutants import MUTANTS
from reductions.core.reduction import Exponents, Kind, Mapped, Option, Reduction, size
from reductions.core.whole_number import whole_number
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import uniform
from reductions.problems.cnf_solvers import truth_table
from varproof.base.errors import InputError

# leaves are N^gamma: every gamma > 0 for suitable thresholds at fixed width, see the page
GAMMA = sympy.Symbol("gamma_sparsify", nonnegative=True)
PETALS = (4, 8, 16)
LARGEST = 999_999_999  # of thresholds and leaves
_PETALS_OF = whole_number(2, LARGEST)
WIDEST = 12  # hearts of a clause: 2^12
TABLE = 12  # variables up to which `structure` compares truth tables

_n, _m, _k, _leaves = size("variables"), size("clauses"), size("width"), size("leaves")


def forward(instance: Cnf, options: Mapping[str, Any]) -> Mapped:
    """Branch on flowers: enough clauses of one size that share a heart need the heart, or else all of their petals."""
    return image(instance, options)


def accepts(instance: Cnf, options: Mapping[str, Any]) -> str | None:
    """None, or that clauses are too wide to try all of their parts."""
    width = instance.parameters()["width"]
    if width <= WIDEST:
        return None
    return f"a clause has {width} literals, 2^{width} possible hearts; at most {WIDEST} literals are accepted"


def structure(instance: Cnf, mapped: Mapped) -> list[str]:
    """What is wrong with the leaves: a clause not implied, a flower left, or another set of models in all."""
    wrong: list[str] = []
    clauses = minimal(frozenset(clause) for clause in instance.clauses)[0]
    flowers = 0
    for number, leaf in enumerate(mapped.targets):
        kept = tuple(frozenset(clause) for clause in leaf.clauses)
        if not all(any(part <= clause for part in kept) for clause in clauses):
            wrong.append(f"leaf {number} does not imply the formula")
        flowers += find_flower(kept, mapped.context.petals)[0] is not None
    if flowers != mapped.context.unfinished:
        wrong.append(f"{flowers} leaves hold a flower, {mapped.context.unfinished} were left by the limit")
    if len(mapped.targets) > mapped.context.limit:
        wrong.append(f"{len(mapped.targets)} leaves, more than the limit {mapped.context.limit}")
    if len(mapped.targets) != mapped.context.splits + 1:
        wrong.append(f"{mapped.context.splits} splits cannot make {len(mapped.targets)} leaves")
    if instance.variables <= TABLE:
        union = np.bitwise_or.reduce([truth_table(leaf) for leaf in mapped.targets])
        if not np.array_equal(union, truth_table(instance)):
            wrong.append("the leaves together have other models than the formula")
    return wrong


def hard(seed: int) -> list[Cnf]:
    """Flowers of exactly the threshold and one below, answered by the heart only, the petals only, both or neither."""
    formulas: list[Cnf] = []
    for count in (PETALS[0] - 1, PETALS[0]):
        petals = tuple((1, 2 + place if (seed + place) % 2 else -(2 + place)) for place in range(count))
        for extra in ((), ((-1,),), ((-petals[0][1],),), ((-1,), (-petals[-1][1],))):
            formulas.append(Cnf(count + 1, (*petals, *extra)))
    # eight petals of two literals around one heart
    wide = tuple((1, a if s else -a, b if t else -b) for a, b in ((2, 3), (4, 5)) for s in (0, 1) for t in (0, 1))
    formulas += [Cnf(5, wide), Cnf(5, (*wide, (-1, 2), (-1, 3))), Cnf(5, (*wide, (-1,))), Cnf(5, wide[:-1])]
    # hearts of two literals
    broad = tuple((1, -2, 3 + place) for place in range(PETALS[0]))
    formulas += [
        Cnf(7, (*broad, *extra)) for extra in (((-1,),), ((-1,), (2,)), ((-1,), (2,), (-3, -4)), ((-3,), (-1,)))
    ]
    # the second pair has about 20 leaves, above the default limit
    sizes = ((8, 41), (10, 60))
    random = [uniform(n, m, 3, 2 * seed + yes, satisfiable=bool(yes)) for n, m in sizes for yes in (0, 1)]
    return [*formulas, *random]


def explain(instance: Cnf, mapped: Mapped) -> list[str]:
    """The rule, its first split on this formula, and the sizes of the leaves."""
    context = mapped.context
    petals = ", ".join(map(str, context.petals))
    text = [
        "A flower is a set of clauses of one size with a common part, the heart; what a clause has besides is its "
        "petal. A model that makes a literal of the heart true satisfies the heart as a clause, any other makes every "
        "petal true. So the formula is the disjunction of the formula with the heart added and the formula with all "
        "petals added, and in both the clauses of the flower are contained in shorter ones and go.",
        f"Flowers with petals of 1, 2, .. literals are split when they have {petals} clauses "
        "(the last number holds for all larger petals).",
        *(f"{note[0].upper()}{note[1:]}." for note in mapped.notes),
    ]
    start = minimal(frozenset(clause) for clause in instance.clauses)[0]
    flower, _ = find_flower(start, context.petals)
    if flower is None:
        text.append("This formula has no such flower: it is its only leaf.")
    elif len(flower.clauses) <= 12:
        members = ", ".join("(" + " ".join(map(str, written(clause))) + ")" for clause in flower.clauses)
        text.append(f"The first flower has the heart ({' '.join(map(str, written(flower.heart)))}): {members}.")
    return text


def parse_petals(text: str) -> tuple[int, ...]:
    """Thresholds from text such as `4,8,16`, integers of at least 2. Raises `InputError`.

    >>> parse_petals("4,8,16")
    (4, 8, 16)
    """
    try:
        return tuple(map(_PETALS_OF, text.split(",")))
    except InputError:
        allowed = "integers from 2 to 999999999 with commas, such as 4,8,16"
        raise InputError("wrong numbers of petals", got=text, allowed=allowed) from None


RULE = Reduction(
    name="sparsify",
    source=Cnf,
    target=Cnf,
    kind=Kind.OR_MANY,
    summary="Branch on clauses that share a heart, until every leaf is sparse.",
    forward=forward,
    decode=decode,
    extract=extract,
    exact_size={"variables": _n},
    upper_size={"variables": _n, "clauses": _m, "width": _k},
    exponents=Exponents(sympy.Integer(1), GAMMA, GAMMA),
    calls=_leaves,
    # at most 2 leaves - 1 sets; each read once against each of its clauses, and once for each part of each clause
    operations=2 * _leaves * (_m + 1) * (_k + 1) * (2 * _m + 2**_k + 1) + 2 * _m * (_k + 1),
    claim_scope="proved: the disjunction of the leaves is equivalent to the formula, for all thresholds and limits; "
    "leaves below the thresholds have O(n) clauses at fixed width. The number of leaves is measured. Cited: at fixed "
    "width and for every gamma > 0 some thresholds give at most 2^(gamma n) leaves; the defaults are not those.",
    sources=("R. Impagliazzo, R. Paturi, F. Zane, Journal of Computer and System Sciences 63 (2001) 512-530",),
    page="docs/explanation/sat-to-vectors.md",
    options=MappingProxyType(
        {
            "petals": Option(
                PETALS, parse_petals, "flowers with petals of 1, 2, .. literals are split from this size on"
            ),
            "leaves": Option(
                16, whole_number(1, LARGEST), "no split makes more leaves than this; the rest stays as it is"
            ),
        }
    ),
    structure=structure,
    hard=hard,
    accepts=accepts,
    explain=explain,
    mutants=MUTANTS,
)
