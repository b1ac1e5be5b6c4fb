"""Polynomials over small fields, found by trying all of them; agreements counted one element at a time."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from reductions.constructions.vectors.reed_solomon import Field
from reductions.core.answer import Decision
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_maxip_reed_solomon import RULE

SHAPES = [(1, 1), (1, 2), (1, 3), (2, 3), (2, 4), (3, 3), (3, 5), (2, 5)]  # blocks, dim


def evaluate(coefficients: tuple[int, ...], r: int, q: int) -> int:
    return sum(c * r**k for k, c in enumerate(coefficients)) % q


def through(points: list[int], field: Field) -> list[int]:
    """All values of the one polynomial of degree below l with these values at 0, ..., l - 1."""
    found = []
    for coefficients in product(range(field.q), repeat=field.length):
        if all(evaluate(coefficients, p, field.q) == value % field.q for p, value in enumerate(points)):
            found.append([evaluate(coefficients, r, field.q) for r in range(field.q)])
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(("blocks", "dim"), SHAPES)
def test_values_are_those_of_the_polynomial_through_the_bits(blocks: int, dim: int) -> None:
    field = Field.of(dim, blocks)
    bits = np.random.default_rng(dim).integers(0, 2, (3, dim), dtype=np.uint8)
    values = field.values(bits)
    assert values.shape == (3, blocks, field.q)
    for row, found in zip(bits.tolist(), values.tolist(), strict=True):
        padded = row + [0] * (blocks * field.length - dim)
        for u in range(blocks):
            assert found[u] == through(padded[u * field.length : (u + 1) * field.length], field)


@pytest.mark.parametrize("field", [Field.of(dim, blocks) for blocks, dim in SHAPES], ids=str)
def test_messages_are_all_polynomials_that_vanish(field: Field) -> None:
    assert field.q > max(field.blocks, 2 * field.length - 2)
    wanted = set()
    for coefficients in product(range(field.q), repeat=2 * field.length - 1):
        values = tuple(evaluate(coefficients, r, field.q) for r in range(field.q))
        if not any(values[: field.length]):
            wanted.add(values)
    found = [tuple(field.message(index).tolist()) for index in range(field.messages)]
    assert len(set(found)) == len(found)
    assert set(found) == wanted


@pytest.mark.parametrize(("blocks", "dim"), SHAPES)
def test_products_count_agreements(blocks: int, dim: int) -> None:
    rng = np.random.default_rng(blocks + dim)
    left, right = rng.integers(0, 2, (2, 3, dim), dtype=np.uint8)
    left[0, : dim // 2], right[0, dim // 2 :] = 0, 0
    instance = OrthogonalVectors.from_bits(left, right)
    mapped = RULE.forward(instance, {**RULE.defaults(), "blocks": blocks})
    field = mapped.context.field
    alpha, beta = field.values(left), field.values(right)
    for index, target in enumerate(mapped.targets):
        message = field.message(index).tolist()
        for i, j in product(range(3), range(3)):
            psi = [
                sum(int(a) * int(b) for a, b in zip(alpha[i, :, r], beta[j, :, r], strict=True)) for r in range(field.q)
            ]
            agreements = sum(mu == value % field.q for mu, value in zip(message, psi, strict=True))
            assert target.inner(i, j) == agreements
            assert agreements == field.q or agreements <= 2 * field.length - 2
        assert (target.threshold, target.low) == (field.q, 2 * field.length - 2)


def test_places_number_the_vectors_in_order() -> None:
    for blocks, q in ((1, 3), (2, 3), (3, 2), (2, 5)):
        field = Field(blocks, 1, q)
        assert field.vectors().shape == (q**blocks, blocks)
        assert field.place(field.vectors()).tolist() == list(range(q**blocks))


def test_what_is_refused() -> None:
    assert RULE.accepts is not None
    ten = OrthogonalVectors.from_bits(np.ones((2, 10), np.uint8), np.ones((2, 10), np.uint8))
    for chosen, accepted in (
        ({"blocks": 4}, True),
        ({"blocks": 3}, False),
        ({"blocks": 3, "limit": 1 << 21}, True),
        ({"blocks": 0}, False),
        ({"blocks": 21}, False),
        ({"blocks": 20}, False),
    ):
        assert (RULE.accepts(ten, {**RULE.defaults(), **chosen}) is None) == accepted, chosen
    wide = OrthogonalVectors.from_bits(np.ones((2, 5000), np.uint8), np.ones((2, 5000), np.uint8))
    reason = RULE.accepts(wide, RULE.defaults())
    assert reason is not None
    assert len(reason) < 200


def test_messages_are_counted_where_there_are_no_left_rows() -> None:
    """67^33 targets without a row are refused, not made one by one; few of them still give NO."""
    empty = OrthogonalVectors.from_bits(np.zeros((0, 100), np.uint8), np.zeros((0, 100), np.uint8))
    assert "67^33 targets" in (RULE.accepts(empty, RULE.defaults()) or "")
    small = OrthogonalVectors.from_bits(np.zeros((0, 6), np.uint8), np.zeros((0, 6), np.uint8))
    assert RULE.accepts(small, RULE.defaults()) is None
    mapped = RULE.forward(small, RULE.defaults())
    answer = RULE.decode(mapped.context, [target.solve() for target in mapped.targets])
    assert (answer.decision, answer.count) == (Decision.NO, 0)
