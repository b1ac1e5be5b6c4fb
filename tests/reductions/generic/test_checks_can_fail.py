"""Every check of `reductions.run.checking` fails on a toy rule with the fault in, and passes without it.

The toy problem: do two numbers of a list, at different places, have a given sum? The toy rule adds 1 to each number.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
import pytest
import sympy
from flint import arb

from reductions.core.answer import Answer, Decision, Outputs
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Option, Reduction, size
from reductions.run.checking import CHECKS, caught, check_declared, check_rule, mutated, score
from reductions.run.checks.answers import _compare_outputs
from reductions.run.checks.fidelity import round_trip
from reductions.run.checks.image import cases_of, make_image
from reductions.run.checks.witnesses import check_witnesses


@dataclass(frozen=True)
class PairSum:
    """YES: values[i] + values[j] = total for some i < j."""

    values: tuple[int, ...]
    total: int

    NAME: ClassVar[str] = "pair-sum"
    TITLE: ClassVar[str] = "Pair of a given sum"
    PARAMETERS: ClassVar[Mapping[str, str]] = {"items": "how many numbers"}
    SIZE: ClassVar[str] = "items"
    FUNCTION: ClassVar[bool] = False

    def parameters(self) -> dict[str, int]:
        return {"items": len(self.values)}

    def verify(self, witness: Any) -> bool:
        if not isinstance(witness, tuple) or len(witness) != 2:
            return False
        i, j = witness
        return 0 <= i < j < len(self.values) and self.values[i] + self.values[j] == self.total

    def witnesses(self) -> Iterator[tuple[int, int]]:
        pairs = itertools.combinations(range(len(self.values)), 2)
        return (pair for pair in pairs if self.verify(pair))

    def solve(self) -> Answer:
        found = tuple(self.witnesses())
        return Answer(Decision.of(bool(found)), found[0] if found else None, found, len(found))

    def to_json(self) -> dict[str, Any]:
        return {"problem": self.NAME, "values": list(self.values), "total": self.total}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(tuple(data["values"]), data["total"])

    def save(self, directory: Path, stem: str) -> list[Path]:
        file = directory / f"{stem}.json"
        file.write_text(json.dumps(self.to_json()))
        return [file]

    @classmethod
    def samples(cls, seed: int) -> Iterator[Self]:
        yield cls((), 0)
        yield cls((5,), 10)
        rng = np.random.default_rng(seed)
        while True:
            yield cls(tuple(rng.integers(0, 9, rng.integers(2, 6)).tolist()), int(rng.integers(0, 12)))


def forward(instance: PairSum, options: Mapping[str, Any]) -> Mapped:
    return image(instance, total=instance.total + 2)


def image(instance: PairSum, *, total: int, kind: type[PairSum] = PairSum, extra: tuple[int, ...] = ()) -> Mapped:
    values = (*(value + 1 for value in instance.values), *extra)
    return Mapped((kind(values, total),), context=None, operations=2 * len(instance.values))


def decode(context: None, answers: tuple[Answer, ...]) -> Answer:
    return answers[0]


def extract(context: None, index: int, witness: tuple[int, int]) -> tuple[int, int]:
    return witness


def structure(instance: PairSum, mapped: Mapped) -> list[str]:
    return ["a number is not one more"] if mapped.targets[0].values != tuple(v + 1 for v in instance.values) else []


ITEMS, REPEAT = size("items"), size("repeat")
counter = itertools.count()
RULE = Reduction(
    name="toy",
    source=PairSum,
    target=PairSum,
    kind=Kind.MANY_ONE,
    summary="adds one to every number",
    forward=forward,
    decode=decode,
    extract=extract,
    exact_size={"items": ITEMS},
    upper_size={"items": ITEMS * REPEAT},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=2 * ITEMS,
    claim_scope="toy",
    sources=(),
    page="none",
    parsimonious=True,
    options=MappingProxyType({"repeat": Option(1, int, "a number that formulas may use")}),
    structure=structure,
    hard=lambda seed: [PairSum((seed, 1, 2), seed + 4)],
)


class Forgetful(PairSum):
    """Loses a number on the way through JSON."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(tuple(data["values"])[1:], data["total"])


class Unsaved(PairSum):
    """Saves nothing."""

    def save(self, directory: Path, stem: str) -> list[Path]:
        return []


def twice(instance: PairSum, options: Mapping[str, Any]) -> Mapped:
    mapped = forward(instance, options)
    return replace(mapped, targets=(*mapped.targets, *mapped.targets))


def moving(instance: PairSum, options: Mapping[str, Any]) -> Mapped:
    """Another number is added each time: right answers, never the same image."""
    step = next(counter)
    values = tuple(value + step for value in instance.values)
    return Mapped((PairSum(values, instance.total + 2 * step),), None, 2 * len(values))


def swapped(context: None, index: int, witness: tuple[int, int]) -> tuple[int, int]:
    return (witness[1], witness[0])


def raising(context: None, answers: tuple[Answer, ...]) -> Answer:
    raise ZeroDivisionError


def only_no(context: None, answers: tuple[Answer, ...]) -> Answer:
    return Answer(Decision.NO)


def without_witness(context: None, answers: tuple[Answer, ...]) -> Answer:
    return Answer(answers[0].decision)


def miscounting(context: None, answers: tuple[Answer, ...]) -> Answer:
    return replace(answers[0], count=(answers[0].count or 0) + 1)


def changed(build: Callable[[PairSum], Mapped]) -> Callable[..., Mapped]:
    return lambda instance, options: build(instance)


# fault -> the check that must notice it on its own
FAULTS: dict[str, tuple[str, Mutant]] = {
    "total off by one": ("answers", Mutant("", forward=changed(lambda x: image(x, total=x.total + 1)))),
    "always NO": ("answers", Mutant("", decode=only_no)),
    "a pair that was none": (
        "witnesses",
        Mutant("", forward=changed(lambda x: image(x, total=x.total + 2, extra=(x.total + 2, 0)))),
    ),
    "swapped witness": ("witnesses", Mutant("", extract=swapped)),
    "miscounted": ("witnesses", Mutant("", decode=miscounting)),
    "one number more": ("sizes", Mutant("", forward=changed(lambda x: image(x, total=x.total + 2, extra=(-99,))))),
    "two targets": ("sizes", Mutant("", forward=twice)),
    "operations": ("sizes", Mutant("", forward=lambda x, o: replace(forward(x, o), operations=2 * len(x.values) + 1))),
    "another number": ("structure", Mutant("", forward=moving)),
    "never the same": ("determinism", Mutant("", forward=moving)),
    "forgetful": ("round trip", Mutant("", forward=changed(lambda x: image(x, total=x.total + 2, kind=Forgetful)))),
    "unsaved": ("round trip", Mutant("", forward=changed(lambda x: image(x, total=x.total + 2, kind=Unsaved)))),
    "raising": ("answers", Mutant("", decode=raising)),
}


def test_the_toy_rule_passes() -> None:
    assert check_rule(RULE) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_noticed_by_its_own_check(fault: str) -> None:
    check, mutant = FAULTS[fault]
    found = check_rule(mutated(RULE, mutant), checks=(check,))
    assert {each.check for each in found} == {"raises" if fault == "raising" else check}
    assert all(each.case is not None and each.message for each in found)


def test_no_check_is_without_a_fault() -> None:
    assert set(CHECKS) - {check for check, _ in FAULTS.values()} == {"needs"}  # faults of needs: see the last test


def test_a_mutant_without_a_fault_is_missed_and_said_so() -> None:
    rule = replace(RULE, mutants=(Mutant("harmless", extract=extract), Mutant("always NO", decode=only_no)))
    found = score(rule, cases_of(rule, 0, 12))
    assert found.missed == ["harmless"]
    assert str(found) == "toy: 1/2 (MISSED 1, answers 1)"
    assert caught(rule, rule.mutants[0], cases_of(rule, 0, 12)) is None


def test_what_fails_anyway_catches_no_mutant() -> None:
    rule = replace(
        RULE, decode=raising, mutants=(Mutant("harmless", extract=extract), Mutant("moving", forward=moving))
    )
    assert score(rule, cases_of(rule, 0, 12)).caught_by == {"harmless": None, "moving": "structure"}


def test_a_witness_left_to_extract_is_fetched() -> None:
    assert check_rule(mutated(RULE, Mutant("", decode=without_witness))) == []
    broken = mutated(RULE, Mutant("", decode=without_witness, extract=swapped))
    assert check_rule(broken, checks=("answers",)) != []


def one_pair_a_target(instance: PairSum, options: Mapping[str, Any]) -> Mapped:
    pairs = tuple(itertools.combinations(instance.values, 2))
    return Mapped(tuple(PairSum(pair, instance.total) for pair in pairs), len(instance.values), 2 * len(pairs))


def any_of(context: int, answers: tuple[Answer, ...]) -> Answer:
    return Answer(Decision.of(any(each.decision is Decision.YES for each in answers)))


def last_of(context: int, answers: tuple[Answer, ...]) -> Answer:
    return answers[-1] if answers else Answer(Decision.NO)


def pair_at(context: int, index: int, witness: tuple[int, int]) -> tuple[int, int]:
    return list(itertools.combinations(range(context), 2))[index]


OR_RULE = replace(
    RULE,
    kind=Kind.OR_MANY,
    forward=one_pair_a_target,
    decode=any_of,
    extract=pair_at,
    structure=None,
    calls=ITEMS**2,
    operations=ITEMS**2,
    exact_size={},
    upper_size={"items": sympy.Integer(2)},
    exponents=Exponents(sympy.Integer(0), sympy.Integer(2), sympy.Integer(2)),
)


def test_or_many() -> None:
    assert check_rule(OR_RULE) == []
    assert check_declared(replace(OR_RULE, mutants=MUTANTS)) == []
    assert check_rule(mutated(OR_RULE, Mutant("", decode=last_of)), checks=("answers",)) != []
    off_by_one = Mutant("", extract=lambda context, index, witness: pair_at(context, max(0, index - 1), witness))
    assert check_rule(mutated(OR_RULE, off_by_one), checks=("witnesses",)) != []


MUTANTS = tuple(replace(mutant, name=name) for name, (_, mutant) in FAULTS.items())


def test_declarations() -> None:
    rule = replace(RULE, mutants=MUTANTS)
    assert check_declared(rule) == []
    wrong = {
        "mutants": replace(rule, mutants=MUTANTS[:3]),
        "growth": replace(rule, exponents=replace(rule.exponents, sigma=sympy.Rational(9, 10))),
        "texts": replace(rule, claim_scope=" "),
        "explain": replace(rule, explain=lambda instance, mapped: []),
    }
    for check, faulty in wrong.items():
        assert [each.check for each in check_declared(faulty)] == [check]
    assert [each.check for each in check_declared(rule, cases=1)] == ["coverage"]  # only the empty list and a YES


@pytest.mark.parametrize("exponent", ["rho", "kappa", "sigma"])
def test_growth_measures_each_exponent(exponent: str) -> None:
    rule = replace(OR_RULE, mutants=MUTANTS, upper_size={"items": ITEMS * sympy.log(ITEMS + 2) ** 3})
    tight = Exponents(sympy.Integer(1), sympy.Integer(2), sympy.Integer(2))
    assert check_declared(replace(rule, exponents=tight)) == []
    less = replace(tight, **{exponent: getattr(tight, exponent) - sympy.Rational(1, 10)})
    found = check_declared(replace(rule, exponents=less))
    assert [each.check for each in found] == ["growth"]
    assert found[0].message.startswith(exponent)


def test_undeclared_parameters_are_noticed() -> None:
    class Odd(PairSum):
        def parameters(self) -> dict[str, int]:
            return {"items": len(self.values), "more": 1}

    odd = Mutant("", forward=changed(lambda x: image(x, total=x.total + 2, kind=Odd)))
    assert check_rule(mutated(RULE, odd), checks=("sizes",)) != []


def test_repeated_and_stray_witnesses_are_noticed() -> None:
    case = next(case for case in cases_of(RULE, 0, 12) if case.count == 1)
    doubled = make_image(
        mutated(RULE, Mutant("", decode=lambda c, a: replace(a[0], witnesses=a[0].witnesses * 2))), case
    )
    assert "witnesses are repeated" in " ".join(check_witnesses(doubled))
    stray = make_image(mutated(RULE, Mutant("", decode=lambda c, a: replace(a[0], decision=Decision.NO))), case)
    assert "witnesses beside the answer NO" in " ".join(check_witnesses(stray))


def test_outputs_are_compared_within_the_error_reported() -> None:
    wanted = Outputs(np.array([[0.5], [0.25]]), Fraction(0))
    near = Outputs(np.array([[0.5], [0.375]]), Fraction(1, 8))
    balls = Outputs(np.array([[arb(0.5)], [arb(0.375)]], dtype=object), Fraction(1, 8))
    for found in (near, balls):
        assert list(_compare_outputs(found, wanted, Fraction(1, 8))) == []
        assert len(list(_compare_outputs(replace(found, error=Fraction(1, 9)), wanted, Fraction(1, 8)))) == 1
        assert len(list(_compare_outputs(found, wanted, Fraction(1, 9)))) == 1
    assert len(list(_compare_outputs(replace(near, values=near.values[:1]), wanted, None))) == 1
    assert len(list(_compare_outputs(None, wanted, None))) == 1


def test_round_trip_of_a_sound_problem() -> None:
    assert list(round_trip(PairSum((1, 2), 3))) == []
    assert list(round_trip(Forgetful((1, 2), 3))) != []
