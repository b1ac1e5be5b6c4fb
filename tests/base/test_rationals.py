"""Exact rationals from text."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.errors import InputError
from varproof.base.rationals import MAX_EXPONENT, open_unit_rational, parse_rational, positive_rational


@given(st.fractions())
def test_fractions_round_trip(x: Fraction) -> None:
    assert parse_rational(f"{x.numerator}/{x.denominator}") == x == parse_rational(x)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**9), max_value=10**9))
def test_decimals_are_exact(x: object) -> None:
    assert parse_rational(str(x)) == Fraction(str(x))


@pytest.mark.parametrize(
    ("text", "value"),
    [("16", 16), (" 16 ", 16), ("+3", 3), ("-3", -3), ("1e-16", Fraction(1, 10**16)), ("1E2", 100),
     (".5", Fraction(1, 2)), ("5.", 5), ("0.1", Fraction(1, 10)), ("6/4", Fraction(3, 2)),
     (f"1e{MAX_EXPONENT}", 10**MAX_EXPONENT)],
)  # fmt: skip
def test_spellings(text: str, value: object) -> None:
    assert parse_rational(text) == value


@pytest.mark.parametrize(
    "value",
    ["", " ", "x", "1/0", "1 /2", "1/-2", "--1", "1e", "e5", "1e4001", "1e-4001", "nan", "inf", "1_0", "٣", "1,5",
     "1.2.3", "1/2.5", "0x1", "1" * 401, 0.5, None, True, 1j, [1], b"1"],
)  # fmt: skip
def test_what_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        parse_rational(value)  # wrong on purpose


def test_a_float_is_told_to_become_text() -> None:
    with pytest.raises(InputError) as caught:
        parse_rational(0.1, name="eps")  # wrong on purpose
    assert "eps" in caught.value.message
    assert "text" in caught.value.hint


@pytest.mark.parametrize("value", ["0", "-1", "-1e-400", 0])
def test_positive(value: object) -> None:
    assert positive_rational("1e-400", name="B") > 0
    with pytest.raises(InputError, match="B must be positive"):
        positive_rational(value, name="B")  # wrong on purpose


@pytest.mark.parametrize("value", ["0", "1", "-1", "2", "1.0000000001", pytest.param(10**5000, id="huge")])
def test_open_unit(value: object) -> None:
    assert open_unit_rational("0.9999", name="eps") < 1
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        open_unit_rational(value, name="eps")  # wrong on purpose


def test_exact_numbers_of_other_types_are_taken_exactly() -> None:
    for value, exact in ((np.int64(3), 3), (np.uint8(200), 200), (Decimal("0.1"), Fraction(1, 10)), (Decimal(7), 7)):
        found = parse_rational(value)  # type: ignore[arg-type]  # NumPy's integers are registered as rationals
        assert found == exact
        assert type(found.numerator) is int
    huge = (Decimal("1e4001"), Decimal("1e-4001"), Decimal("1e999999"))
    for refused in (Decimal("NaN"), Decimal("Infinity"), *huge, np.bool_(True), np.float64(1)):
        with pytest.raises(InputError):
            parse_rational(refused)  # wrong on purpose
