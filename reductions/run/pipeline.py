"""An instance forward along a path of rules, an oracle at its end, the answer back: a recursion over the targets."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Kind, Mapped, Reduction
from reductions.oracles.oracle import Oracle
from varproof.base.errors import InputError

Place = tuple[
    int, ...
]  # which target was followed at each step: () is the source, (2, 0) the first target of its third


class Watch(Protocol):
    """Told of everything that happens on a path; may know answers already."""

    def mapped(self, place: Place, rule: Reduction, instance: Any, mapped: Mapped, seconds: float) -> None:
        """`rule` was applied to `instance`."""

    def known(self, place: Place, instance: Any) -> Answer | None:
        """An answer to this last instance from before, or None."""

    def answered(self, place: Place, instance: Any, answer: Answer, seconds: float) -> None:
        """The last instance of a branch was answered."""

    def decoded(self, place: Place, rule: Reduction, instance: Any, answer: Answer, seconds: float) -> None:
        """The answer of `instance` was made from those of its targets."""


class Silent:
    """A watch that does nothing; copy or inherit."""

    def mapped(self, place: Place, rule: Reduction, instance: Any, mapped: Mapped, seconds: float) -> None:
        """Nothing."""

    def known(self, place: Place, instance: Any) -> Answer | None:
        """Nothing is known."""
        return None

    def answered(self, place: Place, instance: Any, answer: Answer, seconds: float) -> None:
        """Nothing."""

    def decoded(self, place: Place, rule: Reduction, instance: Any, answer: Answer, seconds: float) -> None:
        """Nothing."""


def solve_along(
    path: Sequence[Reduction],
    instance: Any,
    *,
    oracle: Oracle,
    options: Mapping[str, Any] | None = None,
    watch: Watch | None = None,
    place: Place = (),
) -> Answer:
    """The answer to `instance` by the rules of `path`, each target answered in turn, the last ones by `oracle`.

    Last instances that ask for a decision are solved by their problem's reference solver. `options` are values of the
    rules' options by name. A witness that does not check is never passed on: the answer is then PROMISE_VIOLATED and
    its note names the rule. Raises `InputError` where a rule does not take an instance, or the path does not fit.

    >>> from reductions.oracles.exact import ExactOracle
    >>> from reductions.problems.cnf import Cnf
    >>> from reductions.registry import rule_named
    >>> path = [rule_named("cnf_to_ov"), rule_named("ov_to_attention_scaling")]
    >>> answer = solve_along(path, Cnf(3, ((1, 2), (-1,), (-2, 3))), oracle=ExactOracle())
    >>> answer.decision.value, answer.witness
    ('YES', (-1, 2, 3))
    """
    watch = watch if watch is not None else Silent()
    if not path:
        return _last(instance, oracle, watch, place)
    rule, rest = path[0], path[1:]
    if not isinstance(instance, rule.source):
        raise InputError(f"rule {rule.name} does not start here", got=type(instance).NAME, allowed=rule.source.NAME)
    chosen = options_of(rule, options or {})
    reason = rule.accepts(instance, chosen) if rule.accepts is not None else None
    if reason is not None:
        one_line = "; ".join(line.strip() for line in reason.splitlines())
        raise InputError(
            f"rule {rule.name} does not take this instance",
            allowed="an instance that every rule of the path takes, or another path (--via)",
            hint=one_line,
        )
    start = time.perf_counter()
    mapped = rule.forward(instance, chosen)
    watch.mapped(place, rule, instance, mapped, time.perf_counter() - start)
    answers: list[Answer] = []
    for index in range(len(mapped.targets)):
        target = mapped.targets[index]
        answers.append(solve_along(rest, target, oracle=oracle, options=options, watch=watch, place=(*place, index)))
        if rule.kind is Kind.OR_MANY and answers[-1].decision is Decision.YES:
            break
    start = time.perf_counter()
    answer = _checked(rule, instance, _with_witness(rule, mapped, answers, rule.decode(mapped.context, answers)))
    watch.decoded(place, rule, instance, answer, time.perf_counter() - start)
    return answer


def options_of(rule: Reduction, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a rule: those given, defaults for the rest; names of other rules are left out."""
    return {**rule.defaults(), **{name: value for name, value in given.items() if name in rule.options}}


def _last(instance: Any, oracle: Oracle, watch: Watch, place: Place) -> Answer:
    known = watch.known(place, instance)
    if known is not None:
        return known
    start = time.perf_counter()
    answer = Answer(outputs=oracle.outputs(instance)) if instance.FUNCTION else instance.solve()
    watch.answered(place, instance, answer, time.perf_counter() - start)
    return answer


def _with_witness(rule: Reduction, mapped: Mapped, answers: Sequence[Answer], answer: Answer) -> Answer:
    """The witness through `extract` where `decode` left it to the caller."""
    if answer.decision is not Decision.YES or answer.witness is not None:
        return answer
    for index, each in enumerate(answers):
        if each.decision is Decision.YES and each.witness is not None:
            return replace(answer, witness=rule.extract(mapped.context, index, each.witness))
    return answer


def _checked(rule: Reduction, instance: Any, answer: Answer) -> Answer:
    if answer.decision is not Decision.YES or instance.FUNCTION:
        return answer
    if answer.witness is not None and instance.verify(answer.witness):
        return answer
    said = "no witness" if answer.witness is None else f"a witness that fails: {answer.witness}"
    return Answer(Decision.PROMISE_VIOLATED, note=f"{rule.name} answered YES with {said}. {answer.note}".strip())
