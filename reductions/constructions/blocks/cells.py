"""The map of blocks, the tokens that are read, and the cost: parts of the rule for interpolated maps."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.flags import Blocks
from reductions.constructions.blocks.norms import score_of_mixtures
from reductions.problems.exact_arrays import ExactArray, interpolated
from varproof.base.balls import ball


def cells(source: layout.Source, blocks: Blocks) -> NDArray[np.int64]:
    """X_{K-1}: block b of the row-major order carries query b, key b, value b; flags +1 in the cores of key blocks."""
    d, columns = source.head_dim, int(source.values.numbers.shape[1])
    per_side, s = blocks.per_side, blocks.block
    data = np.zeros((per_side * per_side, 2 * d + columns), dtype=np.int64)
    data[: len(source.queries.numbers), :d] = source.queries.numbers
    data[: len(source.keys.numbers), d : 2 * d] = source.keys.numbers
    data[: len(source.keys.numbers), 2 * d :] = source.values.numbers
    finest = np.zeros((blocks.coarse, blocks.coarse, 2 * d + columns + 2), dtype=np.int64)
    finest[..., -2], finest[..., -1] = 1, -1
    whole = per_side * s
    square = data.reshape(per_side, per_side, -1)
    finest[:whole, :whole, :-2] = np.repeat(np.repeat(square, s, axis=0), s, axis=1)
    for b in range(len(source.keys.numbers)):
        top, left = (b // per_side) * s, (b % per_side) * s
        core = slice(blocks.core.start, blocks.core.stop)
        finest[top : top + s, left : left + s, -1][core, core] = 1
    return finest


def reading_rows(sides: tuple[int, ...], blocks: Blocks, queries: int) -> NDArray[np.int64]:
    """The tokens asked: the one of block i that lies at the centre."""
    b = np.arange(queries)
    first = sum(side * side for side in sides[:-1])
    down, across = b // blocks.per_side * blocks.step, b % blocks.per_side * blocks.step
    return np.asarray(first + (down + blocks.reader) * blocks.fine + across + blocks.reader, dtype=np.int64)


@dataclass(frozen=True)
class Transfer:
    """The error bound `factor` e^(mixture - floor - M (1 + f_max)) of the construction.

    `factor` is (1+w)/2 times the range of values times L; `mixture` bounds the query-key part of the score of a token
    with flag -1, `floor` is reached by the best score of every query.
    """

    factor: Fraction
    mixture: arb
    floor: arb
    lift: Fraction

    def strength_for(self, allowed: Fraction) -> arb:
        """The M whose cost is `allowed`; nothing to suppress where all values are 0."""
        if self.factor == 0:
            return arb(0)
        return ((ball(self.factor) / ball(allowed)).log() + self.mixture - self.floor) / ball(self.lift)

    def cost(self, strength: arb) -> Fraction:
        """What M = `strength` costs, rounded up."""
        return layout.suppression_cost(self.factor, self.mixture - self.floor - strength * ball(self.lift))


def transfer(
    source: layout.Source, sides: tuple[int, ...], blocks: Blocks, finest: NDArray[np.int64], neutral: int | None
) -> Transfer:
    """The bound, from the interpolated keys of the tokens that are to be suppressed: linear in their number."""
    d = source.head_dim
    keys = interpolated(ExactArray(finest[..., d : 2 * d], source.keys.unit), blocks.kernel, blocks.fine, "keys")
    touch = np.array(blocks.touches)
    place = np.minimum(np.arange(blocks.fine) // max(1, blocks.step), blocks.per_side)
    number = place[:, None] * blocks.per_side + place[None, :]
    whole = (place[:, None] < blocks.per_side) & (place[None, :] < blocks.per_side)
    exact = touch[:, None] & touch[None, :] & whole & (number < len(source.keys.numbers))
    return _transfer(source, sides, blocks, score_of_mixtures(source, keys, ~exact), neutral)


def coarse_transfer(source: layout.Source, sides: tuple[int, ...], blocks: Blocks, neutral: int | None) -> Transfer:
    """A bound that is no better than `transfer`, before anything is interpolated: mixtures of keys, w in weight."""
    # a thousandth more: norms rounds entries up to 24 bits
    mixture = layout.largest_score(source) * ball(blocks.weight_sum * Fraction(1001, 1000))
    return _transfer(source, sides, blocks, mixture, neutral)


def _transfer(
    source: layout.Source, sides: tuple[int, ...], blocks: Blocks, mixture: arb, neutral: int | None
) -> Transfer:
    tokens = sum(side * side for side in sides)
    factor = (1 + blocks.weight_sum) / 2 * source.value_range * tokens
    return Transfer(factor, mixture, layout.least_best_score(source, neutral), 1 + blocks.largest_flag)
