"""Orthogonal vectors to exact maximum inner product in a small dimension: Chinese remainders, one level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from reductions.constructions.vectors.crt_image import Residues, image, right_square, shape
from reductions.constructions.vectors.gap_vectors import vectors_at_the_gap
from reductions.constructions.vectors.matrix_text import aligned
from reductions.constructions.vectors.pair_answers import any_answer, same_pair, turned_pair
from reductions.constructions.vectors.residues import PrimeProduct, primes_above
from reductions.core.answer import Answer
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Option, Reduction, size
from reductions.core.whole_number import LARGEST_LIMIT, RAISE_LIMIT, whole_number
from reductions.problems.maxip import MaxInnerProduct
from reductions.problems.orthogonal_vectors import OrthogonalVectors

LEFT, RIGHT, DIM, PER_INTEGER = size("left"), size("right"), size("dim"), size("per_integer")
LIMIT = 1 << 22  # integers, 32 MiB
BLOCKS = sympy.ceiling(DIM / PER_INTEGER)
PRODUCT = PrimeProduct(BLOCKS, PER_INTEGER)
CALLS = sympy.Max(1, BLOCKS * PRODUCT)
WIDTH = BLOCKS**2 + BLOCKS + 1


def accepts(instance: OrthogonalVectors, options: Mapping[str, Any]) -> str | None:
    """All inner products fit int64 with room, and all targets together stay below the limit."""
    count, dim = options["per_integer"], instance.left.dim
    if count < 1:
        return f"an integer holds at least 1 coordinate, not {count}"
    if count > 16:  # the product of 16 primes is beyond int64
        return f"{count} primes have a product beyond int64"
    blocks, primes = shape(dim, count)
    product = prod(primes)
    largest = blocks * (product - 1) ** 2
    if 4 * largest**2 >= 2**63:
        return f"inner products of {blocks} integers below {product} do not fit int64 when squared"
    numbers = (instance.left.rows + max(1, blocks * product) * instance.right.rows) * (blocks**2 + blocks + 1)
    if numbers > options["limit"]:
        found = f"up to {blocks * product} targets, {numbers} integers,"
        return f"{found} are more than the limit of {options['limit']}; {RAISE_LIMIT}"
    return None


def forward(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    """One target for every multiple of the product that an inner product of residues can be."""
    _, primes = shape(instance.left.dim, options["per_integer"])
    return image(instance, primes)


def decode(context: Residues, answers: Sequence[Answer]) -> Answer:
    """YES iff some target says so: an orthogonal pair shows up at its own multiple only."""
    return any_answer(context.calls, answers)


def structure(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The residues are the bits, all multiples are there, and targets are built from the residues."""
    residues: Residues = mapped.context
    wrong = []
    for side in ("left", "right"):
        bits, values = getattr(instance, f"{side}_bits"), getattr(residues, side)
        for place, prime in enumerate(residues.primes):
            asked, found = bits[:, place :: len(residues.primes)], values % prime
            if np.array_equal(found[:, : asked.shape[1]], asked) and not found[:, asked.shape[1] :].any():
                continue
            wrong.append(f"the residues modulo {prime} on the {side} are not the bits")
    if min(residues.primes) <= residues.left.shape[1]:
        wrong.append("a prime is not above the number of integers a row")
    if any((each.threshold, each.low) != (0, -1) for each in (mapped.targets[0], mapped.targets[-1])):
        wrong.append("the levels are not 0 and -1")
    return wrong


def explain(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The two steps: bits to residues, then divisibility to a maximum."""
    residues: Residues = mapped.context
    blocks, block = residues.left.shape[1], len(residues.primes)
    inner = residues.left[:8] @ residues.right[:12].T
    return [
        f"Runs of {block} coordinates become one integer each, by the Chinese remainder theorem: modulo prime number s "
        f"it is bit s of the run. A row has l = {blocks} integers below P = {residues.product}, the product of the "
        f"primes {', '.join(map(str, residues.primes))}. Modulo prime s the inner product <X, Y> counts in how many "
        f"runs both vectors have a 1 at place s. That is at most l, less than the prime. So <a, b> = 0 iff P divides "
        "<X, Y>.",
        "For one multiple v of P, (X (x) X, X, 1) . (-Y (x) Y, 2 v Y, -v^2) = -(<X, Y> - v)^2. It is 0 iff <X, Y> = v "
        f"and at most -1 otherwise. Every multiple up to the largest inner product possible gives one target: "
        f"{residues.calls} here, in dimension l^2 + l + 1 = {blocks**2 + blocks + 1}. The pair is orthogonal iff one "
        "of them reaches 0.",
        aligned(residues.left, "left integers X:"),
        aligned(residues.right, "right integers Y:"),
        aligned(inner, "inner products <X, Y> of the first 8 and 12 rows:"),
        aligned(inner % residues.product, f"their remainders modulo {residues.product}, 0 where P divides:"),
    ]


def hard(seed: int) -> Sequence[OrthogonalVectors]:
    """Vectors at the gap, inner product l in one place only, and an orthogonal pair at the largest multiple."""
    made = vectors_at_the_gap(seed, (1, 3, 6))
    for blocks in (2, 3, 5):
        one = np.tile(np.array([[1, 0]], dtype=np.uint8), (1, blocks))
        made.append(OrthogonalVectors.from_bits(one, one))
        made.append(OrthogonalVectors.from_bits(one, 1 - one))
    return made


def _smaller_primes(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    blocks, _ = shape(instance.left.dim, options["per_integer"])
    return image(instance, primes_above(max(1, blocks - 1), options["per_integer"]))


def _primes_exchanged(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    _, primes = shape(instance.left.dim, options["per_integer"])
    return image(instance, primes, right_primes=primes[::-1])


def _last_multiple_missing(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    _, primes = shape(instance.left.dim, options["per_integer"])
    return image(instance, primes, change=lambda each: replace(each, calls=max(1, each.calls - 1)))


def _zero_missing(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    _, primes = shape(instance.left.dim, options["per_integer"])
    return image(instance, primes, first=1)


def _factor_two_missing(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    def rows(right: NDArray[np.int64], multiple: int) -> NDArray[np.int64]:
        made = right_square(right, multiple)
        made[:, right.shape[1] ** 2 : -1] //= 2
        return made

    _, primes = shape(instance.left.dim, options["per_integer"])
    return image(instance, primes, right_rows=rows)


def _square_of_multiple_missing(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    def rows(right: NDArray[np.int64], multiple: int) -> NDArray[np.int64]:
        made = right_square(right, multiple)
        made[:, -1] = 0
        return made

    _, primes = shape(instance.left.dim, options["per_integer"])
    return image(instance, primes, right_rows=rows)


RULE = Reduction(
    name="ov_to_maxip_crt",
    source=OrthogonalVectors,
    target=MaxInnerProduct,
    kind=Kind.OR_MANY,
    summary="Chinese remainders pack b coordinates into an integer; -(<X, Y> - v)^2 for multiples v of their product.",
    forward=forward,
    decode=decode,
    extract=same_pair,
    exact_size={"left": LEFT, "right": RIGHT, "dim": WIDTH},
    upper_size={
        "left": LEFT,
        "right": RIGHT,
        "dim": WIDTH,
        "magnitude": sympy.Max(1, BLOCKS**2 * PRODUCT**4),
    },
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=CALLS,
    operations=(LEFT + RIGHT) * (DIM + BLOCKS) + LEFT * WIDTH + CALLS * RIGHT * WIDTH,
    claim_scope="exponents for a constant b and d = c ln N: (ln N)^O(b) targets of dimension O(ln^2 N). The dimension "
    "2^O(log* N) of the cited edge needs levels on top of each other and is not executed. Instances below the limit.",
    sources=("1802.02325",),
    page="docs/explanation/vector-gadgets.md",
    parsimonious=True,
    options={
        "per_integer": Option(2, whole_number(1, 16), "coordinates an integer b: l = ceil(d / b) integers a row"),
        "limit": Option(LIMIT, whole_number(1, LARGEST_LIMIT), "most integers written into all targets together"),
    },
    structure=structure,
    hard=hard,
    accepts=accepts,
    explain=explain,
    mutants=(
        Mutant("a prime may be l", _smaller_primes),
        Mutant("the primes exchanged on the right", _primes_exchanged),
        Mutant("the last multiple is missing", _last_multiple_missing),
        Mutant("multiples start at P", _zero_missing),
        Mutant("v Y instead of 2 v Y", _factor_two_missing),
        Mutant("no -v^2", _square_of_multiple_missing),
        Mutant("the pair comes back turned", extract=turned_pair),
    ),
)
