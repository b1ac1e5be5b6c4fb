"""What the problems about a pair of rows share: what a pair is, all distances one after the other, files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reductions.core.answer import Answer, Decision
from varproof.base.errors import InputError


def is_pair(witness: Any, left: int, right: int) -> bool:
    """Whether `witness` is two row indices, 0 <= i < left and 0 <= j < right; False for anything else.

    >>> is_pair((0, 1), 1, 2), is_pair((0, 2), 1, 2), is_pair((True, 0), 2, 2), is_pair(None, 1, 1)
    (True, False, False, False)
    """
    if not isinstance(witness, tuple | list) or len(witness) != 2:
        return False
    if not all(isinstance(x, int | np.integer) and not isinstance(x, bool) for x in witness):
        return False
    return bool(0 <= witness[0] < left and 0 <= witness[1] < right)


def distances(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> Iterator[tuple[int, int, int]]:
    """(i, j, Hamming distance of left_i and right_j) for all pairs, row by row, from arrays of 0 and 1."""
    xs, ys = as_integers(left), as_integers(right)
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            yield i, j, (x ^ y).bit_count()


def as_integers(rows: NDArray[np.uint8]) -> list[int]:
    """Each row of 0 and 1 as a Python integer, first bit highest; rows of no bits are 0.

    >>> as_integers(np.array([[1, 0, 1], [0, 1, 1]], dtype=np.uint8))
    [5, 3]
    """
    return [int("".join("1" if bit else "0" for bit in row) or "0", 2) for row in rows]


def answer_of(pairs: Iterable[tuple[int, int]]) -> Answer:
    """YES with the first pair and the number of pairs, or NO.

    >>> answer_of([(0, 3), (1, 1)]).count
    2
    """
    found = iter(pairs)
    first = next(found, None)
    if first is None:
        return Answer(Decision.NO, count=0)
    return Answer(Decision.YES, first, (first,), 1 + sum(1 for _ in found))


def fields(data: Any, problem: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    """`data` when it is a JSON object of this problem with these fields. Raises `InputError` otherwise."""
    if not isinstance(data, Mapping) or data.get("problem") != problem:
        raise InputError(f"not an instance of {problem}", got=data, allowed=f'{{"problem": "{problem}", ...}}')
    missing = [name for name in names if name not in data]
    if missing:
        raise InputError(f"an instance of {problem} lacks fields", got=", ".join(missing), allowed=", ".join(names))
    return data


def integer(data: Mapping[str, Any], name: str) -> int:
    """Field `name` when it is an integer. Raises `InputError` otherwise.

    >>> integer({"threshold": 3}, "threshold")
    3
    """
    value = data[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{name} must be an integer", got=value)
    return value


def write_json(data: Mapping[str, Any], directory: Path, stem: str) -> list[Path]:
    """Write `stem.json`; returns the file in a list."""
    path = directory / f"{stem}.json"
    path.write_text(json.dumps(data) + "\n", encoding="utf-8")
    return [path]


def random_sides(rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two random 0/1 matrices of 1 to 8 rows each and the same 1 to 12 columns."""
    rows, columns, dim = (int(rng.integers(1, top)) for top in (9, 9, 13))
    left, right = (rng.integers(0, 2, (each, dim), dtype=np.uint8) for each in (rows, columns))
    return left, right
