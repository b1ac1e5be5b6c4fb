"""The embedding claim, and by enclosures the steps of its page that the claim does not run: L1 rounding, L3, E3."""

from __future__ import annotations

import operator
import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod

import pytest
from flint import arb, ctx

from varproof.approx.interpolation_kernels import keys_cubic
from varproof.approx.interpolation_matrix import interpolation_matrix
from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import embedding_free_maps as claim_file
from varproof.claims.embedding_free_maps import CLAIM, Layout, layouts
from varproof.claims.model import Variant
from varproof.growth.schedules import doubling, linear

TINY = Fraction(1, 10**25)
BICUBIC = keys_cubic(Fraction(-3, 4))
ABSOLUTE_SUM = Fraction(121, 64)  # of the bicubic weights in two dimensions


@pytest.mark.parametrize("name", ["neutral", "noise", "leading"])
@pytest.mark.parametrize("sign", [1, -1])
def test_exact_constants_cannot_move_at_all(name: str, sign: int) -> None:
    case = replace(CLAIM.case(), constants={**CLAIM.constants, name: CLAIM.constants[name] + sign * TINY})
    assert CLAIM.check(case).verdict is Verdict.REFUTED


@pytest.mark.parametrize(("margin", "verdict"), [("1", Verdict.PROVED), ("49/50", Verdict.REFUTED)])
def test_the_suppressing_score_is_sharp_within_two_percent(margin: str, verdict: Verdict) -> None:
    case = replace(CLAIM.case(), constants={**CLAIM.constants, "margin": Fraction(margin)})
    assert CLAIM.check(case).verdict is verdict


@pytest.mark.parametrize("variant", CLAIM.falsified, ids=lambda variant: variant.name)
def test_wrong_variants_are_refuted(variant: Variant) -> None:
    finding = CLAIM.check(CLAIM.case(variant))
    assert finding.verdict is Verdict.REFUTED
    assert finding.evidence["counterexamples"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_draws_are_proved_too(seed: int) -> None:
    assert CLAIM.check(CLAIM.case(seed=seed)).verdict is Verdict.PROVED


def test_neutral_tokens_of_the_two_layouts() -> None:
    by_name = {(found.schedule.name, found.schedule.side): found for found in layouts(CLAIM.case())}
    assert [by_name["linear", 4].neutral_tokens(level) for level in (2, 3)] == [9, 9 + 16]
    assert by_name["doubling", 4].neutral_tokens(2) == 1 + 4


def test_queries_that_come_before_the_keys_are_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_file, "layouts", lambda case: [Layout(doubling(4), range(2, 3), range(1, 3))])
    assert CLAIM.check(CLAIM.case()).verdict is Verdict.REFUTED


def test_keys_between_two_sets_of_neutral_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The formula for P also holds where earlier scales are neutral too: keys on scales 2, 3 and queries on 3, 4."""
    monkeypatch.setattr(claim_file, "layouts", lambda case: [Layout(linear(4), range(1, 3), range(2, 4))])
    parts = {part.name: part.verdict for part in CLAIM.check(CLAIM.case()).parts}
    assert parts["outputs P/(P + S(x))"] is parts["counts from noisy outputs"] is Verdict.PROVED
    assert parts["number of data pairs"] is Verdict.REFUTED  # it is not the layout that the page counts


def test_data_pairs_stay_above_the_limit_and_one_is_too_small() -> None:
    ratios = []
    for n in range(1, 200):
        totals = (0, *linear(n).cumulative_tokens)
        ratios.append(Fraction(totals[n // 2] * (totals[n] - totals[n // 2]), n**6))
    assert ratios[0] == 0
    assert all(ratio >= Fraction(7, 576) for ratio in ratios[1:])
    assert ratios[-1] < Fraction(7, 576) * Fraction(103, 100)


@pytest.mark.parametrize("cells", [{"doubling": (3,)}, {"doubling": (16,)}, {"linear": (1,)}, {"head_dim": (0,)}])
def test_cells_outside_the_statement_are_refused(cells: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))


@pytest.mark.parametrize("head_dim", [1, 2, 5, 12])
@pytest.mark.parametrize("decay", ["1/8", "2"])
def test_rounded_points_at_most_double_the_weights(head_dim: int, decay: str) -> None:
    """L1: every point off by the relative error eta = (1 - e^-s)/(8 d^3), in any direction."""
    with ctx.workprec(256):
        s, chance = ball(Fraction(decay)), random.Random(head_dim)
        low = (-s).exp()
        exact = [(1 + low) / 2 + (1 - low) / 2 * (arb.pi() * t / head_dim).cos() for t in range(head_dim + 1)]
        eta = (1 - low) / (8 * head_dim**3)
        z = (s / 4).coth()
        chebyshev = (z**head_dim + z**-head_dim) / 2
        assert absolute_weights(exact).overlaps(chebyshev)
        signs = [[1 - 2 * (t % 2) for t in range(head_dim + 1)], [2 * (t % 2) - 1 for t in range(head_dim + 1)]]
        signs += [[chance.choice((-1, 0, 1)) for _ in exact] for _ in range(20)]
        sums = [absolute_weights([x * (1 + e * eta) for x, e in zip(exact, row, strict=True)]) for row in signs]
        assert all(total < 2 * chebyshev for total in sums)
        assert any(total > chebyshev for total in sums)  # rounding does cost something


def absolute_weights(points: Sequence[arb]) -> arb:
    """Sum of the absolute Lagrange weights that extrapolate to 0."""
    weights = [prod((x / (x - y) for x in points if x is not y), start=arb(1)) for y in points]
    return sum((abs(weight) for weight in weights), arb(0))


@pytest.mark.parametrize(("head_dim", "closer", "right"), [(1, 0, True), (3, 0, True), (5, 0, True), (3, 1, False)])
def test_gap_layout_decides_all_distances_of_three_keys(head_dim: int, closer: int, right: bool) -> None:
    """L3, every t < T <= d: some h <= t gives an output of at least 3/4, all h >= T one of at most 1/4.

    Keys at distance T - 1 > t break the promise, and then the level.
    """
    keys, allowed, decided = 3, ball(TINY), True
    with ctx.workprec(128):
        spread, gap = ball(keys).log(), ball(9).log()
        for near, far in ((t, u) for t in range(head_dim) for u in range(t + 1, head_dim + 1)):
            width = max(1, abs(head_dim - 2 * near), abs(head_dim - near - far))
            unit = (spread + gap) / (2 * (far - near))  # gamma m z^2
            chi = (head_dim - near - far + (far - near) * spread / (spread + gap)) / width
            assert width <= head_dim
            assert abs(chi) <= 1
            query = [1] * (head_dim + width)
            for chosen in product([h for h in range(head_dim + 1) if h <= near or h >= far - closer], repeat=keys):
                vectors = [[-1] * h + [1] * (head_dim - h) + [0] * width for h in chosen]
                mass = sum(((unit * sum(map(operator.mul, query, v))).exp() for v in vectors), arb(0))
                output = mass / (mass + (unit * width * chi).exp())
                some_near = min(chosen) <= near
                decided &= bool(4 * output > 3 - allowed) if some_near else bool(4 * output < 1 + allowed)
    assert decided is right


def flag_rows(cells: int, fine: int, block: int, at: int) -> list[list[tuple[int, Fraction]]]:
    """For each block of one axis: (fine index, weight of the flag cell) of all stencils that contain the flag cell."""
    matrix = interpolation_matrix(BICUBIC, cells, fine)
    return [[(i, row[flag]) for i, row in enumerate(matrix) if row[flag]] for flag in range(at, cells, block)]


@pytest.mark.parametrize(
    ("cells", "fine", "block", "at", "inside", "alike"),
    [
        (14, 28, 7, 3, True, True),
        (14, 42, 7, 3, True, True),
        (16, 24, 8, 3, True, True),
        (27, 36, 9, 3, True, True),
        (21, 28, 7, 3, True, False),  # 7 * 4/3 is no integer: the blocks have different flags
        (10, 20, 5, 2, False, True),  # too small: a stencil with the flag reaches the next block
        (14, 28, 7, 2, False, True),  # flag too close to the border of the block
    ],
)
def test_flags_of_interpolated_blocks(cells: int, fine: int, block: int, at: int, inside: bool, alike: bool) -> None:
    matrix = interpolation_matrix(BICUBIC, cells, fine)
    rows = flag_rows(cells, fine, block, at)
    touched = [{c // block for c, weight in enumerate(matrix[i]) if weight} for found in rows for i, _ in found]
    assert all(len(blocks) == 1 for blocks in touched) is inside
    assert all(sum(row) == 1 for row in matrix)
    assert all(sorted(w for _, w in found) == sorted(w for _, w in rows[0]) for found in rows) is alike
    largest = max(w for _, w in rows[0])
    assert 2 * largest**2 >= Fraction(361, 512)  # 1 + f >= 2 W(1/2)^2


@pytest.mark.parametrize(("cells", "fine", "sound"), [(14, 28, True), (14, 42, True), (21, 28, False)])
def test_interpolated_maps_return_the_row_up_to_the_stated_error(cells: int, fine: int, sound: bool) -> None:
    """E3, every token of the last scale: blocks of 7 x 7 cells, the last block neutral, earlier scales with flag -1."""
    block, per_axis, suppress, bound = 7, cells // 7, 24, 6
    matrix = [[(c, w) for c, w in enumerate(row) if w] for row in interpolation_matrix(BICUBIC, cells, fine)]
    last, chance = per_axis**2 - 1, random.Random(cells)
    score = [-3 * chance.randrange(3) for _ in range(last)] + [-1]
    value = [1] * last + [0]
    score[0], score[1] = -3, 0  # different blocks must not look alike
    tokens = fine**2 + 500
    data = total = 500 * ball(-suppress).exp()  # earlier scales: key 0, flag -1, here with value 1
    flags: list[Fraction] = []
    for left, right in product(matrix, repeat=2):
        stencil = [((i // block) * per_axis + j // block, i, j, u * v) for i, u in left for j, v in right]
        flag = sum((w if i % block == j % block == 3 else -w for _, i, j, w in stencil), Fraction(0))
        mixed = [sum((w * known[b] for b, _, _, w in stencil), Fraction(0)) for known in (score, value)]
        weight = (ball(mixed[0]) + ball(suppress * flag)).exp()
        data, total, flags = data + weight * ball(mixed[1]), total + weight, [*flags, flag]
    call = [ball(s).exp() for s in score]
    wanted = sum(call[:last], arb(0)) / sum(call, arb(0))
    slack = (1 + ABSOLUTE_SUM) / 2
    exponent = -(1 + max(flags)) * suppress + (1 + ABSOLUTE_SUM) * bound
    allowed = ball(slack * tokens) * ball(exponent).exp()
    error = abs(data / total - wanted)
    assert allowed < ball(Fraction(1, 100))
    assert bool(error <= allowed) is sound
    assert bool(error > allowed) is not sound
