"""Entry bounds: each rule is seen to move, by convention, and powers of ln n agree with measured growth."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import log2

import numpy as np
import pytest
from flint import ctx

from reductions.problems.attention import ApproximateAttention
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import entry_bounds_of_reductions as claim_file
from varproof.claims.entry_bounds_of_reductions import CLAIM, POWERS, largest_entry


def test_values_are_no_entries() -> None:
    instance = ApproximateAttention(
        np.array([[1, -2]]),
        np.array([[0.25, 1]]),
        np.array([[1000]]),
        Fraction(1, 9),
        "d",
        Fraction(1, 3),
        Fraction(3, 2),
    )
    assert largest_entry(instance) == Fraction(3, 2)
    assert largest_entry(replace(instance, query_unit=Fraction(1))) == 2


@pytest.mark.parametrize("name", [name for name in CLAIM.constants if CLAIM.constants[name]])
@pytest.mark.parametrize("sign", [1, -1])
def test_constants_cannot_move_by_a_thousandth(name: str, sign: int) -> None:
    moved = {**CLAIM.constants, name: CLAIM.constants[name] * (1 + sign * Fraction(1, 1000))}
    assert CLAIM.check(replace(CLAIM.case(), constants=moved)).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("rule", "keys", "dims"),
    [("scaling", (9, 729), (7, 15)), ("counting", (15, 255), (8, 16)), ("gap", (9, 729), (8, 16))],
)
@pytest.mark.parametrize("scale", ["d", "sqrt", "one"])
def test_measured_growth_has_the_stated_power(
    rule: str, keys: tuple[int, int], dims: tuple[int, int], scale: str
) -> None:
    """ln 9n, or ln N, and the head dimension of the image double: R grows by 2 to the power, up to rounding."""
    make = {"scaling": claim_file._scaling, "counting": claim_file._counting, "gap": claim_file._gap}[rule]
    with ctx.workprec(192):
        built = [make(CLAIM.case(), scale, n, dim, Fraction(2)).instance for n, dim in zip(keys, dims, strict=True)]
    entries = [float(largest_entry(instance)) for instance in built]
    assert abs(log2(entries[1] / entries[0]) - float(POWERS[f"{rule}_{scale}"])) < 1e-4


@pytest.mark.parametrize("cells", [{"keys": (0,)}, {"dim": (1,)}, {"scale": ("cosine",)}, {"kappa": (0,)}])
def test_cells_without_meaning_are_refused(cells: dict[str, tuple[int | str, ...]]) -> None:
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
