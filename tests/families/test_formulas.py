"""Formulas, their 0/1 vectors by split and list, and instances of orthogonal vectors."""

from itertools import product

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.families.formulas import FORMULAS, Formula, draw_formula
from varproof.families.orthogonal_vectors import ORTHOGONAL_VECTORS, draw_lists
from varproof.families.split_and_list import split_and_list


def models(formula):
    """By trying every assignment."""
    return sum(
        all(any((literal > 0) == truth[abs(literal) - 1] for literal in clause) for clause in formula.clauses)
        for truth in product((False, True), repeat=formula.variables)
    )


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("variables", range(1, 11))
def test_formulas_are_well_formed_and_follow_from_the_seed(name, variables):
    formula = draw_formula(name, variables, np.random.default_rng(variables))
    assert 1 <= formula.variables <= max(variables, 1)
    assert all(1 <= abs(literal) <= formula.variables for clause in formula.clauses for literal in clause)
    assert all(type(literal) is int for clause in formula.clauses for literal in clause)
    assert formula == draw_formula(name, variables, np.random.default_rng(variables))


@pytest.mark.parametrize("name", FORMULAS)
def test_orthogonal_pairs_are_models(name):
    for seed in range(12):
        formula = draw_formula(name, seed % 9 + 1, np.random.default_rng(seed))
        left, right = split_and_list(formula)
        assert left.shape == (2 ** (formula.variables // 2), len(formula.clauses))
        assert right.shape[0] == 2 ** (formula.variables - formula.variables // 2)
        assert int((left.astype(int) @ right.T == 0).sum()) == models(formula)


def counts(name, variables):
    return [models(draw_formula(name, variables, np.random.default_rng(seed))) for seed in range(24)]


def test_answers_of_the_families():
    assert min(counts("planted", 8)) > 0
    assert {count > 0 for count in counts("random", 8)} == {True, False}
    assert {count > 0 for count in counts("pigeonhole", 6)} == {True, False}
    assert set(counts("parity", 7)) == {8}


def test_models_of_parity_have_one_parity():
    for seed in range(8):
        formula = draw_formula("parity", 7, np.random.default_rng(seed))
        kept = [
            sum(truth[:4]) % 2
            for truth in product((0, 1), repeat=7)
            if all(any((literal > 0) == truth[abs(literal) - 1] for literal in clause) for clause in formula.clauses)
        ]
        assert len(kept) == 8
        assert len(set(kept)) == 1


def test_which_assignment_a_row_is():
    left, right = split_and_list(Formula(3, ((1,), (-2,), (3, 2))))
    assert left.tolist() == [[1, 1, 1], [0, 1, 1]]  # x1 false, true
    assert right.tolist() == [[1, 0, 1], [1, 1, 0], [1, 0, 0], [1, 1, 0]]  # x2 is the low bit, x3 the high one


def test_an_empty_clause_and_no_clause():
    left, right = split_and_list(Formula(3, ((),)))
    assert left.tolist() == [[1]] * 2
    assert right.tolist() == [[1]] * 4
    assert [side.shape for side in split_and_list(Formula(0, ()))] == [(1, 0), (1, 0)]


@pytest.mark.parametrize("name", ORTHOGONAL_VECTORS)
@pytest.mark.parametrize(("rows", "dim"), [(1, 1), (1, 4), (5, 2), (16, 10), (33, 40)])
def test_lists_are_bits_of_the_asked_sizes(name, rows, dim):
    for seed in range(6):
        left, right = draw_lists(name, rows, dim, np.random.default_rng(seed))
        again = draw_lists(name, rows, dim, np.random.default_rng(seed))
        assert (left == again[0]).all()
        assert (right == again[1]).all()
        assert left.dtype == right.dtype == np.uint8
        assert max(left.max(initial=0), right.max(initial=0)) <= 1
        if name == "formula":
            assert max(len(left), len(right)) <= max(rows, 2)
        else:
            assert left.shape == right.shape == (rows, dim)


def pairs(name, rows, dim, seed):
    left, right = draw_lists(name, rows, dim, np.random.default_rng(seed))
    return int((left.astype(int) @ right.T == 0).sum())


@pytest.mark.parametrize(("rows", "dim"), [(1, 2), (4, 2), (16, 10), (40, 20)])
def test_planted_has_one_answer_and_nearly_orthogonal_none(rows, dim):
    assert {pairs("planted", rows, dim, seed) for seed in range(20)} == {1}
    assert {pairs("nearly orthogonal", rows, dim, seed) for seed in range(20)} == {0}


def test_random_and_duplicated_lists_leave_the_answer_open():
    for name in ("random", "duplicated"):
        assert {pairs(name, 16, 12, seed) > 0 for seed in range(40)} == {True, False}
    assert max(pairs("duplicated", 16, 12, seed) for seed in range(40)) > 4


def test_lists_of_a_formula_use_the_rows_they_may():
    left, right = draw_lists("formula", 64, 1, np.random.default_rng(0))
    assert 1 < max(len(left), len(right)) <= 64


@pytest.mark.parametrize(("name", "rows", "dim"), [("nothing", 2, 2), ("random", 0, 2), ("random", 2, 0)])
def test_junk_is_refused(name, rows, dim):
    with pytest.raises(InputError):
        draw_lists(name, rows, dim, np.random.default_rng(0))
    with pytest.raises(InputError):
        draw_formula("nothing", 3, np.random.default_rng(0))
    with pytest.raises(InputError):
        draw_formula("random", 0, np.random.default_rng(0))
