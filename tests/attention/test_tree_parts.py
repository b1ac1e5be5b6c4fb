"""The parts of the tree engine: boxes, shares of row sums, degrees, the cover of the queries and the forecast."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.attention.head import Head, Stage
from varproof.attention.tables.relative import relative_table
from varproof.attention.tree import bounds as tree_bounds
from varproof.attention.tree import costs as tree_costs
from varproof.attention.tree import descent as tree_descent
from varproof.attention.tree import engine as tree
from varproof.attention.tree import tables as tree_tables
from varproof.attention.tree.bounds import Pairs, children, excess, rounding_slack
from varproof.attention.tree.cell_tree import CellTree, build_tree, reduced
from varproof.attention.tree.certificate import certified
from varproof.attention.tree.costs import EXACT, Costs, predicted_flops
from varproof.attention.tree.degrees import DEGREES, reaches
from varproof.attention.tree.descent import drop
from varproof.attention.tree.states import Side
from varproof.attention.tree.tables import Sums

Array = NDArray[np.float64]


@pytest.mark.parametrize(("n", "leaf"), [(1, 4), (7, 2), (64, 16), (100, 16), (1000, 3)])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_every_box_holds_its_points(n: int, leaf: int, d: int) -> None:
    points = np.random.default_rng(n + d).standard_normal((n, d)) * 10.0 ** np.arange(d)
    tree_ = build_tree(points, leaf)
    assert sorted(tree_.order[tree_.real].tolist()) == list(range(n))
    assert (tree_.points == points.T[:, tree_.order]).all()
    assert tree_.leaf <= leaf
    for level, box in enumerate(tree_.levels):
        inside = tree_.points.reshape(d, box.nodes, tree_.length(level))
        assert (np.abs(inside - box.centre[:, :, None]) <= box.half[:, :, None]).all()
        real = tree_.real.reshape(box.nodes, -1)
        assert (box.count == real.sum(axis=1)).all()
        for node in np.flatnonzero(box.count):
            assert np.allclose(box.mean[:, node], inside[:, node, real[node]].mean(axis=1), rtol=1e-12, atol=1e-12)


def test_reduction_by_pairs_agrees_with_the_plain_one() -> None:
    array = np.random.default_rng(0).standard_normal((3, 5, 48))
    for length in (1, 2, 3, 16, 24, 48):
        part = np.ascontiguousarray(array[:, :, :length])
        assert (reduced(np.maximum, part) == part.max(axis=2)).all()
        assert np.allclose(reduced(np.add, part), part.sum(axis=2))


def all_pairs(queries: CellTree, keys: CellTree, level: int, key_level: int) -> Pairs:
    """Every query node of `level` with every key node of `key_level`."""
    a, b = 1 << level, 1 << key_level
    return Pairs(np.arange(a), np.arange(a) * b, np.full(a, b), np.tile(np.arange(b), a))


def test_no_key_node_holds_more_than_its_share() -> None:
    """Against the true shares of every row, for small and large scores, on all levels."""
    rng = np.random.default_rng(3)
    for size in (1.0, 30.0, 1e4):
        queries = build_tree(rng.standard_normal((60, 2)) * size, 4)
        keys = build_tree(rng.standard_normal((83, 2)), 4)
        extent = np.abs(keys.points).max(axis=1)
        score = queries.points.T @ keys.points
        weight = np.exp(score - score[:, keys.real].max(axis=1)[:, None]) * keys.real
        weight /= weight.sum(axis=1)[:, None]
        tightest = 0.0
        for level, key_level in ((0, 2), (1, 3), (3, 4), (4, 5)):
            pairs = all_pairs(queries, keys, level, key_level)
            slack = rounding_slack(queries.levels[level], pairs.nodes, extent, keys)
            gap = excess(queries.levels[level], keys.levels[key_level], pairs, slack)
            claimed = keys.levels[key_level].count[pairs.keys] * np.exp(np.minimum(gap, 700.0))
            rows = weight.reshape(1 << level, -1, 1 << key_level, keys.length(key_level))
            true = rows.sum(axis=3).max(axis=1).ravel()
            assert (true <= claimed).all()
            tightest = max(tightest, float((true / np.maximum(claimed, 1e-300)).max()))
        if size == 1.0:
            assert tightest > 0.01  # the claim is not empty


def shares(queries: CellTree, keys: CellTree, level: int, key_level: int) -> Array:
    """What every key node is said to hold at most, by query node."""
    pairs = all_pairs(queries, keys, level, key_level)
    slack = rounding_slack(queries.levels[level], pairs.nodes, np.abs(keys.points).max(axis=1), keys)
    gap = excess(queries.levels[level], keys.levels[key_level], pairs, slack)
    claimed = keys.levels[key_level].count[pairs.keys] * np.exp(np.minimum(gap, 700.0))
    return np.asarray(claimed.reshape(1 << level, 1 << key_level))


def test_shares_of_clusters_hold_for_the_outermost_query() -> None:
    """Two points of keys, queries on both sides: each cluster has all of the sum for some row."""
    keys = build_tree(np.repeat([[1.0, 0.3], [-1.0, 0.3]], 32, axis=0), 16)
    queries = build_tree(np.array([[50.0, 0.0], [-50.0, 0.0]]), 2)
    assert (shares(queries, keys, 0, 1) >= 1).all()


def test_shares_cover_their_own_rounding() -> None:
    """83 equal keys: their mean is rounded, and queries of 1e9 make that visible; the true share is known."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        keys = build_tree(np.repeat(rng.standard_normal((1, 2)), 83, axis=0), 7)
        queries = build_tree(1e9 * rng.standard_normal((4, 2)), 4)
        for key_level in range(1, keys.depth + 1):
            true = keys.levels[key_level].count / 83
            claimed = shares(queries, keys, 0, key_level)[0]
            assert (claimed >= true).all()


def test_what_is_dropped_adds_up() -> None:
    keys = build_tree(np.arange(8.0)[:, None], 2)
    pairs = all_pairs(keys, keys, 1, 2)
    gap = np.log(np.array([0.4, 1e-5, 0.1, 1e-6, 1e-6, 1e-6, 0.25, 0.25]))
    kept, dropped = drop(keys, 2, pairs, gap, np.array([0.0, 5e-4]), 1e-3)
    assert kept.keys.tolist() == [0, 2, 2, 3]
    assert kept.starts.tolist() == [0, 2]
    assert np.allclose(dropped, [2.2e-5, 5e-4 + 4e-6], rtol=1e-6)
    assert (dropped >= [2.2e-5, 5e-4 + 4e-6]).all()
    kept, dropped = drop(keys, 2, pairs, gap, np.array([1e-3, 1e-3]), 1e-3)  # nothing may be lost any more
    assert kept.keys.tolist() == [0, 1, 2, 3] * 2
    assert (dropped >= 1e-3).all()


def test_sums_own_up_to_their_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_costs, "PAIR", 20.0)
    rng = np.random.default_rng(8)
    queries, keys = build_tree(rng.standard_normal((700, 2)) * 5, 8), build_tree(rng.standard_normal((900, 2)), 8)
    side = Side(keys, keys.real[:, None] * np.ones((1, 2)))
    served = reaches(2, 1e-3)
    used = set()
    for cells in tree_descent.cover(queries, keys, 1e-4, Costs(1, served)):
        sums = tree_tables.cell_sums(queries, side, cells, served)
        assert (sums.loose >= 8 * tree_bounds.UNIT * sums.sums[:, -1]).all()
        assert (sums.weight_error >= 16 * tree_bounds.UNIT).all()
        used |= set(np.unique(cells.groups.degree).tolist())
    assert EXACT in used
    assert max(used) > 2


def test_children_inherit_the_keys_of_their_parent() -> None:
    pairs = Pairs(np.array([2, 5]), np.array([0, 2]), np.array([2, 1]), np.array([0, 3, 1]))
    finer = children(pairs, refine_keys=True)
    assert finer.nodes.tolist() == [4, 5, 10, 11]
    assert finer.keys.tolist() == [0, 1, 6, 7, 0, 1, 6, 7, 2, 3, 2, 3]
    same = children(pairs, refine_keys=False)
    assert same.keys.tolist() == [0, 3, 0, 3, 1, 1]
    assert same.starts.tolist() == [0, 2, 4, 5]


@pytest.mark.parametrize("eps", [0.3, 1e-2, 1e-3, 1e-5, 1e-8])
def test_degrees_keep_what_they_promise(eps: float) -> None:
    """The proved error at the stated reach is below eps, and hardly would be at a reach 10 per cent larger."""
    for d, top in DEGREES.items():
        served = reaches(d, eps)
        assert len(served.reach) == top + 1
        assert (np.diff(served.reach) >= 0).all()
        for degree in range(1, top + 1):
            reach = float(served.reach[degree])
            if reach > served.reach[degree - 1]:
                assert relative_table(reach, degree).error <= eps
                assert served.degrees(np.array([reach]))[0] == degree
            if 0 < reach < served.reach[-1]:  # the last ones are cut because of rounding
                assert relative_table(1.1 * reach, degree).error > 0.9 * eps
                assert served.degrees(np.array([1.001 * reach]))[0] == degree + 1


def test_out_of_reach_accuracies_leave_exact_sums() -> None:
    assert (reaches(2, 1e-14).reach == 0).all()
    assert reaches(2, 1e-14).degrees(np.array([0.0, 1e-9])).tolist() == [0, DEGREES[2] + 1]


def covered(queries: CellTree, keys: CellTree, share: float) -> list[tree_descent.Cells]:
    return tree_descent.cover(queries, keys, share, Costs(2, reaches(queries.points.shape[0], 1e-3)))


@pytest.mark.parametrize("size", [0.5, 20.0, 1e3])
def test_a_cover_serves_every_query_once_and_drops_no_more_than_allowed(size: float) -> None:
    rng = np.random.default_rng(8)
    queries, keys = build_tree(rng.standard_normal((700, 2)) * size, 8), build_tree(rng.standard_normal((900, 2)), 8)
    score = queries.points.T @ keys.points
    weight = np.exp(score - score[:, keys.real].max(axis=1)[:, None]) * keys.real
    weight /= weight.sum(axis=1)[:, None]
    share, met = 1e-4, np.zeros(queries.points.shape[1], dtype=int)
    for cells in covered(queries, keys, share):
        assert (cells.share <= share).all()
        groups, rows = cells.groups, queries.length(cells.query_level)
        box = queries.levels[cells.query_level]
        for i, node in enumerate(cells.pairs.nodes):
            mine = slice(node * rows, (node + 1) * rows)
            met[mine] += 1
            nodes = cells.pairs.keys[cells.pairs.starts[i] : cells.pairs.starts[i] + cells.pairs.counts[i]]
            kept = weight[mine].reshape(rows, 1 << cells.key_level, -1)[:, nodes].sum(axis=(1, 2))
            assert (1 - kept <= cells.share[i] + 1e-12).all()
        ends = np.append(groups.starts[1:], len(cells.pairs.keys))
        for g, (a, b) in enumerate(zip(groups.starts, ends, strict=True)):
            k = keys.points.reshape(2, 1 << cells.key_level, -1)[:, cells.pairs.keys[a:b]].reshape(2, -1)
            assert groups.size[g] == k.shape[1]
            away = k - groups.centre[:, [g]]
            assert (np.abs(away) <= groups.half[:, [g]]).all()
            node = cells.pairs.nodes[groups.owner[g]]
            q = queries.points[:, node * rows : (node + 1) * rows] - box.centre[:, [node]]
            if groups.degree[g] != EXACT:
                assert np.abs(q.T @ away).max() <= groups.reach[g]
    assert (met == 1).all()


def run_on(monkeypatch: pytest.MonkeyPatch, bound: float, delta: float) -> tuple[Head, Array, Array]:
    """A head whose groups have tables; the head, errors and bounds."""
    monkeypatch.setattr(tree_costs, "PAIR", 1e7)
    rng = np.random.default_rng(12)
    q, k, v = rng.standard_normal((300, 2)), rng.standard_normal((700, 2)), rng.uniform(-1, 1, (700, 2))
    v[:, 0] = np.sign(np.linalg.norm(k, axis=1) - 1.5)  # errors of weights do not average out
    gamma = bound / float(np.linalg.norm(q, axis=1).max() * np.linalg.norm(k, axis=1).max())
    head = Head(q, k, v, gamma, delta, (Stage(slice(0, 300), slice(0, 700)),))
    result = tree.run(head)
    score = gamma * q @ k.T
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    error = np.abs(result.values - weight @ v / weight.sum(axis=1, keepdims=True)).max(axis=1)
    return head, error, result.bound


def test_a_degree_too_low_shows_in_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    delta = 1e-3
    _, error, bound = run_on(monkeypatch, 30.0, delta)
    assert bound.max() <= delta
    plain = error.max()
    exact = reaches(2, 1e-3)
    low = replace(exact, reach=np.append(exact.reach[1:], exact.reach[-1]))
    monkeypatch.setattr(tree, "reaches", lambda d, eps: low)
    _, error, bound = run_on(monkeypatch, 30.0, delta)
    assert bound.max() > delta
    assert (error <= bound + 1e-12).all()
    assert error.max() > 2 * plain


def test_keys_dropped_too_freely_show_in_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    delta = 1e-3
    monkeypatch.setattr(tree, "DROPPED_SHARE", 1900.0)
    _, error, bound = run_on(monkeypatch, 30.0, delta)
    assert bound.max() > 2 * delta
    assert (error <= bound + 1e-12).all()
    assert error.max() > 1e-4


def test_a_lost_key_that_nobody_counts_breaks_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of error against bound has teeth: without the dropped share it fails."""

    def forgetful(keys: Any, key_level: int, pairs: Pairs, gap: Array, dropped: Array, share: float) -> Any:
        return plain(keys, key_level, pairs, gap, dropped, share)[0], np.zeros_like(dropped)

    plain = tree_descent.drop
    monkeypatch.setattr(tree, "DROPPED_SHARE", 1900.0)
    monkeypatch.setattr(tree_descent, "drop", forgetful)
    _, error, bound = run_on(monkeypatch, 30.0, 1e-3)
    assert (error > bound).any()


def test_a_table_with_a_wrong_coefficient_breaks_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = tree_tables.polynomial

    def wrong(served: Any, degree: int) -> tuple[float, tuple[float, ...], float]:
        bound, coefficients, error = plain(served, degree)
        return bound, (*coefficients[:1], *(1.01 * a for a in coefficients[1:])), error

    monkeypatch.setattr(tree_tables, "polynomial", wrong)
    _, error, bound = run_on(monkeypatch, 30.0, 1e-3)
    assert (error > bound).any()


def test_no_certificate_for_sums_that_prove_nothing() -> None:
    good = Sums(np.array([[[2.0], [4.0]]]), np.array([[1e-9]]), np.array([1e-3]), 0, 0, 0)
    values, bound = certified(good, np.array([1e-4]), 1.0)
    assert values.tolist() == [[[0.5]]]
    assert 1.2e-3 < bound[0, 0] < 1.3e-3
    loose = certified(replace(good, loose=np.array([[0.04]])), np.array([1e-4]), 1.0)[1]
    assert 0.0212 <= loose[0, 0] <= 0.0213
    for bad in (
        replace(good, sums=np.array([[[2.0], [0.0]]])),
        replace(good, sums=np.array([[[2.0], [-4.0]]])),
        replace(good, sums=np.array([[[np.nan], [4.0]]])),
        replace(good, sums=np.array([[[2.0], [np.inf]]])),
        replace(good, loose=np.array([[4.0]])),
        replace(good, weight_error=np.array([1.0])),
        replace(good, weight_error=np.array([np.nan])),
    ):
        assert certified(bad, np.array([1e-4]), 1.0)[1].tolist() == [[np.inf]]


def test_long_descents_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_descent, "MOST_PAIRS", 300)
    rng = np.random.default_rng(8)
    queries, keys = build_tree(rng.standard_normal((700, 2)) * 1e3, 8), build_tree(rng.standard_normal((900, 2)), 8)
    cells = covered(queries, keys, 1e-4)
    assert max(cell.query_level for cell in cells) < queries.depth
    assert sum(len(cell.pairs.nodes) * queries.length(cell.query_level) for cell in cells) == queries.points.shape[1]


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize(("bound", "delta"), [(3.0, 1e-2), (30.0, 1e-3), (300.0, 1e-3)])
def test_the_forecast_is_within_a_factor_of_three(d: int, bound: float, delta: float) -> None:
    rng = np.random.default_rng(d)
    q, k = rng.standard_normal((4096, d)), rng.standard_normal((4096, d))
    gamma = bound / float(np.linalg.norm(q, axis=1).max() * np.linalg.norm(k, axis=1).max())
    v = rng.uniform(-1, 1, (4096, d))
    measured = tree.run(Head(q, k, v, gamma, delta, (Stage(slice(0, 4096), slice(0, 4096)),))).flops
    assert measured / 3 <= predicted_flops(4096, 4096, d, d, bound, delta) <= 3 * measured


def test_the_forecast_is_monotone() -> None:
    for bound in (1.0, 50.0, 1e4):
        sizes = [predicted_flops(n, n, 2, 2, bound, 1e-3) for n in (16, 256, 4096, 65536)]
        assert sizes == sorted(sizes)
        accuracy = [predicted_flops(4096, 4096, 2, 2, bound, eps) for eps in (1.0, 0.1, 1e-3, 1e-6, 1e-12, 0.0)]
        assert accuracy == sorted(accuracy)
        assert predicted_flops(4096, 4096, 2, 2, bound, 1e-3) < predicted_flops(4096, 4096, 2, 16, bound, 1e-3)
    assert tree_bounds.UNIT == 2.0**-53
