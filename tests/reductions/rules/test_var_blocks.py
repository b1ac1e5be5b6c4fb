"""Blocks and flags: constants of the page, and the layouts that must be refused."""

from fractions import Fraction
from itertools import product

import pytest

from reductions.constructions.blocks.flags import Blocks
from varproof.var.interpolation.norms import phase_sup
from varproof.var.interpolation.operators import up
from varproof.var.interpolation.sparse import exact_row

GOOD = (
    (7, 3, 21, 42, "bicubic", "17857/32768"),
    (7, 3, 21, 42, "bspline", "-18503/73728"),
    (7, 3, 21, 63, "bicubic", "1"),
    (7, 3, 21, 63, "bspline", "-1/9"),
    (9, 4, 27, 36, "bicubic", "259073/2097152"),
    (9, 4, 48, 64, "bicubic", "259073/2097152"),
    (7, 3, 30, 60, "bilinear", "1/8"),
)


@pytest.mark.parametrize(("block", "margin", "coarse", "fine", "kernel", "flag"), GOOD)
def test_constants(block: int, margin: int, coarse: int, fine: int, kernel: str, flag: str) -> None:
    blocks = Blocks(block, margin, coarse, fine, kernel)
    assert blocks.fault is None
    assert blocks.largest_flag == Fraction(flag)
    assert 1 <= blocks.weight_sum <= phase_sup(kernel)
    assert blocks.touches[blocks.reader]
    assert abs(2 * blocks.reader + 1 - blocks.step) <= 2  # at the centre of the block


@pytest.mark.parametrize(("block", "margin", "coarse", "fine", "kernel", "flag"), GOOD[:5])
def test_every_token_is_mixed_with_flag_minus_one_or_pure(
    block: int, margin: int, coarse: int, fine: int, kernel: str, flag: str
) -> None:
    """Token by token in two dimensions, from single weights: the facts 1 to 4 of the proof."""
    blocks = Blocks(block, margin, coarse, fine, kernel)
    operator = up(kernel, coarse, fine)
    core = range(margin, block - margin)
    patterns: dict[tuple[int, int], dict[tuple[int, int], Fraction]] = {}
    largest = Fraction(-1)
    for i, j in product(range(min(fine, 3 * blocks.step)), repeat=2):
        row = exact_row(operator, i, j)
        flags = {c: 1 if c[0] % block in core and c[1] % block in core else -1 for c in row}
        value = sum((w * flags[c] for c, w in row.items()), Fraction(0))
        homes = {(a // block, b // block) for a, b in row}
        if value == -1:
            continue
        assert len(homes) == 1
        home = homes.pop()
        assert home == (i // blocks.step, j // blocks.step)
        place = (i % blocks.step, j % blocks.step)
        patterns.setdefault(home, {})[place] = value
        largest = max(largest, value)
        assert abs(value) <= blocks.flag_size
    assert largest == blocks.largest_flag
    assert len({tuple(sorted(pattern.items())) for pattern in patterns.values()}) == 1


@pytest.mark.parametrize(
    ("block", "margin", "coarse", "fine", "kernel", "words"),
    [
        (7, 3, 48, 64, "bicubic", "no integer"),
        (7, 3, 36, 48, "bicubic", "no integer"),
        (3, 1, 21, 42, "bicubic", "mixes blocks"),
        (5, 2, 25, 50, "bicubic", "mixes blocks"),
        (6, 2, 24, 48, "bspline", "mixes blocks"),
        (7, 2, 21, 42, "bicubic", "mixes blocks"),
        (7, 4, 21, 42, "bicubic", "no core"),
        (7, 3, 6, 12, "bicubic", "holds no block"),
    ],
)
def test_layouts_that_fail_say_why(block: int, margin: int, coarse: int, fine: int, kernel: str, words: str) -> None:
    assert words in (Blocks(block, margin, coarse, fine, kernel).fault or "")
