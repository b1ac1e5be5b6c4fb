"""One level of Chinese remainders: the identity at every multiple, int64 at its limit, what is refused."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from reductions.constructions.vectors.crt_image import left_square, right_square, shape
from reductions.constructions.vectors.residues import NextPrime, PrimeProduct, as_residues, idempotents, primes_above
from reductions.core.answer import Answer, Decision
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_maxip_crt import RULE


def vectors(seed: int, rows: int, dim: int) -> OrthogonalVectors:
    rng = np.random.default_rng(seed)
    return OrthogonalVectors.from_bits(*(rng.integers(0, 2, (2, rows, dim), dtype=np.uint8)))


def test_residues_are_the_bits() -> None:
    rng = np.random.default_rng(1)
    for count, dim in ((1, 5), (2, 6), (3, 7), (5, 5), (2, 0)):
        primes = primes_above(-(-dim // count), count)
        bits = rng.integers(0, 2, (4, dim), dtype=np.uint8)
        values = as_residues(bits, primes)
        assert values.shape == (4, -(-dim // count))
        assert np.all((values >= 0) & (values < prod(primes)))
        for place in range(dim):
            assert np.array_equal(values[:, place // count] % primes[place % count], bits[:, place])
        assert (idempotents(primes).sum() - 1) % prod(primes) == 0


@pytest.mark.parametrize(("dim", "count"), [(1, 1), (4, 1), (4, 2), (5, 2), (6, 3), (7, 3)])
def test_every_target_is_minus_a_square(dim: int, count: int) -> None:
    instance = vectors(dim, 3, dim)
    mapped = RULE.forward(instance, {**RULE.defaults(), "per_integer": count})
    residues = mapped.context
    inner = residues.left.astype(object) @ residues.right.astype(object).T
    bits = instance.left_bits.astype(int) @ instance.right_bits.astype(int).T
    assert np.array_equal(inner % residues.product == 0, bits == 0)
    hits = np.zeros((3, 3), dtype=int)
    for index, target in enumerate(mapped.targets):
        products = target.left.astype(object) @ target.right.astype(object).T
        assert np.array_equal(products, -((inner - index * residues.product) ** 2))
        assert target.fits
        hits += products == 0
    assert np.array_equal(hits, bits == 0)  # one multiple for an orthogonal pair, none for others
    blocks = -(-dim // count)
    assert residues.product * (len(mapped.targets) - 1) <= blocks * (residues.product - 1) ** 2
    assert len(mapped.targets) <= blocks * (residues.product - 2) + 1


def test_the_last_target_at_the_largest_block_is_exact() -> None:
    instance = vectors(3, 4, 10)
    options = {"per_integer": 5, "limit": 1 << 24}
    assert RULE.accepts is not None
    assert RULE.accepts(instance, options) is None
    mapped = RULE.forward(instance, options)  # 30,000 targets at most, none of them made yet
    assert shape(10, 5) == (2, (3, 5, 7, 11, 13))
    target, residues = mapped.targets[-1], mapped.context
    assert target.fits
    multiple = (len(mapped.targets) - 1) * residues.product
    for i, x in enumerate(residues.left.tolist()):
        for j, y in enumerate(residues.right.tolist()):
            inner = sum(a * b for a, b in zip(x, y, strict=True))
            assert target.inner(i, j) == int(target.left[i] @ target.right[j]) == -((inner - multiple) ** 2)


def test_squares_at_the_guard_do_not_overflow() -> None:
    largest = 27_000  # 4 (2 * 27,000^2)^2 is just below 2^63
    assert 4 * (2 * largest**2) ** 2 < 2**63 < 4 * (2 * 28_000**2) ** 2
    rows = np.array([[largest, largest]])
    multiple = 2 * largest**2
    left, right = left_square(rows), right_square(rows, multiple)
    assert sum(int(a) * int(b) for a, b in zip(left[0], right[0], strict=True)) == 0
    assert int(right[0, -1]) == -(multiple**2)
    assert sum(abs(int(a) * int(b)) for a, b in zip(left[0], right[0], strict=True)) < 2**63


def test_what_is_refused() -> None:
    assert RULE.accepts is not None
    small, ten, wide = vectors(0, 2, 3), vectors(0, 2, 10), vectors(0, 256, 68)
    for instance, chosen, said in (
        (small, {"per_integer": 0}, "at least 1"),
        (small, {"per_integer": 17}, "beyond int64"),
        (ten, {"per_integer": 10}, "do not fit int64"),
        (wide, {}, "limit"),
        (ten, {"limit": 1000}, "limit"),
    ):
        reason = RULE.accepts(instance, {**RULE.defaults(), **chosen})
        assert reason is not None
        assert said in reason
    assert RULE.accepts(ten, RULE.defaults()) is None


def test_decode_needs_every_target_for_no() -> None:
    context = RULE.forward(vectors(0, 2, 3), RULE.defaults()).context
    no, yes = Answer(Decision.NO, count=0), Answer(Decision.YES, (0, 1), ((0, 1),), 1)
    every = [no] * context.calls
    assert RULE.decode(context, every) == Answer(Decision.NO, count=0)
    assert RULE.decode(context, every[1:]).decision is Decision.UNDECIDED
    assert RULE.decode(context, [no, yes]).witness == (0, 1)
    assert RULE.decode(context, [no, yes]).count is None
    assert RULE.decode(context, [*every[1:], yes]).count == 1
    assert RULE.decode(context, [*every[2:], Answer(Decision.UNDECIDED), no]).decision is Decision.UNDECIDED
    violated = [*every[2:], Answer(Decision.UNDECIDED), Answer(Decision.PROMISE_VIOLATED)]
    assert RULE.decode(context, violated).decision is Decision.PROMISE_VIOLATED
    assert RULE.decode(context, [*violated, yes]).decision is Decision.YES


def test_functions_of_size_formulas() -> None:
    assert [int(NextPrime(x)) for x in (0, 2, 3, 13)] == [2, 3, 5, 17]
    assert [int(PrimeProduct(x, k)) for x, k in ((1, 1), (0, 3), (10, 2), (4, 0))] == [2, 30, 143, 1]


def test_int64_is_the_only_reason_below_the_limit() -> None:
    assert RULE.accepts is not None
    seen = set()
    for dim in range(1, 40):
        instance = OrthogonalVectors.from_bits(np.zeros((1, dim), np.uint8), np.zeros((1, dim), np.uint8))
        for count in range(1, 8):
            blocks, primes = shape(dim, count)
            largest = blocks * (prod(primes) - 1) ** 2
            reason = RULE.accepts(instance, {"per_integer": count, "limit": 1 << 100})
            assert (reason is None) == (4 * largest**2 < 2**63), (dim, count)
            seen.add(reason is None)
    assert seen == {True, False}
