"""The keys that joined a running state: how many, and their norm moments when somebody asks."""

from __future__ import annotations

from typing import Any

from varproof.attention.polynomial.certificate import Moments, moments


class Seen:
    """Keys of squared lengths at most those that were added, scaled by `inverse`.

    Moments are summed once over every key, and not at all where one bound serves all rows.

    >>> import numpy as np
    >>> seen = Seen(0.5, 2)
    >>> seen.add(np.array([4.0, 1.0]))
    >>> seen.keys, [round(x, 6) for x in seen.moments(np).powers]
    (2, [2.0, 1.581139, 1.25])
    """

    def __init__(self, inverse: float, degree: int) -> None:
        self.inverse, self.keys = inverse, 0
        self._waiting: list[Any] = []
        self._known = Moments((0.0,) * (degree + 1))

    def add(self, squares: Any) -> None:
        """More keys, `squares` (n,) float64."""
        self.keys += int(squares.shape[0])
        self._waiting.append(squares)

    def moments(self, xp: Any) -> Moments:
        """Of all keys so far."""
        for squares in self._waiting:
            self._known += moments(xp, squares * self.inverse**2, len(self._known.powers) - 1)
        self._waiting.clear()
        return self._known
