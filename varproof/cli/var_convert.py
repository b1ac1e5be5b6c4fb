"""`varproof var convert`: a checkpoint of the public VAR implementation as one NumPy file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from varproof.base.display import shown
from varproof.base.errors import InputError, printable
from varproof.cli.output import JsonFlag, check_target, emit_json, results, table
from varproof.cli.progress import working
from varproof.growth.schedules import parse_schedule

if TYPE_CHECKING:
    from varproof.var.checkpoint.convert import Converted


def convert(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="The transformer, or both parts.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write (.npz).")],
    vae: Annotated[
        Path | None, typer.Option("--vae", metavar="FILE", help="The VQ-VAE, where it is in a file of its own.")
    ] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", metavar="SCHEDULE", help="Sides, where the file does not say them.")
    ] = None,
    heads: Annotated[
        int | None, typer.Option("--heads", metavar="H", help="Heads, needed without cosine attention.")
    ] = None,
    phi_ratio: Annotated[
        float, typer.Option("--phi-ratio", metavar="R", help="r of phi(x) = (1-r) x + r conv(x); in no file.")
    ] = 0.5,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace FILE if it exists.")] = False,
    as_json: JsonFlag = False,
) -> int:
    """Convert a VAR checkpoint (.pth, .safetensors) for the commands here.

    Shapes are inferred, buffers are checked, and every array is used, checked, or left out for a reason; a name that
    is not known is refused. A .pth file needs torch, and no code in it runs. The public models are in two files:

    varproof var convert var_d16.pth --vae vae_ch160v4096z32.pth --out d16.npz

    Example:
        varproof example checkpoint --out tiny.safetensors
        varproof var convert tiny.safetensors --out tiny.npz
        varproof var run tiny.npz
    """
    from varproof.var.checkpoint.convert import convert as converted
    from varproof.var.models.reference_weights import write_reference

    check_target(out, suffixes=(".npz",))
    for source in (checkpoint, vae):
        if source is not None and os.path.realpath(source) == os.path.realpath(out):
            raise InputError("the output would replace the checkpoint", got=out, allowed="a file of its own")
    if out.exists() and not force:
        raise InputError("the file exists already", got=out, hint="choose another name with --out, or add --force")
    sides = None if schedule is None else parse_schedule(schedule)
    with working("converting the checkpoint"):
        found = converted(checkpoint, vae=vae, schedule=sides, heads=heads, phi_ratio=phi_ratio)
        write_reference(out, found.config, found.weights)
    if as_json:
        emit_json("var convert", {**_answer(found), "out": out})
    else:
        _show(found, out)
    return 0


def _answer(found: Converted) -> dict[str, Any]:
    from varproof.var.models.model import describe

    return {
        "model": {**describe(found.config), "parameters": found.parameters},
        "used": list(found.used),
        "checked": [{"name": name, "because": why} for name, why in found.checked.items()],
        "left_out": [{"name": name, "because": why} for name, why in found.left_out.items()],
    }


def _show(found: Converted, out: Path) -> None:
    from varproof.cli.var_run import model_line
    from varproof.var.models.model import describe

    results().print(model_line(describe(found.config)), soft_wrap=True)
    rows = [("used", len(found.used), f"{shown(found.parameters)} parameters")]
    for kind, names in (("checked", found.checked), ("left out", found.left_out)):
        reasons = dict.fromkeys(names.values())
        rows += [(kind, sum(why == reason for why in names.values()), reason) for reason in reasons]
    results().print(table("", ("arrays", "number", "what"), rows, right=("number",)))
    ratio = found.config.phi_ratio
    results().print(
        f"r = {ratio:g} in phi(x) = (1-r) x + r conv(x) is in no file; --phi-ratio says another", soft_wrap=True
    )
    results().print(f"wrote {printable(out)}", soft_wrap=True)
