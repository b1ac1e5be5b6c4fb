"""What rules say about the first instance on a path: whether they take it, and the precision they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reductions.core.reduction import Kind, Reduction


class FirstInstances:
    """The first instance at every point of the paths from one source instance, made when asked for and kept.

    Only the first target of a rule is looked at; the others keep the rule's size formulas, but may be larger (leaves of
    `sparsify` differ in their clauses) and need more.
    """

    def __init__(self, source: Any, options: Mapping[str, Any] | None = None) -> None:
        self._options = dict(options or {})
        self._made: dict[tuple[str, ...], Any] = {(): source}

    def refusal(self, path: Sequence[Reduction]) -> str | None:
        """Why a rule of the path does not take its first instance; None where all do.

        The rules are asked in order, and nothing is built for a rule that refuses. A rule with no target at all
        (no branch is left) ends the path: nothing is refused.
        """
        for place, rule in enumerate(path):
            instance = self._instance(path[:place])
            if instance is None:
                return None
            reason = rule.accepts(instance, self.settings(rule)) if rule.accepts is not None else None
            if reason is not None:
                # reasons may be the text of an error, over several lines
                return f"{rule.name}: {'; '.join(line.strip() for line in reason.splitlines())}"
        return None

    def precision(self, path: Sequence[Reduction]) -> Mapping[str, Any] | None:
        """What the last rule into a problem of numbers needs on its first instance; None where no rule says it."""
        for place in reversed(range(len(path))):
            rule = path[place]
            if rule.precision is not None:
                instance = self._instance(path[:place])
                return None if instance is None else rule.precision(instance, self.settings(rule))
        return None

    def settings(self, rule: Reduction) -> dict[str, Any]:
        """A value for every option of the rule."""
        return {**rule.defaults(), **{name: value for name, value in self._options.items() if name in rule.options}}

    def _instance(self, path: Sequence[Reduction]) -> Any:
        names = tuple(rule.name for rule in path)
        if names not in self._made:
            before = self._instance(path[:-1])
            targets = () if before is None else path[-1].forward(before, self.settings(path[-1])).targets
            self._made[names] = targets[0] if len(targets) else None
        return self._made[names]


def assumed_bits(path: Sequence[Reduction], calls: int | None, keys: int | None) -> int:
    """Bits of the error that a path without an instance is taken to need: a rule of thumb, the same for every rule.

    2 where each answer decides by itself (an error of 1/4); where all answers of one rule are combined, one bit for
    each call and two for each bit of the number of keys. 0 for paths that ask for no numbers. It only orders paths;
    what a rule really needs is its `precision`, on an instance.

    >>> assumed_bits((), 1, 256)
    0
    """
    into = [rule for rule in path if rule.target.FUNCTION]
    if not into:
        return 0
    if all(rule.kind is not Kind.TRUTH_TABLE for rule in into):
        return 2
    return (calls or 1) + 2 * (keys or 1).bit_length() + 1
