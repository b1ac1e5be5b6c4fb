"""The error of the block layout: how near the bound is met, and that each wrong layout fails where it should."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from flint import ctx

from varproof.approx.interpolation_kernels import BSPLINE, Kernel, keys_cubic
from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import interpolated_transfer as claim_file
from varproof.claims.interpolated_transfer import CLAIM, NO_INTEGER, RIGHT, SMALL_BLOCK, Setting, runs
from varproof.claims.model import Case


def moved(**constants: Fraction) -> Case:
    return replace(CLAIM.case(), constants={**CLAIM.constants, **constants})


def share(setting: Setting, number: int) -> float:
    """The largest change of an output over its bound, for one source."""
    run = runs("bicubic", setting, "d", 30)[number]
    with ctx.workprec(claim_file.BITS):
        damped = ball(run.lift) * run.strength
        bound = ball(run.factor) * (run.mixture - run.floor - damped).exp()
        return max(float((change / bound).mid()) for change in run.changes)


@pytest.mark.parametrize("setting", RIGHT)
def test_one_zero_key_comes_within_a_factor_thirty_of_the_bound(setting: Setting) -> None:
    assert 1 / 30 < share(setting, 0) < 1
    assert all(share(setting, number) < 1 for number in range(4))


@pytest.mark.parametrize("setting", [SMALL_BLOCK, NO_INTEGER])
def test_wrong_blocks_break_the_bound_by_orders_of_magnitude(setting: Setting) -> None:
    assert max(share(setting, number) for number in range(4)) > 1e6


def test_wrong_blocks_are_seen_in_their_outputs_too() -> None:
    for variant in CLAIM.falsified:
        if variant.dropped:
            parts = {part.name: part.verdict for part in CLAIM.check(CLAIM.case(variant)).parts}
            assert parts["flags and data"] is parts["change of the outputs"] is Verdict.REFUTED, variant.name
            assert parts["constants of the layout"] is Verdict.PROVED


@pytest.mark.parametrize(("suppression", "verdict"), [("1", Verdict.PROVED), ("104/100", Verdict.REFUTED)])
def test_the_suppression_is_sharp_within_four_percent(suppression: str, verdict: Verdict) -> None:
    assert claim_file._error(moved(suppression=Fraction(suppression))).verdict is verdict


@pytest.mark.parametrize("shift", [Fraction(1, 10**12), -Fraction(1, 10**12)])
def test_the_spread_can_move_neither_way(shift: Fraction) -> None:
    assert claim_file._constants(moved(spread=Fraction(1, 2) + shift)).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("kernel", "ratio", "f_max"),
    [(keys_cubic("-3/4"), 2, 0.545), (keys_cubic("-3/4"), 3, 1), (BSPLINE, 2, -0.251)],
)
def test_the_flag_of_one_cell_among_minus_ones_peaks_where_the_claim_says(
    kernel: Kernel, ratio: int, f_max: float
) -> None:
    """Interpolate the whole 7 x 7 block and look at every fine token."""
    centre, size = 3, 7

    def fine(i: int) -> dict[int, Fraction]:
        position = Fraction(2 * i + 1, 2 * ratio) - Fraction(1, 2)
        return {cell: kernel(position - cell) for cell in range(-3, size + 3)}

    axis = [fine(i)[centre] for i in range(size * ratio)]
    assert all(sum(fine(i).values()) == 1 for i in range(size * ratio))
    best = max(-1 + 2 * a * b for a in axis for b in axis)
    assert abs(best - Fraction(f_max)) < Fraction(1, 1000)
    offset = min(abs(Fraction(2 * i + 1, 2 * ratio) - Fraction(1, 2) - centre) for i in range(size * ratio))
    assert best == claim_file.flag(kernel, offset)


@pytest.mark.parametrize("cells", [{"kernel": ("bilinear",)}, {"digits": (0,)}])
def test_cells_outside_the_statement_are_refused(cells: dict[str, tuple[int | str, ...]]) -> None:
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
