"""`varproof rule check`: hold rules of reductions against generic checks, and their mistakes against the checks."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from varproof.base.errors import InputError, printable
from varproof.cli.output import JsonFlag, Seed, emit_json, results, table
from varproof.cli.progress import progress

if TYPE_CHECKING:
    from reductions.core.reduction import Reduction

MAX_CASES = 1000
SHOWN = 10  # failures of one rule on the screen


def check(
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="RULE", help="Names of rules, or files .py that define RULE; all rules by default."),
    ] = None,
    cases: Annotated[int, typer.Option("--cases", metavar="N", min=1, max=MAX_CASES, help="Samples for each.")] = 12,
    seed: Seed = 0,
    as_json: JsonFlag = False,
) -> int:
    """Check rules of reductions by generated instances, and the checks by mistakes.

    Every rule is run on samples and on instances just at its gap: answers
    against reference solvers, every witness, sizes, structure, files. Then
    each of its deliberate mistakes must be noticed by one of the checks.
    Exit code 1 when a check fails or a mistake goes unnoticed.

    Example:
        varproof rule check cnf_to_ov
        varproof example rule
        varproof rule check rule.py
    """
    from reductions.registry import RULES
    from reductions.run.checking import check_declared, check_rule, mutation_score

    names = rules or list(RULES)
    found = [_rule(name) for name in names]
    answers = []
    with progress("rules", len(found)) as advance:
        for rule in found:
            failures = [*check_declared(rule, seed, cases), *check_rule(rule, seed, cases)]
            score = mutation_score([rule], seed, cases)[0]
            answers.append(
                {
                    "rule": rule.name,
                    "source": rule.source.NAME,
                    "target": rule.target.NAME,
                    "failures": [str(failure) for failure in failures],
                    "mistakes": score.caught_by,
                }
            )
            advance()
    ok = all(not each["failures"] and None not in each["mistakes"].values() for each in answers)
    if as_json:
        emit_json("rule check", {"rules": answers, "ok": ok})
    else:
        _show(answers, detail=len(answers) == 1)
    return 0 if ok else 1


def _rule(name: str) -> Reduction:
    """The registered rule of a name, or the RULE of a file. The file is run: it is the user's own."""
    from reductions.core.reduction import Reduction
    from reductions.registry import rule_named

    if not name.endswith(".py"):
        return rule_named(name)
    path = Path(name)
    if not path.is_file():
        raise InputError("no such file", got=path, allowed="a Python file that defines RULE")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError("not a Python file", got=path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except InputError as error:
        said = f"{path.name}: {error.message}"
        raise InputError(said, got=error.got, allowed=error.allowed, hint=error.hint) from None
    except (Exception, SystemExit) as error:
        raise InputError(f"the file does not run: {type(error).__name__}: {error}", got=path) from None
    rule = getattr(module, "RULE", None)
    if not isinstance(rule, Reduction):
        raise InputError("the file defines no rule", got=path, allowed="RULE = Reduction(...)")
    return rule


def _show(answers: list[dict[str, Any]], *, detail: bool) -> None:
    out = results()
    rows = []
    for each in answers:
        mistakes = each["mistakes"]
        noticed = sum(1 for check in mistakes.values() if check is not None)
        rows.append((each["rule"], len(each["failures"]), f"{noticed} of {len(mistakes)}"))
    out.print(table("", ("rule", "failures", "mistakes noticed"), rows, right=("failures", "mistakes noticed")))
    for each in answers:
        for failure in each["failures"][:SHOWN]:
            out.print(printable(failure), soft_wrap=True)
        if len(each["failures"]) > SHOWN:
            out.print(f"... and {len(each['failures']) - SHOWN} more failures; --json lists all", soft_wrap=True)
        missed = [name for name, check in each["mistakes"].items() if check is None]
        for name in missed:
            out.print(f"{each['rule']}: no check notices: {name}", soft_wrap=True)
        if detail:
            for name, check in each["mistakes"].items():
                if check is not None:
                    out.print(f"{check} notices: {name}", soft_wrap=True)
