"""The plain search against truth tables and python-sat; what a formula and a witness may be."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from reductions.core.answer import Decision
from reductions.core.problem import Counting
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import edge_cases, planted, uniform
from reductions.problems.dimacs import read_dimacs
from varproof.base.errors import InputError


def by_definition(formula: Cnf) -> set[tuple[int, ...]]:
    signs = itertools.product(*((v, -v) for v in range(1, formula.variables + 1)))
    return {model for model in signs if all(any(x in model for x in clause) for clause in formula.clauses)}


def samples(count: int = 150, seed: int = 5) -> list[Cnf]:
    return list(itertools.islice(Cnf.samples(seed), count))


def test_samples_have_the_models_of_the_definition() -> None:
    kinds = []
    for formula in samples():
        models = by_definition(formula)
        listed = list(formula.witnesses())
        assert len(listed) == len(set(listed))
        assert set(listed) == models
        assert all(map(formula.verify, listed))
        answer = formula.solve()
        assert answer.decision is Decision.of(bool(models))
        assert (answer.witness in models) if models else (answer.witness is None and answer.count == 0)
        kinds.append(bool(models))
    assert 50 <= sum(kinds) <= 100
    assert isinstance(formula, Counting)


@pytest.mark.parametrize("formula", [each for each in samples(60) if each.variables <= 5], ids=str)
def test_verify_accepts_exactly_the_models(formula: Cnf) -> None:
    models = by_definition(formula)
    for signs in itertools.product(*((v, -v) for v in range(1, formula.variables + 1))):
        assert formula.verify(signs) == (signs in models)
        assert formula.verify(list(signs[::-1])) == (signs in models)


@pytest.mark.parametrize(
    ("formula", "models"),
    [
        (Cnf(0, ()), 1),
        (Cnf(0, ((),)), 0),
        (Cnf(3, ()), 8),
        (Cnf(3, ((), (1,))), 0),
        (Cnf(2, ((1, -1),)), 4),
        (Cnf(2, ((1, 1),)), 2),
        (Cnf(2, ((2,), (2,), (2, 2))), 2),
        (Cnf(2, ((1,), (-1,))), 0),
        (Cnf(4, ((2, -3),)), 12),
    ],
)
def test_borders(formula: Cnf, models: int) -> None:
    assert len(list(formula.witnesses())) == models
    assert formula.solve().decision is Decision.of(models > 0)


@pytest.mark.parametrize(
    "witness",
    [
        None,
        1,
        (),
        (1,),
        (1, 2, 3),
        (1, 1),
        (1, -1),
        (1, 3),
        (0, 2),
        (1.0, 2),
        (True, 2),
        "12",
        {1, 2},
        ((1,), 2),
        (1, None),
    ],
)
def test_malformed_witnesses(witness: object) -> None:
    assert not Cnf(2, ((1, 2),)).verify(witness)


def test_a_witness_of_the_wrong_length_is_refused_before_anything_is_allocated() -> None:
    assert not Cnf(10**7, ((1,),)).verify((1,))


def test_absurd_numbers_of_variables_are_refused() -> None:
    assert Cnf(10**7, ((1,),)).variables == 10**7
    for many in (10**7 + 1, 10**30):
        with pytest.raises(InputError, match="at most 10000000"):
            Cnf.from_json({"problem": "cnf", "variables": many, "clauses": [[1]]})
    with pytest.raises(InputError, match="at most 1000000\n"):
        Cnf(10**6 + 1, ((1,),)).solve()


@pytest.mark.parametrize("clauses", [((0,),), ((3,),), ((-3,),), ((1.0,),), ((True,),), (("1",),)])
def test_literals_out_of_range_are_refused(clauses: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(InputError):
        Cnf(2, clauses)


@pytest.mark.parametrize("variables", [-1, 1.0, True, None])
def test_wrong_numbers_of_variables_are_refused(variables: int) -> None:
    with pytest.raises(InputError):
        Cnf(variables, ())


def test_lists_and_numpy_integers_become_plain_tuples() -> None:
    formula = Cnf(np.int64(2), [[np.int32(1), -2]])  # type: ignore[arg-type]
    assert formula == Cnf(2, ((1, -2),))
    assert json.dumps(formula.to_json())


def test_parameters_count_what_is_written() -> None:
    formula = Cnf(9, ((1, 1, -1), (), (2,)))
    assert formula.parameters() == {"variables": 9, "clauses": 3, "width": 3}
    assert Cnf(3, ()).parameters() == {"variables": 3, "clauses": 0, "width": 0}


def test_json_and_files_keep_every_formula_as_it_is(tmp_path: Path) -> None:
    for formula in samples(80):
        assert Cnf.from_json(json.loads(json.dumps(formula.to_json()))) == formula
        (path,) = formula.save(tmp_path, "name")
        assert path.name == "name.cnf"
        assert read_dimacs(path, strict=True).formula == formula


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"problem": "ov"},
        {"problem": "cnf"},
        {"problem": "cnf", "variables": 1, "clauses": 3},
        {"problem": "cnf", "variables": 1, "clauses": [[2]]},
        {"problem": "cnf", "variables": 1, "clauses": ["1"]},
        [],
    ],
)
def test_other_json_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Cnf.from_json(wrong)


def test_samples_start_with_all_edge_cases() -> None:
    edges = list(edge_cases())
    assert samples(len(edges)) == edges


def test_a_long_chain_of_units_and_many_branches_need_no_recursion() -> None:
    chain = Cnf(1200, ((1,), *((-v, v + 1) for v in range(1, 1200))))
    assert chain.solve().witness == tuple(range(1, 1201))
    pairs = Cnf(2400, tuple((v, v + 1) for v in range(1, 2400, 2)))
    assert pairs.solve().decision is Decision.YES


def test_sixteen_and_twenty_variables() -> None:
    assert uniform(16, 68, 3, 0, satisfiable=False).solve().decision is Decision.NO
    hidden = planted(20, 91, 3, 4)
    assert hidden.verify(hidden.solve().witness)
