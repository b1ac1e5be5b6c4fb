"""Small matrices as text, for the narrative of a rule."""

from __future__ import annotations

from typing import Any

import numpy as np


def aligned(rows: Any, title: str) -> str:
    """`title` and the matrix below it in aligned columns; only its shape when larger than 8 x 12.

    >>> print(aligned([[0, 1], [10, -1]], "L ="))
    L =
       0  1
      10 -1
    """
    array = np.asarray(rows)
    if array.ndim != 2 or array.shape[0] > 8 or array.shape[1] > 12:
        return f"{title} a matrix of shape {' x '.join(map(str, array.shape))}"
    width = max((len(str(x)) for x in array.ravel().tolist()), default=1)
    lines = ["  " + " ".join(f"{x:>{width}}" for x in row) for row in array.tolist()]
    return "\n".join([title, *lines])
