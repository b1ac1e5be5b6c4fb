"""How many pairs of rows the end of a path works through, known before anything is built, and the most taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reductions.core.reduction import Reduction
from reductions.graph.sizes import Sizes, whole

# Reference solvers and oracles look at every pair. Each limit is about two minutes on two cores for one instance.
MOST_PAIRS: Mapping[str, int] = {
    "ov": 1 << 34,
    "hamming": 1 << 30,
    "gap-hamming": 1 << 29,
    "maxip": 1 << 27,
    "attention": 1 << 33,
    "var-attention": 1 << 32,
}
_SIDES = (("left", "right"), ("queries", "keys"))


def too_many_pairs(path: Sequence[Reduction], sizes: Sequence[Sizes], limits: Mapping[str, int] | None = None) -> str:
    """Why the pairs on this path are too many for its last problem, with both numbers; empty where they are not.

    The pairs are those of the first problem on the path that has them; later ones have as many or more. Only sizes that
    hold with equality count: a bound is no reason to refuse. `limits` replaces `MOST_PAIRS`.
    """
    if not path:
        return ""
    last = path[-1].target.NAME
    most = (MOST_PAIRS if limits is None else limits).get(last)
    pairs, rows, columns = next((found for found in map(_pairs, sizes) if found is not None), (0, 0, 0))
    if most is None or pairs <= most:
        return ""
    return (
        f"{_number(rows)} x {_number(columns)} rows make {_number(pairs)} pairs; at most {_number(most)} are worked "
        f"through at {last}, about two minutes on two cores"
    )


def _pairs(sizes: Sizes) -> tuple[int, int, int] | None:
    for names in _SIDES:
        if set(names) <= set(sizes.exact):
            one, other = (whole(sizes.exact[name]) for name in names)
            if one is not None and other is not None:
                return one * other, one, other
    return None


def _number(value: int) -> str:
    """Powers of two as such, other numbers in full up to 15 digits, else as what power of two they are above.

    >>> _number(1 << 20), _number(1025), _number(3 << 100)
    ('2^20', '1025', 'more than 2^101')
    """
    power = value.bit_length() - 1
    if value >= 1024 and value == 1 << power:
        return f"2^{power}"
    return str(value) if value < 10**15 else f"more than 2^{power}"
