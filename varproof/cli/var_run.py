"""`varproof var run`: a whole pass of a VAR model, exact or with fast attention, timed and counted by phase."""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from varproof.base.display import shown
from varproof.base.errors import InputError, printable, shorten
from varproof.base.rationals import positive_rational
from varproof.cli.output import JsonFlag, check_target, emit_json, results, table, talk
from varproof.cli.progress import working
from varproof.cli.var_options import (
    DecoderBase,
    Depth,
    Dtype,
    Heads,
    Hidden,
    Kind,
    ModelFile,
    ModelSeed,
    ScheduleText,
    Side,
    Width,
    chosen_model,
)

if TYPE_CHECKING:
    from varproof.var.models.model import Model

ENGINES = {"exact": "exact", "fast": "auto", "polynomial": "polynomial", "tree": "tree"}

EngineName = Annotated[
    str, typer.Option("--engine", metavar="ENGINE", help="Attention: exact, fast (the cheapest), polynomial, tree.")
]
Delta = Annotated[
    str | None, typer.Option("--delta", metavar="X", help="Error that an attention call may have (fast engines).")
]
Chained = Annotated[
    bool, typer.Option("--chained", metavar="", help="Formal: each step takes the model's own output, not a given map.")
]


def run(
    model_file: ModelFile = None,
    schedule: ScheduleText = None,
    n: Side = None,
    depth: Depth = None,
    width: Width = None,
    heads: Heads = None,
    hidden: Hidden = None,
    kind: Kind = None,
    decoder_base: DecoderBase = None,
    engine: EngineName = "exact",
    delta: Delta = None,
    chained: Chained = False,
    seed: ModelSeed = None,
    dtype: Dtype = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep the results as arrays (.npz).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace FILE if it exists.")] = False,
    as_json: JsonFlag = False,
) -> int:
    """Run a VAR model, exact or with fast attention.

    All phases: transformer, reconstruction of the feature map, decoder. Inputs and, without a weights file, weights
    are drawn from the seed: token maps in [-1, 1] for the formal model, token ids for the reference one. Steps are
    teacher-forced: nothing is sampled. Each attention call is certified to be within --delta.

    Example:
        varproof var run --schedule 256 --width 16 --heads 4
        varproof var run --schedule 1,2,4 --width 8 --heads 2 --json
    """
    model = chosen_model(
        model_file,
        seed=seed,
        dtype=dtype,
        schedule=schedule,
        n=n,
        depth=depth,
        width=width,
        heads=heads,
        hidden=hidden,
        kind=kind,
        decoder_base=decoder_base,
    )
    name, error = engine_and_delta(engine, delta, model)
    refuse_chained(model, chained)
    check_target(out, suffixes=(".npz",))
    _check_out(out, model_file, model, force=force)
    answer, arrays = execute(model, name, error, chained=chained)
    if out is not None:
        from varproof.var.models.weights import write_npz

        write_npz(out, arrays)
        talk().print(f"wrote {printable(out)}", soft_wrap=True)
    if as_json:
        emit_json("var run", {**answer, "out": out})
    else:
        _show(answer)
    return 0


def refuse_chained(model: Model, chained: bool) -> None:
    """`InputError` for a chained pass of the reference model, before anything is read or drawn."""
    if chained and model.kind == "reference":
        raise InputError(
            "the reference model has no chained pass without sampling",
            got="--chained",
            allowed="teacher-forced passes",
            hint="a step's output becomes token ids, and no additive error bound crosses that choice",
        )


def _check_out(out: Path | None, model_file: Path | None, model: Model, *, force: bool) -> None:
    """Refuse to replace what the model is read from, and, without --force, any file."""
    if out is None:
        return
    for source in (model_file, model.weights_path):
        if source is not None and os.path.realpath(source) == os.path.realpath(out):
            raise InputError("the output would replace the model", got=out, allowed="a file of its own")
    if out.exists() and not force:
        raise InputError("the file exists already", got=out, hint="choose another name with --out, or add --force")


def engine_and_delta(engine: str, delta: str | None, model: Model) -> tuple[str, float]:
    """The engine of `attend` and the error; delta comes from the option or the model file, and fast engines need it."""
    if engine not in ENGINES:
        raise InputError("unknown engine", got=engine, allowed=", ".join(ENGINES))
    error = positive_rational(delta, name="delta") if delta is not None else model.delta
    if engine == "exact":
        if delta is not None:
            raise InputError(
                "exact attention takes no delta", got=delta, hint="leave --delta out, or choose --engine fast"
            )
        return "exact", 0.0
    if error is None:
        raise InputError(
            "a fast engine needs the error that attention may have",
            got=f"--engine {engine} without --delta",
            allowed="--delta X, for example 0.001",
            hint="varproof var errors --target E finds the delta that a final error E needs",
        )
    if not 1e-300 <= error <= 1e300:
        raise InputError("delta is out of range", got=delta, allowed="from 1e-300 to 1e300")
    return ENGINES[engine], float(error)


def execute(model: Model, engine: str, delta: float, *, chained: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the pass; the answer for JSON, and the arrays."""
    from varproof.var.arithmetic.plain import Plain, numpy_like
    from varproof.var.models.config import ReferenceConfig
    from varproof.var.models.model import describe
    from varproof.var.models.reference import clamped
    from varproof.var.models.resources import check_memory

    ops = Plain(numpy_like(model.dtype), engine=engine, delta=delta)  # type: ignore[arg-type]
    config = model.resolved
    check_memory(config, model.dtype, use="pass", chained=chained)
    model.loaded  # noqa: B018  # reading or drawing weights is not part of the pass
    started = time.perf_counter()
    with working("running the model"):
        found = model.run(ops, chained=chained)
    seconds = time.perf_counter() - started
    arrays = {name: ops.value(x) for name, x in found.items()}
    if isinstance(config, ReferenceConfig) and "image" in arrays:
        arrays["image"] = clamped(arrays["image"])
    answer = {
        "model": describe(config),
        "seed": model.seed,
        "dtype": model.dtype,
        "engine": engine,
        "delta": delta if engine != "exact" else None,
        "chained": chained,
        "results": [_summary(name, array) for name, array in arrays.items()],
        "flops": dict(ops.flops),
        "flops_total": sum(ops.flops.values()),
        "seconds": {phase: ops.seconds[phase] for phase in ops.flops},
        "seconds_total": seconds,
        "attention": {
            "calls": sum(ops.attention_engines.values()),
            "engines": dict(sorted(ops.attention_engines.items())),
            "largest_bound": ops.attention_bound,
        },
        "peak_memory_bytes": _peak_memory(),
    }
    return answer, arrays


def _peak_memory() -> int:
    """The largest resident size of this process so far; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def _summary(name: str, array: Any) -> dict[str, Any]:
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    return {
        "name": name,
        "shape": list(array.shape),
        "least": float(array.min()),
        "largest": float(array.max()),
        "sha256": digest,
    }


def model_line(model: dict[str, Any]) -> str:
    """The model in one line."""
    layers = "1 layer" if model["depth"] == 1 else f"{model['depth']} layers"
    tokens = "1 token" if model["tokens"] == 1 else f"{model['tokens']} tokens"
    return (
        f"{model['kind']} model, schedule {shorten(model['schedule'], 40)}: {tokens}, {layers} of "
        f"width {model['width']}, heads of {model['head_dim']} dimensions: {model['heads']}"
    )


def _show(answer: dict[str, Any]) -> None:
    results().print(model_line(answer["model"]), soft_wrap=True)
    attention = answer["attention"]
    engines = ", ".join(f"{name} {calls}" for name, calls in attention["engines"].items())
    rows = [
        (phase, shown(flops), f"{flops / max(answer['flops_total'], 1):.1%}", f"{answer['seconds'][phase]:.3f}")
        for phase, flops in answer["flops"].items()
    ]
    rows.append(("all", shown(answer["flops_total"]), "100.0%", f"{answer['seconds_total']:.3f}"))
    results().print(table("", ("phase", "flops", "share", "seconds"), rows, right=("flops", "share", "seconds")))
    for each in answer["results"]:
        results().print(
            f"{each['name']} {tuple(each['shape'])}: from {each['least']:.4g} to {each['largest']:.4g}", soft_wrap=True
        )
    results().print("flops as executed, the certificate of attention included (varproof var cost has the formulas)")
    results().print(
        f"attention calls: {attention['calls']} ({engines}); largest certified error {attention['largest_bound']:.3g}; "
        f"peak memory {answer['peak_memory_bytes'] / 2**20:.0f} MiB",
        soft_wrap=True,
    )
