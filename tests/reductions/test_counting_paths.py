"""From formulas to attention that counts, and back: the number of models, by oracles of several kinds."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import islice, product

import numpy as np
import pytest

from reductions.core.answer import Decision
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.cnf import Cnf
from reductions.rules.cnf_to_ov import RULE as TO_VECTORS
from reductions.rules.ov_to_attention_counting import RULE as COUNTING
from reductions.run.pipeline import solve_along

PATH = (TO_VECTORS, COUNTING)
ARB = ExactOracle("arb")


def brute_force(formula: Cnf) -> int:
    """The number of models, by trying all assignments."""
    assignments = product((False, True), repeat=formula.variables)
    return sum(all(any(x[abs(v) - 1] is (v > 0) for v in clause) for clause in formula.clauses) for x in assignments)


def formulas(variables: int, count: int, seed: int) -> list[Cnf]:
    """Random formulas with clauses of one to three literals, from almost empty to hopeless."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        clauses = []
        for _ in range(number):
            chosen = rng.permutation(variables)[: int(rng.integers(2, 4))] + 1
            clauses.append(tuple(int(v) * int(rng.choice((-1, 1))) for v in chosen))
        made.append(Cnf(variables, tuple(clauses)))
    return made


def test_forty_formulas_of_eight_variables() -> None:
    counts = []
    for formula in formulas(8, 40, seed=1):
        answer = solve_along(PATH, formula, oracle=ARB)
        expected = brute_force(formula)
        assert answer.count == expected
        assert answer.decision is Decision.of(expected > 0)
        counts.append(expected)
    assert counts[0] == 256
    assert counts.count(0) >= 4
    assert len(set(counts)) >= 12


@pytest.mark.parametrize("variables", [0, 1, 3])
def test_small_and_odd_numbers_of_variables(variables: int) -> None:
    literals = [v * sign for v in range(1, variables + 1) for sign in (1, -1)]
    clauses = [(), *((v,) for v in literals), *((v, -v) for v in literals), tuple(literals)]
    for chosen in ([], clauses[:1], clauses[1:2], clauses[2:], clauses[-1:], clauses[1:3]):
        formula = Cnf(variables, tuple(chosen))
        assert solve_along(PATH, formula, oracle=ARB).count == brute_force(formula)


@pytest.mark.parametrize("scale", ["d", "sqrt", "one"])
@pytest.mark.parametrize("kappa", [Fraction(1, 4), Fraction(8)])
def test_worst_noise_counts_right_up_to_the_tolerance(scale: str, kappa: Fraction) -> None:
    options = {"scale": scale, "logit_ratio": kappa}
    oracle = WorstNoise(ARB, Fraction(99, 100))
    for formula in islice(formulas(6, 24, seed=2), 0, None, 3):
        assert solve_along(PATH, formula, oracle=oracle, options=options).count == brute_force(formula)


def test_twice_the_tolerance_is_too_much() -> None:
    """An oracle that lies about its error is found out or counts wrong: never the same count."""
    oracle = WorstNoise(ARB, Fraction(2))
    formula = formulas(6, 20, seed=2)[-1]
    answer = solve_along(PATH, formula, oracle=oracle)
    assert (answer.decision, answer.count) != (Decision.YES, brute_force(formula))


def test_floats_count_while_their_error_allows() -> None:
    """float64: right where all calls are precise enough, never wrong, and undecided somewhere for long formulas."""
    seen = set()
    for formula in formulas(6, 40, seed=3)[::3]:
        answer = solve_along(PATH, formula, oracle=ExactOracle("float64"))
        seen.add(answer.decision)
        if answer.count is not None:
            assert answer.count == brute_force(formula)
        if answer.decision is not Decision.UNDECIDED:
            assert answer.decision is Decision.of(brute_force(formula) > 0)
    assert Decision.YES in seen
    coarse = solve_along(PATH, formulas(6, 40, seed=3)[30], oracle=ExactOracle("float32"))
    assert coarse.decision is Decision.UNDECIDED


@pytest.mark.slow
@pytest.mark.parametrize("row_weights", [True, False])
def test_sixteen_variables(row_weights: bool) -> None:
    """68 clauses of length 3: up to 68 calls of hundreds of bits, counted exactly in much less than a minute."""
    rng = np.random.default_rng(11)
    clauses = tuple(tuple(int(v + 1) * int(rng.choice((-1, 1))) for v in rng.permutation(16)[:3]) for _ in range(68))
    formula = Cnf(16, clauses)
    started = time.process_time()
    answer = solve_along(PATH, formula, oracle=ARB, options={"row_weights": row_weights})
    assert time.process_time() - started < 60
    models = sum(1 for _ in formula.witnesses())
    assert answer.count == models
