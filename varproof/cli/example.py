"""`varproof example`: write one of the examples that ship with the package."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from varproof.base.certificate import replacing
from varproof.base.errors import InputError, printable
from varproof.cli.output import JsonFlag, check_target, emit_json, results, table

# name -> (file in varproof/examples, or the name to write to, what it is)
EXAMPLES = {
    "claim": ("first_claim.py", "a claim of your own with a proof by exact arithmetic and a wrong variant"),
    "model": ("model.toml", "a model file with every key, for the var commands and regime --model"),
    "checkpoint": ("tiny.safetensors", "random weights under the public names, to try var convert with"),
    "rule": ("rule.py", "a reduction of your own with sizes, checks and deliberate mistakes, for rule check"),
    "tiny.cnf": ("tiny.cnf", "a formula with 4 variables, small enough to read every matrix of its reductions"),
    "uf16.cnf": ("uf16.cnf", "a random 3-SAT formula with 16 variables and 68 clauses, satisfiable"),
    "uuf16.cnf": ("uuf16.cnf", "a random 3-SAT formula with 16 variables that is not satisfiable"),
}


def _checkpoint(path: Path) -> None:
    from varproof.var.checkpoint.convert import example_state
    from varproof.var.checkpoint.safetensors import write_safetensors

    write_safetensors(path, example_state())


def _formula(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        from reductions.problems.cnf import Cnf
        from reductions.problems.cnf_families import uniform
        from reductions.problems.dimacs import dimacs_text

        if name == "tiny.cnf":
            formula = Cnf(4, ((1, 2), (-1, 3), (-2, -3), (2, 4), (-1, -4)))
        else:
            satisfiable = name == "uf16.cnf"
            formula = uniform(16, 68 if satisfiable else 100, 3, seed=16, satisfiable=satisfiable)
        path.write_text(dimacs_text(formula, (f"varproof example {name}",)), encoding="utf-8")

    return write


# examples that are made by a function
MADE: dict[str, Callable[[Path], None]] = {
    "checkpoint": _checkpoint,
    **{name: _formula(name) for name in ("tiny.cnf", "uf16.cnf", "uuf16.cnf")},
}


def example(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which one; without it they are listed.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write (default: its own name, here).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace a file that exists.")] = False,
    as_json: JsonFlag = False,
) -> int:
    """Write an example file to start from.

    Without a name the examples are listed. A file that exists is kept unless --force is given.

    Example:
        varproof example claim --out my_claim.py
    """
    if name is None and (out is not None or force):
        given = f"--out {out}" if out is not None else "--force"
        raise InputError(
            "which example?", got=given, allowed=", ".join(EXAMPLES), hint="name it: varproof example claim"
        )
    if name is None:
        _list(as_json)
        return 0
    if name not in EXAMPLES:
        near = difflib.get_close_matches(name, EXAMPLES, n=1)
        hint = f"did you mean {near[0]}?" if near else "varproof example lists them"
        raise InputError("unknown example", got=name, allowed=", ".join(EXAMPLES), hint=hint)
    source, summary = EXAMPLES[name]
    target = out if out is not None else Path(source)
    check_target(target)
    if target.exists() and not force:
        raise InputError("the file exists already", got=target, hint="choose another name with --out, or add --force")
    with replacing(target) as scratch:
        if name in MADE:
            MADE[name](scratch)
        else:
            scratch.write_bytes((resources.files("varproof.examples") / source).read_bytes())
    if as_json:
        emit_json("example", {"examples": [{"name": name, "summary": summary}], "written": target})
    else:
        results().print(f"wrote {printable(target)}: {summary}", soft_wrap=True)
    return 0


def _list(as_json: bool) -> None:
    if as_json:
        listed = [{"name": name, "summary": summary} for name, (_, summary) in EXAMPLES.items()]
        emit_json("example", {"examples": listed, "written": None})
    else:
        rows = [(name, summary) for name, (_, summary) in EXAMPLES.items()]
        results().print(table("", ("example", "what it is"), rows))
