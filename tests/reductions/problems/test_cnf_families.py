"""Random families are satisfiable about half of the time, structured ones have the answer and models they claim."""

from __future__ import annotations

from math import comb, factorial

import pytest

from reductions.core.answer import Decision
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import (
    HALF_SATISFIABLE,
    full,
    half,
    half_clauses,
    mixture,
    parity,
    pigeonhole,
    planted,
    uniform,
)
from reductions.problems.cnf_solvers import count_by_table
from varproof.base.errors import InputError


@pytest.mark.parametrize("family", HALF_SATISFIABLE)
@pytest.mark.parametrize("variables", range(15))
def test_about_half_of_the_random_formulas_are_satisfiable(family: str, variables: int) -> None:
    # 35% and 65% are four standard deviations away from a half
    satisfiable = sum(count_by_table(half(family, variables, seed)) > 0 for seed in range(180))
    assert 0.35 <= satisfiable / 180 <= 0.65


@pytest.mark.parametrize("family", HALF_SATISFIABLE)
def test_larger_formulas_follow_the_growth(family: str) -> None:
    assert half_clauses(family, 21) > half_clauses(family, 20) >= half_clauses(family, 19)
    satisfiable = sum(half(family, 22, seed).solve().decision is Decision.YES for seed in range(20))
    assert 3 <= satisfiable <= 17


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_clauses_have_different_variables_and_both_signs(width: int) -> None:
    formula = uniform(6, 200, width, seed=1)
    assert formula.parameters() == {"variables": 6, "clauses": 200, "width": width}
    assert all(len({abs(x) for x in clause}) == width for clause in formula.clauses)
    literals = [x for clause in formula.clauses for x in clause]
    assert {*literals} == {*range(-6, 7)} - {0}
    assert 0.4 < sum(x > 0 for x in literals) / len(literals) < 0.6


def test_mixed_widths_and_widths_above_the_number_of_variables() -> None:
    assert {len(clause) for clause in uniform(6, 200, (1, 3, 5), seed=1).clauses} == {1, 3, 5}
    assert {len(clause) for clause in uniform(2, 20, 4, seed=1).clauses} == {2}


def test_the_formula_of_a_seed_never_changes() -> None:
    # these literals were written down once: files made by others with the same seed stay the same
    assert uniform(5, 3, 3, seed=7) == Cnf(5, ((-1, 4, 2), (1, 3, -2), (-2, 4, -5)))
    assert uniform(5, 3, 3, seed=7) != uniform(5, 3, 3, seed=8)


@pytest.mark.parametrize("seed", range(4))
def test_uf16_and_uuf16(seed: int) -> None:
    yes, no = (uniform(16, 68, 3, seed, satisfiable=wanted) for wanted in (True, False))
    assert yes.parameters() == no.parameters() == {"variables": 16, "clauses": 68, "width": 3}
    assert yes.solve().decision is Decision.YES
    assert no.solve().decision is Decision.NO


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="unsatisfiable"):
        uniform(3, 1, 3, 0, satisfiable=False)
    for arguments in ((-1, 0, 3), (3, -1, 3), (3, 1, -1), (0, 2, 3), (3, 1, ())):
        with pytest.raises(InputError):
            uniform(*arguments, 0)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        planted(0, 1, 3, 0)


@pytest.mark.parametrize("seed", range(5))
def test_planted_formulas_are_satisfiable_far_above_the_threshold(seed: int) -> None:
    formula = planted(9, 200, 3, seed)
    assert formula.solve().decision is Decision.YES
    assert count_by_table(formula) >= 1
    assert planted(0, 0, 3, seed) == Cnf(0, ())


@pytest.mark.parametrize(("pigeons", "holes"), [(0, 0), (0, 2), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3), (4, 3)])
def test_pigeonhole(pigeons: int, holes: int) -> None:
    formula = pigeonhole(pigeons, holes)
    assert formula.solve().decision is Decision.of(pigeons <= holes)
    # each set of holes used: pigeon p may sit in several, so models are families of disjoint nonempty sets
    if holes == pigeons:
        assert count_by_table(formula) == factorial(pigeons)
    if pigeons == 2:
        assert count_by_table(formula) == sum(comb(holes, used) * (2**used - 2) for used in range(2, holes + 1))


@pytest.mark.parametrize("variables", [1, 2, 3, 5])
@pytest.mark.parametrize("odd", [False, True])
def test_parity(variables: int, odd: bool) -> None:
    formula = parity(variables, odd)
    models = list(formula.witnesses())
    assert formula.variables == 2 * variables - 1
    assert len(models) == 2 ** (variables - 1)
    assert all(sum(x > 0 for x in model[:variables]) % 2 == odd for model in models)
    contradiction = parity(variables, odd, contradict=True)
    assert contradiction.variables == 3 * variables - 2
    assert contradiction.solve().decision is Decision.NO


@pytest.mark.parametrize("odd", [False, True])
def test_only_both_chains_together_contradict(odd: bool) -> None:
    formula = parity(3, odd, contradict=True)
    assert count_by_table(formula) == 0
    half_way = len(formula.clauses) // 2
    for chain in (formula.clauses[:half_way], formula.clauses[half_way:]):
        assert count_by_table(Cnf(7, chain)) == 4 * 4  # four odd (even) triples, the two other sums are free
    for clause in ((5,) if odd else (-5,), (-7,) if odd else (7,)):
        assert count_by_table(Cnf(7, tuple(c for c in formula.clauses if c != clause))) > 0


@pytest.mark.parametrize("variables", range(5))
def test_full_formulas(variables: int) -> None:
    assert count_by_table(full(variables)) == 0
    for missing in range(1 << variables):
        assert count_by_table(full(variables, missing)) == 1


def test_the_mixture_holds_all_families_and_is_seeded() -> None:
    stream, again, other = mixture(3), mixture(3), mixture(4)
    formulas = [next(stream) for _ in range(200)]
    assert formulas == [next(again) for _ in range(200)] != [next(other) for _ in range(200)]
    assert {formula.variables for formula in formulas} >= set(range(11))
    assert {formula.parameters()["width"] for formula in formulas} >= {0, 1, 2, 3, 4, 5}
