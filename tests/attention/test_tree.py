"""The tree engine: its bound holds against the enclosed truth on every row, and is as small as asked where possible."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.attention.exact.reference import row_error
from varproof.attention.head import Head, Stage
from varproof.attention.result import HeadResult
from varproof.attention.tree import costs as tree_costs
from varproof.attention.tree import engine as tree
from varproof.attention.tree.stage import Problem, stored_problem

Array = NDArray[Any]
Case = tuple[Array, Array, Array, float]


def make_head(q: Any, k: Any, v: Any, gamma: float, delta: float = 1e-3, **options: Any) -> Head:
    stages = options.pop("stages", (Stage(slice(0, q.shape[0]), slice(0, k.shape[0])),))
    return Head(q, k, v, gamma, delta, stages, **options)


def dense(head: Head) -> Array:
    """Plain softmax attention in float64, for comparison where rounding is far below the errors at stake."""
    score = head.gamma * head.q @ head.k.T
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(weight @ head.v / weight.sum(axis=1, keepdims=True))


def assert_certified(head: Head, **options: Any) -> tuple[HeadResult, Array]:
    """Finite bound, values inside the range, no row errs by more than its bound; returns the result and errors."""
    result = tree.run(head, **options)
    values, bound, v = np.asarray(result.values), np.asarray(result.bound), np.asarray(head.v)
    assert values.dtype == v.dtype
    assert bound.dtype == np.float64
    assert bound.shape == (head.queries,)
    assert np.isfinite(bound).all()
    assert (values >= v.min(axis=0)).all()
    assert (values <= v.max(axis=0)).all()
    errors = np.array(row_error(head, values))
    assert (errors <= bound).all(), (errors / bound).max()
    return result, errors


@pytest.fixture(params=[False, True], ids=["as priced", "tables only"])
def _prices(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On small heads exact sums are cheapest; with dear pairs every group that a polynomial can serve has a table."""
    if request.param:
        monkeypatch.setattr(tree_costs, "PAIR", 1e7)


def gaussian(rng: np.random.Generator, d: int, bound: float, queries: int = 24, keys: int = 90) -> Case:
    q, k = rng.standard_normal((queries, d)), rng.standard_normal((keys, d))
    gamma = bound / (np.linalg.norm(q, axis=1).max() * np.linalg.norm(k, axis=1).max())
    return q, k, rng.uniform(-1, 1, (keys, 2)), float(gamma)


def duplicated(rng: np.random.Generator) -> Case:
    q, k, v, gamma = gaussian(rng, 2, 60.0)
    return q, np.repeat(k[:9], 10, axis=0), v, gamma


def all_keys_equal(rng: np.random.Generator) -> Case:
    q, k, v, gamma = gaussian(rng, 3, 1e4)
    return q, np.broadcast_to(k[:1], k.shape).copy(), v, gamma


def one_key_dominates(rng: np.random.Generator) -> Case:
    q, k, v, gamma = gaussian(rng, 2, 20.0)
    k[17] = 40 * q[0]
    return q, k, v, gamma


def zero_queries(rng: np.random.Generator) -> Case:
    q, k, v, gamma = gaussian(rng, 2, 50.0)
    q[::2] = 0
    return q, k, v, gamma


def far_from_the_origin(rng: np.random.Generator) -> Case:
    q, k, v, gamma = gaussian(rng, 2, 30.0)
    return q + 1e5, k + 1e7, v - 1e3, gamma


def collinear(rng: np.random.Generator) -> Case:
    q, k, v, gamma = gaussian(rng, 1, 200.0)
    direction = np.array([[1.0, -2.0, 0.5]])
    return q * direction, k * direction, v, gamma


def orthogonal(rng: np.random.Generator) -> Case:
    """Every score is 0 up to rounding, though both sets are long: no box can see it."""
    q, k, v, gamma = gaussian(rng, 1, 1e5)
    return q * np.array([[1.0, 1.0]]), k * np.array([[1.0, -1.0]]), v, gamma


def two_clusters(rng: np.random.Generator) -> Case:
    """Ties between distant keys: rows near q = 0 need both."""
    q, k, v, gamma = gaussian(rng, 2, 1e3)
    return q * np.array([[1e-4, 1.0]]), np.sign(k) * np.array([[1.0, 0.0]]), v, gamma


def wide_values(rng: np.random.Generator) -> Case:
    q, k, v, gamma = gaussian(rng, 2, 40.0)
    return q, k, v * np.array([[1e-8, 1e12]]), gamma


ADVERSARIAL: list[Callable[[np.random.Generator], Case]] = [
    duplicated,
    all_keys_equal,
    one_key_dominates,
    zero_queries,
    far_from_the_origin,
    collinear,
    orthogonal,
    two_clusters,
    wide_values,
]


@pytest.mark.usefixtures("_prices")
@pytest.mark.parametrize("case", ADVERSARIAL, ids=lambda case: case.__name__)
def test_adversarial_heads_are_certified(case: Callable[[np.random.Generator], Case]) -> None:
    q, k, v, gamma = case(np.random.default_rng(3))
    delta = 1e-3 * float(np.abs(v - v.mean(axis=0)).max())
    assert_certified(make_head(q, k, v, gamma, delta), leaf=4)


@pytest.mark.usefixtures("_prices")
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("bound", [0.1, 5.0, 100.0, 1e4, 1e6])
def test_any_temperature_reaches_the_accuracy_asked_for(d: int, bound: float) -> None:
    head = make_head(*gaussian(np.random.default_rng(d), d, bound), delta=1e-3)
    result, _ = assert_certified(head, leaf=4)
    assert result.bound.max() <= head.delta


@pytest.mark.usefixtures("_prices")
@pytest.mark.parametrize("delta", [0.5, 1e-2, 1e-5, 1e-8])
def test_the_accuracy_is_a_free_choice(delta: float) -> None:
    head = make_head(*gaussian(np.random.default_rng(8), 2, 12.0), delta=delta)
    result, _ = assert_certified(head, leaf=4)
    assert result.bound.max() <= delta


def test_tables_carry_most_of_a_smooth_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums of polynomials themselves are put to the test, not only exact ones."""
    monkeypatch.setattr(tree_costs, "PAIR", 1e7)
    q, k, v, gamma = gaussian(np.random.default_rng(5), 2, 4.0, 40, 600)
    head = make_head(q, k, v, gamma, 1e-2)
    result, errors = assert_certified(head, leaf=8)
    assert result.degree >= 2
    assert result.rank >= 6
    assert errors.max() > 1e-9  # a polynomial was at work
    assert result.bound.max() <= 1e-2


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 50), (50, 1), (3, 2), (17, 33)])
def test_sizes_that_fit_no_tree(queries: int, keys: int) -> None:
    for d in (1, 3):
        head = make_head(*gaussian(np.random.default_rng(1), d, 30.0, queries, keys))
        result, _ = assert_certified(head, leaf=4)
        assert result.bound.max() <= head.delta


def test_no_queries_and_no_columns() -> None:
    k = np.ones((9, 2))
    result = tree.run(make_head(np.zeros((0, 2)), k, np.ones((9, 3)), 1.0))
    assert result.values.shape == (0, 3)
    result = tree.run(make_head(np.ones((4, 2)), k, np.ones((9, 0)), 1.0))
    assert result.values.shape == (4, 0)
    assert (result.bound == 0).all()


def test_equal_values_are_returned_exactly() -> None:
    q, k, _, gamma = gaussian(np.random.default_rng(2), 2, 1e5)
    v = np.tile([[0.1, 5e-324, -3e300]], (len(k), 1))
    for factor in (1.0, 1e160):  # within reach of the tree, and beyond
        result = tree.run(make_head(q * factor, k * factor, v, gamma))
        assert (result.values == v[:1]).all()
        assert (result.bound == 0).all()


def test_values_far_from_zero_keep_the_rounding_of_the_last_sum() -> None:
    q, k, _, gamma = gaussian(np.random.default_rng(2), 2, 5.0)
    v = 1e15 + np.random.default_rng(3).integers(0, 5, (len(k), 2))
    _, errors = assert_certified(make_head(q, k, v, gamma, 1e-3), leaf=4)
    assert errors.max() > 0.05  # neighbours of 1e15 are 1/8 apart


@pytest.mark.parametrize("scale", [1e6, 1e9, 1e12])
def test_scores_that_round_where_the_input_does_not(scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """With gamma = 1 and keys on both sides of 0 nothing is rounded first: the other terms must do alone."""

    def exact(*arguments: Any) -> Problem:
        problem = stored_problem(*arguments)
        assert (problem.q == q).all()
        assert (problem.k == k).all()
        return replace(problem, moved=np.zeros_like(problem.moved))

    monkeypatch.setattr(tree, "stored_problem", exact)
    rng = np.random.default_rng(1)
    k = np.concatenate([angles := rng.standard_normal((30, 2)), -angles])
    q = scale * rng.standard_normal((40, 2))
    k[:20] *= 1 / np.abs(k[:20] @ q[:1].T / scale)  # ties up to rounding for the first row
    k[30:] = -k[:30]
    head = make_head(q, k, np.sign(rng.standard_normal((60, 2))), 1.0, 1e-9)
    result, errors = assert_certified(head, leaf=4)
    assert errors.max() > 1e-18 * scale
    assert result.bound.max() >= errors.max()


@pytest.mark.parametrize("scale", [1e8, 1e12, 1e17, 1e160, 1e308])
def test_where_rounding_wins_the_bound_says_so(scale: float) -> None:
    """Scores beyond 1/u carry no information: the bound grows up to the range of the values, and still holds."""
    q, k, v, _ = gaussian(np.random.default_rng(4), 2, 1.0, 6, 40)
    head = make_head(q * math.sqrt(scale), k * math.sqrt(scale), v, 1.0)
    result, _ = assert_certified(head, leaf=4)
    if scale > 1e16:
        assert result.bound.max() >= 0.9
    assert result.bound.max() <= 2.0


def test_tiny_numbers_underflow_safely() -> None:
    q, k, v, _ = gaussian(np.random.default_rng(4), 3, 1.0, 6, 40)
    for a, b in ((1e-300, 1e-300), (1e-310, 1e300), (1e300, 1e-310), (1e-160, 1e-150)):
        head = make_head(q * a, k * b, v, 1.0)
        result, _ = assert_certified(head, leaf=4)
        assert result.bound.max() <= head.delta


def test_many_tokens_agree_with_dense_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_costs, "PAIR", 100.0)
    rng = np.random.default_rng(6)
    for d, bound in ((1, 300.0), (2, 60.0), (3, 12.0)):
        head = make_head(*gaussian(rng, d, bound, 900, 3000), delta=1e-4)
        result = tree.run(head)
        error = np.abs(result.values - dense(head)).max(axis=1)
        assert (error <= result.bound + 1e-11).all()
        assert result.bound.max() <= head.delta
        assert result.degree > 0


def test_float32_is_computed_in_double_and_cast() -> None:
    q, k, v, gamma = gaussian(np.random.default_rng(7), 2, 40.0)
    single = make_head(*(x.astype(np.float32) for x in (q, k, v)), gamma)
    result, errors = assert_certified(single, leaf=4)
    assert result.values.dtype == np.float32
    assert result.bound.max() <= single.delta + 1e-6
    assert errors.max() > 1e-9  # more than double precision would leave


def test_stages_see_the_keys_before_them() -> None:
    rng = np.random.default_rng(9)
    q, k, v, gamma = gaussian(rng, 2, 50.0, 85, 85)
    cuts = [0, 1, 5, 21, 85]
    stages = tuple(Stage(slice(a, b), slice(a, b)) for a, b in pairwise(cuts))
    head = make_head(q, k, v, gamma, stages=stages)
    result, _ = assert_certified(head, leaf=4)
    assert result.bound.max() <= head.delta
    assert (result.values[0] == v[0]).all()  # the first query sees one key only


def test_a_wide_margin_of_gamma_enters_the_bound() -> None:
    q, k, v, gamma = gaussian(np.random.default_rng(2), 2, 100.0)
    narrow = tree.run(make_head(q, k, v, gamma, gamma_roundings=0)).bound
    wide = tree.run(make_head(q, k, v, gamma, gamma_roundings=10**9)).bound
    assert (wide > narrow).all()
    moved = tree.run(make_head(q, k, v, gamma * (1 + 1e-8), gamma_roundings=0)).values
    assert (np.abs(moved - dense(make_head(q, k, v, gamma))).max(axis=1) <= wide).all()


def test_torch_and_numpy_agree() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra varproof[torch]")
    q, k, v, gamma = gaussian(np.random.default_rng(7), 2, 40.0)
    plain = tree.run(make_head(q, k, v, gamma))
    result = tree.run(make_head(*(torch.asarray(x) for x in (q, k, v)), gamma))
    assert isinstance(result.values, torch.Tensor)
    assert result.bound.dtype == torch.float64
    assert (result.values.numpy() == plain.values).all()
    assert (result.bound.numpy() == plain.bound).all()
    assert "host" in result.notes[0]


def test_the_bound_is_no_empty_promise() -> None:
    """On heads where a few keys decide, the bound is within two orders of the largest error met."""
    q, k, v, gamma = gaussian(np.random.default_rng(11), 2, 100.0, 2000, 4000)
    head = make_head(q, k, v, gamma)
    result = tree.run(head)
    error = np.abs(result.values - dense(head)).max()
    assert error <= result.bound.max() <= 100 * error
