"""Options that say which VAR model is meant: a model file, or its shape on the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from varproof.base.errors import InputError, printable

if TYPE_CHECKING:
    from varproof.var.models.model import Model

ModelFile = Annotated[
    Path | None, typer.Argument(metavar="MODEL", help="A model file (.toml) or converted weights (.npz).")
]
ScheduleText = Annotated[
    str | None,
    typer.Option("--schedule", metavar="SCHEDULE", help="256, 512, 1024, doubling, ratio:A, linear, or 1,2,4,.."),
]
Side = Annotated[int | None, typer.Option("--n", metavar="N", help="Side of the last token map.")]
Depth = Annotated[int | None, typer.Option("--depth", metavar="D", help="Transformer layers (1; reference 16).")]
Width = Annotated[int | None, typer.Option("--width", metavar="C", help="Channels of a token (16; reference 1024).")]
Heads = Annotated[
    int | None,
    typer.Option("--heads", metavar="H", help="Attention heads, of C/H dimensions each (1; reference C/64)."),
]
Hidden = Annotated[int | None, typer.Option("--hidden", metavar="F", help="Hidden width of the FFN (default 4 C).")]
Kind = Annotated[
    str | None,
    typer.Option("--kind", metavar="KIND", help="formal (default), or reference: with the public decoder, base 160."),
]
DecoderBase = Annotated[
    int | None,
    typer.Option(
        "--decoder-base",
        metavar="CH",
        help="Channels of the decoder's finest level; 0 for no decoder (default: formal none, reference 160).",
    ),
]
Dtype = Annotated[str | None, typer.Option("--dtype", metavar="TYPE", help="float64 (default) or float32.")]
ModelSeed = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Seed of weights and inputs (default 0).")
]


def chosen_model(path: Path | None, *, seed: int | None, dtype: str | None, **shape: Any) -> Model:
    """The model of a file, or of the shape options; `InputError` when both or neither are given.

    `shape` holds the options above by their name with None where not given: schedule, n, depth, width, heads, hidden,
    kind, decoder_base. A seed and a dtype may be given beside a file and win.
    """
    from varproof.var.models.model import Model
    from varproof.var.models.model_file import CHOICES, model_from_table, read_model_file

    given = {name: value for name, value in shape.items() if value is not None}
    if path is not None:
        if given:
            flags = ", ".join("--" + name.replace("_", "-") for name in given)
            raise InputError(
                "a model file says the shape already",
                got=f"{printable(path)} and {flags}",
                allowed="the file, or the options",
                hint="change the file, or leave it out",
            )
        if path.suffix.lower() == ".npz":
            model = Model(config=None, weights_path=path)
        elif path.suffix.lower() == ".toml":
            model = read_model_file(path)
        else:
            raise InputError(
                "unknown kind of model file",
                got=printable(path),
                allowed=".toml (a model file) or .npz (converted weights)",
                hint="varproof var convert makes an .npz of a checkpoint",
            )
        if dtype not in (None, *CHOICES["dtype"]):
            raise InputError("unknown dtype", got=dtype, allowed=", ".join(CHOICES["dtype"]))
        return replace(model, seed=model.seed if seed is None else seed, dtype=dtype or model.dtype)
    if "schedule" not in given:
        raise InputError(
            "which model?",
            got="neither a model file nor --schedule",
            allowed="a model file, or --schedule with --depth, --width, --heads",
            hint="try --schedule 1,2,4 --width 16 --heads 4",
        )
    base = given.pop("decoder_base", None)
    kind = given.get("kind", "formal")
    if "width" in given and "hidden" not in given:
        given["hidden"] = 4 * given["width"]
    if kind == "reference" and "heads" not in given and "width" in given:
        given["heads"] = max(given["width"] // 64, 1)  # its heads are 64 wide
    if base is not None:
        given["decoder"] = base != 0 and {"base": base, **({"groups": 0} if kind == "formal" else {})}
    given |= {name: value for name, value in (("seed", seed), ("dtype", dtype)) if value is not None}
    return model_from_table(given)
