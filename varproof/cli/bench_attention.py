"""`varproof bench attention`: the attention engines beside exact attention and other people's approximations."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from varproof.attention.bench.benchmark import MAX_REPEATS, MeasurementError, measure, steps
from varproof.attention.bench.cases import (
    CASES,
    MAX_BOUND,
    MAX_DEGREE,
    MAX_TOKENS,
    Case,
    custom_case,
    named_cases,
)
from varproof.attention.bench.result import Settings
from varproof.base.errors import InputError
from varproof.cli.bench_attention_view import answer_benchmark, show
from varproof.cli.failures import InfrastructureError, after_the_answer
from varproof.cli.output import PLOT_SUFFIXES, JsonFlag, PlotFile, check_target, emit_json, picture
from varproof.cli.progress import progress

_NAMES = ", ".join(case.name for case in CASES)
HEAD_DIM, DEGREE, BOUND = 8, 4, 1.0  # of a described case, where the user leaves one out


class Backend(Enum):
    """Whose arrays the engines get."""

    NUMPY = "numpy"
    TORCH = "torch"


class Device(Enum):
    """Where the arrays live."""

    CPU = "cpu"
    CUDA = "cuda"


class Dtype(Enum):
    """The floating-point format of the arrays."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"


def attention(
    names: Annotated[
        list[str] | None, typer.Option("--case", metavar="NAME", help=f"{_NAMES}; may be repeated.")
    ] = None,
    head_dim: Annotated[
        int | None, typer.Option("--head-dim", metavar="D", help="A case of your own: d, an integer from 1.")
    ] = None,
    degree: Annotated[
        int | None, typer.Option("--degree", metavar="G", help=f"A case of your own: its degree, 0 to {MAX_DEGREE}.")
    ] = None,
    bound: Annotated[
        float | None,
        typer.Option(
            "--bound", metavar="B", help=f"A case of your own: the largest score, above 0, at most {MAX_BOUND:g}."
        ),
    ] = None,
    tokens: Annotated[
        int | None, typer.Option("--tokens", metavar="N", help=f"2 to {MAX_TOKENS} tokens, instead of the cases' own.")
    ] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", metavar="N", help=f"1 to {MAX_REPEATS} rounds; medians are shown.")
    ] = 5,
    quick: Annotated[bool, typer.Option("--quick", metavar="", help="Small sizes: does it work at all?")] = False,
    peers: Annotated[
        bool, typer.Option("--peers/--no-peers", metavar="", help="Performer, Nystroem and KeOps beside us.")
    ] = True,
    backend: Annotated[Backend, typer.Option("--backend", help="Whose arrays.")] = Backend.NUMPY,
    device: Annotated[Device, typer.Option("--device", help="Where they live.")] = Device.CPU,
    dtype: Annotated[Dtype, typer.Option("--dtype", help="Their format.")] = Dtype.FLOAT64,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Seed of everything random, an integer from 0.")
    ] = 0,
    as_json: JsonFlag = False,
    plot: PlotFile = None,
) -> int:
    """Time the attention engines, bound beside error, against exact attention.

    Times include the certificate and are medians of alternated rounds in a process of one thread; where two curves
    cross is interpolated between doubled sizes. A bar that is not met does not change the exit code; a certified bound
    below a measured error does (1).

    Example:
        varproof bench attention --quick --no-peers --case d2-r21
    """
    check_target(plot, suffixes=PLOT_SUFFIXES)
    cases = chosen_cases(names, head_dim, degree, bound)
    settings = Settings(repeats, seed, backend.value, device.value, dtype.value, peers, quick)
    try:
        with progress("steps", steps(cases, settings, tokens=tokens)) as advance:
            found = measure(cases, settings, tokens=tokens, after_each=advance)
    except MeasurementError as error:
        raise InfrastructureError(str(error), hint="is there enough memory? --case runs fewer cases") from error
    if as_json:
        emit_json("bench attention", answer_benchmark(found))
    else:
        show(found)
    if plot is not None:
        from varproof.attention.bench.plot import draw_benchmark

        with after_the_answer(), picture(plot) as scratch:
            draw_benchmark(found, scratch)
    return 1 if found.violated else 0


def chosen_cases(
    names: list[str] | None, head_dim: int | None, degree: int | None, bound: float | None
) -> tuple[Case, ...]:
    """The cases named, or the one described, or all.

    >>> [case.name for case in chosen_cases(None, 2, None, None)]
    ['d2-r15']
    """
    if head_dim is None and degree is None and bound is None:
        return named_cases(names or [])
    if names:
        raise InputError(
            "a case has a name or is described, not both",
            got=", ".join(names),
            allowed="--case, or --head-dim, --degree and --bound",
        )
    return (
        custom_case(
            HEAD_DIM if head_dim is None else head_dim,
            DEGREE if degree is None else degree,
            BOUND if bound is None else bound,
        ),
    )
