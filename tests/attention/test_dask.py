"""Dask arrays: the same numbers as NumPy arrays to rounding, lazily, with the same certificate."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.attention import attend as attend_in_memory
from varproof.attention.exact import engine as exact
from varproof.attention.exact.reference import row_error
from varproof.attention.head import Head, Stage
from varproof.attention.lazy import choice
from varproof.attention.lazy import polynomial as dask_polynomial
from varproof.attention.lazy.chunks import Summary, levels, row_chunks, summary, tree
from varproof.attention.lazy.exact import exact_head
from varproof.attention.lazy.front import attend_dask
from varproof.attention.lazy.polynomial import polynomial_head, setup, table_for
from varproof.attention.result import Attention
from varproof.attention.tables.relative import relative_table_for
from varproof.attention.validation import validated
from varproof.base.errors import CertificateError, InputError

dask = pytest.importorskip("dask", reason="needs the extra varproof[dask]")
da = pytest.importorskip("dask.array", reason="needs the extra varproof[dask]")

Array = NDArray[Any]


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    with dask.config.set(scheduler="synchronous"):
        yield


def arrays(seed: int, queries: int, keys: int, dim: int, value_dim: int, dtype: Any = np.float64) -> list[Array]:
    rng = np.random.default_rng(seed)
    shapes = ((queries, dim), (keys, dim), (keys, value_dim))
    return [rng.uniform(-1, 1, shape).astype(dtype) for shape in shapes]


def as_dask(given: list[Array], rows: int = 64) -> list[Any]:
    return [da.from_array(x, chunks=(*x.shape[:-2], rows, x.shape[-1])) for x in given]


def attend(given: list[Any], engine: str, delta: float = 1e-3, **options: Any) -> Attention:
    options = {"scale": "d", **options}
    return attend_dask(validated(*given, delta=delta, **options), engine=engine, explain=True)


def computed(answer: Attention) -> tuple[Array, Array]:
    values, bound = dask.compute(answer.values, answer.bound)
    assert values.shape == answer.values.shape
    assert bound.shape == answer.bound.shape == values.shape[:-1]
    assert values.dtype == answer.values.dtype
    return values, bound


def judge(given: list[Array], values: Array, bound: Array, **options: Any) -> None:
    """Every row against the enclosed truth."""
    request = validated(*given, delta=1.0, **{"scale": "d", **options})
    head = next(request.heads())
    order = np.arange(head.queries) if request.places is None else np.argsort(request.places)
    assert (np.array(row_error(head, values[order])) <= bound[order]).all()


@pytest.mark.parametrize("engine", ["exact", "polynomial"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_bound_holds(engine: str, dtype: Any) -> None:
    given = arrays(1, 150, 200, 3, 2, dtype)
    answer = attend(as_dask(given), engine)
    assert answer.engine == engine
    assert (answer.degree > 0) == (engine == "polynomial")
    values, bound = computed(answer)
    assert values.dtype == dtype
    assert bound.max() <= 1e-3
    judge(given, values, bound)
    if engine == "exact":
        assert bound.max() < (1e-13 if dtype == np.float64 else 1e-6)


@pytest.mark.parametrize("scale", [0.5, 800.0])
def test_exact_equals_numpy_to_rounding(scale: float) -> None:
    given = arrays(2, 300, 1000, 4, 3)
    values, bound = computed(attend(as_dask(given, 137), "exact", scale=scale))
    plain = exact.run(next(validated(*given, delta=1e-3, scale=scale).heads()))
    assert (np.abs(values - plain.values).max(axis=1) <= bound + plain.bound).all()
    assert bound.max() < 20 * plain.bound.max()


@pytest.mark.parametrize("engine", ["exact", "polynomial"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_levels(engine: str, shuffled: bool) -> None:
    sizes = [1, 4, 9, 60, 76]
    given = arrays(3, sum(sizes), sum(sizes), 2, 2)
    level = np.repeat(np.arange(len(sizes)), sizes)
    if shuffled:
        level = np.random.default_rng(1).permutation(level)
    values, bound = computed(attend(as_dask(given, 40), engine, levels=level))
    judge(given, values, bound, levels=level)
    wrong, _ = computed(attend(as_dask(given, 40), engine))
    assert np.abs(wrong - values).max() > 1e-2


def test_masks() -> None:
    given = arrays(4, 90, 130, 3, 2)
    mask = np.random.default_rng(2).random((90, 130)) < 0.05
    mask[np.arange(90), np.arange(90)] = True
    answer = attend(as_dask(given), "auto", mask=mask)
    assert answer.engine == "exact"
    judge(given, *computed(answer), mask=mask)
    with pytest.raises(InputError, match="no masks"):
        attend(as_dask(given), "polynomial", mask=mask)


@pytest.mark.parametrize("engine", ["exact", "polynomial"])
def test_stages_in_any_order_of_rows(engine: str) -> None:
    given = arrays(5, 30, 45, 3, 2)
    stages = (Stage(slice(10, 30), slice(25, 45)), Stage(slice(0, 10), slice(0, 25)))
    q, k, v = as_dask(given, 8)
    head = Head(q, k, v, 1.0, 1e-3, stages)
    about = summary(head)
    table = table_for(head, about)
    assert table is not None
    by = setup(head, about, table)
    assert by is not None
    lazy = exact_head(head, about) if engine == "exact" else polynomial_head(head, by)
    values, bound = dask.compute(*lazy)
    errors = row_error(Head(given[0], given[1], given[2], 1.0, 1e-3, stages), values)
    assert (np.array(errors) <= bound).all()


def test_heads_and_batches() -> None:
    given = [np.stack([np.stack([x, 2 * x]), np.stack([-x, x])]) for x in arrays(6, 50, 70, 2, 3)]
    answer = attend(as_dask(given, 33), "auto", delta=1e-6)
    values, bound = computed(answer)
    assert values.shape == (2, 2, 50, 3)
    for place in np.ndindex(2, 2):
        judge([x[place] for x in given], values[place], bound[place])
    assert [note.partition(":")[0] for note in answer.explanation] == [f"head {i}" for i in range(4) for _ in range(2)]


def test_values_are_lazy_and_no_chunk_is_larger_than_asked() -> None:
    seen: list[tuple[int, ...]] = []

    def note(block: Array) -> Array:
        seen.append(block.shape)
        return block

    given = [x.map_blocks(note, dtype=x.dtype, meta=np.zeros((0, 0))) for x in as_dask(arrays(7, 500, 700, 2, 2), 50)]
    answer = attend(given, "polynomial")
    reductions = len(seen)
    assert reductions == 10 + 2 * 14 + 14  # q once, v once, k twice: nothing else at once
    computed(answer)
    assert len(seen) > reductions
    assert max(shape[0] for shape in seen) <= 50


def test_auto_takes_the_cheaper() -> None:
    small, large = arrays(8, 40, 40, 16, 16), arrays(8, 20_000, 20_000, 2, 2)
    assert attend(as_dask(small), "auto", delta=1e-6).engine == "exact"
    answer = attend(as_dask(large, 5000), "auto")
    assert answer.engine == "polynomial"
    numbers, why = answer.explanation
    assert re.search(r"B = (0\.9|1\.)\d+, ln n = 9\.903; delta allows a relative error of 0\.001", numbers)
    assert re.fullmatch(r"polynomial of degree \d+, rank \d+, .*exact attention would cost [\d,]+\.\d times .*", why)
    numbers, why = attend(as_dask(small), "auto", delta=1e-6).explanation
    assert "n = 40 keys" in numbers
    assert re.search(r"operations: a polynomial of rank \d+ would cost \S+ times as much", why)
    values, bound = computed(answer)
    assert bound.max() <= 1e-3
    head = next(validated(*large, delta=1e-3, scale="d").heads())
    some = exact.rows(head, [0, 7, 19_999])
    assert (np.abs(values[[0, 7, 19_999]] - some.values).max(axis=1) <= bound[[0, 7, 19_999]] + some.bound).all()


def floor(error: CertificateError) -> float:
    found = re.match(r"delta >= (\S+?),? ", error.allowed)
    assert found is not None, error.allowed
    return float(found[1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(4))
def test_a_bound_that_misses_delta_is_an_error_when_computed_and_its_floor_is_enough(dtype: Any, seed: int) -> None:
    given = arrays(seed, 20, 30, 2, 2, dtype)
    answer = attend(as_dask(given), "exact", delta=1e-17)
    with pytest.raises(CertificateError, match="no certificate reaches delta") as caught:
        computed(answer)
    assert "rows seen so far" in caught.value.allowed
    _, bound = computed(attend(as_dask(given), "exact", delta=floor(caught.value)))
    assert bound.max() <= floor(caught.value) <= 1.002 * bound.max()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_floor_of_a_polynomial_is_enough(dtype: Any) -> None:
    given = arrays(9, 20, 30, 2, 2, dtype)
    delta = 3e-14 if dtype == np.float64 else 1e-8
    with pytest.raises(CertificateError) as caught:
        computed(attend(as_dask(given), "polynomial", delta=delta))
    _, bound = computed(attend(as_dask(given), "polynomial", delta=floor(caught.value)))
    assert delta < bound.max() <= floor(caught.value)


def test_a_polynomial_that_misses_delta_is_an_error_when_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = arrays(9, 20, 30, 2, 2)
    honest = relative_table_for

    def rough(bound: float, eps: float) -> Any:
        return honest(bound, min(50 * eps, 0.9))

    monkeypatch.setattr(dask_polynomial, "relative_table_for", rough)
    answer = attend(as_dask(given), "polynomial")
    with pytest.raises(CertificateError, match="no certificate reaches delta"):
        computed(answer)


def test_polynomials_out_of_reach() -> None:
    given = as_dask(arrays(10, 20, 30, 2, 2))
    for scale in (19.0, 1e4, 1e300):  # B = 20 or more
        with pytest.raises(CertificateError, match="no polynomial") as caught:
            attend(given, "polynomial", scale=scale)
    assert caught.value.allowed.startswith("scores of centred keys up to B = 16")
    answer = attend(given, "auto", scale=1e4)
    assert answer.engine == "exact"
    computed(answer)


@pytest.mark.parametrize(("scale", "delta"), [(0.5, 1e-30), (3.0, 1e-16), (8.0, 1e-9)])
def test_a_delta_that_a_polynomial_reaches_is_named(scale: float, delta: float) -> None:
    given = as_dask(arrays(10, 20, 30, 2, 2))
    with pytest.raises(CertificateError, match="no polynomial") as caught:
        attend(given, "polynomial", scale=scale, delta=delta)
    _, bound = computed(attend(given, "polynomial", scale=scale, delta=floor(caught.value)))
    assert bound.max() <= floor(caught.value)


def test_a_state_that_does_not_fit_is_refused_or_passed_over() -> None:
    given = as_dask(arrays(15, 40, 40, 64, 64))
    with pytest.raises(InputError, match="would not fit into memory") as caught:
        attend(given, "polynomial", delta=1e-6, scale=0.2)
    assert re.fullmatch(r"degree \d+, rank [\d,]+: [\d,]+ bytes", str(caught.value.got))
    answer = attend(given, "auto", delta=1e-6, scale=0.2)
    assert answer.engine == "exact"
    assert "do not fit into memory" in answer.explanation[-1]


def test_too_many_levels_for_the_polynomial_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    given = as_dask(arrays(16, 30, 30, 2, 2))
    monkeypatch.setattr(choice, "MOST_STAGES", 29)
    with pytest.raises(InputError, match="too many levels"):
        attend(given, "polynomial", levels=np.arange(30))
    assert attend(given, "auto", levels=np.arange(30)).engine == "exact"
    monkeypatch.setattr(choice, "MOST_STAGES", 30)
    assert attend(given, "polynomial", levels=np.arange(30)).engine == "polynomial"


@pytest.mark.parametrize("name", ["q", "k", "v"])
@pytest.mark.parametrize("entry", [np.nan, np.inf])
def test_entries_that_are_not_finite_are_named(name: str, entry: float) -> None:
    given = arrays(11, 100, 100, 2, 2)
    given["qkv".index(name)][70, 1] = entry
    with pytest.raises(InputError, match=f"{name} has entries"):
        attend(as_dask(given), "auto")


@pytest.mark.parametrize("engine", ["tree", "mine", ""])
def test_engines_for_arrays_in_memory_are_refused(engine: str) -> None:
    with pytest.raises(InputError, match="in memory"):
        attend(as_dask(arrays(12, 5, 5, 2, 2)), engine)


@pytest.mark.parametrize("engine", ["auto", "exact", "polynomial"])
def test_unknown_kernels_are_refused(engine: str) -> None:
    request = validated(*as_dask(arrays(12, 5, 5, 2, 2)), delta=1e-3, scale="d")
    with pytest.raises(InputError, match="does not serve Dask"):
        attend_dask(request, engine=engine, kernel="mine")
    assert attend_dask(request, engine=engine, kernel="numpy").values.shape == (5, 2)


def test_no_queries() -> None:
    given = arrays(13, 0, 5, 2, 2)
    values, bound = computed(attend([da.from_array(x) for x in given], "auto"))
    assert values.shape == (0, 2)
    assert bound.shape == (0,)
    several = [da.from_array(np.stack([x, x])) for x in given]
    assert computed(attend(several, "auto", levels=(np.arange(0), np.arange(5))))[0].shape == (2, 0, 2)


@pytest.mark.parametrize("engine", ["auto", "exact", "polynomial"])
@pytest.mark.parametrize("levels", [None, np.arange(1500) % 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_no_heads(engine: Any, levels: Any, dtype: Any) -> None:
    given = [da.ones((2, 1500, 4), chunks=(1, 500, 4), dtype=dtype)[:0]] * 3
    answer = attend(given, engine, levels=levels)
    plain = attend_in_memory(*(np.ones((0, 1500, 4), dtype=dtype),) * 3, delta=1e-3, engine=engine, levels=levels)
    values, bound = computed(answer)
    assert values.shape == plain.values.shape == (0, 1500, 4)
    assert (values.dtype, bound.dtype) == (plain.values.dtype, plain.bound.dtype)
    assert (bound.shape, answer.engine) == (plain.bound.shape, plain.engine)
    twice = [da.ones((2, 0, 5, 4))] * 3
    assert computed(attend(twice, engine))[0].shape == (2, 0, 5, 4)


@pytest.mark.parametrize("engine", ["auto", "exact", "polynomial"])
@pytest.mark.parametrize("value", [0.1, 0.0, 3e-324, -1.7e308])
def test_equal_values_come_out_at_once(engine: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    same = arrays(13, 150, 50, 2, 3)
    same[2][:] = [value, 1.0, value]
    monkeypatch.setattr(choice, "exact_head", None)
    monkeypatch.setattr(choice, "polynomial_head", None)
    answer = attend(as_dask(same), engine, delta=1e-300, scale=1e4)
    values, bound = computed(answer)
    assert (values == same[2][0]).all()
    assert (bound == 0).all()
    assert answer.values.chunks == ((64, 64, 22), (3,))
    assert answer.engine == ("exact" if engine == "exact" else "polynomial")


def test_values_that_differ_by_the_least_are_not_equal() -> None:
    given = arrays(13, 15, 15, 2, 1)
    given[2][:] = 0.1
    given[2][14] = np.nextafter(0.1, 1)
    _, bound = computed(attend(as_dask(given), "auto"))
    assert (bound > 0).all()


def test_masks_for_all_heads() -> None:
    given = [np.stack([np.stack([x, 2 * x]), np.stack([-x, x])]) for x in arrays(6, 50, 70, 2, 3)]
    mask = np.random.default_rng(2).random((2, 1, 50, 70)) < 0.3
    mask[..., 0] = True
    values, bound = computed(attend(as_dask(given, 33), "auto", mask=da.from_array(mask)))
    for place in np.ndindex(2, 2):
        judge([x[place] for x in given], values[place], bound[place], mask=mask[place[0], 0])


def test_the_judge_notices_a_wrong_reduction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores bounded too low: the polynomial is used where it was never checked, and its certificate is wrong."""
    q = np.array([[1.0], [-1.0]] * 20)
    v = np.where(q > 0, 1.0, -1.0)
    judge([q, q, v], *computed(attend(as_dask([q, q, v]), "polynomial", delta=1e-2, scale=2.0)), scale=2.0)

    def faulty(head: Head) -> Summary:
        about = summary(head)
        return Summary(about.at, about.largest_query * 0.5, about.largest_key)

    monkeypatch.setattr(choice, "summary", faulty)
    values, bound = computed(attend(as_dask([q, q, v]), "polynomial", delta=1e-2, scale=2.0))
    with pytest.raises(AssertionError):
        judge([q, q, v], values, bound, scale=2.0)


def test_chunks_are_cut_where_stages_end() -> None:
    x = da.zeros((100, 2), chunks=(30, 1))
    found = row_chunks(x, [45, 45, 200])
    assert [(chunk.start, chunk.stop) for chunk in found] == [(0, 30), (30, 45), (45, 60), (60, 90), (90, 100)]
    assert found[1].rows.compute().shape == (15, 2)


def test_trees_are_as_deep_as_they_say() -> None:
    for count in range(1, 40):
        deepest = tree(lambda a, b: (max(a[0], b[0]) + 1, a[1] + b[1]), [(0, 1)] * count)
        assert deepest == (levels(count), count)


@pytest.mark.parametrize("delta", [1e-3, 1e-9, 1e-12, 1e-13])
def test_auto_leaves_small_deltas_to_exact_attention(delta: float) -> None:
    """Rounding of the polynomial counts before it is chosen: an answer that comes out is within delta."""
    given = arrays(14, 3000, 3000, 2, 2)
    answer = attend(as_dask(given), "auto", delta=delta, scale=0.01)
    _, bound = computed(answer)
    assert bound.max() <= delta
    assert delta == 1e-12 or answer.engine == ("polynomial" if delta > 1e-12 else "exact")
