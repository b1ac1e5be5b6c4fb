"""Products and sums of interpolation norms: every part notices a wrong matrix, and exact maps act as NumPy says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import interpolation_growth
from varproof.claims.exact_maps import extremal_row, interpolated, largest, norm_of, product, sign_map, transposed
from varproof.claims.interpolation_growth import CLAIM
from varproof.growth.schedules import parse_schedule
from varproof.var.interpolation.operators import up
from varproof.var.interpolation.resampling import Resampling


def refuted(finding) -> list[str]:
    return [part.name.split(":")[0] for part in finding.parts if part.verdict is Verdict.REFUTED]


def test_every_part_is_proved_and_the_product_is_loose_without_layers():
    found = CLAIM.check(CLAIM.case())
    assert [part.verdict for part in found.parts] == [Verdict.PROVED] * 5
    composed = found.evidence["checked"]["chained with nothing between: the composed map"]
    ratios = composed["product over composed norm"]
    assert (ratios["1"], ratios["2"], ratios["13"]) == (88.8672, 48.4188, 1.0)


@pytest.mark.parametrize(
    ("constant", "parts"),
    [
        ("per_map", ["chained with layers between", "direct to n"]),
        ("doubling", ["doubling"]),
        ("composed_256", ["chained with nothing between"]),
        ("direct_256", ["direct to n"]),
        ("joint_256", ["direct to n"]),
    ],
)
def test_two_thousandths_less_are_refuted_where_they_are_used(constant, parts):
    value = CLAIM.constants[constant] - Fraction(2, 1000)
    case = replace(CLAIM.case(), constants={**CLAIM.constants, constant: value}, cells={"schedule": ("2-3-5-9",)})
    found = refuted(CLAIM.check(case))
    assert found
    assert set(found) <= set(parts)


def test_without_layers_only_the_product_falls():
    variant = next(v for v in CLAIM.falsified if v.dropped)
    found = CLAIM.check(CLAIM.case(variant))
    assert refuted(found) == ["chained with layers between"]
    worst = found.evidence["counterexamples"][0]
    assert worst["schedule"] == "256"
    assert float(worst["measured"].split(" ")[0].strip("[")) < 2.2


def test_a_matrix_with_a_wrong_weight_is_noticed(monkeypatch):
    honest = interpolation_growth.area

    def tilted(source: int, target: int) -> Resampling:
        rows = [list(row) for row in honest(source, target).matrix]
        rows[-1][-1] += Fraction(1, 10**9)
        return Resampling("tilted", tuple(map(tuple, rows)))

    monkeypatch.setattr(interpolation_growth, "area", tilted)
    assert refuted(CLAIM.check(CLAIM.case())) == ["down-sampling"]


def test_exact_maps_are_the_kronecker_square():
    operator, rng = up("bicubic", 3, 7), np.random.default_rng(0)
    token_map = [[Fraction(int(x), 8) for x in row] for row in rng.integers(-8, 9, (3, 3))]
    image = interpolated(operator, token_map)
    expected = np.kron(operator.array, operator.array) @ np.array(token_map, dtype=float).ravel()
    assert np.allclose(np.array(image, dtype=float).ravel(), expected, atol=1e-12)
    assert transposed(transposed(token_map)) == token_map
    assert norm_of(operator.matrix) == operator.norm
    row = extremal_row(operator)
    assert largest(interpolated(operator, sign_map(operator.matrix[row]))) == operator.norm
    assert product([[Fraction(0), Fraction(2)]], [[Fraction(1)], [Fraction(3)]]) == [[Fraction(6)]]


def test_the_page_lists_the_composed_maps_of_the_256_schedule():
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "ledger.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in page.splitlines() if line.startswith("| ")}
    found = interpolation_growth._compositions(parse_schedule("256"))[::-1]
    assert [int(cell) for cell in rows["from side"]] == [source for source, _, _ in found]
    assert [float(cell) for cell in rows["composed map"]] == [float(f"{float(norm):.4g}") for _, norm, _ in found]
    assert [float(cell) for cell in rows["product of norms"]] == [float(f"{float(b):.4g}") for _, _, b in found]


def test_the_attained_sum_is_a_sum_of_row_sums_and_less_than_the_sum_of_norms():
    total, joint = interpolation_growth._reconstructed(parse_schedule("1,2,4"))
    rows = [np.abs(up("bicubic", p, 4).array).sum(axis=1) ** 2 for p in (1, 2)]
    assert float(joint) == pytest.approx(max(rows[0] + rows[1] + 1))
    assert total == up("bicubic", 2, 4).norm + 2


@pytest.mark.parametrize("schedule", ["4", "1-128", "x"])
def test_cells_without_meaning_are_refused(schedule):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={"schedule": (schedule,)}))
