"""What the page says about a wrong variant's distance, beyond the doctests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.campaign.report import collect, html
from varproof.campaign.report.changes import changes_of
from varproof.claims.model import Variant


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Fraction(11, 5), "factor 11/5 for 2 (10 % off)"),
        (Fraction(2201, 1000), "factor 2201/1000 for 2 (10.1 % off, far: shows little)"),
        (Fraction(-2), "factor -2 for 2 (200 % off, far: shows little)"),
        (2.2, "factor 2.2 for 2 (10 % off)"),  # a float is what it prints as
        ("two", "factor two for 2"),
    ],
)
def test_how_far_off_a_constant_is(made, value, said):
    claim = made.claim("c", falsified=(Variant("v", "because", {"factor": value}),))
    (found,) = collect(made.store(made.rows([claim])), [claim]).claims
    assert changes_of(found, found.variants[0]) == said
    assert f"<td>{said}</td>" in html(collect(made.store(made.rows([claim])), [claim]))


def test_constant_and_hypothesis_are_both_said(made):
    both = Variant("v", "because", {"factor": Fraction(19, 10)}, frozenset({"positive"}))
    claim = made.claim("c", falsified=(both,))
    (found,) = collect(made.store(made.rows([claim])), [claim]).claims
    assert changes_of(found, found.variants[0]) == "factor 19/10 for 2 (5 % off), without positive"


def test_of_zero_there_is_no_share(made):
    (found,) = collect(made.store([]), [made.claim("c")]).claims
    zero = replace(found, forms=(replace(found.forms[0], constants={"factor": "0"}),))
    assert changes_of(zero, found.variants[0]) == "factor 19/10 for 0"
