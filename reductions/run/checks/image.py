"""A rule applied to one source instance, with all that the checks ask about it, each worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any

from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Mapped, Reduction
from reductions.oracles.oracle import Oracle
from reductions.run.checks.plain_solvers import PLAIN_SOLVERS

SCALES = ("d", "sqrt", "one")  # the conventions taken in turn where a rule has the option `scale`
EDGES = 40  # from this number on samples are taken to be ordinary ones
SEARCHED = 400  # ordinary samples looked at, before giving up on a rule that accepts few


@dataclass(frozen=True, eq=False)
class Case:
    """A source instance with options, and what the reference solver says about it."""

    label: str
    instance: Any
    options: Mapping[str, Any]

    @cached_property
    def expected(self) -> Answer:
        """The answer of the reference solver of the source problem."""
        answer: Answer = self.instance.solve()
        return answer

    @cached_property
    def count(self) -> int | None:
        """The number of witnesses, None where the problem cannot list them."""
        if not hasattr(self.instance, "witnesses"):
            return None
        return sum(1 for _ in self.instance.witnesses())


@dataclass(frozen=True, eq=False)
class Made:
    """What `forward` made of a case, and the answers to it: shared by all mutants that leave `forward` alone."""

    mapped: Mapped

    @cached_property
    def targets(self) -> tuple[Any, ...]:
        """The targets, in order."""
        return tuple(self.mapped.targets[index] for index in range(len(self.mapped.targets)))

    @cached_property
    def answered(self) -> dict[str, tuple[Answer, ...]]:
        """Mode of answering -> answers to all targets, filled as they are asked for."""
        return {}


@dataclass(frozen=True, eq=False)
class Image:
    """A case under a rule."""

    rule: Reduction
    case: Case
    made: Made

    @property
    def mapped(self) -> Mapped:
        """What `forward` returned."""
        return self.made.mapped

    @property
    def targets(self) -> tuple[Any, ...]:
        """The targets, in order."""
        return self.made.targets

    def under(self, rule: Reduction) -> Image:
        """The image under a rule with the same `forward`."""
        return replace(self, rule=rule) if rule.forward is self.rule.forward else make_image(rule, self.case)

    def answers(self, mode: str) -> tuple[Answer, ...]:
        """The answers to all targets, by the solver or the oracle that `mode` names (see `modes`)."""
        answered = self.made.answered
        if mode not in answered:
            answered[mode] = tuple(answer_of(target, mode) for target in self.targets)
        return answered[mode]

    def decoded(self, answers: tuple[Answer, ...]) -> Answer:
        """The answer to the source; a witness that `decode` leaves to the caller comes through `extract`."""
        answer: Answer = self.rule.decode(self.mapped.context, answers)
        if answer.decision is not Decision.YES or answer.witness is not None or self.rule.source.FUNCTION:
            return answer
        for index, each in enumerate(answers):
            if each.decision is Decision.YES and each.witness is not None:
                return replace(answer, witness=self.rule.extract(self.mapped.context, index, each.witness))
        return answer

    def promised_precision(self, answers: tuple[Answer, ...]) -> bool:
        """Whether all answers are as exact as their targets ask for: then nothing may stay undecided."""
        return all(
            answer.outputs is None or answer.outputs.error <= target.delta
            for target, answer in zip(self.targets, answers, strict=True)
        )


def modes(problem: type[Any]) -> tuple[str, ...]:
    """How targets are answered: two solvers for decisions; floats, balls and the worst noise allowed for numbers."""
    if problem.FUNCTION:
        return ("float64", "arb", "worst noise")
    return ("reference", "plain") if problem.NAME in PLAIN_SOLVERS else ("reference",)


def oracle_of(mode: str) -> Oracle:
    """The oracle of a mode. "worst noise" moves each output by 0.99 of the delta allowed, the way that hurts most."""
    from reductions.oracles.exact import ExactOracle
    from reductions.oracles.worst_noise import WorstNoise

    if mode == "worst noise":
        return WorstNoise(ExactOracle("arb"), factor=Fraction(99, 100))
    return ExactOracle(mode)


def answer_of(target: Any, mode: str) -> Answer:
    """The answer to a target, by the solver or the oracle of a mode."""
    if target.FUNCTION:
        return Answer(outputs=oracle_of(mode).outputs(target))
    answer: Answer = PLAIN_SOLVERS[target.NAME](target) if mode == "plain" else target.solve()
    return answer


def make_image(rule: Reduction, case: Case) -> Image:
    """The image of a case under a rule."""
    return Image(rule, case, Made(rule.forward(case.instance, case.options)))


def cases_of(rule: Reduction, seed: int, cases: int) -> list[Case]:
    """`cases` samples from the start (the edge cases), as many from number `EDGES` on, then all hard instances.

    Instances that the rule does not accept are passed over. Score scale and switches change from case to case.
    """
    found: list[Case] = []
    for name, start, stop in (("samples", 0, EDGES), ("samples", EDGES, EDGES + SEARCHED), ("hard", 0, None)):
        hard = rule.hard(seed) if rule.hard is not None else ()
        instances = enumerate(rule.source.samples(seed) if name == "samples" else hard)
        accepted = _accepted(rule, f"{name}({seed})", islice(instances, start, stop), len(found))
        found += accepted if name == "hard" else islice(accepted, cases)
    return found


def _accepted(rule: Reduction, name: str, instances: Iterable[tuple[int, Any]], number: int) -> Iterator[Case]:
    for index, instance in instances:
        options = options_of(rule, number)
        if rule.accepts is None or rule.accepts(instance, options) is None:
            yield Case(f"{name}[{index}]", instance, options)
            number += 1


def options_of(rule: Reduction, number: int) -> dict[str, Any]:
    """The options of case `number`: `scale` goes round through the conventions, switches turn after each round."""
    options = rule.defaults()
    for name, default in options.items():
        if name == "scale":
            options[name] = SCALES[number % len(SCALES)]
        elif isinstance(default, bool):
            options[name] = default ^ bool(number // len(SCALES) % 2)
    return options
