"""`varproof var errors`: a proved bound beside the measured error of every step of a VAR model with fast attention."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from varproof.base.display import shown
from varproof.base.errors import InputError
from varproof.base.rationals import positive_rational
from varproof.cli.failures import after_the_answer
from varproof.cli.output import PLOT_SUFFIXES, JsonFlag, PlotFile, check_target, emit_json, picture, results, table
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
from varproof.cli.var_run import ENGINES, Chained, Delta, engine_and_delta, model_line, refuse_chained

if TYPE_CHECKING:
    from varproof.var.ledger.entries import Entry
    from varproof.var.ledger.report import Ledger
    from varproof.var.ledger.requirement import Requirement
    from varproof.var.models.model import Model

MOST_ROWS = 40


def errors(
    model_file: ModelFile = None,
    schedule: ScheduleText = None,
    n: Side = None,
    depth: Depth = None,
    width: Width = None,
    heads: Heads = None,
    hidden: Hidden = None,
    kind: Kind = None,
    decoder_base: DecoderBase = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="ENGINE",
            help="Attention: polynomial (default, formal), fast (the cheapest; default, reference), tree, exact.",
        ),
    ] = None,
    delta: Delta = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="E", help="Final error; finds the delta that attention may have for it."),
    ] = None,
    chained: Chained = False,
    seed: ModelSeed = None,
    dtype: Dtype = None,
    as_json: JsonFlag = False,
    plot: PlotFile = None,
) -> int:
    """Bound the error of every step of a VAR model, beside what is measured.

    The bound is proved for this pass on these inputs: how far the computed values are from the model with exact
    softmax attention in real arithmetic, rounding included. Measured is the distance to an exact float64 pass. With
    --target it says which error attention may have, and the degree and rank that costs; without --delta that is used.

    Example:
        varproof var errors --schedule 1,2,4,8 --width 16 --heads 4 --delta 1e-3
        varproof var errors --schedule 1,2,4 --width 8 --chained --target 0.01
    """
    from varproof.var.models.resources import check_memory

    check_target(plot, suffixes=PLOT_SUFFIXES)
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
    refuse_chained(model, chained)
    if engine is None:  # heads of 64 dimensions have too many monomials for polynomials alone
        engine = "polynomial" if model.kind == "formal" else "fast"
    if engine not in ENGINES:
        raise InputError("unknown engine", got=engine, allowed=", ".join(ENGINES))
    final = None if target is None else positive_rational(target, name="target")
    if final is not None and not 1e-300 <= final <= 1e300:
        raise InputError("target is out of range", got=target, allowed="from 1e-300 to 1e300")
    find_first = final is not None and delta is None and model.delta is None and engine != "exact"
    if final is None and delta is None and model.delta is None and engine != "exact":
        raise InputError(
            "which error may attention have?",
            got="neither --delta nor --target",
            allowed="--delta X, an error of attention; or --target E, a final error",
            hint="with --target the delta for it is found and used",
        )
    chosen = (ENGINES[engine], 0.0) if find_first else engine_and_delta(engine, delta, model)
    check_memory(model.resolved, model.dtype, use="ledger", chained=chained)
    need = None if final is None else _requirement(model, final, chained=chained)
    if find_first:
        assert need is not None
        chosen = (chosen[0], min(need.delta, 1.0))
    ledger, names = _ledger(model, *chosen, chained=chained)
    answer = as_answer(model, ledger, names, need, chained=chained)
    if as_json:
        emit_json("var errors", answer)
    else:
        _show(answer)
    if plot is not None:
        from varproof.var.ledger.plot import draw_ledger

        with after_the_answer(), picture(plot) as scratch:
            end = ledger.outputs[names.index(model.results[0])]
            draw_ledger(replace(ledger, outputs=(end,)), scratch)
    return 0 if ledger.holds else 1


def _requirement(model: Model, target: Fraction, *, chained: bool) -> Requirement:
    from varproof.var.ledger.requirement import required_delta

    with working("finding the delta that attention may have"):
        return required_delta(lambda ops: model.run(ops, chained=chained)[model.results[0]], float(target))


def _ledger(model: Model, engine: str, delta: float, *, chained: bool) -> tuple[Ledger, tuple[str, ...]]:
    """The ledger, and the names of what the pass returned: the map of every scale (formal), then the results."""
    from varproof.var.arithmetic.plain import numpy_like
    from varproof.var.ledger.report import error_ledger

    names: list[str] = []

    def run(ops: Any) -> Any:
        found = model.run(ops, chained=chained, maps=True)
        names.extend(found)
        return list(found.values())

    with working("running the model with its bounds"):
        ledger = error_ledger(run, like=numpy_like(model.dtype), engine=engine, delta=delta)  # type: ignore[arg-type]
    return ledger, tuple(names)


def as_answer(
    model: Model, ledger: Ledger, names: tuple[str, ...], need: Requirement | None, *, chained: bool
) -> dict[str, Any]:
    """The fields of the JSON answer; null stands for a number that is not finite, or not measured."""
    from varproof.var.models.model import describe

    factors = {id(entry): factor for entry, factor in ledger.slack_factors}
    ends = dict(zip(names, ledger.outputs, strict=True))
    maps = [end for name, end in ends.items() if name not in model.results]
    steps = [None] + [b.bound / a.bound if a.bound > 0 else None for a, b in pairwise(maps)]
    loosest = ledger.loosest
    return {
        "model": describe(model.resolved),
        "seed": model.seed,
        "dtype": model.dtype,
        "engine": ledger.engine,
        "delta": ledger.delta if ledger.engine != "exact" else None,
        "chained": chained,
        "holds": ledger.holds,
        "results": [
            {"name": name, **_entry(end), "vacuous": is_vacuous(name, end)}
            for name, end in ends.items()
            if name in model.results
        ],
        "entries": [
            {"name": entry.name, "phase": entry.phase, **_entry(entry), "slack_factor": _finite(factors.get(id(entry)))}
            for entry in ledger.entries
        ],
        "loosest": None if loosest is None else {"name": loosest.name, "slack_factor": _finite(factors[id(loosest)])},
        "growth": {
            "kind": "multiplicative" if chained else "additive",
            "scales": [
                {
                    "side": side,
                    "bound": _finite(end.bound),
                    "measured": _finite(end.measured),
                    "factor": _finite(factor),
                }
                for side, end, factor in zip(model.resolved.schedule.sides, maps, steps, strict=False)
            ],
        },
        "attention": [_call(call) for call in ledger.calls],
        "requirement": None if need is None else _needed(need),
    }


def is_vacuous(name: str, end: Entry) -> bool:
    """Whether a bound says nothing: an image is clamped to [-1, 1], other results are compared with their own size."""
    trivial = 2.0 if name == "image" else 2 * end.magnitude
    return not end.bound < trivial


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "bound": _finite(entry.bound),
        "measured": _finite(entry.measured),
        "slack": _finite(entry.slack),
        "magnitude": _finite(entry.magnitude),
    }


def _call(call: Any) -> dict[str, Any]:
    return {
        "name": call.name,
        "engine": call.engine,
        "heads": call.heads,
        "queries": call.queries,
        "keys": call.keys,
        "head_dim": call.head_dim,
        "logit_bound": _finite(call.bound),
        "value_half_range": _finite(call.half_range),
        "certificate": _finite(call.certificate),
        "degree": call.degree,
    }


def _needed(need: Requirement) -> dict[str, Any]:
    from varproof.var.ledger.requirement import degree_and_rank

    return {
        "target": need.target,
        "delta": _finite(need.delta),
        "final_bound": need.final_bound,
        "passes": need.passes,
        "attention": [
            {
                "name": cost.call.name,
                "keys": cost.call.keys,
                "head_dim": cost.call.head_dim,
                "eps": str(cost.eps),
                "degree": cost.degree,
                "degree_kind": cost.kind,
                "rank": cost.rank,
                "rank_per_key": cost.rank_per_key,
            }
            for cost in degree_and_rank(need.calls, need.delta)
        ],
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _show(answer: dict[str, Any]) -> None:
    out = results()
    out.print(model_line(answer["model"]), soft_wrap=True)
    how = "exact attention" if answer["delta"] is None else f"attention within {answer['delta']:.3g}"
    out.print(f"{how}, {'chained' if answer['chained'] else 'teacher-forced'}, {answer['dtype']}", soft_wrap=True)
    entries = _selected(answer["entries"])
    rows = [
        (each["name"], *(_number(each[key]) for key in ("bound", "measured", "slack", "slack_factor")))
        for each in entries
    ]
    rows += [
        (each["name"], *(_number(each[key]) for key in ("bound", "measured", "slack")), "")
        for each in answer["results"]
    ]
    columns = ("step", "bound", "measured", "slack", "its factor")
    out.print(table("", columns, rows, right=columns[1:]))
    if len(entries) < len(answer["entries"]):
        out.print(f"{len(entries)} of {len(answer['entries'])} steps; --json has all of them", soft_wrap=True)
    for sentence in _sentences(answer):
        out.print(sentence, soft_wrap=True)


def _selected(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All entries, or those whose slack changes most, in order."""
    if len(entries) <= MOST_ROWS:
        return entries

    def change(place: int) -> float:
        factor = entries[place]["slack_factor"]
        return abs(math.log(factor)) if factor else 0.0

    kept = sorted(sorted(range(len(entries)), key=change, reverse=True)[:MOST_ROWS])
    return [entries[place] for place in kept]


def _sentences(answer: dict[str, Any]) -> list[str]:
    sentences = []
    if answer["loosest"] is not None:
        name, factor = answer["loosest"]["name"], answer["loosest"]["slack_factor"]
        sentences.append(f"loosest step: {name}, where the slack grows {_number(factor)} times")
    scales = answer["growth"]["scales"]
    if len(scales) > 1:
        ladder = ", ".join(f"{scale['side']}: {_number(scale['bound'])}" for scale in scales)
        words = "each step feeds the next, errors multiply" if answer["chained"] else "maps are given, errors add"
        sentences.append(f"bound by side ({words}): {ladder}")
    for result in answer["results"]:
        if result["vacuous"]:
            size = (
                "values lie in [-1, 1]" if result["name"] == "image" else f"values up to {_number(result['magnitude'])}"
            )
            sentences.append(f"the bound of the {result['name']} is vacuous here: {size}")
    need = answer["requirement"]
    if need is not None:
        within = "any error of attention" if need["delta"] is None else f"attention within {need['delta']:.3g}"
        sentences.append(
            f"a final error of {need['target']:.3g} allows {within} (checked: final bound {need['final_bound']:.3g})"
        )
        for cost in _worst(need["attention"]):
            sentences.append(
                f"  {cost['name']}: degree {cost['degree']} ({cost['degree_kind']}), rank {shown(cost['rank'])} for "
                f"{cost['keys']} keys"
            )
    if not answer["holds"]:
        sentences.append("VIOLATED: a measured error is above its bound; please report this with --json")
    return sentences


def _worst(costs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls that cost most: at most three."""
    return sorted(costs, key=lambda cost: cost["rank"] / cost["keys"], reverse=True)[:3]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
