"""Split and list: models and orthogonal pairs correspond one to one, and each mistake is noticed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reductions.constructions.formulas.clause_vectors import open_clauses, row_literals
from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Mutant, size
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import half, planted, uniform
from reductions.problems.cnf_solvers import count_by_pysat, count_by_table, models_by_table
from reductions.rules import cnf_to_ov
from reductions.rules.cnf_to_ov import MEMORY, RULE, accepts, explain, structure

FORMULAS = [*itertools.islice(Cnf.samples(7), 150), *RULE.hard(0), *RULE.hard(1)]  # type: ignore[misc]


def complaints(
    formula: Cnf, forward: Callable[..., Any] = RULE.forward, extract: Callable[..., Any] = RULE.extract
) -> set[str]:
    """The names of the checks that do not pass."""
    mapped = forward(formula, {})
    (target,) = mapped.targets
    pairs = list(target.witnesses())
    models = [extract(mapped.context, 0, pair) for pair in pairs]
    sizes = {size(name): number for name, number in formula.parameters().items()}
    found = {
        "decision": bool(pairs) != (count_by_table(formula) > 0),
        "count": len(pairs) != count_by_table(formula),
        "witness": not all(map(formula.verify, models)),
        "models": sorted(models) != sorted(models_by_table(formula)),
        "size": any(target.parameters()[name] != law.subs(sizes) for name, law in RULE.exact_size.items()),
        "operations": mapped.operations > RULE.operations.subs(sizes),
        "structure": bool(structure(formula, mapped)),
    }
    return {name for name, wrong in found.items() if wrong}


def test_all_formulas_pass_every_check() -> None:
    assert [formula for formula in FORMULAS if complaints(formula)] == []
    satisfiable = sum(count_by_table(formula) > 0 for formula in FORMULAS)
    assert 0.35 <= satisfiable / len(FORMULAS) <= 0.65


@pytest.mark.parametrize("mutant", RULE.mutants, ids=lambda mutant: mutant.name)
def test_mistakes_are_noticed(mutant: Mutant) -> None:
    caught = [complaints(each, mutant.forward or RULE.forward, mutant.extract or RULE.extract) for each in FORMULAS]
    assert set().union(*caught) - {"operations"}


@pytest.mark.slow
@pytest.mark.parametrize("family", ["2", "3", "4", "mixed"])
@pytest.mark.parametrize("variables", range(15))
def test_model_counts_are_those_of_python_sat(family: str, variables: int) -> None:
    pytest.importorskip("pysat", reason="needs the extra varproof[sat]")
    for seed in range(9):
        formula = half(family, variables, seed)
        (target,) = RULE.forward(formula, {}).targets
        assert sum(1 for _ in target.witnesses()) == count_by_pysat(formula)


def test_the_two_lists_of_one_formula_by_hand() -> None:
    # clauses: (1 or not 3), (not 1 or 2 or 3), (not 2); left variable 1, right variables 2 and 3
    (target,) = RULE.forward(Cnf(3, ((1, -3), (-1, 2, 3), (-2,))), {}).targets
    assert target.left_bits.tolist() == [[1, 0, 1], [0, 1, 1]]
    assert target.right_bits.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [1, 0, 1]]
    assert list(target.witnesses()) == [(0, 0), (1, 2)]


@pytest.mark.parametrize(
    ("formula", "left", "right", "pairs"),
    [
        (Cnf(0, ()), [[]], [[]], 1),
        (Cnf(0, ((),)), [[1]], [[1]], 0),
        (Cnf(1, ()), [[]], [[], []], 2),
        (Cnf(1, ((1,),)), [[1]], [[1], [0]], 1),
        (Cnf(1, ((1, -1),)), [[1]], [[0], [0]], 2),
        (Cnf(2, ((1, -1), (2, 2))), [[0, 1], [0, 1]], [[1, 1], [1, 0]], 2),
        (Cnf(2, ((1,), (1,))), [[1, 1], [0, 0]], [[1, 1], [1, 1]], 2),
    ],
)
def test_borders(formula: Cnf, left: list[list[int]], right: list[list[int]], pairs: int) -> None:
    (target,) = RULE.forward(formula, {}).targets
    assert target.left_bits.tolist() == left
    assert target.right_bits.tolist() == right
    assert len(list(target.witnesses())) == pairs


def test_more_than_64_clauses_fill_further_words() -> None:
    formula = uniform(8, 130, 3, 1)
    bits = open_clauses(formula, range(1, 5)).to_bits()
    for row in range(16):
        true = set(row_literals(row, range(1, 5)))
        assert bits[row].tolist() == [int(not true.intersection(clause)) for clause in formula.clauses]


def test_decode_carries_decision_models_and_count() -> None:
    formula = Cnf(3, ((1, 2, 3), (-1, -2)))
    mapped = RULE.forward(formula, {})
    pairs = tuple(mapped.targets[0].witnesses())
    answer = RULE.decode(mapped.context, [Answer(Decision.YES, pairs[0], pairs, len(pairs))])
    assert answer.decision is Decision.YES
    assert sorted(answer.witnesses) == sorted(formula.witnesses())
    assert answer.count == count_by_table(formula) == 5
    assert RULE.decode(mapped.context, [Answer(Decision.NO, count=0)]) == Answer(Decision.NO, count=0)
    assert RULE.decode(mapped.context, [Answer(Decision.UNDECIDED)]).decision is Decision.UNDECIDED


def test_a_pair_that_is_no_model_breaks_the_promise() -> None:
    mapped = RULE.forward(Cnf(2, ((1,), (2,))), {})
    assert RULE.decode(mapped.context, [Answer(Decision.YES, (1, 1))]).decision is Decision.YES
    for wrong in (Answer(Decision.YES, (0, 1)), Answer(Decision.YES, (1, 1), ((1, 1), (1, 0)))):
        assert RULE.decode(mapped.context, [wrong]).decision is Decision.PROMISE_VIOLATED


@pytest.mark.parametrize("variables", [56, 60, 200, 10**7])
def test_too_many_variables_are_refused_with_numbers_and_without_memory(variables: int) -> None:
    reason = accepts(Cnf(variables, ((1,),)), {})
    assert reason is not None
    assert f"{variables} variables make 2^(n/2) vectors a side" in reason
    assert f"2^{variables // 2}" in reason
    assert f"at most {MEMORY} bytes" in reason


def test_the_limit_is_on_bytes_of_both_lists() -> None:
    assert accepts(Cnf(48, ((1,),) * 64), {}) is None  # 2 x 2^24 x 8 bytes, exactly the limit
    assert "536870912 bytes" in str(accepts(Cnf(48, ((1,),) * 65), {}))
    assert "402653184 bytes" in str(accepts(Cnf(49, ()), {}))
    assert accepts(Cnf(20, ((1,),) * 500), {}) is None


def test_twenty_variables_are_listed_and_searched() -> None:
    formula = planted(20, 91, 3, 3)
    (target,) = RULE.forward(formula, {}).targets
    assert target.parameters() == {"left": 1024, "right": 1024, "dim": 91}
    assert sum(1 for _ in target.witnesses()) == count_by_table(formula)


def test_structure_names_a_single_wrong_bit() -> None:
    formula = uniform(6, 12, 3, 2)
    mapped = RULE.forward(formula, {})
    (target,) = mapped.targets
    for row, column in ((0, 0), (3, 7), (7, 11)):
        bits = target.right_bits
        bits[row, column] ^= 1
        changed = type(target).from_bits(target.left_bits, bits)
        assert structure(formula, type(mapped)((changed,), mapped.context, 0))


def test_the_text_shows_both_lists_of_small_formulas_only() -> None:
    small, large = Cnf(3, ((1, -3), (-1, 2, 3), (-2,))), uniform(8, 30, 3, 1)
    text = "\n".join(explain(small, RULE.forward(small, {})))
    for row in ("0 [ -1]  1 0 1", "1 [  1]  0 1 1", "3 [  2   3]  1 0 1", "(1, 2) is the model 1 -2 3"):
        assert row in text
    long = explain(large, RULE.forward(large, {}))
    assert "2^4 = 16 left" in "\n".join(long)
    assert len(long) == 3
    nothing = Cnf(0, ((),))
    assert explain(nothing, RULE.forward(nothing, {}))[-1] == "No pair is orthogonal."


def test_the_source_of_many_rows_is_bit_by_bit_the_definition() -> None:
    formula = uniform(9, 20, (1, 2, 5), 4)
    (target,) = cnf_to_ov.forward(formula, {}).targets
    for matrix, half_variables in ((target.left_bits, range(1, 5)), (target.right_bits, range(5, 10))):
        for row, bits in enumerate(np.asarray(matrix)):
            true = set(row_literals(row, half_variables))
            assert [bool(bit) for bit in bits] == [true.isdisjoint(clause) for clause in formula.clauses]
