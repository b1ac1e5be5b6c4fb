"""From a sample of rows and keys, how many rows a weighted table is expected to miss: it steers and proves nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.head import Head
from varproof.attention.polynomial.frame import Frame
from varproof.attention.tables.weighted import WeightedTable

SAMPLED_QUERIES, SAMPLED_KEYS = 32, 1024
AIM = 0.98  # of delta: what a sample should predict
APART = 4  # lengths are looked at where 1, 4, 16, ... rows are longer
QUANTILES = 4  # and at quarters of all rows

Array = NDArray[np.float64]


class Sample:
    """Directions of some queries, with power means of their inner products with some keys, |keys| <= 1.

    A row of length l and score bound b = gamma l max|k'| has scores b r with r in [-1, 1] of the direction alone, so
    one set of means of r^k serves every length and every table. Worst directions count as often as they are sampled.
    """

    def __init__(self, xp: Any, head: Head, frame: Frame, lengths: Array) -> None:
        queries = _some(head.q, SAMPLED_QUERIES)
        keys, values = _some(head.k, SAMPLED_KEYS), _some(head.v, SAMPLED_KEYS)
        norms = np.sqrt((queries * queries).sum(axis=1))
        units = queries / np.where(norms > 0, norms, math.inf)[:, None]
        self.cosines = np.clip(units @ (keys - as_numpy(frame.centre)).T / frame.largest_key, -1, 1)
        self.values, self.lengths = values - as_numpy(frame.middle), lengths
        self.mean_value = as_numpy((xp.ones_like(head.v[:, 0]) @ head.v) / head.keys - frame.middle)
        self.half_range, self.aim, self.bound = frame.half_range, AIM * head.delta, frame.bound
        self._power, self._means = np.ones_like(self.cosines), [np.ones(len(self.cosines))]

    def means(self, degree: int) -> Array:
        """(rows, degree + 1): means of r^k."""
        while len(self._means) <= degree:
            self._power = self._power * self.cosines
            self._means.append(self._power.mean(axis=1))
        return np.stack(self._means[: degree + 1], axis=1)

    @property
    def dimension(self) -> float:
        """1 over the mean of r^2, of the second worst direction."""
        second = np.sort(self.means(2)[:, 2])[-2:][0]
        return 1 / float(second) if second > 0 else math.inf

    def missed(self, table: WeightedTable, beyond: int) -> float:
        """How many rows are expected to miss delta, not counting the `beyond` longest."""
        covered = self.lengths[: len(self.lengths) - beyond]
        places = _places(len(covered))
        scores = self.bound * covered[places] / self.lengths[-1] if self.lengths[-1] > 0 else 0 * covered[places]
        failing = self._failing(table, np.minimum(scores / table.bound, 1.0))
        between = (failing[1:] + failing[:-1]) / 2
        return float(between @ np.diff(places) + failing[-1])

    def _failing(self, table: WeightedTable, levels: Array) -> Array:
        """(levels,): the share of directions that fail where the scores take this share of the table's interval."""
        powers = levels[:, None] ** np.arange(table.degree + 1)
        means = self.means(table.degree)
        normaliser = (powers * table.coefficients) @ means.T
        share = ((powers * table.weights) @ means.T) / np.maximum(normaliser, 1e-9)
        output = np.abs(self.mean_value).max() + levels[:, None] * self._spread(table.bound)
        error = np.minimum(
            2 * self.half_range * share, share * (self.half_range + output) / np.maximum(1 - share, 1e-9)
        )
        return np.asarray(((error > self.aim) | (share >= 1)).mean(axis=1))

    def _spread(self, bound: float) -> Array:
        """(rows,): how far scores up to `bound` move the output from the mean value, entrywise."""
        weights = np.exp(bound * self.cosines)
        outputs = (weights @ self.values) / weights.sum(axis=1)[:, None]
        return np.asarray(np.abs(outputs - self.values.mean(axis=0)).max(axis=1))


def _places(rows: int) -> NDArray[np.int64]:
    """Indices from 0 to rows - 1: quantiles, and closer and closer to the last.

    >>> _places(40).tolist()
    [0, 9, 19, 23, 29, 35, 38, 39]
    """
    found = {0, rows - 1} | {rows * part // QUANTILES - 1 for part in range(1, QUANTILES)}
    longer = 1
    while longer < rows:
        found.add(rows - 1 - longer)
        longer *= APART
    return np.array(sorted(place for place in found if place >= 0), dtype=np.int64)


def _some(x: Any, rows: int) -> Array:
    return as_numpy(x[:: max(1, x.shape[0] // rows)][:rows])


def as_numpy(x: Any) -> Array:
    """A float64 NumPy array of the same numbers."""
    return np.asarray(x.cpu() if hasattr(x, "cpu") else x, dtype=np.float64)
