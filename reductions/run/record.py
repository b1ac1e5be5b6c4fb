"""What happened on a path, step by step: sizes measured beside those promised, precision, calls, seconds, narrative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Mapped, Reduction
from reductions.graph.sizes import after, start, whole
from reductions.run.pipeline import Place, Silent, options_of


@dataclass
class Step:
    """One rule of the path, over all branches.

    `exact` and `upper` are the sizes that the rule promised for the first target; `precision` is what the rule asks of
    the numbers it sends on (None where it asks for none); `paragraphs` explain the first branch; `seconds` is the time
    in `forward` and `decode` of this rule alone.
    """

    rule: Reduction
    source: dict[str, int]
    target: dict[str, int]
    exact: dict[str, int]
    upper: dict[str, int]
    precision: Mapping[str, Any] | None
    notes: tuple[str, ...]
    paragraphs: tuple[str, ...]
    calls: int = 0
    operations: int = 0
    seconds: float = 0.0
    decision: Decision | None = None
    said: str = ""


@dataclass
class Leaves:
    """The last instances: how many were answered, the time it took, the largest error and the smallest allowed one."""

    answered: int = 0
    known: int = 0
    seconds: float = 0.0
    error: Any = None
    delta: Any = None


@dataclass
class Record(Silent):
    """A watch that fills `steps`; with `teach` also the paragraphs of the narrative."""

    path: Sequence[Reduction]
    options: Mapping[str, Any]
    teach: bool = False
    steps: list[Step] = field(default_factory=list)
    leaves: Leaves = field(default_factory=Leaves)

    def mapped(self, place: Place, rule: Reduction, instance: Any, mapped: Mapped, seconds: float) -> None:
        """Adds to the step of this depth; its first branch gives sizes, precision and text."""
        depth = len(place)
        if depth == len(self.steps):
            chosen = options_of(rule, self.options)
            target = mapped.targets[0] if len(mapped.targets) else None
            sizes = after(rule, start(rule.source, instance.parameters()), chosen)
            self.steps.append(
                Step(
                    rule,
                    source=instance.parameters(),
                    target=target.parameters() if target is not None else {},
                    exact=_numbers(sizes.exact),
                    upper=_numbers(sizes.upper),
                    precision=rule.precision(instance, chosen) if rule.precision is not None else None,
                    notes=mapped.notes,
                    paragraphs=tuple(rule.explain(instance, mapped)) if self.teach and rule.explain else (),
                )
            )
        step = self.steps[depth]
        step.calls += len(mapped.targets)
        step.operations += mapped.operations
        step.seconds += seconds

    def answered(self, place: Place, instance: Any, answer: Answer, seconds: float) -> None:
        """Counts a last instance."""
        self.leaves.answered += 1
        self.leaves.seconds += seconds
        self.measured(instance, answer)

    def measured(self, instance: Any, answer: Answer) -> None:
        """Keeps the largest error and the smallest delta, of answers from before as well."""
        leaves = self.leaves
        if answer.outputs is not None:
            leaves.error = answer.outputs.error if leaves.error is None else max(leaves.error, answer.outputs.error)
            leaves.delta = instance.delta if leaves.delta is None else min(leaves.delta, instance.delta)

    def decoded(self, place: Place, rule: Reduction, instance: Any, answer: Answer, seconds: float) -> None:
        """The first branch says what came back."""
        step = self.steps[len(place)]
        step.seconds += seconds
        if not any(place):
            step.decision, step.said = answer.decision, answer.note


def _numbers(formulas: Mapping[str, Any]) -> dict[str, int]:
    """Formulas that are numbers here; one with a symbol of the rule's own (such as leaves) says nothing yet."""
    numbers = {name: whole(formula) for name, formula in formulas.items()}
    return {name: number for name, number in numbers.items() if number is not None}
