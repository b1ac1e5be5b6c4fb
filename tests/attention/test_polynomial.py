"""The polynomial engine: its bound holds against the enclosed truth on every row, and fails when it ought to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.approx.cost import streamed_polynomial_flops
from varproof.attention.bench.cases import make_arrays, named_cases
from varproof.attention.exact.reference import row_error
from varproof.attention.features import feature_plan
from varproof.attention.head import Head, Stage
from varproof.attention.polynomial import choice
from varproof.attention.polynomial import engine as polynomial
from varproof.attention.polynomial import work as polynomial_work
from varproof.attention.polynomial.array_kernel import ArrayKernel
from varproof.attention.polynomial.engine import run
from varproof.attention.polynomial.frame import frame
from varproof.attention.polynomial.passes import ArrayPasses
from varproof.attention.polynomial.sample import Sample
from varproof.attention.polynomial.work import Work
from varproof.attention.result import HeadResult
from varproof.attention.tables.bound_grid import dimension_grid_below, grid_above
from varproof.attention.tables.relative import RelativeTable, relative_table, relative_table_for
from varproof.attention.tables.weighted import WeightedTable, weighted_table
from varproof.base.errors import InputError

Array = NDArray[Any]
Case = Callable[[np.random.Generator], tuple[Array, Array, Array, float]]


def whole(q: Any, k: Any) -> tuple[Stage, ...]:
    return (Stage(slice(0, q.shape[0]), slice(0, k.shape[0])),)


def make_head(q: Any, k: Any, v: Any, gamma: float, delta: float = 1e-3, **options: Any) -> Head:
    return Head(q, k, v, gamma, delta, options.pop("stages", whole(q, k)), **options)


def assert_certified(head: Head, answer: HeadResult) -> tuple[Array, Array]:
    """No row errs by more than its bound; returns (errors, bounds)."""
    errors, bound = np.array(row_error(head, answer.values)), np.asarray(answer.bound)
    assert np.asarray(answer.values).dtype == np.asarray(head.q).dtype
    assert bound.dtype == np.float64
    assert bound.shape == (head.queries,)
    assert (errors <= bound).all()
    return errors, bound


def signs(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    """All scores at +-B, the values their sign pattern."""
    sign = np.concatenate([[1.0, -1.0], rng.choice([-1.0, 1.0], 38)])
    return np.full((6, 3), 1.5), 1.1 * sign[:, None] * np.ones((40, 3)), sign[:, None] * np.array([1.0, -1e3]), 0.2


def hidden_rows(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    """Two queries and a key far longer than the others, where no sample looks."""
    q, k, v = (rng.standard_normal((220, 4)) * 0.05 for _ in range(3))
    q[[31, 53]] *= 30
    k[77] *= 20
    return q[:60], k, v, 1.0


def dominant_key(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = (rng.standard_normal((60, 4)) for _ in range(3))
    k[7] *= 20
    return q, k, v, 0.05


def duplicates(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = (np.repeat(rng.standard_normal((5, 2)), 9, axis=0) for _ in range(3))
    return q, k, v, 0.3


def zero_queries(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = (rng.standard_normal((20, 3)) for _ in range(3))
    return 0 * q, k, v, 1.0


def equal_keys(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = (rng.standard_normal((20, 3)) for _ in range(3))
    return q, np.tile(k[:1], (20, 1)), v, 1.0


def single_token(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = (rng.standard_normal((1, 1)) for _ in range(3))
    return q, k, v, 1.0


def rectangular(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    return rng.standard_normal((7, 1)), rng.standard_normal((90, 1)), rng.standard_normal((90, 3)), 0.5


def shifted_values(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    q, k, v = (rng.standard_normal((40, 2)) for _ in range(3))
    return q, k + 1e3, v * np.array([1e-4, 1.0]) + np.array([1e2, -1e1]), 0.2


CASES: list[Case] = [
    signs, hidden_rows, dominant_key, duplicates, zero_queries, equal_keys, single_token, rectangular, shifted_values,
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("weighted", [None, False, True])
@pytest.mark.parametrize("case", CASES)
def test_the_bound_holds_on_every_row(case: Case, weighted: bool | None, dtype: str) -> None:
    q, k, v, gamma = case(np.random.default_rng(0))
    floor = 1e-5 if dtype == "float64" else 1e-3
    for delta in (floor * float(np.abs(v).max()), 0.3 * float(np.abs(v).max())):
        head = make_head(q.astype(dtype), k.astype(dtype), v.astype(dtype), gamma, delta)
        _, bound = assert_certified(head, run(head, weighted=weighted))
        assert (bound <= delta).all()


@pytest.mark.parametrize("case", CASES)
def test_a_degree_too_low_gives_rows_to_the_exact_engine_and_counts_them(case: Case) -> None:
    head = make_head(*case(np.random.default_rng(1)), delta=1e-6)
    at = frame(np, head, head.q, head.k, head.v)
    answer = run(head, table=relative_table(max(at.bound, 2.0**-10), 1))
    _, bound = assert_certified(head, answer)
    assert (bound <= 1e-6).all()
    if at.half_range > 1e-3 and at.bound > 0.1:
        assert answer.rows_rerun == head.queries
        assert "exactly" in answer.notes[-1]


@pytest.mark.parametrize("rerun", [False, True])
def test_hidden_long_queries_are_found_by_the_certificate(rerun: bool) -> None:
    """A weighted polynomial made for the many short rows; the two long ones are computed again."""
    head = make_head(*hidden_rows(np.random.default_rng(2)), delta=3e-4 if rerun else 1.0)
    at = frame(np, head, head.q, head.k, head.v)
    answer = run(head, table=weighted_table(grid_above(at.bound), 3, 1024.0))
    assert_certified(head, answer)
    if rerun:
        assert 2 <= answer.rows_rerun <= 40
        assert (np.asarray(answer.bound) <= head.delta).all()
    else:
        assert answer.rows_rerun == 0
        assert set(np.argsort(answer.bound)[-2:]) == {31, 53}


def two_groups(score: float) -> Head:
    """Scores +-`score`, 1 key above and 7 below, values their sign: the lemma is attained when 7 = e^{2 score}."""
    k = np.array([[1.0]] + [[-1.0]] * 7)
    return make_head(np.array([[1.0]]), k, k.copy(), score, delta=2.0)


def test_the_bound_is_nearly_attained_so_no_smaller_constant_would_do() -> None:
    head = two_groups(1 - 1e-12)
    errors, bound = assert_certified(head, run(head, table=relative_table(1.0, 2)))
    assert errors[0] > 0.95 * bound[0]


def test_scores_underestimated_by_a_percent_break_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    real, head, table = frame, two_groups(1 / 0.99), relative_table(1.0, 2)
    with pytest.raises(InputError, match="does not cover"):
        run(head, table=table)
    monkeypatch.setattr(polynomial_work, "frame", lambda *given: replace(real(*given), bound=1.0))
    answer = run(head, table=table)
    assert row_error(head, answer.values)[0] > answer.bound[0]


def test_without_centring_the_scores_would_not_be_covered() -> None:
    q, k, v, gamma = shifted_values(np.random.default_rng(0))
    head = make_head(q, k, v, gamma)
    at = frame(np, head, q, k, v)
    assert at.bound < 2
    assert gamma * np.linalg.norm(q, axis=1).max() * np.linalg.norm(k, axis=1).max() > 100


# |p(s) - e^s| <= W(s) on [-1, 1] holds for all three, and none of them says anything
NONSENSE = [
    WeightedTable(1.0, 1, 3.0, (-1.0, 0.0), (4.0, 0.0), 1.0),  # sum p < 0
    WeightedTable(1.0, 0, 3.0, (1.0,), (2.0,), 1.0),  # a = 2
    WeightedTable(1.0, 2, 3.0, (0.0, 0.0, 0.0), (3.0, 0.0, 0.0), 1.0),  # sum p = 0
]


@pytest.mark.parametrize("stored", ["float64", "float32"])
@pytest.mark.parametrize("table", NONSENSE)
def test_nonsense_is_not_certified(table: WeightedTable, stored: str) -> None:
    rng = np.random.default_rng(0)
    q, k, v = (rng.uniform(-0.5, 0.5, (30, 2)).astype(stored) for _ in range(3))
    head = make_head(q, k, v, 1.0, delta=100.0)
    work = Work.of(head, stored)
    with np.errstate(all="ignore"):
        assert np.isinf(work.serve(table, None, 2**31).bound).all()
    answer = run(head, table=table)
    assert answer.rows_rerun == 30
    assert_certified(head, answer)


def test_a_table_with_a_zero_certifies_nothing() -> None:
    """p(s) = s vanishes at 0 and |p e^-s - 1| <= error < 4 on [-1, 1]: sums near 0 give outputs of any size."""
    k = np.array([[1.0], [-1.0], [1e-3]])
    v = np.array([[1.0], [-1.0], [1.0]])
    head = make_head(np.array([[1.0], [0.5]]), k, v, 0.99 / 1.001, delta=1e9)
    table = RelativeTable(1.0, 1, (0.0, 1.0), 3.8)
    with np.errstate(all="ignore"):
        answer = Work.of(head, "float64").serve(table, None, 2**31)
    assert max(row_error(head, answer.values)) > 2.0
    assert np.isinf(answer.bound).all()


def causal(n: int, *cuts: int) -> tuple[Stage, ...]:
    ends = [0, *cuts, n]
    return tuple(Stage(slice(a, b), slice(a, b)) for a, b in pairwise(ends))


@pytest.mark.parametrize("weighted", [False, True])
def test_running_sums_equal_recomputation(weighted: bool) -> None:
    rng = np.random.default_rng(3)
    q, k, v = (rng.standard_normal((90, 3)) for _ in range(3))
    stages = causal(90, 1, 10, 40)
    head = make_head(q, k, v, 0.1, stages=stages)
    bound = frame(np, head, q, k, v).bound
    grid = grid_above(bound)
    table = weighted_table(grid, 4, 6.0) if weighted else relative_table(grid, 5)
    answer = run(replace(head, delta=10.0), table=table)
    errors, bounds = assert_certified(head, answer)
    assert answer.rows_rerun == 0
    for stage in stages:
        alone = Stage(slice(0, stage.queries.stop - stage.queries.start), slice(0, stage.keys.stop))
        part = make_head(q[stage.queries], k[: stage.keys.stop], v[: stage.keys.stop], 0.1, 10.0, stages=(alone,))
        again = run(part, table=table)
        both = np.asarray(again.bound) + bounds[stage.queries]
        assert (np.abs(again.values - answer.values[stage.queries]).max(axis=1) <= both).all()
    # the same frame, so the same sums to rounding
    full = run(make_head(q, k, v, 0.1, 10.0), table=table)
    np.testing.assert_allclose(full.values[40:], answer.values[40:], rtol=0, atol=1e-13)
    assert (errors > 0).any()


def test_rows_of_stages_that_miss_are_served_with_their_own_keys() -> None:
    rng = np.random.default_rng(4)
    q, k, v = (rng.standard_normal((120, 3)) for _ in range(3))
    q[::7] *= 0.01
    head = make_head(q, k, v, 0.15, 1e-5, stages=causal(120, 5, 50))
    grid = grid_above(frame(np, head, q, k, v).bound)
    answer = run(head, table=relative_table(grid, 3))
    _, bound = assert_certified(head, answer)
    assert (bound <= head.delta).all()
    some = np.array([0, 4, 5, 60, 61, 119])
    part = polynomial._rows_of(head, some)
    assert [s.queries for s in part.stages] == [slice(0, 2), slice(2, 3), slice(3, 6)]
    np.testing.assert_allclose(run(part).values, run(head).values[some], rtol=0, atol=2e-5)


def test_stages_without_keys_or_queries() -> None:
    rng = np.random.default_rng(5)
    q, k, v = (rng.standard_normal((10, 2)) for _ in range(3))
    stages = (Stage(slice(0, 0), slice(0, 3)), Stage(slice(0, 6), slice(3, 3)), Stage(slice(6, 10), slice(3, 10)))
    head = make_head(q, k, v, 0.3, stages=stages)
    _, bound = assert_certified(head, run(head))
    assert (bound <= head.delta).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_torch_equals_numpy(dtype: str, weighted: bool) -> None:
    torch = pytest.importorskip("torch", reason='needs the extra: pip install "varproof[torch]"')
    rng = np.random.default_rng(6)
    arrays = [rng.standard_normal((80, 4)).astype(dtype) for _ in range(3)]
    tensors = [torch.from_numpy(x) for x in arrays]
    for delta in (0.3, 1e-2, 1e-4):
        head = make_head(arrays[0], arrays[1], arrays[2], 0.1, delta, stages=causal(80, 30))
        here, there = (run(replace(head, q=a[0], k=a[1], v=a[2]), weighted=weighted) for a in (arrays, tensors))
        assert isinstance(there.values, torch.Tensor)
        assert isinstance(there.bound, torch.Tensor)
        assert (there.degree, there.rank, there.rows_rerun) == (here.degree, here.rank, here.rows_rerun)
        atol = 1e-12 if dtype == "float64" else 1e-4
        np.testing.assert_allclose(there.values.numpy(), here.values, rtol=0, atol=atol)
        np.testing.assert_allclose(there.bound.numpy(), here.bound, rtol=1e-2 if dtype == "float32" else 1e-6)
        assert_certified(replace(head, q=tensors[0], k=tensors[1], v=tensors[2]), there)


def test_equal_values_are_returned_exactly() -> None:
    rng = np.random.default_rng(7)
    q, k = (rng.standard_normal((8, 2)) * 1e5 for _ in range(2))
    v = np.tile([[0.1, -7e200]], (8, 1))
    answer = run(make_head(q, k, v, 1.0))
    assert (answer.values == v).all()
    assert (answer.bound == 0).all()


@pytest.mark.parametrize(("m", "value_dim"), [(0, 2), (3, 0)])
def test_empty_output(m: int, value_dim: int) -> None:
    answer = run(make_head(np.ones((m, 2)), np.ones((5, 2)), np.ones((5, value_dim)), 1.0))
    assert answer.values.shape == (m, value_dim)
    assert answer.bound.shape == (m,)


@pytest.mark.parametrize("size", [1e3, 1e150, 1e300])
def test_scores_beyond_every_table_are_exact_and_called_so(size: float) -> None:
    rng = np.random.default_rng(8)
    q, k, v = (rng.standard_normal((6, 2)) for _ in range(3))
    head = make_head(q * size, k, v, 1.0)
    answer = run(head)
    assert (answer.engine, answer.degree, answer.rank, answer.rows_rerun) == ("exact", 0, 0, 0)
    assert_certified(head, answer)


def test_an_answer_all_of_whose_rows_were_computed_again_exactly_is_called_exact() -> None:
    q = np.linspace(-1, 1, 400).reshape(200, 2)
    head = make_head(q, q, q, 1.0, delta=1e-6)
    answer = run(head, table=relative_table(grid_above(4.0), 2))
    assert (answer.engine, answer.rows_rerun) == ("exact", 200)
    assert (answer.bound <= head.delta).all()


@pytest.mark.parametrize(("q_size", "k_size"), [(1e-200, 1e200), (1e160, 1e-160), (1e-40, 1e40), (1e-170, 1e-170)])
def test_tokens_of_extreme_size_are_certified(q_size: float, k_size: float) -> None:
    rng = np.random.default_rng(9)
    q, k, v = (rng.uniform(-0.5, 0.5, (12, 2)) for _ in range(3))
    head = make_head(q * q_size, k * k_size, v, 1.0)
    _, bound = assert_certified(head, run(head))
    assert (bound <= head.delta).all()


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e300])
def test_values_of_extreme_size_are_certified(size: float) -> None:
    rng = np.random.default_rng(10)
    q, k, v = (rng.uniform(-0.5, 0.5, (12, 2)) for _ in range(3))
    head = make_head(q, k, v * size, 1.0, delta=1e-3 * size + 1e-318)
    assert_certified(head, run(head))


@pytest.mark.parametrize("size", [1.0, 1e-150, 1e-162, 1e-170, 1e-310])
def test_squared_norms_are_rounded_up_also_where_squares_vanish(size: float) -> None:
    rng = np.random.default_rng(16)
    q, k, v = (rng.standard_normal((9, 3)) * size for _ in range(3))
    at = frame(np, make_head(q, k, v, 1.0), q, k, v)
    for x, shift, found in ((q, 0 * at.centre, at.query_squares), (k, at.centre, at.key_squares)):
        for row, bound in zip(x.tolist(), found.tolist(), strict=True):
            exact = sum((Fraction(a) - Fraction(c)) ** 2 for a, c in zip(row, shift.tolist(), strict=True))
            assert exact <= Fraction(bound)
            assert Fraction(bound) <= exact * (1 + Fraction(1, 10**12)) + Fraction(2.0**-1015)


def test_norm_moments_run_along_with_the_stages() -> None:
    rng = np.random.default_rng(17)
    q, k, v = (rng.standard_normal((90, 3)).astype("float32") for _ in range(3))
    table = relative_table(2.0, 14)
    bounds = []
    for stages in (causal(90), causal(90, 70)):
        head = make_head(q, k, v, 0.05, 1.0, stages=stages)
        with np.errstate(all="ignore"):
            work = Work.of(head, "float32")
            bounds.append(work.serve(table, None, 2**31).bound[70:])
    # rounding is all there is, one more for the second stage
    np.testing.assert_allclose(bounds[1], bounds[0], rtol=2e-2)


def test_roundings_of_gamma_count_once_a_factor() -> None:
    one = np.ones((2, 3))
    plan, table = feature_plan(3, 5), relative_table(4.0, 5)
    counts = []
    for roundings in (0, 3):
        work = Work.of(make_head(one, one, one, 1.0, gamma_roundings=roundings), "float64")
        counts.append(work.rounding(table, ArrayKernel(), plan, 0.5).operations)
    assert counts[1] - counts[0] == 3 * 5


def test_float32_falls_back_to_float64_where_rounding_matters() -> None:
    rng = np.random.default_rng(11)
    arrays = [rng.standard_normal((80, 4)).astype("float32") for _ in range(3)]
    for delta in (1e-1, 1e-5, 2e-6):
        head = make_head(arrays[0], arrays[1], arrays[2], 0.05, delta)
        errors, bound = assert_certified(head, run(head))
        assert (bound <= delta).all()
        assert errors.max() > 0
        assert run(head).rows_rerun == 0


def test_state_too_large_is_refused_before_it_is_allocated() -> None:
    tokens = np.random.default_rng(0).uniform(-0.1, 0.1, (3, 64))
    head = make_head(tokens, tokens, tokens, 1.0)
    with pytest.raises(InputError, match=r"rank 11969016345: its state takes 6223888499400 bytes"):
        run(head, table=relative_table(1.0, 8))


def test_masks_are_refused() -> None:
    one = np.ones((2, 1))
    with pytest.raises(InputError, match="no masks"):
        run(make_head(one, one, one, 1.0, mask=np.ones((2, 2), dtype=bool)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("d", "degree", "value_dim"), [(1, 0, 1), (2, 5, 2), (4, 5, 3), (8, 3, 8), (16, 2, 16)])
def test_flops_counted_equal_the_closed_form(d: int, degree: int, value_dim: int, weighted: bool) -> None:
    rng = np.random.default_rng(12)
    q, k, v = rng.uniform(-0.1, 0.1, (70, d)), rng.uniform(-0.1, 0.1, (70, d)), rng.uniform(-1, 1, (70, value_dim))
    table: RelativeTable | WeightedTable = relative_table(1.0, degree)
    if weighted:
        table = weighted_table(1.0, degree, 4.0)
    for stages in (causal(70), causal(70, 3, 20)):
        answer = run(make_head(q, k, v, 1.0, 1e300, stages=stages), table=table)
        if answer.rows_rerun == 0:
            assert answer.flops == streamed_polynomial_flops(
                70, 70, d, degree, value_dim=value_dim, stages=len(stages), weighted=weighted
            )
        else:
            assert (degree, weighted) == (0, True)


def test_weighted_tables_are_chosen_where_they_pay() -> None:
    rng = np.random.default_rng(13)
    q, k, v = (rng.standard_normal((4096, 16)) for _ in range(3))
    head = make_head(q, k, v, 1.0, 4e-2)
    bound = frame(np, head, q, k, v).bound
    head = replace(head, gamma=0.999 / bound)
    answer, relative = run(head), run(head, weighted=False)
    assert answer.rank < relative.rank
    assert answer.rows_rerun <= 4
    assert (np.asarray(answer.bound) <= head.delta).all()
    both = np.asarray(answer.bound) + np.asarray(relative.bound)
    assert (np.abs(answer.values - relative.values).max(axis=1) <= both).all()


def test_a_few_long_queries_do_not_set_the_degree_of_all() -> None:
    rng = np.random.default_rng(18)
    q, k, v = (rng.standard_normal((4096, 8)) for _ in range(3))
    q[[5, 77, 1234]] *= 5
    head = make_head(q, k, v, 1.0, 1e-2)
    head = replace(head, gamma=1.5 / frame(np, head, q, k, v).bound)
    answer, relative = run(head), run(head, weighted=False)
    assert answer.rank < relative.rank
    assert 1 <= answer.rows_rerun <= 10
    assert (np.asarray(answer.bound) <= head.delta).all()


def test_many_rows_that_miss_are_computed_with_a_relative_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(14)
    q, k, v = (rng.standard_normal((2000, 2)) for _ in range(3))
    head = make_head(q, k, v, 0.05, 1e-4)
    real = polynomial.choose
    bad = weighted_table(grid_above(frame(np, head, q, k, v).bound), 1, 1024.0)
    monkeypatch.setattr(polynomial, "choose", lambda xp, h, f, w: real(xp, h, f, w) if w is False else bad)
    answer = run(head)
    assert "relative table" in answer.notes[-1]
    assert answer.rows_rerun > 100
    assert answer.degree > 1
    assert (np.asarray(answer.bound) <= head.delta).all()


def scaled_to(q: Array, k: Array, v: Array, bound: float, delta: float) -> Head:
    """The head whose frame has this bound, but for rounding."""
    head = make_head(q, k, v, 1.0, delta)
    return replace(head, gamma=bound / frame(np, head, q, k, v).bound)


def test_rows_beyond_the_table_get_no_certificate_and_the_others_do() -> None:
    """Scores of row 1 are five times what the table covers; its sums look as good as those of the others."""
    k = np.array([[1.0]] + [[-1.0]] * 7)
    q = np.array([[1.0], [5.0], [0.5], [0.0]])
    head = make_head(q, k, k.copy(), 0.999, delta=0.1)
    table = relative_table(1.0, 2)
    beyond = Work.of(head, "float64")
    beyond = replace(beyond, frame=replace(beyond.frame, centre=0 * beyond.frame.centre, largest_key=1.0))
    bounds = {}
    for limited in (True, False):
        at = replace(beyond.frame, bound=0.999 * 5 * (1 + 1e-12), largest_query=5.0)
        work = replace(beyond, frame=at)
        work = work.within(1.0) if limited else work
        answer = work.serve(table, None, 2**31)
        errors = np.array(row_error(head, answer.values))
        bounds[limited] = answer.bound
        assert (errors <= answer.bound)[[0, 2, 3]].all()
    assert bounds[True][1] == math.inf
    assert errors[1] > bounds[False][1]
    np.testing.assert_allclose(bounds[True][[0, 2, 3]], bounds[False][[0, 2, 3]], rtol=1e-6)


def test_a_limited_frame_holds_for_the_rows_at_its_end_and_for_none_beyond() -> None:
    """|k'| <= 1 and gamma = 1, so the norm of the query bounds the score: 5 for the first row, a little more after."""
    ulp = 2.0**-50
    q = np.array([[3.0, 4.0], [3.0, 4.0 + ulp], [3.0 + ulp, 4.0], [3.0, 4.0 - 1e-9], [300.0, 400.0], [0.0, 0.0]])
    k = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [0.0, -0.5]])
    head = make_head(q, k, k.copy(), 1.0)
    at = frame(np, head, q, k, k)
    outside = at.within(5.0).beyond
    assert outside.tolist()[1:] == [True, True, False, True, False]
    for bound in (at.bound, 2 * at.bound):
        assert at.within(bound) is at
    rng = np.random.default_rng(19)
    squares = [sum(Fraction(x) ** 2 for x in row) for row in rng.standard_normal((300, 2)).tolist()]
    rows = np.array([[math.sqrt(s), 0.0] for s in squares])
    at = frame(np, make_head(rows, k, k, 1.0), rows, k, k)
    for place in range(0, 300, 7):
        reach = float(rows[place, 0])
        outside = at.within(reach).beyond
        exact = np.array([Fraction(x) > Fraction(reach) for x in rows[:, 0].tolist()])
        assert outside[exact].all()
        assert not outside[rows[:, 0] < reach * (1 - 1e-12)].any()


def test_one_far_query_is_computed_exactly_and_costs_the_others_nothing() -> None:
    rng = np.random.default_rng(20)
    q, k, v = rng.normal(size=(3, 2048, 8)) / 4
    q[321] *= 25
    for weighted in (None, False):
        answer = run(make_head(q, k, v, 1.0, 1e-2), weighted=weighted)
        assert answer.rank <= 3003
        assert 1 <= answer.rows_rerun <= 40
        assert (answer.bound <= 1e-2).all()
    some = np.array([0, 320, 321, 322, 2047])
    assert_rows_certified(make_head(q, k, v, 1.0, 1e-2), answer, some)


def assert_rows_certified(head: Head, answer: HeadResult, rows: Array) -> None:
    errors = np.array(row_error(replace(head, q=head.q[rows], stages=whole(rows, head.k)), answer.values[rows]))
    assert (errors <= answer.bound[rows]).all()


@pytest.mark.parametrize("outliers", [1, 40])
def test_far_queries_of_one_length_are_all_left_out_or_none(outliers: int) -> None:
    """Queries of two lengths: the threshold lies between, however many rows sit exactly at it."""
    rng = np.random.default_rng(21)
    q, k, v = rng.normal(size=(3, 1500, 6))
    q /= np.linalg.norm(q, axis=1)[:, None]
    q[:outliers] *= 16
    head = scaled_to(q, k, v, 24.0, 1e-3)
    answer = run(head, weighted=False)
    assert answer.rows_rerun == outliers
    assert (answer.bound <= head.delta).all()
    assert_rows_certified(head, answer, np.array([0, outliers - 1, outliers, 1499]))


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_far_queries_in_stages(dtype: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that the table leaves out see the keys of their own stage, in every library and type."""
    rng = np.random.default_rng(29)
    q, k, v = (rng.standard_normal((160, 4)).astype(dtype) for _ in range(3))
    q[[3, 50, 159]] *= 40
    monkeypatch.setattr(choice, "PATIENCE", 0.0)
    monkeypatch.setattr(choice, "LEAST_SAVING", 0.0)
    monkeypatch.setattr(choice, "EXACT_CALL", 0.0)
    monkeypatch.setattr(choice, "EXPONENTIAL", 5000)
    if library == "torch":
        torch = pytest.importorskip("torch", reason='needs the extra: pip install "varproof[torch]"')
        q, k, v = (torch.from_numpy(x) for x in (q, k, v))
    for weighted in (None, False):
        head = make_head(q, k, v, 0.05, 1e-2, stages=causal(160, 1, 40, 90))
        answer = run(head, weighted=weighted)
        _, bound = assert_certified(head, answer)
        assert (bound <= head.delta).all()
        assert 3 <= answer.rows_rerun <= 60
        assert answer.degree > 0


def test_queries_of_one_length_have_one_reach() -> None:
    rng = np.random.default_rng(22)
    q, k, v = rng.normal(size=(3, 1000, 3))
    q /= np.linalg.norm(q, axis=1)[:, None]
    head = scaled_to(q, k, v, 8.0, 1e-2)
    at = frame(np, head, q, k, v)
    lengths = np.sqrt(np.sort(at.query_squares))
    reaches = list(choice._reaches(head, at, lengths, math.inf))
    assert [reach.beyond for reach in reaches] == [0]
    answer = run(head)
    assert answer.rows_rerun == 0
    assert (answer.bound <= head.delta).all()


def test_every_reach_covers_all_but_its_own_rows() -> None:
    rng = np.random.default_rng(23)
    q, k, v = rng.standard_cauchy(size=(3, 3000, 2))
    head = scaled_to(q, k, v, 300.0, 1e-2)
    at = frame(np, head, q, k, v)
    lengths = np.sqrt(np.sort(at.query_squares))
    reaches = list(choice._reaches(head, at, lengths, math.inf))
    assert len(reaches) > 10
    for reach in reaches:
        assert int(at.within(reach.bound).beyond.sum() if at.bound > reach.bound else 0) <= reach.beyond
        assert reach.extra == (reach.beyond * choice._row_cost(head) + choice.EXACT_CALL if reach.beyond else 0.0)


def test_short_rows_that_a_wide_weighted_table_misses_are_foreseen() -> None:
    """Gaussian tokens in few dimensions: W near 0 is large where it is made for long queries."""
    rng = np.random.default_rng(24)
    q, k = rng.normal(size=(2, 8192, 3))
    v = rng.uniform(-1, 1, (8192, 3))
    head = scaled_to(q, k, v, 20.0, 1e-2)
    answer = run(head)
    assert answer.rows_rerun <= 100
    assert (answer.bound <= head.delta).all()
    # the table of the least predicted mean error would miss most rows, and the sample says so
    at = frame(np, head, q, k, v)
    sample = Sample(np, head, at, np.sqrt(np.sort(at.query_squares)))
    bad = next(
        t for t in (weighted_table(20.0, g, dimension_grid_below(sample.dimension)) for g in range(33))
        if t.predicted <= 1e-2
    )  # fmt: skip
    missed = int((Work.of(head, "float64").serve(bad, None, 2**31).bound > head.delta).sum())
    assert missed > 1000
    assert 0.5 * missed < sample.missed(bad, 0) < 2 * missed


def test_the_least_weighted_degree_that_certifies_is_found() -> None:
    case = named_cases(["weighted-d16"])[0]
    for tokens, degree in ((16384, 2), (512, None)):
        q, k, v = make_arrays(case, tokens, 0)
        head = make_head(q, k, v, case.gamma, 1e-2)
        answer = run(head, weighted=True)
        assert answer.degree == degree or degree is None
        assert answer.rows_rerun <= tokens // 16
        assert (answer.bound <= head.delta).all()


def test_a_polynomial_that_costs_more_than_exact_attention_is_not_taken() -> None:
    rng = np.random.default_rng(25)
    q, k, v = rng.normal(size=(3, 1024, 24))
    head = scaled_to(q / np.linalg.norm(q, axis=1)[:, None], k, v, 20.0, 1e-6)
    answer = run(head)
    assert (answer.engine, answer.degree, answer.rows_rerun) == ("exact", 0, 0)
    assert (answer.bound <= head.delta).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_are_not_computed_again_where_the_type_is_too_coarse(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(26)
    q, k, v = (rng.uniform(-0.5, 0.5, (200, 3)).astype(dtype) for _ in range(3))
    floor = 2.0**-25 if dtype == "float32" else 2.0**-54
    v += np.array(2.0, dtype=dtype)  # outputs near 2
    monkeypatch.setattr(polynomial.exact, "rows", None)
    answer = run(make_head(q, k, v, 0.5, floor), table=relative_table(1.0, 20))
    assert answer.rows_rerun == 0
    assert (answer.bound > floor).all()
    monkeypatch.undo()
    above = make_head(q, k, v, 0.5, 40 * floor)
    assert run(above, table=relative_table(1.0, 1)).rows_rerun == 200


def test_the_degree_expected_without_data_counts_short_queries() -> None:
    for bound, dimension, eps in ((1.0, 16, 1e-2), (20.0, 3, 5e-3), (4.0, 8, 1e-3), (0.5, 64, 1e-2)):
        found = choice.expected_degree(bound, dimension, eps)
        relative = relative_table_for(bound, eps)
        assert found is not None
        assert relative is None or relative.degree - 3 <= found <= relative.degree
        # short rows: W(0) <= eps p(0) at that degree
        made = weighted_table(grid_above(bound), found, dimension_grid_below(dimension))
        assert (relative is not None and found == relative.degree) or made.weights[0] <= eps * made.coefficients[0]
    assert choice.expected_degree(33.0, 3, 1e-2) is None
    assert choice.expected_degree(math.nan, 3, 1e-2) is None


@pytest.mark.parametrize("size", [0.0, 1e-3, 1.0])
def test_one_bound_for_all_rows_is_never_below_their_own(size: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rounding matters the rows' own bounds are taken."""
    rng = np.random.default_rng(27)
    q, k, v = (rng.standard_normal((150, 3)).astype("float32") for _ in range(3))
    head = make_head(q * np.float32(size), k, v, 0.05, 1.0)
    for table, common in ((relative_table(2.0, 2), True), (relative_table(2.0, 14), False)):
        with np.errstate(all="ignore"):
            work = Work.of(head, "float32")
            bound = work.serve(table, None, 2**31).bound
            with monkeypatch.context() as patch:
                patch.setattr(Work, "_common_bound", lambda *_: None)
                own = work.serve(table, None, 2**31).bound
        assert (len(set(bound.tolist())) == 1) == (common or size == 0)
        assert (own <= bound).all()
        assert (bound <= own * (1 + 2e-3)).all()


def test_one_bound_for_all_rows_needs_every_normaliser(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(28)
    q, k, v = (rng.standard_normal((50, 3)) for _ in range(3))
    head = make_head(q, k, v, 0.01, 1.0)
    real = ArrayKernel.outputs
    for bad in (math.nan, math.inf, -1.0, 0.0, 1e-13):

        def spoiled(*given: Any, bad: float = bad, **options: Any) -> Any:
            out = real(*given, **options)
            out[7, -1] = bad
            return out

        monkeypatch.setattr(ArrayKernel, "outputs", spoiled)
        with np.errstate(all="ignore"):
            bound = Work.of(head, "float64").serve(relative_table(1.0, 3), None, 2**31).bound
        assert np.flatnonzero(~np.isfinite(bound)).tolist() == [7]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [1, 63, 64, 130, 9000])
def test_squares_of_shifted_rows(n: int, dtype: str) -> None:
    x = np.random.default_rng(n).standard_normal((n, 5)).astype(dtype)
    shift = np.arange(5).astype(dtype) / np.array(7, dtype=dtype)
    for given in (x, np.asfortranarray(x)):
        for moved in (shift, None):
            found, largest = ArrayPasses(np).squares(given, moved, scale=3.0, offset=0.5)
            wide = given.astype(np.longdouble) - (0 if moved is None else moved.astype(np.longdouble))
            exact = 3 * (wide**2).sum(axis=1) + np.longdouble(0.5)
            assert found.dtype == np.float64
            np.testing.assert_allclose(found, exact.astype(float), rtol=10 * np.finfo(dtype).eps)
            assert largest == found.max()


@pytest.mark.parametrize("columns", [1, 4, 5, 16])
@pytest.mark.parametrize("largest", [False, True])
def test_division_in_either_order_of_loops(columns: int, largest: bool) -> None:
    rng = np.random.default_rng(columns)
    out, middle = rng.uniform(1, 2, (columns + 2, 90)).T, rng.standard_normal(columns)
    values = np.empty((90, columns))
    sizes = ArrayPasses(np).divided(out, middle, values, largest=largest)
    ratios = out[:, :columns] / out[:, columns : columns + 1]
    np.testing.assert_allclose(values, ratios + middle, rtol=0, atol=1e-14)
    assert (sizes is None) == (not largest)
    if largest:
        np.testing.assert_allclose(sizes, ratios.max(axis=1), rtol=1e-14)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 200])
def test_column_range_of_any_number_of_rows(n: int) -> None:
    x = np.sort(np.random.default_rng(n).standard_normal((n, 3)), axis=0)
    x[:, 1] *= -1
    for given in (x, np.asfortranarray(x)):
        low, high = ArrayPasses(np).ranges(given)
        assert (low == x.min(axis=0)).all()
        assert (high == x.max(axis=0)).all()


def test_one_far_key_is_centred_by_the_box() -> None:
    k = np.zeros((100, 2))
    k[3] = [1.0, 0.0]
    head = make_head(np.ones((1, 2)), k, k, 1.0)
    assert frame(np, head, head.q, k, k).largest_key == pytest.approx(0.5)


@pytest.mark.slow
def test_thousands_of_random_heads() -> None:
    rng = np.random.default_rng(15)
    for _ in range(400):
        case = CASES[rng.integers(len(CASES))]
        q, k, v, gamma = case(rng)
        rows = rng.permutation(q.shape[0])[: rng.integers(1, 8)]
        gamma *= float(rng.uniform(0.1, 2))
        delta = float(10 ** rng.uniform(-9, 0))
        head = make_head(q[rows], k[:60], v[:60], gamma, delta)
        assert_certified(head, run(head, weighted=[None, False, True][rng.integers(3)], kernel=ArrayKernel(block=8)))
    assert math.isfinite(delta)


def test_every_stage_counts_as_a_rounding_of_the_running_sums() -> None:
    q = np.linspace(-1, 1, 60).reshape(30, 2)
    counts = []
    for stages in (whole(q, q), tuple(Stage(slice(i, i + 1), slice(i, i + 1)) for i in range(30))):
        work = Work.of(make_head(q, q, q, 1.0, stages=stages), "float64")
        table = relative_table_for(work.frame.bound, 1e-3)
        assert table is not None
        plan = feature_plan(2, table.degree)
        counts.append(work.rounding(table, ArrayKernel(), plan, 0.5).operations)
    assert counts[1] >= counts[0] + 29
