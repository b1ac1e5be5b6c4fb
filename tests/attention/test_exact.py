"""Exact attention: its bound holds against the enclosed truth on every row, also where floats are at their limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.attention.exact import blocks as exact_blocks
from varproof.attention.exact import engine as exact
from varproof.attention.exact.reference import row_error
from varproof.attention.head import Head, Stage

Array = NDArray[Any]
DATA = Path(__file__).parent.parent / "data" / "var_qkv_layer15_head3.npz"


def make_head(arrays: Sequence[Any], gamma: float | None = None, **options: Any) -> Head:
    q, k, v = arrays
    stages = options.pop("stages", (Stage(slice(0, q.shape[0]), slice(0, k.shape[0])),))
    return Head(q, k, v, 1 / q.shape[1] if gamma is None else gamma, 1e-3, stages, **options)


def normal(seed: int, *shapes: tuple[int, int], dtype: Any = np.float64) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def assert_certified(head: Head, **options: Any) -> tuple[Array, Array]:
    """The bound is finite, the values are inside the range, and no row errs by more; returns (errors, bounds)."""
    result = exact.run(head, **options)
    bound, values = np.asarray(result.bound), np.asarray(result.values)
    assert values.dtype == np.asarray(head.q).dtype
    assert bound.dtype == np.float64
    assert bound.shape == (head.queries,)
    assert np.isfinite(bound).all()
    v = np.asarray(head.v)
    assert (values >= v.min(axis=0)).all()
    assert (values <= v.max(axis=0)).all()
    errors = np.array(row_error(head, values))
    assert (errors <= bound).all()
    return errors, bound


def at_the_bound(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    """All scores +-B: queries and keys are multiples of one direction, values the sign pattern."""
    sign = rng.choice([-1.0, 1.0], 40)
    return np.full((5, 3), 1.5), 1.1 * sign[:, None] * np.ones((40, 3)), sign[:, None] * np.array([1.0, -1e3]), 2.0


def one_key_dominates(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = (rng.standard_normal((30, 4)) for _ in range(3))
    k[7] *= 1e4
    return q, k, v, 1.0


def duplicates(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = rng.standard_normal((6, 4)), rng.standard_normal((3, 4)), rng.standard_normal((3, 2))
    return q, np.tile(k, (30, 1)), np.tile(v, (30, 1)), 3.0


def zero_queries(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = (rng.standard_normal((33, 4)) for _ in range(3))
    q[::2] = 0.0
    return q, k, v, 1.0


def equal_keys(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    return rng.standard_normal((5, 4)), np.tile(rng.standard_normal(4), (70, 1)), rng.standard_normal((70, 3)), 1.0


def equal_values(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    return rng.standard_normal((5, 4)), rng.standard_normal((20, 4)), np.tile(rng.standard_normal(3), (20, 1)), 1.0


def far_from_zero(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    """Keys and values with a large common part: what centring is for."""
    return (
        rng.standard_normal((9, 4)),
        1e6 + rng.standard_normal((65, 4)),
        np.round(1e6 + rng.standard_normal((65, 2)), 3),
        1.0,
    )


def wide_scores(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    return rng.standard_normal((9, 4)), rng.standard_normal((600, 4)), rng.standard_normal((600, 2)), 500.0


def rising_scores(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    """The running shift has to move in nearly every block."""
    return np.ones((3, 1)), np.linspace(-4000, 4000, 1300)[:, None], rng.standard_normal((1300, 2)), 1.0


def one_key(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    return rng.standard_normal((4, 3)), rng.standard_normal((1, 3)), rng.standard_normal((1, 2)), 1.0


def one_dimension(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    return rng.standard_normal((17, 1)), rng.standard_normal((31, 1)), rng.standard_normal((31, 1)), 1.0


CASES = [
    at_the_bound,
    one_key_dominates,
    duplicates,
    zero_queries,
    equal_keys,
    equal_values,
    far_from_zero,
    wide_scores,
    rising_scores,
    one_key,
    one_dimension,
]
Case = Callable[[np.random.Generator], tuple[Array, Array, Array, float]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", CASES)
def test_the_bound_holds_on_every_row(case: Case, dtype: Any) -> None:
    q, k, v, gamma = case(np.random.default_rng(5))
    head = make_head([x.astype(dtype) for x in (q, k, v)], gamma)
    assert_certified(head)
    assert_certified(head, compute="float64")


EXTREMES = {
    "scores overflow": (1e300, 1e300, 1.0),
    "scores near the largest float": (1e154, 1e153, 1.0),
    "values near the largest float": (1.0, 1.0, 1e308),
    "tiny queries, huge keys": (1e-300, 1e300, 1.0),
    "huge queries, tiny keys": (1e300, 1e-300, 1.0),
    "everything subnormal": (1e-310, 1e-310, 1e-310),
}


@pytest.mark.parametrize("name", sorted(EXTREMES))
@pytest.mark.parametrize("gamma", [1.0, 1e-5, 1e5])
def test_the_bound_holds_near_the_limits_of_floats(name: str, gamma: float) -> None:
    a, b, c = EXTREMES[name]
    q, k, v = (np.random.default_rng(6).uniform(-1.5, 1.5, (12, 3)) for _ in range(3))
    with np.errstate(under="ignore"):
        head = make_head((q * a, k * b, np.clip(v, -1, 1) * c), gamma)
    errors, bound = assert_certified(head)
    if a * b * c == 1 and gamma <= 1:
        assert bound.max() < 1e-6  # products of ordinary size are no reason to give up; 1e-300 is near underflow
    assert errors.max() <= 2 * c


@pytest.mark.parametrize(("query", "gamma"), [(1e38, 10.0), (1e30, 1e-50), (1e-10, 1e40)])
def test_float32_does_not_lose_scores_to_the_cast_of_gamma(query: float, gamma: float) -> None:
    """gamma or gamma q leaves the range of float32: -inf among scores must not pass for a certainty."""
    q = np.array([[query], [-query]], dtype=np.float32)
    k = np.array([[1.0], [3.0], [2.0]], dtype=np.float32) * np.float32(min(1 / (query * gamma), 1e20))
    assert_certified(make_head((q, k, np.array([[1.0], [2.0], [4.0]], dtype=np.float32)), gamma))


def test_equal_values_come_back_exactly() -> None:
    q, k, _ = normal(1, (5, 4), (20, 4), (20, 1))
    result = exact.run(make_head((q, k, np.full((20, 2), 0.1))))
    assert (result.values == 0.1).all()
    assert (result.bound == 0).all()


@pytest.mark.parametrize("dim", [2, 8, 16])
@pytest.mark.parametrize("tokens", [64, 200])
def test_the_bound_is_not_silly(dim: int, tokens: int) -> None:
    """Largest bound over largest measured error on random data: between 40 and 110 as measured."""
    errors, bound = assert_certified(make_head(normal(dim + tokens, *[(tokens, dim)] * 3)))
    assert bound.max() / errors.max() < 200


def test_float32_computed_in_float64_leaves_little_but_the_cast() -> None:
    head = make_head(normal(3, *[(150, 8)] * 3, dtype=np.float32))
    _, plain = assert_certified(head)
    errors, bound = assert_certified(head, compute="float64")
    assert bound.max() < plain.max() / 100
    assert bound.max() < 3 * errors.max()


def test_the_test_of_the_bound_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """One weight off by 1e-12 in a kernel is noticed: the bound is that close."""
    honest = exact_blocks._weighted

    def faulty(xp: Any, scores: Any, *rest: Any) -> Any:
        scores[0] *= 1 + 1e-10
        return honest(xp, scores, *rest)

    monkeypatch.setattr(exact_blocks, "_weighted", faulty)
    with pytest.raises(AssertionError):
        assert_certified(make_head(normal(1, *[(50, 2)] * 3)))


def staged(rows: list[int], keys: list[int]) -> tuple[Stage, ...]:
    q, k = np.cumsum([0, *rows]).tolist(), np.cumsum([0, *keys]).tolist()
    return tuple(Stage(slice(q[i], q[i + 1]), slice(k[i], k[i + 1])) for i in range(len(rows)))


def masked_twin(head: Head) -> Head:
    """The same attention as one stage with a mask."""
    mask = np.zeros((head.queries, head.keys), dtype=bool)
    for number, stage in enumerate(head.stages):
        for earlier in head.stages[: number + 1]:
            mask[stage.queries, earlier.keys] = True
    return make_head((head.q, head.k, head.v), head.gamma, mask=mask)


@pytest.mark.parametrize("gamma", [0.3, 300.0])
@pytest.mark.parametrize(
    "sizes", [[1, 4, 9, 16, 25], [1] * 60, [300, 1, 300, 7], [40, 700]], ids=["scales", "causal", "large", "two"]
)
def test_stages_equal_the_mask(sizes: list[int], gamma: float) -> None:
    total = sum(sizes)
    head = make_head(normal(8, *[(total, 3)] * 3), gamma, stages=staged(sizes, sizes))
    twin = masked_twin(head)
    ours, theirs = exact.run(head), exact.run(twin)
    assert (np.abs(ours.values - theirs.values).max(axis=1) <= ours.bound + theirs.bound).all()
    assert ours.bound.max() < 1e-9
    if total < 100:
        assert_certified(head)
        assert_certified(twin)


def test_stages_in_any_order_of_rows() -> None:
    """Keys of a later stage may come first in memory, and queries too."""
    q, k, v = normal(9, (30, 3), (45, 3), (45, 2))
    stages = (Stage(slice(10, 30), slice(25, 45)), Stage(slice(0, 10), slice(0, 25)))
    head = make_head((q, k, v), stages=stages)
    assert_certified(head)
    assert np.allclose(exact.run(head).values, exact.run(masked_twin(head)).values, rtol=0, atol=1e-14)


def test_a_stage_without_queries_still_brings_keys() -> None:
    q, k, v = normal(10, (4, 3), (50, 3), (50, 2))
    head = make_head((q, k, v), stages=(Stage(slice(0, 0), slice(0, 20)), Stage(slice(0, 4), slice(20, 50))))
    assert (exact.run(head).values == exact.run(make_head((q, k, v))).values).all()


@pytest.mark.parametrize("gamma", [0.3, 400.0])
def test_masks(gamma: float) -> None:
    q, k, v = normal(11, (40, 3), (1100, 3), (1100, 2))
    mask = np.random.default_rng(2).random((40, 1100)) < 0.02
    mask[:, 5] |= ~mask.any(axis=1)
    mask[3] = False
    mask[3, 1099] = True  # two blocks without a key come first
    head = make_head((q, k, v), gamma, mask=mask)
    assert_certified(head)
    assert np.abs(exact.run(head).values[3] - v[1099]).max() < 1e-13


def test_no_queries() -> None:
    result = exact.run(make_head(normal(1, (0, 3), (5, 3), (5, 2))))
    assert result.values.shape == (0, 2)
    assert result.bound.shape == (0,)


def test_rows_are_those_of_the_run() -> None:
    sizes = [5, 90, 300]
    head = make_head(normal(12, *[(395, 4)] * 3), stages=staged(sizes, sizes))
    whole = exact.run(head)
    chosen = [394, 0, 17, 17, 94, 95, 3]
    some = exact.rows(head, chosen)
    assert (np.abs(some.values - whole.values[chosen]).max(axis=1) <= some.bound + whole.bound[chosen]).all()
    errors = np.array(row_error(head, whole.values))[chosen]
    assert (errors <= some.bound).all()
    assert some.flops < whole.flops / 10
    empty = exact.rows(head, [])
    assert empty.values.shape == (0, 4)


def test_rows_of_a_mask() -> None:
    q, k, v = normal(13, (40, 3), (60, 3), (60, 2))
    mask = np.random.default_rng(2).random((40, 60)) < 0.3
    mask[:, 0] = True
    head = make_head((q, k, v), mask=mask)
    assert np.allclose(exact.rows(head, [39, 1]).values, exact.run(head).values[[39, 1]], rtol=0, atol=1e-15)


def test_torch_gives_the_same() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra varproof[torch]")
    for dtype, tolerance in ((np.float64, 1e-14), (np.float32, 1e-5)):
        for gamma in (0.5, 900.0):
            sizes = [3, 200, 400]
            arrays = normal(14, *[(603, 5)] * 3, dtype=dtype)
            stages = staged(sizes, sizes)
            ours = exact.run(make_head(arrays, gamma, stages=stages))
            theirs = exact.run(make_head([torch.from_numpy(x) for x in arrays], gamma, stages=stages))
            assert isinstance(theirs.values, torch.Tensor)
            assert theirs.values.dtype == getattr(torch, str(np.dtype(dtype)))
            assert theirs.bound.dtype == torch.float64
            gap = np.abs(theirs.values.numpy().astype(np.float64) - ours.values).max(axis=1)
            assert (gap <= ours.bound + theirs.bound.numpy()).all()
            if gamma == 0.5:
                assert gap.max() < tolerance
    mask = torch.ones((20, 30), dtype=torch.bool)
    mask[3, 4:] = False
    q, k, v = (torch.from_numpy(x) for x in normal(15, (20, 3), (30, 3), (30, 2)))
    assert_certified(make_head((q, k, v), mask=mask))


def test_flops_count_pairs() -> None:
    head = make_head(normal(1, *[(512, 4)] * 3))
    pairs = 512 * 512 * (2 * 4 + 2 * 5 + 1)
    assert pairs <= exact.run(head).flops <= 1.1 * pairs


def test_real_attention_of_an_image_model() -> None:
    """VAR-d16, 680 tokens in ten scales (tests/data/README.md): block-causal equals a dense masked softmax."""
    with np.load(DATA) as file:
        q, k, v, sides = (file[name].astype(np.float32) for name in ("q", "k", "v", "patch_nums"))
    sizes = [int(side) ** 2 for side in sides]
    assert sum(sizes) == len(q) == 680
    head = make_head((q, k, v), 1.0, stages=staged(sizes, sizes))
    levels = np.repeat(np.arange(len(sizes)), sizes)
    wide = [x.astype(np.longdouble) for x in (q, k, v)]
    scores = np.where(levels[:, None] >= levels[None, :], wide[0] @ wide[1].T, -math.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    dense = weights / weights.sum(axis=1, keepdims=True) @ wide[2]
    for options in ({}, {"compute": "float64"}):
        result = exact.run(head, **options)
        gap = np.abs(result.values - dense).max(axis=1)
        assert (gap <= result.bound).all()
        assert result.bound.max() < (1e-7 if options else 1e-4)
    unmasked = exact.run(make_head((q, k, v), 1.0)).values
    assert np.abs(unmasked - dense).max() > 1e-3


def test_gamma_that_is_rounded() -> None:
    """The bound holds against the real 1/3 when the head says that gamma rounds once."""
    head = make_head(normal(16, *[(40, 3)] * 3), 1 / 3, gamma_roundings=1)
    result = exact.run(head)
    errors = np.array(row_error(head, result.values, gamma=Fraction(1, 3)))
    assert (errors <= result.bound).all()


@pytest.mark.slow
def test_the_bound_holds_on_thousands_of_small_heads() -> None:
    rng = np.random.default_rng(17)
    for _ in range(2000):
        dtype = (np.float64, np.float32)[int(rng.integers(2))]
        m, n, d, columns = (int(x) for x in rng.integers(1, 14, 4))
        q, k, v = (rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4) for shape in ((m, d), (n, d), (n, columns)))
        if rng.random() < 0.3:
            k[rng.integers(n)] *= 100
        if rng.random() < 0.3:
            v = np.sign(v) + rng.choice([0.0, 1e4])
        if rng.random() < 0.2:
            q, k = np.sign(q), np.sign(k)
        mask = None
        if rng.random() < 0.3:
            mask = rng.random((m, n)) < 0.5
            mask[:, 0] |= ~mask.any(axis=1)
        gamma = float(10.0 ** rng.uniform(-3, 2))
        head = make_head([x.astype(dtype) for x in (q, k, v)], gamma, mask=mask)
        assert_certified(head, compute=None if rng.random() < 0.7 else "float64")


@pytest.mark.parametrize("value", [5e-324, -5e-324, 3 * 5e-324, 2.2250738585072014e-308])
def test_equal_values_come_back_although_scores_overflow(value: float) -> None:
    """The middle of two equal odd subnormal numbers is not between them after rounding."""
    q, k, v = np.array([[1e200]]), np.array([[1e200], [-1e200]]), np.array([[value], [value]])
    found = exact.run(make_head([q, k, v], 1.0))
    assert found.values.tolist() == [[value]]
    assert found.bound.tolist() == [0.0]
