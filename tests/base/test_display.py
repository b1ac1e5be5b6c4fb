"""Numbers for people."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.base.display import shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (999, "999"),
        (1000, "1,000"),
        (10**15 - 1, "999,999,999,999,999"),
        (10**15, "1.000e+15"),
        (123456789 * 10**300, "1.234e+308"),
        (Fraction(7, 2), "3.5"),
        (Fraction(5001, 2), "2,500"),
        (Fraction(10**400 + 1, 10**400), "1"),
        (Fraction(1, 3), "0.3333"),
        (Fraction(1, 10**99), "1.000e-99"),
        (Fraction(9999, 10**8), "9.999e-5"),
        (10**999 - 1, "9.999e+998"),
        (Fraction(1999, 2), "999.5"),
        (Fraction(1, 999), "0.001001"),
        (Fraction(1, 10**700), "1.000e-700"),
        (Fraction(2, 3 * 10**50), "6.666e-51"),
    ],
)
def test_all_digits_while_they_are_few(value, text):
    assert shown(value) == text
