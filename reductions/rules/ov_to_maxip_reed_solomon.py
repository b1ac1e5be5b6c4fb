"""Orthogonal vectors to maximum inner product with a constant gap: a toy form of the distributed PCP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sympy

from reductions.constructions.vectors.gap_vectors import vectors_at_the_gap
from reductions.constructions.vectors.matrix_text import aligned
from reductions.constructions.vectors.pair_answers import any_answer, same_pair, turned_pair
from reductions.constructions.vectors.reed_solomon import Field
from reductions.constructions.vectors.reed_solomon_image import Made, image
from reductions.constructions.vectors.residues import NextPrime
from reductions.core.answer import Answer
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Option, Reduction, size
from reductions.core.whole_number import LARGEST_LIMIT, RAISE_LIMIT, whole_number
from reductions.problems.maxip import MaxInnerProduct
from reductions.problems.orthogonal_vectors import OrthogonalVectors

LEFT, RIGHT, DIM, SPLIT = size("left"), size("right"), size("dim"), size("blocks")
LIMIT = 1 << 20  # integers; a larger one may be asked for
LENGTH = sympy.Max(1, sympy.ceiling(DIM / SPLIT))
Q = NextPrime(sympy.Max(SPLIT, 2 * LENGTH - 2))
WIDTH, CALLS = Q ** (SPLIT + 1), Q ** (LENGTH - 1)


def accepts(instance: OrthogonalVectors, options: Mapping[str, Any]) -> str | None:
    """All targets together stay below the limit."""
    if not 1 <= options["blocks"] <= 20:  # 2^21 places a row are the least for more
        return f"the number of blocks must be from 1 to 20, not {options['blocks']}"
    field, limit = _of(instance, options), options["limit"]
    # without left rows too: targets that hold nothing are counted and answered all the same
    numbers = (max(1, instance.left.rows) * (1 + field.messages) + instance.right.rows) * field.width
    if numbers > limit:
        targets = f"{field.q}^{field.length - 1} targets in dimension {field.q}^{field.blocks + 1}"
        return f"{targets} are more than the limit of {limit} integers; {RAISE_LIMIT}"
    return None


def forward(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    """One target for every message."""
    return image(instance, _of(instance, options))


def _of(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Field:
    return Field.of(instance.left.dim, options["blocks"])


def decode(context: Made, answers: Sequence[Answer]) -> Answer:
    """YES iff some target says so: an orthogonal pair shows up at its own message only."""
    return any_answer(context.calls, answers)


def structure(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """Right rows have one 1 for each element of the field, left rows are 0 and 1, the levels are q and 2 l - 2."""
    field, wrong = mapped.context.field, []
    for target in (mapped.targets[0], mapped.targets[-1]):
        groups = target.right.reshape(len(target.right), field.q, field.width // field.q)
        if not np.isin(target.right, (0, 1)).all() or not np.all(groups.sum(axis=2) == 1):
            wrong.append("a right row has not one 1 for each element of the field")
        if not np.isin(target.left, (0, 1)).all():
            wrong.append("an entry on the left is neither 0 nor 1")
        if (target.threshold, target.low) != (field.q, 2 * field.length - 2):
            wrong.append(f"the levels are {target.threshold} and {target.low}")
    if len(mapped.targets) != field.messages:
        wrong.append(f"{len(mapped.targets)} targets for {field.messages} messages")
    return wrong


def explain(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """Polynomials, messages, the two rows, the gap."""
    field: Field = mapped.context.field
    return [
        f"The {instance.left.dim} coordinates are cut into T = {field.blocks} blocks of l = {field.length} (zeros at "
        f"the end), over the field of q = {field.q} elements. Block u of a vector is read as the values at "
        "0, ..., l - 1 of a polynomial of degree below l: alpha_u on the left, beta_u on the right. The polynomial "
        "psi = sum of alpha_u beta_u has degree at most 2l - 2, and psi(p) counts the blocks in which both vectors "
        "have a 1 at place p: at most T, less than q. So <a, b> = 0 iff psi vanishes at 0, ..., l - 1.",
        f"A message is a polynomial of degree at most 2l - 2 that does vanish there: q^(l-1) = {field.messages}, each "
        "a target. The left row of message mu is 1 at (r, v) iff mu(r) is the sum of alpha_u(r) v_u. The right row is "
        "1 at (r, beta(r)). Their inner product counts the elements r with mu(r) = psi(r): all of them if mu = psi, "
        f"else at most 2l - 2. So orthogonal pairs reach q = {field.q} at one message, and no other pair comes above "
        f"{2 * field.length - 2} at any.",
        *_first_pair(instance, mapped),
    ]


def _first_pair(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The polynomials of row 0 on both sides, and what the first and the last target say about that pair."""
    field: Field = mapped.context.field
    if not instance.left.rows or not instance.right.rows:
        return []
    alpha, beta = (field.values(bits[:1])[0] for bits in (instance.left_bits, instance.right_bits))
    psi = ((alpha * beta).sum(axis=0) % field.q)[None, :]
    counts = ", ".join(str(mapped.targets[index].inner(0, 0)) for index in range(min(field.messages, 12)))
    return [
        aligned(np.vstack([instance.left_bits[:1], instance.right_bits[:1]]), "Row 0 of the left and of the right:"),
        aligned(alpha, "alpha_u(r), one line for each u, r = 0, ..., q - 1:"),
        aligned(beta, "beta_u(r):"),
        aligned(psi, f"psi(r), at r = 0, ..., {field.length - 1} the numbers of common ones:"),
        f"Agreements of psi with the first messages: {counts}.",
    ]


def hard(seed: int) -> Sequence[OrthogonalVectors]:
    """Vectors at the gap, T common ones at one place, and pairs whose psi has the highest degree."""
    made = vectors_at_the_gap(seed, (1, 3, 6))
    place = np.array([[1, 0, 1, 0, 1, 0]], dtype=np.uint8)
    made.append(OrthogonalVectors.from_bits(place, place))
    made.append(OrthogonalVectors.from_bits(place, 1 - place))
    made.append(OrthogonalVectors.from_bits(np.eye(9, dtype=np.uint8)[:2], 1 - np.eye(9, dtype=np.uint8)[:3]))
    return made


def _field_too_small(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    field = _of(instance, options)
    return image(instance, replace(field, q=int(sympy.prevprime(max(3, field.q)))))


def _degree_too_low(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    mapped = forward(instance, options)
    calls = max(1, mapped.context.calls // mapped.context.field.q)
    return replace(mapped, targets=mapped.targets[:calls], context=Made(mapped.context.field, calls))


RULE = Reduction(
    name="ov_to_maxip_reed_solomon",
    source=OrthogonalVectors,
    target=MaxInnerProduct,
    kind=Kind.OR_MANY,
    summary="Polynomials over F_q, one target a message: q where psi is the message, else at most 2 l - 2.",
    forward=forward,
    decode=decode,
    extract=same_pair,
    exact_size={"left": LEFT, "right": RIGHT, "dim": WIDTH},
    upper_size={"left": LEFT, "right": RIGHT, "dim": WIDTH, "magnitude": sympy.Integer(1)},
    exponents=Exponents(
        sympy.Integer(1),
        sympy.Integer(0),
        sympy.Integer(1),
        proviso="dimension O(log left) and about (ln ln left)^2 blocks, not a constant number",
        log_dimension=True,
    ),
    calls=CALLS,
    operations=(LEFT + RIGHT) * (DIM + SPLIT * Q + WIDTH) + CALLS * (Q + LEFT * WIDTH),
    claim_scope="exponents for d = c ln N and T growing like (ln ln N)^2: then both q^(T+1) "
    "and q^(l-1) are N^o(1). For constant T the messages are N^(Theta(ln ln N)). The gap q to 2 l - 2 is a "
    "constant here; the almost polynomial gaps of the source need larger fields. Instances below the limit.",
    sources=("1706.06407",),
    page="docs/explanation/vector-gadgets.md",
    parsimonious=True,
    options={
        "blocks": Option(3, whole_number(1, 20), "blocks T: l = ceil(d / T), dimension q^(T+1), q^(l-1) targets"),
        "limit": Option(LIMIT, whole_number(1, LARGEST_LIMIT), "most integers written into all targets together"),
    },
    structure=structure,
    hard=hard,
    accepts=accepts,
    explain=explain,
    mutants=(
        Mutant("the field is one prime too small", _field_too_small),
        Mutant("messages of one degree less", _degree_too_low),
        Mutant("messages vanish at l - 1 places only", lambda x, o: image(x, f := _of(x, o), roots=f.length - 1)),
        Mutant("right blocks read at 1, ..., l", lambda x, o: image(x, _of(x, o), shift=1)),
        Mutant("beta(r - 1) in place of beta(r)", lambda x, o: image(x, _of(x, o), turned=1)),
        Mutant("threshold q - 1", lambda x, o: image(x, _of(x, o), levels=(-1, -1))),
        Mutant("one entry of the first left row", lambda x, o: image(x, _of(x, o), flipped=1)),
        Mutant("the pair comes back turned", extract=turned_pair),
    ),
)
