"""What the headers of an NPZ file must say before its arrays are unpacked as an attention instance."""

from __future__ import annotations

import math
from collections.abc import Mapping

from varproof.base.errors import InputError
from varproof.var.models.weights import Header

MATRICES = {"q": "queries", "k": "keys", "v": "values"}
RATIONALS = ("delta", "query_unit", "key_unit", "value_unit")
LEVELS = ("query_levels", "key_levels")
KNOWN = (*MATRICES, *RATIONALS, "scale", "levels", *LEVELS, "neutral", "adverse")
MAX_TEXT = 2**16  # bytes of one value


def check_headers(headers: Mapping[str, Header], *, most: int) -> None:
    """Raises `InputError` for missing or unknown arrays, shapes that do not fit, and more than `most` bytes.

    Small integers become int64 when they are used: every number is counted with 8 bytes.
    """
    missing, extra = [name for name in MATRICES if name not in headers], [name for name in headers if name not in KNOWN]
    if missing or extra:
        got = "; ".join(
            f"{text} {', '.join(sorted(names))}" for text, names in (("missing", missing), ("unknown", extra)) if names
        )
        raise InputError("these are not the arrays of attention", got=got, allowed=", ".join(KNOWN))
    shapes = {name: headers[name].shape for name in MATRICES}
    got = ", ".join(f"{MATRICES[name]} {shape}" for name, shape in shapes.items())
    if any(len(shape) != 2 for shape in shapes.values()):
        raise InputError("an array is no matrix of numbers", got=got, allowed="(m, d), (n, d) and (n, d_v)")
    (queries, dim), (keys, key_dim), (values, _) = shapes["q"], shapes["k"], shapes["v"]
    if dim != key_dim or keys != values:
        raise InputError("the shapes do not fit together", got=got, allowed="(m, d), (n, d) and (n, d_v)")
    needed = 8 * sum(math.prod(shape) for shape in shapes.values())
    if needed > most:
        raise InputError("the arrays are too large", got=f"{needed} bytes in numbers", allowed=f"at most {most} bytes")
    counts = {"levels": queries, "query_levels": queries, "key_levels": keys}
    for name, header in headers.items():
        if name in counts and header.shape != (counts[name],):
            got, allowed = f"shape {header.shape}", f"shape ({counts[name]},)"
            raise InputError(f"{name} does not fit: levels are one number a token", got=got, allowed=allowed)
        size = math.prod(header.shape)
        if name not in counts and name not in MATRICES and (size != 1 or header.dtype.itemsize > MAX_TEXT):
            got = f"shape {header.shape}, {size * header.dtype.itemsize} bytes"
            raise InputError(f"{name} is not one value", got=got, allowed="an array of one entry")
