"""`varproof reduce`: solve an instance by reducing it along the graph, and bring the answer back with its witness."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from varproof.base.errors import InputError
from varproof.cli.failures import looks_like_option, missing_value
from varproof.cli.output import JsonFlag, emit_json, results, talk
from varproof.cli.progress import working

InstanceFile = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="An instance: .cnf (DIMACS), .json of a problem, .npz (q, k, v).")
]
Target = Annotated[
    str | None,
    typer.Option("--to", metavar="PROBLEM", help="Where to solve it: ov, hamming, maxip, attention, var-attention ..."),
]
Via = Annotated[
    str | None,
    typer.Option("--via", metavar="RULE,..", help="Rules the path must contain, in order; the rest is filled in."),
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Save every instance and answer there, with a manifest.")
]
ResumeFolder = Annotated[
    Path | None, typer.Option("--resume", metavar="DIR", help="Go on with the run saved in this folder.")
]
OracleText = Annotated[
    str | None,
    typer.Option(
        "--oracle", metavar="ORACLE", help="exact, worst-noise (0.99 of the allowed delta) or file:PATH (your outputs)."
    ),
]
Dtype = Annotated[
    str | None, typer.Option("--dtype", metavar="DTYPE", help="float64, float32, arb, or auto: what delta asks for.")
]
Explain = Annotated[bool, typer.Option("--explain", metavar="", help="Tell every step, with its numbers.")]
Strict = Annotated[bool, typer.Option("--strict", metavar="", help="Refuse DIMACS that departs from the format.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="OPTION=VALUE", help="An option of a rule: scale=one, schedule=256, logit_ratio=4."),
]

# verdict -> exit code; attention as source has no verdict and is answered
EXIT = {"YES": 0, None: 0, "NO": 1, "UNDECIDED": 3, "PROMISE_VIOLATED": 3}


def reduce(
    file: InstanceFile = None,
    to: Target = None,
    via: Via = None,
    out: OutFolder = None,
    resume: ResumeFolder = None,
    oracle: OracleText = None,
    dtype: Dtype = None,
    explain: Explain = False,
    strict: Strict = False,
    settings: Settings = None,
    as_json: JsonFlag = False,
) -> int:
    """Reduce an instance, solve it there, bring the answer back.

    The instance goes forward to PROBLEM, is solved there (attention by an
    oracle with a rigorous error), and the answer comes back: YES with a
    witness that was checked on your instance, or NO. Without --to the path
    ends where its last --via rule does. Exit code 0 for YES, 1 for NO, 3 for
    UNDECIDED or a broken promise.

    Example:
        varproof example uf16.cnf
        varproof reduce uf16.cnf --to var-attention --explain
        varproof reduce uf16.cnf --via attention_to_var_interpolated
        varproof reduce uf16.cnf --to attention --out run --json
        varproof reduce --resume run
    """
    from reductions.registry import rule_named
    from reductions.run.reduce import Reduced
    from reductions.run.reduce import reduce as run
    from reductions.run.reduce import resume as go_on

    texts = {"--to": to, "--via": via, "--out": out, "--resume": resume, "--oracle": oracle, "--dtype": dtype}
    for option, value in texts.items():
        if value is not None and looks_like_option(str(value)):
            raise missing_value(option, str(value))
    done: Reduced
    tolerated: tuple[str, ...] = ()
    if resume is not None:
        given = {
            "FILE": file, "--to": to, "--via": via, "--out": out, "--dtype": dtype, "--set": settings,
            "--strict": strict or None,
        }  # fmt: skip
        _refuse_with_resume({name for name, value in given.items() if value is not None})
        with working("reducing and solving"):
            done = go_on(resume, oracle=oracle, teach=explain)
    else:
        rules = _rules(via) if via is not None else ()
        if to is None and rules:
            to = rule_named(rules[-1]).target.NAME
        if file is None or to is None:
            missing = "FILE" if file is None else "--to"
            raise InputError(
                f"reduce needs {missing}",
                allowed="varproof reduce FILE --to PROBLEM, or varproof reduce --resume DIR",
                hint="varproof graph lists the problems; varproof example uf16.cnf writes a formula",
            )
        from reductions.run.load import load

        loaded = load(file, strict=strict)
        tolerated = loaded.tolerated
        for line in tolerated:
            talk().print(f"tolerated: {line}", soft_wrap=True)
        chosen = _options(settings or ())
        with working("reducing and solving"):
            done = run(
                loaded.instance,
                to,
                via=rules,
                oracle=oracle or "exact",
                dtype=dtype or "auto",
                options=chosen,
                out=out,
                teach=explain,
            )
    answer = _answer(done, tolerated)
    if as_json:
        emit_json("reduce", answer)
    else:
        from varproof.cli.reduce_view import show

        show(results(), done, explain=explain)
    return EXIT[answer["verdict"]]


def _refuse_with_resume(given: set[str]) -> None:
    if given:
        raise InputError(
            "--resume goes on with the run as it was asked for",
            got=", ".join(sorted(given)),
            allowed="--oracle, --explain and --json beside --resume",
            hint="start another run with --out to change it",
        )


def _rules(via: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in via.split(","))
    if not all(names):
        hint = "leave --via out to have the path chosen; varproof graph lists the rules"
        raise InputError("--via has an empty name", got=via, allowed="RULE or RULE,RULE,..", hint=hint)
    return names


def _options(settings: list[str] | tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InputError("--set needs a name and a value", got=text, allowed="OPTION=VALUE, such as scale=one")
        if name.strip() in found:
            raise InputError("an option is set twice", got=text, allowed="each option once")
        found[name.strip()] = value.strip()
    return found


def _answer(done: Any, tolerated: tuple[str, ...]) -> dict[str, Any]:
    from reductions.run.stored_answers import plain

    answer = done.answer
    return {
        "problem": done.source.NAME,
        "to": done.to,
        "verdict": answer.decision.value if answer.decision is not None else None,
        "witness": plain(answer.witness),
        "count": answer.count,
        "note": answer.note,
        "path": [rule.name for rule in done.path],
        "steps": [_step(step) for step in done.steps],
        "oracle": {
            "name": done.oracle,
            "calls": done.leaves.answered,
            "reused": done.leaves.known,
            "seconds": done.leaves.seconds,
            "error": _small(done.leaves.error),
            "delta": _small(done.leaves.delta),
        },
        "exponent": done.exponent,
        "tolerated": list(tolerated),
        "seconds": done.seconds,
    }


def _step(step: Any) -> dict[str, Any]:
    precision = None
    if step.precision is not None:
        precision = {
            "delta": _small(step.precision["delta"]),
            "bits": step.precision["bits"],
            "gap": step.precision["gap"],
            "logit_bound": step.precision["logit_bound"],
            "entry_bounds": dict(step.precision["entry_bounds"]),
        }
    return {
        "rule": step.rule.name,
        "kind": step.rule.kind.value,
        "source": step.rule.source.NAME,
        "source_sizes": step.source,
        "target": step.rule.target.NAME,
        "target_sizes": step.target,
        "exact_sizes": step.exact,
        "upper_sizes": step.upper,
        "calls": step.calls,
        "operations": step.operations,
        "precision": precision,
        "notes": list(step.notes),
        "seconds": step.seconds,
    }


def _small(number: Fraction | None) -> str | None:
    """A rational with six digits, of any size; for people and plots, the exact one is in the saved instance."""
    if number is None:
        return None
    from reductions.run.display import six_digits

    return six_digits(number)
