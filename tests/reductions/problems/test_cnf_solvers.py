"""Truth tables and python-sat against the plain search."""

from __future__ import annotations

import itertools

import pytest

from reductions.core.answer import Decision
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import planted, uniform
from reductions.problems.cnf_solvers import (
    count_by_pysat,
    count_by_table,
    models_by_table,
    solve_by_pysat,
    truth_table,
)
from varproof.base import extras
from varproof.base.errors import InputError, MissingExtraError

SAMPLES = list(itertools.islice(Cnf.samples(11), 200))


def test_tables_hold_the_models_of_the_search() -> None:
    for formula in SAMPLES:
        models = list(models_by_table(formula))
        assert sorted(models) == sorted(formula.witnesses())
        assert count_by_table(formula) == len(models)


@pytest.mark.parametrize("variables", range(9))
def test_bits_beyond_the_last_assignment_are_zero(variables: int) -> None:
    assert count_by_table(Cnf(variables, ())) == 2**variables
    assert len(truth_table(Cnf(variables, ()))) == max(1, 2**variables // 64)


@pytest.mark.parametrize("variable", range(1, 10))
def test_bit_a_is_assignment_a(variable: int) -> None:
    table = truth_table(Cnf(9, ((variable,),)))
    bits = [int(table[a // 64]) >> (a % 64) & 1 for a in range(512)]
    assert bits == [a >> (variable - 1) & 1 for a in range(512)]


def test_twenty_variables() -> None:
    formula = planted(20, 91, 3, 0)
    assert count_by_table(formula) == sum(1 for _ in formula.witnesses()) > 0


def test_tables_are_refused_above_24_variables() -> None:
    with pytest.raises(InputError):
        truth_table(Cnf(25, ()))


def test_python_sat_agrees_with_the_search() -> None:
    pytest.importorskip("pysat", reason="needs the extra varproof[sat]")
    for formula in SAMPLES:
        models = list(formula.witnesses())
        answer = solve_by_pysat(formula)
        assert answer.decision is Decision.of(bool(models))
        assert answer.witness in (models or [None])
        assert count_by_pysat(formula) == len(models)


@pytest.mark.parametrize("solver", ["minisat22", "cadical153", "glucose4"])
def test_other_engines_of_python_sat(solver: str) -> None:
    pytest.importorskip("pysat", reason="needs the extra varproof[sat]")
    for formula in SAMPLES[::4]:
        assert count_by_pysat(formula, solver) == count_by_table(formula)


def test_python_sat_on_larger_formulas() -> None:
    pytest.importorskip("pysat", reason="needs the extra varproof[sat]")
    hidden = planted(60, 250, 3, 1)
    assert hidden.verify(solve_by_pysat(hidden).witness)
    assert solve_by_pysat(uniform(60, 400, 3, 1)).decision is Decision.NO
    # unused variables are not enumerated: 2^200 models
    assert count_by_pysat(Cnf(201, ((7,),))) == 2**200


def test_without_python_sat_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(extras.importlib, "import_module", missing)
    with pytest.raises(MissingExtraError) as error:
        solve_by_pysat(Cnf(1, ((1,),)))
    assert "varproof[sat]" in error.value.hint
