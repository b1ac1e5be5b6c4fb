"""`reduce`: an instance along the graph to a problem, solved there, and brought back with its witness."""

from __future__ import annotations

import difflib
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from reductions.core.answer import Answer
from reductions.core.reduction import Kind, Mapped, Option, Reduction
from reductions.graph.exponents import exponent_sentence
from reductions.graph.search import find_path
from reductions.oracles.choose import oracle_named
from reductions.oracles.from_file import FileOracle
from reductions.registry import problem_named, rule_named
from reductions.run.folder import Folder, check_files, read_json, read_manifest
from reductions.run.pipeline import Place, solve_along
from reductions.run.record import Leaves, Record, Step
from reductions.run.stored_answers import plain
from varproof.base.errors import InputError


@dataclass(frozen=True)
class Reduced:
    """What came out: the answer, the path, its steps, and the sentence about exponents.

    `answer.outputs` holds numbers where the source itself asks for numbers (attention); then there is no decision.
    `directory` is the folder of the run, None where nothing was saved.
    """

    source: Any
    to: str
    answer: Answer
    path: tuple[Reduction, ...]
    steps: tuple[Step, ...]
    leaves: Leaves
    oracle: str
    exponent: str
    seconds: float
    directory: Path | None = None


class _Watching(Record):
    """A record that also saves into a folder."""

    folder: Folder | None = None

    def mapped(self, place: Place, rule: Reduction, instance: Any, mapped: Mapped, seconds: float) -> None:
        if self.folder is not None:
            self.folder.save(place, instance)
        super().mapped(place, rule, instance, mapped, seconds)

    def known(self, place: Place, instance: Any) -> Answer | None:
        if self.folder is None:
            return None
        self.folder.save(place, instance)
        answer = self.folder.known(place, instance)
        if answer is not None:
            self.leaves.known += 1
            self.measured(instance, answer)
        return answer

    def answered(self, place: Place, instance: Any, answer: Answer, seconds: float) -> None:
        if self.folder is not None:
            self.folder.answered(place, instance, answer)
        super().answered(place, instance, answer, seconds)


def reduce(
    source: Any,
    to: str,
    *,
    via: Sequence[str] = (),
    oracle: str = "exact",
    dtype: str = "auto",
    options: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    teach: bool = False,
) -> Reduced:
    """Solve `source` by reducing it to the problem named `to`, and bring the answer back.

    `via` are rules the path must contain, in order; the rest is filled in. `oracle`: "exact", "worst-noise" (within
    0.99 of the allowed delta, adversarial) or "file:PATH" (outputs brought by you). `dtype`: "auto" takes float64 where
    its proved error is at most delta/1024 and Arb otherwise. `options` are values of options of rules by name (text is
    parsed). `out` saves every instance and answer with a manifest; `teach` fills the paragraphs of the steps.

    A YES carries a witness that was verified on `source`. Raises `InputError` for unknown names, an unreachable target
    (the reachable ones are listed), instances that a rule does not take, and precision that the dtype cannot give.

    >>> from reductions.problems.cnf import Cnf
    >>> done = reduce(Cnf(2, ((1,), (-1, 2))), "attention")
    >>> done.answer.decision.value, done.answer.witness, [rule.name for rule in done.path]
    ('YES', (1, 2), ['cnf_to_ov', 'ov_to_attention_scaling'])
    """
    problem_named(to)
    given = dict(options or {})
    chosen = parsed(given, via)
    path = tuple(find_path(source, to, via=tuple(via), options=chosen))
    _refuse_unused(given, path)
    plan = {
        "source": _digest(source) if out is not None else None,
        "to": to,
        "path": [rule.name for rule in path],
        "options": {name: str(value) for name, value in sorted(given.items())},
        "dtype": dtype,
    }
    folder = Folder(Path(out), plan, oracle) if out is not None else None
    return _run(source, to, path, oracle=oracle, dtype=dtype, options=chosen, folder=folder, teach=teach)


def resume(directory: str | Path, *, oracle: str | None = None, teach: bool = False) -> Reduced:
    """Go on with the run in a folder made by `out`: answers that are there are used, the others are asked.

    Instances are made again from the source and must agree byte for byte with those that were answered. `oracle`: the
    one of the run unless said. Raises `InputError` where files were changed by hand.
    """
    where = Path(directory)
    manifest = read_manifest(where)
    changed = [line for line in check_files(where) if line.endswith("was changed")]
    if changed:
        raise InputError(
            "files of this run were changed",
            got="; ".join(changed),
            allowed="the files as they were written",
            hint="delete a changed file to have it made again",
        )
    plan = manifest["plan"]
    source = _source_of(where)
    path = tuple(rule_named(name) for name in plan["path"])
    to, dtype, given = plan["to"], plan["dtype"], dict(plan["options"])
    ends = [source.NAME, *(rule.target.NAME for rule in path)]
    if [rule.source.NAME for rule in path] != ends[:-1] or ends[-1] != to:
        raise InputError("the path of this run does not fit", got=" to ".join(ends), allowed=f"{source.NAME} to {to}")
    asked = oracle if oracle is not None else manifest["oracle"]
    folder = Folder(where, plan, asked)
    return _run(source, to, path, oracle=asked, dtype=dtype, options=parsed(given, ()), folder=folder, teach=teach)


def _source_of(directory: Path) -> Any:
    data = read_json(directory / "source.json")
    name = data.get("problem")
    if not isinstance(name, str):
        raise InputError("not an instance of a problem", got=directory / "source.json", allowed='a key "problem"')
    return problem_named(name).from_json(data)


def parsed(given: Mapping[str, Any], via: Sequence[str]) -> dict[str, Any]:
    """Options with text read by the rules that have them. Raises `InputError` for names no rule knows."""
    from reductions.registry import rules

    known = {name: option for rule in rules() for name, option in rule.options.items()}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "docs/explanation says which rule has which"
            raise InputError("no rule has this option", got=name, allowed=", ".join(sorted(known)), hint=hint)
    for name in via:
        rule_named(name)
    return {name: _read(name, known[name], value) for name, value in given.items()}


def _refuse_unused(given: Mapping[str, Any], path: Sequence[Reduction]) -> None:
    """An option that no rule of the path reads would change nothing, and the user would not know."""
    usable = sorted({name for rule in path for name in rule.options})
    unused = [name for name in given if name not in usable]
    if unused:
        raise InputError(
            f"no rule of the path {', '.join(rule.name for rule in path) or '(no rule)'} has this option",
            got=", ".join(unused),
            allowed=", ".join(usable) or "no option here",
            hint="name the rule you mean with --via",
        )


def _read(name: str, option: Option, value: Any) -> Any:
    # numbers given from Python are held to the same range; other values (None, tuples, switches) are as they are
    if not isinstance(value, str | int | Fraction) or isinstance(value, bool):
        return value
    try:
        return option.parse(str(value))
    except InputError as error:
        hint = error.hint or f"{name}: {option.meaning}"
        raise InputError(f"option {name}: {error.message}", got=value, allowed=error.allowed, hint=hint) from None
    except (ValueError, ArithmeticError):
        raise InputError(f"option {name} cannot be read", got=value, hint=f"{name}: {option.meaning}") from None


def _run(
    source: Any,
    to: str,
    path: tuple[Reduction, ...],
    *,
    oracle: str,
    dtype: str,
    options: Mapping[str, Any],
    folder: Folder | None,
    teach: bool,
) -> Reduced:
    asked = oracle_named(oracle, dtype)
    watch = _Watching(path, options, teach)
    watch.folder = folder
    start = time.perf_counter()
    result: dict[str, Any] = {"complete": False}
    try:
        if folder is not None:
            folder.start(source)
        answer = solve_along(path, source, oracle=asked, options=options, watch=watch)
        if isinstance(asked, FileOracle) and not any(rule.kind is Kind.OR_MANY for rule in path):
            asked.refuse_surplus()
        if folder is not None:
            folder.conclude(answer)
        decision = answer.decision.value if answer.decision is not None else None
        result = {"complete": True, "verdict": decision, "witness": plain(answer.witness), "count": answer.count}
    finally:
        if folder is not None and folder.files:
            folder.finish(result)
    seconds = time.perf_counter() - start
    sentence, directory = exponent_sentence(path), folder.directory if folder is not None else None
    return Reduced(source, to, answer, path, tuple(watch.steps), watch.leaves, asked.name, sentence, seconds, directory)


def _digest(source: Any) -> str:
    return hashlib.sha256(json.dumps(source.to_json(), sort_keys=True).encode()).hexdigest()
