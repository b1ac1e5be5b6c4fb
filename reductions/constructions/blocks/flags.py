"""Blocks of cells and their flags under one up-interpolation: which tokens see a flag, and how large flags become.

The flag of a cell is +1 in the core of a used block (cells at least `margin` from its border) and -1 elsewhere. A token
at row i and column j of the fine map has flag -1 + 2 u_i u_j, where u_i sums the weights of core cells along one axis.
All numbers are exact; see docs/explanation/attention-to-var.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from varproof.var.interpolation.operators import up


@dataclass(frozen=True)
class Blocks:
    """Blocks of `block` x `block` cells of a map of side `coarse`, enlarged to side `fine` by `kernel`.

    >>> blocks = Blocks(7, 3, 35, 70, "bicubic")
    >>> blocks.fault, str(blocks.largest_flag), blocks.per_side, blocks.step
    (None, '17857/32768', 5, 14)
    """

    block: int
    margin: int
    coarse: int
    fine: int
    kernel: str

    @property
    def per_side(self) -> int:
        """Whole blocks along an axis; cells left over are spare."""
        return self.coarse // self.block

    @property
    def step(self) -> int:
        """Fine tokens along an axis of a block, where that is an integer."""
        return self.block * self.fine // self.coarse

    @property
    def core(self) -> range:
        """The cells of a block with flag +1, along one axis."""
        return range(self.margin, self.block - self.margin)

    @cached_property
    def core_weights(self) -> tuple[Fraction, ...]:
        """u_i for every row i of the fine map."""
        whole = self.per_side * self.block
        return tuple(
            sum((w for k, w in enumerate(row) if k < whole and k % self.block in self.core), Fraction(0))
            for row in up(self.kernel, self.coarse, self.fine).matrix
        )

    @cached_property
    def touches(self) -> tuple[bool, ...]:
        """Whether row i of the fine map has a core cell in its stencil: only then can its flag differ from -1."""
        whole = self.per_side * self.block
        return tuple(
            any(w for k, w in enumerate(row) if k < whole and k % self.block in self.core)
            for row in up(self.kernel, self.coarse, self.fine).matrix
        )

    @cached_property
    def largest_flag(self) -> Fraction:
        """f_max, the largest flag of a token: the square of the largest |u_i|, or a product of the two extremes."""
        low, high = min(self.core_weights), max(self.core_weights)
        return 2 * max(high * high, low * low) - 1

    @cached_property
    def flag_size(self) -> Fraction:
        """The largest |flag|: a product of a positive and a negative u falls below -1."""
        low, high = min(self.core_weights), max(self.core_weights)
        return max(abs(self.largest_flag), 1 - 2 * min(low * high, Fraction(0)))

    @cached_property
    def reader(self) -> int:
        """The row (and column) of a block's tokens that reads its query: core weight largest, nearest to the centre."""
        rows = range(min(self.step, self.fine))
        return max(rows, key=lambda i: (self.core_weights[i], -abs(2 * i + 1 - self.step)))

    @cached_property
    def weight_sum(self) -> Fraction:
        """w, the largest sum of |weights| of a token in two dimensions."""
        return up(self.kernel, self.coarse, self.fine).norm

    @cached_property
    def growth(self) -> int:
        """How many times integers grow when they are interpolated over the common denominator of the weights."""
        matrix = up(self.kernel, self.coarse, self.fine).matrix
        denominator = math.lcm(*(weight.denominator for row in matrix for weight in row))
        return math.ceil(denominator**2 * self.weight_sum)

    @cached_property
    def fault(self) -> str | None:
        """None, or why these blocks do not keep keys apart: checked on the exact weights of every row."""
        if len(self.core) < 1 or self.margin < 0:
            return f"block {self.block} has no core at margin {self.margin}"
        if self.per_side < 1:
            return f"a map of side {self.coarse} holds no block of side {self.block}"
        if (self.block * self.fine) % self.coarse:
            multiple = self.coarse // math.gcd(self.coarse, self.fine)
            return (
                f"a block of {self.block} cells is {self.block}*{self.fine}/{self.coarse} tokens wide, no integer: "
                f"blocks would have different flags; take a multiple of {multiple}"
            )
        for i, row in enumerate(up(self.kernel, self.coarse, self.fine).matrix):
            blocks = {k // self.block for k, w in enumerate(row) if w}
            if self.touches[i] and len(blocks) > 1:
                return f"fine row {i} mixes blocks {sorted(blocks)} and its flag is not exactly -1"
        for i in range(self.per_side * self.step):
            if self.core_weights[i] != self.core_weights[i % self.step]:
                return f"fine row {i} has another flag than the same row of the first block"
        if self.largest_flag <= -1 or not self.touches[self.reader]:
            return "no token has a flag above -1"
        return None
