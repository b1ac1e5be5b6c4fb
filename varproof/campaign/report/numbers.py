"""How numbers and cases are written in a report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from varproof.base.errors import InputError, shorten
from varproof.families.space import Value, decode_value

FEW = 16  # entries of an array that are written out


def count_text(count: int) -> str:
    """A count for a chart's axis, or for a line of text.

    >>> count_text(20), count_text(10_000), count_text(2_500_000)
    ('20', '10k', '2.5M')
    """
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1e6:.3g}M" if count >= 1e6 else f"{count / 1e3:.3g}k"


def ratio_text(ratio: float | None) -> str:
    """A ratio with as many digits as tell it from 1.

    >>> ratio_text(0.5), ratio_text(0.9999999), ratio_text(1 + 1e-12), ratio_text(None)
    ('0.5000', '1 - 1e-07', '1 + 1e-12', 'none')
    """
    if ratio is None:
        return "none"
    if not math.isfinite(ratio):
        return str(ratio)
    off = abs(ratio - 1)
    if 0 < off < 5e-5:
        return f"1 {'-' if ratio < 1 else '+'} {off:.0e}"
    return f"{ratio:.4f}" if 1e-3 <= abs(ratio) < 1e4 or ratio == 0 else f"{ratio:.3g}"


def percent_text(share: float) -> str:
    """A small share in per cent.

    >>> percent_text(0.000599), percent_text(0.5)
    ('0.06 %', '50 %')
    """
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def decoded(values: object) -> dict[str, Value | str]:
    """The named values of a point or of an instance's numbers; what is no value is kept as text."""
    found: dict[str, Value | str] = {}
    if isinstance(values, Mapping):
        for name, value in values.items():
            try:
                found[str(name)] = decode_value(dict(value) if isinstance(value, Mapping) else value)
            except InputError:
                found[str(name)] = value if isinstance(value, float) else shorten(value)
    return found


def value_text(value: object) -> str:
    """A value in short: six digits for floats.

    >>> value_text(1 / 3), value_text(7), value_text("one-hot")
    ('0.333333', '7', 'one-hot')
    """
    return f"{value:.6g}" if isinstance(value, float) else shorten(value)


def case_lines(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A worst case or a failure as name and text: its point, or the numbers and arrays of its instance."""
    lines = [(name, value_text(value)) for name, value in decoded(case.get("point")).items()]
    instance = case.get("instance")
    if isinstance(instance, Mapping):
        named = dict(lines)
        lines += [(n, value_text(v)) for n, v in decoded(instance.get("numbers")).items() if n not in named]
        arrays = instance.get("arrays")
        if isinstance(arrays, Mapping):
            lines += [(str(name), array_text(array)) for name, array in arrays.items()]
    return lines


def array_text(array: object) -> str:
    """An encoded array: its entries where they are few, else its shape and the range of its entries.

    >>> array_text({"dtype": "float64", "shape": [2], "values": ["0x1p-1", "0x1p+1"]})
    '[0.5, 2]'
    """
    if not isinstance(array, Mapping):
        return shorten(array)
    shape = " x ".join(map(str, array.get("shape", ())))
    try:
        entries = [float.fromhex(v) if isinstance(v, str) else v for v in array.get("values", ())]
    except (ValueError, TypeError, OverflowError):
        entries = []
    if 0 < len(entries) <= FEW:
        rows = "" if len(array.get("shape", ())) < 2 else f" ({shape})"
        return "[" + ", ".join(value_text(v) for v in entries) + "]" + rows
    spread = f", entries from {value_text(min(entries))} to {value_text(max(entries))}" if entries else ""
    return f"{shape} {array.get('dtype', '')}{spread}"
