"""A wrong path is shrunk at the source, the first rule that breaks is named, every instance on the way is saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from reductions.core.answer import Decision
from reductions.core.reduction import Reduction
from reductions.oracles.exact import ExactOracle
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import half
from reductions.registry import rule_named
from reductions.run.checking import mutated
from reductions.run.diagnose import first_break, smallest
from reductions.run.pipeline import solve_along

PATH = tuple(rule_named(name) for name in ("cnf_to_ov", "ov_to_hamming", "hamming_to_gap_hamming"))


def wrong_along(path: tuple[Reduction, ...], formula: Cnf) -> bool:
    return solve_along(path, formula, oracle=ExactOracle()).decision is not formula.solve().decision


def broken(position: int) -> list[tuple[Reduction, ...]]:
    """The path with each mistake of the rule at a position."""
    rule = PATH[position]
    return [(*PATH[:position], mutated(rule, mutant), *PATH[position + 1 :]) for mutant in rule.mutants]


@pytest.mark.parametrize("position", range(len(PATH)))
def test_the_rule_with_the_mistake_is_named(position: int, tmp_path: Path) -> None:
    named = 0
    for number, path in enumerate(broken(position)):
        seen = [f for f in (half("3", 5, seed) for seed in range(12)) if wrong_along(path, f)]
        for formula in seen[:1]:
            found = first_break(path, formula, out=tmp_path / str(number))
            assert found is not None
            assert found.rule == PATH[position].name
            problems = [file.stem.partition("-")[2] for file in sorted((tmp_path / str(number)).iterdir())]
            assert problems == ["cnf", "ov", "hamming"][: position + 1]
            named += 1
    assert named


def test_nothing_is_named_on_a_path_without_mistakes() -> None:
    for seed in range(6):
        assert first_break(PATH, half("3", 5, seed)) is None


def test_a_wrong_formula_is_shrunk_until_nothing_can_go() -> None:
    for path in broken(0):
        formula = next((f for f in (half("3", 6, seed) for seed in range(12)) if wrong_along(path, f)), None)
        if formula is None:
            continue
        small = smallest(formula, lambda each, path=path: wrong_along(path, each))  # type: ignore[misc]
        assert wrong_along(path, small)
        assert small.variables <= 2
        assert len(small.clauses) <= 4
        return
    pytest.fail("no mistake of the first rule changes an answer")


def test_smallest_keeps_the_property_and_renumbers() -> None:
    formula = Cnf(5, ((1, 2), (-5, 3), (4, -3), (-4,)))
    found = smallest(formula, lambda each: each.solve().decision is Decision.YES and len(each.clauses) >= 2)
    assert found == Cnf(2, ((-1,), (-2,)))
