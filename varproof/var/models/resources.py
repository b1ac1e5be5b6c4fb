"""How much memory a model needs, from its configuration alone, and whether this process can have it.

Exact integers times stated factors for temporaries. Beside measured peaks (tracemalloc, eleven models of 1 to 500 MiB)
the estimates were 0.6 to 1.3 of the truth for weights and passes, 0.5 to 2.6 for passes with bounds. They are about
exact attention: polynomials took 2.6 times as much on a model of 21845 tokens. What
Python and its modules take is not in them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from varproof.base.errors import InputError
from varproof.var.arithmetic.plain import GATHERED
from varproof.var.ledger.bounded_array import LARGEST_FORM
from varproof.var.models.config import Config, DecoderConfig, FormalConfig
from varproof.var.models.decoder import decoder_parts
from varproof.var.models.formal import formal_shapes
from varproof.var.models.reference_shapes import reference_shapes

Use = Literal["weights", "pass", "ledger"]

ROW_COPIES = 8  # arrays of tokens x width that live at once in a layer: x, q, k, v, the heads' copies
HIDDEN_COPIES = 4  # arrays of tokens x hidden: the product, with its bias, the activation's temporaries
MAP_COPIES = 5  # maps of one size in a reconstruction or a decoder level: x, y, a normalisation's temporaries
LEDGER_FACTOR = 6  # of a pass: value, remainder, bound and their temporaries, and the same for the exact twin
FORMS = 5  # arrays of symbols that live at once
HINTS = {
    "weights": "choose a smaller width, fewer layers, or dtype float32",
    "tokens": "choose a smaller n or width, or dtype float32",
    "kept keys and values": "choose fewer layers, a smaller n or width, or dtype float32",
    "reconstruction": "choose a smaller n or width, or dtype float32",
    "decoder": "choose no decoder (--decoder-base 0), a smaller base, or a smaller n",
}
GIB = 2**30
MEMINFO = Path("/proc/meminfo")
CGROUP_OF_SELF = Path("/proc/self/cgroup")
CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Estimate:
    """Bytes at the peak, and the largest part by name with its bytes."""

    total: int
    largest: tuple[str, int]


def check_memory(config: Config, dtype: str, *, use: Use, chained: bool = False) -> None:
    """`InputError` when the model needs more memory than this process can have now; nothing is allocated.

    `use` "weights": to draw or read them; "pass": to run the model; "ledger": to run it with its bounds. `dtype`
    float64 or float32. Where the available memory is not known nothing is checked.
    """
    allowed = available_memory()
    if allowed is None:
        return
    found = estimate(config, dtype, use=use, chained=chained)
    if found.total <= allowed:
        return
    name, size = found.largest
    raise InputError(
        "the model does not fit in memory",
        got=f"about {gibibytes(found.total)}, of it {name} {gibibytes(size)}",
        allowed=f"{gibibytes(allowed)}, what is available now",
        hint=HINTS[name],
    )


def estimate(config: Config, dtype: str, *, use: Use, chained: bool = False) -> Estimate:
    """Memory at the peak of a use: the weights, what is kept, and the largest stage of the pass.

    >>> from varproof.growth.schedules import parse_schedule
    >>> found = estimate(FormalConfig(parse_schedule("1,2,4"), width=100_000), "float64", use="weights")
    >>> found.largest[0], found.largest[1] // 2**30
    ('weights', 2309)
    """
    item = 4 if dtype == "float32" else 8
    shapes = formal_shapes(config) if isinstance(config, FormalConfig) else reference_shapes(config)
    sizes = [math.prod(shape) for shape in shapes.values()]
    weights = item * sum(sizes)
    drawing = 2 * 8 * max(sizes)  # drawn in float64, then converted
    if use == "weights":
        return Estimate(weights + drawing, ("weights", weights))
    tokens, width = config.schedule.tokens, config.width
    stages = {name: item * numbers for name, numbers in _stages(config, chained=chained)}
    kept = {"tokens": item * 2 * tokens * width}  # the maps that come in, and those that go out
    if chained:
        kept["kept keys and values"] = item * 2 * config.depth * tokens * width
    if use == "ledger":
        factor = 8 // item * LEDGER_FACTOR
        stages = {name: factor * size for name, size in stages.items()}
        kept = {name: factor * size for name, size in kept.items()}
        forms = 8 * FORMS * min(LARGEST_FORM, _symbols(config))
        stages = {name: size + forms for name, size in stages.items()}
    stage, most = max(stages.items(), key=lambda each: each[1])
    parts = {"weights": weights, stage: most, **{name: size for name, size in kept.items() if name != stage}}
    total = weights + max(drawing, sum(kept.values()) + most)
    return Estimate(total, max(parts.items(), key=lambda part: part[1]))


def _symbols(config: Config) -> int:
    """Numbers in the symbols of one array, before the cap: every layer brings new ones, and so do convolutions."""
    new = 4 * config.width + config.hidden
    most = config.schedule.tokens * max(config.width, config.hidden) * config.depth * new
    if config.decoder is not None:
        pixels = (config.schedule.side * config.decoder.enlargement) ** 2
        most = max(most, 2 * pixels * config.decoder.base**2)
    return most


def _stages(config: Config, *, chained: bool) -> Iterator[tuple[str, int]]:
    """Numbers in the arrays that live at once in each stage of a pass."""
    side, width = config.schedule.side, config.width
    rows = side * side if chained else config.schedule.tokens
    layer = rows * max(ROW_COPIES * width, 4 * width + HIDDEN_COPIES * config.hidden)
    if isinstance(config, FormalConfig):
        channels = width
    else:
        channels = config.code_dim
        layer = max(layer, rows * (ROW_COPIES // 2 * width + 2 * config.vocabulary))
    yield "tokens", layer
    yield "reconstruction", MAP_COPIES * side * side * channels + _gathered(side, channels, channels)
    if config.decoder is not None:
        yield "decoder", _decoder(config.decoder, side, channels)


def _decoder(config: DecoderConfig, side: int, channels: int) -> int:
    """Of the largest part: its map with temporaries, and what a convolution gathers, or q, k, v and their copies."""
    most = 0
    for part in decoder_parts(config, channels):
        if part.kind == "enlarge":
            side *= 2
        widest = max(part.inputs, part.outputs)
        copies = 2 * ROW_COPIES if part.kind == "attention" else MAP_COPIES
        most = max(most, copies * side * side * widest + _gathered(side, part.inputs, part.outputs))
    return most


def _gathered(side: int, inputs: int, outputs: int) -> int:
    """The block of neighbourhoods that a 3 x 3 convolution gathers at once, and its matrix."""
    return min(side * side * 9 * inputs, max(GATHERED, side * 9 * inputs)) + 9 * inputs * outputs


def available_memory() -> int | None:
    """Bytes that this process can still have: of the machine or, if lower, of its control group; None if not known."""
    limits = [limit for limit in (_of_machine(), *_of_groups()) if limit is not None]
    return min(limits, default=None)


def _of_machine() -> int | None:
    """Linux: MemAvailable; elsewhere the physical memory."""
    for line in _text(MEMINFO).splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable" and rest.split()[:1] and rest.split()[0].isdigit():
            return int(rest.split()[0]) * 1024
    try:
        found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    return found if found > 0 else None


def _of_groups() -> Iterator[int | None]:
    """What is left in the control group of this process and in each group above it, versions 2 and 1."""
    for line in _text(CGROUP_OF_SELF).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        root = CGROUPS / "memory" if controllers else CGROUPS
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        place = PurePosixPath(path)
        for folder in (place, *place.parents):
            yield _left(root / str(folder).lstrip("/"), *names)


def _left(folder: Path, limit_name: str, used_name: str) -> int | None:
    limit, used = _text(folder / limit_name).strip(), _text(folder / used_name).strip()
    if not (limit.isdigit() and used.isdigit()):
        return None  # "max", or no such group
    # file pages that can be dropped count as used
    dropped = [row.split()[1] for row in _text(folder / "memory.stat").splitlines() if row.startswith("inactive_file ")]
    return max(int(limit) - int(used) + sum(map(int, dropped)), 0)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def gibibytes(size: int) -> str:
    """Bytes as GiB, short.

    >>> gibibytes(80 * 10**9), gibibytes(2**2000)
    ('74.5 GiB', 'more than 2^30 GiB')
    """
    if size >= GIB * GIB:
        return "more than 2^30 GiB"
    return f"{size // GIB} GiB" if size >= 100 * GIB else f"{size / GIB:.3g} GiB"
