"""When a path gives a wrong answer: a smaller formula on which it still does, and the first rule that breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from reductions.core.answer import Decision
from reductions.core.reduction import Reduction
from reductions.problems.cnf import Cnf
from reductions.run.checking import Failure, failures
from reductions.run.checks.image import Case, make_image
from reductions.run.pipeline import options_of


def first_break(
    path: Sequence[Reduction], instance: Any, options: Mapping[str, Any] | None = None, out: Path | None = None
) -> Failure | None:
    """The first rule along `path` that fails a generic check on the instance it meets there; None where none does.

    The instance handed on is the first target, or the first that is YES. With `out` every instance up to the break is
    saved into that folder, named by its place on the path.

    >>> from reductions.registry import rule_named
    >>> first_break([rule_named("cnf_to_ov"), rule_named("ov_to_maxip")], Cnf(2, ((1, 2), (-1,)))) is None
    True
    """
    for position, rule in enumerate(path):
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            instance.save(out, f"{position}-{instance.NAME}")
        case = Case(f"step {position + 1}", instance, options_of(rule, options or {}))
        found = next(failures(rule, [case]), None)
        if found is not None:
            return found
        targets = make_image(rule, case).targets
        if not targets:
            return None
        instance = next((each for each in targets if _is_yes(each)), targets[0])
    return None


def smallest(formula: Cnf, wrong: Callable[[Cnf], bool]) -> Cnf:
    """A formula for which `wrong` holds and no longer does when a clause, a literal or a variable is taken away.

    `wrong` must hold for `formula`. Variables that occur in no clause are taken away by renumbering.

    >>> smallest(Cnf(4, ((1, 2), (-1, 3), (4,))), lambda each: any(-1 in clause for clause in each.clauses))
    Cnf(variables=1, clauses=((-1,),))
    """
    while (smaller := next(filter(wrong, _smaller(formula)), None)) is not None:
        formula = smaller
    return formula


def _smaller(formula: Cnf) -> Iterator[Cnf]:
    """The formulas one step smaller: without a clause, without a variable that does not occur, without a literal."""
    clauses = formula.clauses
    for k in range(len(clauses)):
        yield Cnf(formula.variables, clauses[:k] + clauses[k + 1 :])
    used = {abs(literal) for literal in chain.from_iterable(clauses)}
    for gone in range(formula.variables, 0, -1):
        if gone not in used:
            lowered = tuple(tuple(x - (x > gone) + (x < -gone) for x in clause) for clause in clauses)
            yield Cnf(formula.variables - 1, lowered)
    for k, clause in enumerate(clauses):
        for place in range(len(clause)):
            yield Cnf(formula.variables, (*clauses[:k], clause[:place] + clause[place + 1 :], *clauses[k + 1 :]))


def _is_yes(instance: Any) -> bool:
    return not instance.FUNCTION and instance.solve().decision is Decision.YES
