"""The parts of a field are together the field, however narrow it is and whatever its options look like as text."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest

from varproof.families.space import Choice, Real, Space


@pytest.mark.parametrize(
    ("low", "high"),
    [(1.0, 1.001), (1.0, 1.0 + 1e-12), (1.0, math.nextafter(1.0, 2.0)), (1e-300, 1e300), (1.0, 1.0), (0.1, 0.3)],
)
@pytest.mark.parametrize("log", [False, True])
def test_the_parts_of_a_real_field_leave_no_gap(low, high, log):
    parts = list(Space({"x": Real(low, high, log)}).bins("x").values())
    assert (parts[0].low, parts[-1].high) == (low, high)
    assert all(left.high == right.low for left, right in pairwise(parts))
    assert len(parts) == 4 or high - low < 1e-15


@pytest.mark.parametrize("options", [(1, "1"), (Fraction(1), "1"), ("a", "b"), (0.5, "0.5", 2)])
def test_every_option_is_a_cell_of_its_own(options):
    parts = Space({"x": Choice(options)}).bins("x")
    assert [part.options for part in parts.values()] == [(option,) for option in options]


def test_simple_options_and_wide_fields_keep_their_short_names():
    space = Space({"kind": Choice(("a", 2, Fraction(1, 2))), "x": Real(0.0, 1.0)})
    assert list(space.bins("kind")) == ["a", "2", "1/2"]
    assert list(space.bins("x")) == ["0..0.25", "0.25..0.5", "0.5..0.75", "0.75..1"]
