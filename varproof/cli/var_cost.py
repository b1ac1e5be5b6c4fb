"""`varproof var cost`: flops of a VAR pass by phase, exactly, how they grow, and what a faster attention could gain."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

import typer

from varproof.base.display import shown
from varproof.cli.failures import after_the_answer
from varproof.cli.output import PLOT_SUFFIXES, JsonFlag, PlotFile, check_target, emit_json, picture, results, table
from varproof.cli.var_options import (
    DecoderBase,
    Depth,
    Heads,
    Hidden,
    Kind,
    ModelFile,
    ScheduleText,
    Side,
    Width,
    chosen_model,
)

VariantName = Annotated[
    str,
    typer.Option("--variant", metavar="VARIANT", help="cached, one-pass (teacher-forced), recomputed or dense."),
]


def cost(
    model_file: ModelFile = None,
    schedule: ScheduleText = None,
    n: Side = None,
    depth: Depth = None,
    width: Width = None,
    heads: Heads = None,
    hidden: Hidden = None,
    kind: Kind = None,
    decoder_base: DecoderBase = None,
    variant: VariantName = "cached",
    as_json: JsonFlag = False,
    plot: PlotFile = None,
) -> int:
    """Count the flops of a VAR model by phase, exactly.

    From the configuration alone, in integers: nothing is run. Also how every phase grows with n, the share of attention
    and the most that a faster attention can gain, what it costs to keep no cache (variants), and the least n at which
    the transformer does more in attention than in everything else.

    Example:
        varproof var cost --schedule 256 --kind reference
        varproof var cost --schedule doubling --n 64 --width 256 --heads 4 --json
    """
    from varproof.var.cost.answer import cost_answer
    from varproof.var.cost.moments import check_variant
    from varproof.var.models.model import describe

    check_target(plot, suffixes=PLOT_SUFFIXES)
    asked = check_variant(variant)
    config = chosen_model(
        model_file,
        seed=None,
        dtype=None,
        schedule=schedule,
        n=n,
        depth=depth,
        width=width,
        heads=heads,
        hidden=hidden,
        kind=kind,
        decoder_base=decoder_base,
    ).resolved
    answer = {"model": describe(config), **cost_answer(config, asked)}
    if as_json:
        emit_json("var cost", answer)
    else:
        _show(answer)
    if plot is not None:
        from varproof.var.cost.plot import draw_cost

        with after_the_answer(), picture(plot) as scratch:
            draw_cost(config, scratch, variant=asked)
    return 0


def _show(answer: dict[str, Any]) -> None:
    model, slope = answer["model"], answer["slope"]
    title = (
        f"Flops by phase: {model['kind']} model, schedule {_schedule(model)}, "
        f"depth {model['depth']}, width {shown(model['width'])}, {_count(model['heads'], 'head')}, {answer['variant']}"
    )
    results().print(table(title, *_phases(answer), right=("flops", "share", "slope")))
    out = results()
    for line in _sentences(answer, slope):
        out.print(line)
    out.print()
    title = "Variants: recomputed and dense compute all tokens anew in every step"
    columns = ("variant", "tokens", "pairs", "pairs/n^4", "flops", "attention")
    out.print(table(title, columns, [_variant(each) for each in answer["variants"]], right=columns[1:]))


def _schedule(model: dict[str, Any]) -> str:
    name, side = model["schedule"], model["sides"][-1]
    return f"{_short(name)} to n = {shown(side)}"


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:20] + "..."


def _count(number: int, noun: str) -> str:
    return f"{shown(number)} {noun}" + ("" if number == 1 else "s")


def _phases(answer: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows: growth where the schedule is a family, slopes where there are two sizes."""
    exponents, slope, total = answer["exponents"], answer["slope"], answer["flops_total"]
    rows = []
    for phase, flops in [*answer["flops"].items(), ("all", total)]:
        row = [phase, _flops(flops), _percent(Fraction(flops, total))]
        if exponents:
            row.append(answer["growth_total"]["rate"] if phase == "all" else exponents[phase]["rate"])
        if slope is not None:
            value = slope["total"] if phase == "all" else slope["phases"].get(phase)
            row.append("" if value is None else f"{value:.2f}")
        rows.append(tuple(row))
    columns = ("phase", "flops", "share", *(["growth"] if exponents else []), *(["slope"] if slope else []))
    return columns, rows


def _flops(count: int) -> str:
    return shown(count) if count else "0"


def _percent(share: Fraction) -> str:
    return f"{float(100 * share):.1f}%"


def _sentences(answer: dict[str, Any], slope: dict[str, Any] | None) -> list[str]:
    said = []
    if slope is not None:
        said.append(f"slope: exponent of n measured from n = {shown(slope['from'])} to n = {shown(slope['to'])}")
    words = {
        "all": "attention of all flops",
        "with decoder attention": "with the decoder's attention",
        "transformer": "attention in the transformer",
    }
    for name, share in answer["shares"].items():
        if name == "with decoder attention" and share["flops"] == answer["shares"]["all"]["flops"]:
            continue  # there is none
        part = _percent(Fraction(share["flops"], share["of"]))
        said.append(f"{words[name]}: {part}; a faster one gains at most {_times(share['ceiling'])}")
    crossing = answer["crossover"]
    if crossing is not None:
        said.append(_crossing(crossing))
    return said


def _times(ceiling: float) -> str:
    return f"{ceiling:.3f}x" if ceiling < 1000 else f"{shown(Fraction(ceiling))}x"


def _crossing(crossing: dict[str, Any]) -> str:
    where = {"preset": "presets", "doubling": "powers of two", "ratio": "all n", "linear": "all n"}[crossing["family"]]
    about = crossing["approximate"]
    closed = "" if about is None else f"; closed form {about:.4g}"
    if crossing["n"] is None:
        return f"attention is below the rest of the transformer up to n = {crossing['searched_to']} ({where}{closed})"
    return f"least n with attention above the rest of the transformer: {crossing['n']} ({where}{closed})"


def _variant(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["variant"],
        shown(row["tokens"]),
        shown(row["pairs"]),
        f"{row['constant']:.4f}" if row["constant"] < 10**6 else shown(Fraction(row["constant"])),
        shown(row["flops_total"]),
        f"{100 * row['attention_share']:.1f}%",
    )
