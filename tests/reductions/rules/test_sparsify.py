"""Sparsification: the leaves together have the models of the formula, and below the thresholds they are sparse."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from reductions.constructions.formulas.flowers import branches, find_flower, minimal, split_all
from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Mutant, size
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import pigeonhole, uniform
from reductions.problems.cnf_solvers import models_by_table, truth_table
from reductions.rules.sparsify import RULE, accepts, explain, parse_petals, structure
from varproof.base.errors import InputError

DEFAULTS = RULE.defaults()
FORMULAS = [*itertools.islice(Cnf.samples(7), 120), *RULE.hard(0), *RULE.hard(1)]  # type: ignore[misc]


def clause_sets(formula: Cnf) -> list[frozenset[int]]:
    return [frozenset(clause) for clause in formula.clauses]


def complaints(formula: Cnf, options: dict[str, Any], mutant: Mutant | None = None) -> set[str]:
    """The names of the checks that do not pass."""
    forward = (mutant and mutant.forward) or RULE.forward
    decode = (mutant and mutant.decode) or RULE.decode
    mapped = forward(formula, options)
    models = set(models_by_table(formula))
    sizes = {size(name): number for name, number in formula.parameters().items()} | {size("leaves"): options["leaves"]}
    limits = {name: int(law.subs(sizes)) for name, law in RULE.upper_size.items()}
    leaves = [set(models_by_table(leaf)) for leaf in mapped.targets]
    answer = decode(mapped.context, [leaf.solve() for leaf in mapped.targets])
    found = {
        "models": set().union(*leaves) != models,
        "witness": any(not leaf <= models for leaf in leaves),
        "decision": answer.decision is not Decision.of(bool(models)) or (models and answer.witness not in models),
        "size": any(leaf.parameters()[name] > limit for leaf in mapped.targets for name, limit in limits.items()),
        "variables": any(leaf.variables != formula.variables for leaf in mapped.targets),
        "calls": len(mapped.targets) > int(RULE.calls.subs(sizes)),
        "operations": mapped.operations > RULE.operations.subs(sizes),
        "structure": bool(structure(formula, mapped)),
    }
    return {name for name, wrong in found.items() if wrong}


@pytest.mark.parametrize("petals", [(4, 8, 16), (2,), (3, 5), (100,)])
@pytest.mark.parametrize("leaves", [1, 2, 16, 1000])
def test_all_formulas_pass_every_check(petals: tuple[int, ...], leaves: int) -> None:
    chosen = FORMULAS if (petals, leaves) == ((4, 8, 16), 16) else FORMULAS[::6]
    options = {"petals": petals, "leaves": leaves}
    assert [formula for formula in chosen if complaints(formula, options)] == []


@pytest.mark.parametrize("mutant", RULE.mutants, ids=lambda mutant: mutant.name)
def test_mistakes_are_noticed(mutant: Mutant) -> None:
    assert set().union(*(complaints(formula, DEFAULTS, mutant) for formula in FORMULAS)) - {"operations"}


def test_the_samples_do_split_and_some_meet_the_limit() -> None:
    contexts = [RULE.forward(formula, DEFAULTS).context for formula in FORMULAS]
    assert sum(context.splits > 0 for context in contexts) >= 30
    assert sum(context.unfinished > 0 for context in contexts) >= 4
    assert max(context.splits for context in contexts) == DEFAULTS["leaves"] - 1


def test_hard_formulas_sit_at_the_threshold() -> None:
    splits = [RULE.forward(formula, DEFAULTS).context.splits for formula in RULE.hard(0)[:8]]  # type: ignore[misc]
    assert splits == [0, 0, 0, 0, 1, 1, 1, 1]
    answers = [formula.solve().decision.value for formula in RULE.hard(0)[:8]]  # type: ignore[misc]
    assert answers == ["YES", "YES", "YES", "NO"] * 2


@pytest.mark.parametrize("petals", [(2, 2), (3, 5), (4, 8, 16)])
@pytest.mark.parametrize("width", [2, 3, 4])
def test_leaves_below_the_thresholds_are_sparse(petals: tuple[int, ...], width: int) -> None:
    variables = 6
    formula = uniform(variables, 60, width, 3)
    mapped = RULE.forward(formula, {"petals": petals, "leaves": 10**6})
    assert mapped.context.unfinished == 0
    assert len(mapped.targets) > 1
    for leaf in mapped.targets:
        clauses = clause_sets(leaf)
        for size_of_clause in range(2, width + 1):
            threshold = petals[min(size_of_clause - 1, len(petals)) - 1]
            same = [clause for clause in clauses if len(clause) == size_of_clause]
            for literal in {x for clause in same for x in clause}:
                assert sum(literal in clause for clause in same) < threshold
            assert size_of_clause * len(same) <= 2 * variables * (threshold - 1)


def test_every_split_leaves_fewer_literals_and_no_more_clauses() -> None:
    splits = 0

    def watched(clauses: Any, flower: Any) -> Any:
        nonlocal splits
        parts = branches(clauses, flower)
        assert flower.heart
        assert all(flower.heart < clause for clause in flower.clauses)
        for part in parts:
            reduced, _ = minimal(part)
            assert sum(map(len, reduced)) < sum(map(len, clauses))
            assert len(reduced) <= len(clauses)
            assert max(map(len, reduced)) <= max(map(len, clauses))
            splits += 1
        return parts

    for seed in range(6):
        split_all(clause_sets(uniform(7, 50, (2, 3, 4), seed)), (2, 3), 200, watched)
    assert splits >= 200


def test_minimal_sets_have_the_same_models() -> None:
    for formula in FORMULAS:
        kept, _ = minimal(clause_sets(formula))
        reduced = Cnf(formula.variables, tuple(map(tuple, kept)))
        assert truth_table(reduced).tolist() == truth_table(formula).tolist()
        assert not any(a < b for a in kept for b in kept)
        assert not any(-x in clause for clause in kept for x in clause)


def test_the_first_flower_has_the_smallest_clauses_then_the_smallest_petals() -> None:
    pairs = [(5, 6), (5, 7), (5, 8)]
    triples = [(1, 2, x) for x in (3, 4, 9)]
    flower, _ = find_flower(minimal(map(frozenset, triples + pairs))[0], (3,))
    assert flower is not None
    assert flower.heart == {5}
    flower, _ = find_flower(minimal(map(frozenset, triples))[0], (3,))
    assert flower is not None
    assert flower.heart == {1, 2}
    assert find_flower(minimal(map(frozenset, triples))[0], (4,))[0] is None
    # one clause has no heart of its own, and units are no flower
    assert find_flower((frozenset({1}), frozenset({2}), frozenset({3})), (2,))[0] is None


@pytest.mark.parametrize(("petals", "found"), [((3, 4), False), ((9, 3), True), ((9, 4, 2), False), ((3,), True)])
def test_thresholds_belong_to_sizes_of_petals(petals: tuple[int, ...], found: bool) -> None:
    # three clauses with one common literal: petals of two
    clauses = minimal(map(frozenset, [(1, 2, 3), (1, 4, 5), (1, 6, 7)]))[0]
    assert (find_flower(clauses, petals)[0] is not None) == found


def test_opposite_literals_are_different_hearts() -> None:
    clauses = minimal(map(frozenset, [(1, 2), (1, 3), (-1, 4), (-1, 5)]))[0]
    assert find_flower(clauses, (3,))[0] is None
    assert find_flower(clauses, (2,))[0] is not None


def test_decode() -> None:
    formula = RULE.hard(0)[5]  # type: ignore[misc]
    mapped = RULE.forward(formula, DEFAULTS)
    no, yes = Answer(Decision.NO), Answer(Decision.YES, formula.solve().witness)
    assert len(mapped.targets) == 2
    assert RULE.decode(mapped.context, [no, yes]).witness == formula.solve().witness
    assert RULE.decode(mapped.context, [yes]).decision is Decision.YES
    assert RULE.decode(mapped.context, [no, no]) == Answer(Decision.NO, count=0)
    assert RULE.decode(mapped.context, [no]).decision is Decision.UNDECIDED
    assert RULE.decode(mapped.context, [Answer(Decision.UNDECIDED), no]).decision is Decision.UNDECIDED
    assert RULE.decode(mapped.context, [Answer(Decision.UNDECIDED), yes]).decision is Decision.YES
    violated = Answer(Decision.PROMISE_VIOLATED)
    assert RULE.decode(mapped.context, [Answer(Decision.UNDECIDED), violated]).decision is Decision.PROMISE_VIOLATED
    wrong = Answer(Decision.YES, tuple(-x for x in formula.solve().witness))
    assert RULE.decode(mapped.context, [wrong]).decision is Decision.PROMISE_VIOLATED


def test_the_same_leaves_each_time() -> None:
    formula = uniform(10, 60, 3, 2)
    first, again = RULE.forward(formula, DEFAULTS), RULE.forward(formula, DEFAULTS)
    assert first.targets == again.targets
    reordered = Cnf(10, tuple(clause[::-1] for clause in formula.clauses[::-1]))
    assert RULE.forward(reordered, DEFAULTS).targets == first.targets


def test_wide_clauses_are_refused() -> None:
    assert accepts(Cnf(12, (tuple(range(1, 13)),)), DEFAULTS) is None
    assert "13 literals" in str(accepts(Cnf(13, (tuple(range(1, 14)),)), DEFAULTS))


@pytest.mark.parametrize("text", ["", "4,", "1", "4,1", "-3", "a", "4 8"])
def test_wrong_thresholds_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_petals(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "\u0663", "1" * 5000])
def test_wrong_numbers_of_leaves_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        RULE.options["leaves"].parse(text)


def test_the_text_names_the_first_flower() -> None:
    split, whole = RULE.hard(0)[4], pigeonhole(3, 2)  # type: ignore[misc]
    assert "has the heart (1): (1 -2), (1 3), (1 -4), (1 5)." in explain(split, RULE.forward(split, DEFAULTS))[-1]
    assert "its only leaf" in explain(whole, RULE.forward(whole, DEFAULTS))[-1]
