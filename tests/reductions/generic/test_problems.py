"""Every problem: samples survive JSON and files, both answers occur, two solvers agree, bad witnesses are refused."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from reductions.core.answer import Decision
from reductions.core.problem import Problem
from reductions.registry import problems
from reductions.run.checks.fidelity import round_trip, written
from reductions.run.checks.plain_solvers import PLAIN_SOLVERS
from varproof.base.errors import InputError

SEED, SAMPLES = 3, 80
MALFORMED = (None, (), (0,), (-1, 0), (0, -1), (0, 10**6), "ab", 1.5, ((0, 0), 0), (True, None))
DECIDING = [problem for problem in problems() if not problem.FUNCTION]


def some(problem: type[Any], seed: int = SEED, count: int = SAMPLES) -> list[Any]:
    return list(itertools.islice(problem.samples(seed), count))


@pytest.mark.parametrize("problem", problems(), ids=lambda problem: problem.NAME)
def test_samples_survive_json_and_files(problem: type[Any]) -> None:
    for instance in some(problem):
        assert isinstance(instance, Problem)
        assert list(round_trip(instance)) == []
        assert set(instance.parameters()) == set(problem.PARAMETERS)


@pytest.mark.parametrize("problem", problems(), ids=lambda problem: problem.NAME)
def test_samples_are_seeded(problem: type[Any]) -> None:
    first, again, other = ([written(each) for each in some(problem, seed)] for seed in (SEED, SEED, SEED + 1))
    assert first == again != other


@pytest.mark.parametrize("problem", problems(), ids=lambda problem: problem.NAME)
def test_json_of_something_else_is_refused(problem: type[Any]) -> None:
    data = some(problem, count=1)[0].to_json()
    for wrong in ({}, {"problem": problem.NAME}, {**data, "problem": "another"}):
        with pytest.raises(InputError):
            problem.from_json(wrong)


@pytest.mark.parametrize("problem", DECIDING, ids=lambda problem: problem.NAME)
def test_two_solvers_agree_on_samples_of_both_kinds(problem: type[Any]) -> None:
    seen = []
    for instance in some(problem, count=SAMPLES):
        answer, plain = instance.solve(), PLAIN_SOLVERS[problem.NAME](instance)
        assert answer.decision is plain.decision
        seen.append(answer.decision)
        if answer.decision is Decision.YES:
            assert instance.verify(answer.witness)
            assert instance.verify(plain.witness)
            assert all(map(instance.verify, instance.witnesses()))
        assert answer.count in (None, len(list(instance.witnesses())))
        assert (answer.decision is Decision.YES) == any(True for _ in instance.witnesses())
    assert min(seen.count(Decision.YES), seen.count(Decision.NO)) >= 20


@pytest.mark.parametrize("problem", DECIDING, ids=lambda problem: problem.NAME)
def test_malformed_witnesses_are_refused_not_raised(problem: type[Any]) -> None:
    for instance in some(problem):
        listed = list(instance.witnesses())
        assert not any(instance.verify(each) for each in MALFORMED if each not in listed)
