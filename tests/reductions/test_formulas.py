"""2,000 formulas through every executable path: verdicts equal python-sat's, witnesses check, counts are kept.

Most are random at the point where half of them are satisfiable. Each goes along all paths to attention, and along
paths to VAR attention in turn; floats of both sizes and the worst noise allowed change from formula to formula. Where
floats are coarser than what a path asks for they may leave an answer open, and only then: balls must close it.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import pytest

from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Kind, Reduction
from reductions.oracles.exact import ExactOracle
from reductions.oracles.oracle import Oracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import HALF_SATISFIABLE, edge_cases, full, half, parity, pigeonhole, planted
from reductions.problems.cnf_solvers import count_by_table
from reductions.registry import rules
from reductions.run.pipeline import Silent, options_of, solve_along
from varproof.base.errors import InputError

TOTAL, CHUNKS = 2000, 20
LARGEST = 14  # variables of the random formulas
ARB_VARIABLES = 10  # the counting rule asks for hundreds of bits
LAYOUT_VARIABLES = 10  # in front of VAR: the layout of the comparison row needs balls from 8 variables on
INTERPOLATED_VARIABLES = 6  # 7^2 cells a key: beyond, a formula takes seconds
CAPPED, CAPPED_CLAUSES = {"ov_to_maxip_tensor", "ov_to_maxip_crt", "ov_to_maxip_reed_solomon"}, 10
VAR_CLAUSES = 5  # of the capped rules in front of VAR: their dimensions are in the hundreds from there on
VAR_TURNS = 5  # every fifth path to VAR attention, in turn
Path = tuple[Reduction, ...]

FACTOR = Fraction(99, 100)  # of the noise allowed
ORACLES: tuple[Oracle, ...] = (ExactOracle(), ExactOracle("float32"), WorstNoise(ExactOracle(), factor=FACTOR))
BALLS: tuple[Oracle, ...] = (ExactOracle("arb"), WorstNoise(ExactOracle("arb"), factor=FACTOR))


@cache
def formulas() -> tuple[tuple[str, Cnf], ...]:
    """The 2,000 formulas with the names of their families, mixed: structured ones, random ones of 0 to 14 variables."""
    made = [("edge", each) for each in edge_cases()]
    made += [("pigeonhole", pigeonhole(p, h)) for p, h in itertools.product(range(5), range(4)) if p * h <= 12]
    made += [("parity", parity(n, odd)) for n in range(1, 8) for odd in (False, True)]
    made += [("parity", parity(n, odd, contradict=True)) for n in range(1, 6) for odd in (False, True)]
    made += [("full", full(n, missing)) for n in range(1, 7) for missing in (None, 0)]
    made += [("planted", planted(n, 5 * n, 3, seed=n)) for n in range(1, LARGEST + 1)]
    families = itertools.cycle(HALF_SATISFIABLE)
    for number in range(TOTAL - len(made)):
        made.append((family := next(families), half(family, number // len(HALF_SATISFIABLE) % (LARGEST + 1), number)))
    Random(0).shuffle(made)
    return tuple(made)


def paths(end: str) -> list[Path]:
    """All simple paths from formulas to the problem `end`; a rule from a problem to itself comes at most first."""

    def further(path: Path, seen: frozenset[str]) -> Iterator[Path]:
        last = path[-1].target.NAME if path else Cnf.NAME
        if last == end:
            yield path
            return
        for rule in rules():
            start, target = rule.source.NAME, rule.target.NAME
            if start == last and target not in seen:
                yield from further((*path, rule), seen | {target})

    return list(further((), frozenset({Cnf.NAME})))


TO_ATTENTION, TO_VAR = paths("attention"), paths("var-attention")
PARSIMONIOUS = {rule for rule in rules() if rule.parsimonious}
COUNTING = {rule for rule in rules() if rule.kind is Kind.TRUTH_TABLE}
TO_SELF = [rule for rule in rules() if rule.source is rule.target is Cnf]


def names(path: Sequence[Reduction]) -> str:
    return " ".join(rule.name for rule in path)


def counts(path: Path) -> bool:
    """Whether a rule that counts comes after rules that keep the count."""
    kept = list(itertools.takewhile(PARSIMONIOUS.__contains__, path))
    return len(kept) < len(path) and path[len(kept)] in COUNTING


def wanted(path: Path, formula: Cnf) -> bool:
    """Whether a formula is within the sizes that this campaign runs the path at."""
    used, to_var = set(names(path).split()), path[-1].target.NAME == "var-attention"
    variables = [LARGEST]
    if COUNTING & set(path):
        variables.append(ARB_VARIABLES)
    if to_var and "gap_hamming_to_attention_as23" in used:
        variables.append(LAYOUT_VARIABLES)
    if "attention_to_var_interpolated" in used:
        variables.append(INTERPOLATED_VARIABLES)
    if CAPPED & used and len(formula.clauses) > (VAR_CLAUSES if to_var else CAPPED_CLAUSES):
        return False
    return formula.variables <= min(variables)


@dataclass
class Rounded(Silent):
    """Notes whether some answer came with a larger error than its instance allows."""

    found: bool = False

    def answered(self, place: tuple[int, ...], instance: Any, answer: Answer, seconds: float) -> None:
        self.found |= answer.outputs is not None and answer.outputs.error > instance.delta


def run(path: Path, formula: Cnf, number: int) -> Answer | None:
    """The answer along a path, None where a rule says that it does not take the instance."""
    rounded = Rounded()
    try:
        answer = solve_along(path, formula, oracle=ORACLES[number % len(ORACLES)], watch=rounded)
    except InputError as error:
        if "does not take this instance" not in error.message:
            raise
        return None
    left_open = answer.decision is Decision.UNDECIDED or (counts(path) and answer.count is None)
    if not (left_open and rounded.found):
        return answer
    return solve_along(path, formula, oracle=BALLS[number % len(BALLS)])


def check(path: Path, formula: Cnf, number: int, models: int) -> bool:
    """Assert that the path gives the right answer; False where it does not take the formula."""
    if not wanted(path, formula) or (answer := run(path, formula, number)) is None:
        return False
    where = f"formula {number}, {formula.parameters()}, along {names(path)}: {answer.note}"
    assert answer.decision is Decision.of(models > 0), where
    if models:
        assert formula.verify(answer.witness), where
    if counts(path):
        assert answer.count == models, where
    return True


def check_count_of_targets(formula: Cnf, models: int) -> None:
    """Every problem that parsimonious rules lead to has as many witnesses as the formula has models."""
    waiting: list[Any] = [formula]
    while waiting:
        instance = waiting.pop()
        for rule in rules():
            options = options_of(rule, {})
            if not rule.parsimonious or rule.source is not type(instance) or rule.target.FUNCTION:
                continue
            if rule.accepts is not None and rule.accepts(instance, options) is not None:
                continue
            targets = rule.forward(instance, options).targets
            assert sum(1 for target in targets for _ in target.witnesses()) == models, rule.name
            if rule.kind is Kind.MANY_ONE:
                waiting.append(targets[0])


def campaign(numbers: Sequence[int]) -> Counter[str]:
    """Run formulas by number; how many went along each path."""
    taken: Counter[str] = Counter()
    for number in numbers:
        _, formula = formulas()[number]
        models = count_by_table(formula)
        first = TO_SELF if number % 9 == 0 else []
        turn = TO_VAR[number % VAR_TURNS :: VAR_TURNS]
        for path in [*TO_ATTENTION, *turn, *((rule, *TO_ATTENTION[0]) for rule in first)]:
            taken[names(path)] += check(path, formula, number, models)
        if formula.variables <= 8:
            check_count_of_targets(formula, models)
    return taken


def test_the_campaign_is_what_it_says() -> None:
    made = formulas()
    assert len(made) == TOTAL
    assert {family for family, _ in made} >= {*HALF_SATISFIABLE, "pigeonhole", "parity", "planted", "edge"}
    assert {formula.variables for _, formula in made} >= set(range(LARGEST + 1))
    for family in HALF_SATISFIABLE:
        random = [formula for name, formula in made if name == family]
        assert len(random) > 400
        assert 0.35 < sum(count_by_table(formula) > 0 for formula in random) / len(random) < 0.65
    clauses = [formula.clauses for _, formula in made]
    assert any(not each for each in clauses)
    assert any(() in each for each in clauses)
    assert any({x, -x} <= set(clause) for each in clauses for clause in each for x in clause)


def test_every_rule_lies_on_a_path() -> None:
    used = {rule.name for path in [*TO_ATTENTION, *TO_VAR] for rule in path} | {rule.name for rule in TO_SELF}
    assert used == {rule.name for rule in rules()}


def test_python_sat_agrees_with_the_truth_table() -> None:
    pytest.importorskip("pysat", reason="needs the extra [sat]")
    from reductions.problems.cnf_solvers import solve_by_pysat

    for _, formula in formulas():
        answer = solve_by_pysat(formula)
        assert answer.decision is Decision.of(count_by_table(formula) > 0)
        assert answer.decision is Decision.NO or formula.verify(answer.witness)


def test_a_sample() -> None:
    taken = campaign(range(0, TOTAL, 41))
    assert {names(path) for path in TO_ATTENTION} <= set(+taken)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_all(chunk: int) -> None:
    taken = campaign(range(chunk, TOTAL, CHUNKS))
    assert all(taken[names(path)] for path in TO_ATTENTION)
