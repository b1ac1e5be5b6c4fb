"""Exponents of all paths: which paths there are, substitution against the closed form, shifts of constants."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from reductions.core.reduction import CitedEdge
from reductions.registry import RULES, cited
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.reduction_exponents import CLAIM, exponent_of, paths_to_var

HALF = Fraction(1, 2)


def test_every_rule_and_cited_edge_is_on_some_path() -> None:
    named = {edge.name for path in paths_to_var() for edge in path}
    assert named == {*RULES, *(edge.name for edge in cited())}
    assert len({tuple(edge.name for edge in path) for path in paths_to_var()}) == len(paths_to_var())
    assert any(isinstance(edge, CitedEdge) for path in paths_to_var() for edge in path)


def test_substitution_by_hand() -> None:
    lists, calls, maps = (
        (HALF, Fraction(0), HALF),
        (Fraction(1), Fraction(0), Fraction(1)),
        (HALF, Fraction(0), Fraction(1)),
    )
    assert exponent_of([lists, calls, maps], Fraction(4)) == 1
    assert exponent_of([lists, calls, maps], Fraction(3)) == Fraction(3, 4)
    assert exponent_of([lists, calls, maps], Fraction(2)) == HALF
    assert exponent_of([lists, calls, maps], Fraction(0)) == HALF  # the lists themselves
    assert exponent_of([(Fraction(1), HALF, Fraction(0)), maps], Fraction(4)) == Fraction(5, 2)


@pytest.mark.parametrize("constant", list(CLAIM.constants))
@pytest.mark.parametrize("sign", [1, -1])
def test_constants_cannot_move_at_all(constant: str, sign: int) -> None:
    moved = {**CLAIM.constants, constant: CLAIM.constants[constant] + sign * Fraction(1, 10**9)}
    assert CLAIM.check(replace(CLAIM.case(), constants=moved)).verdict is Verdict.REFUTED


@pytest.mark.parametrize("cells", [{"eps": (0,)}, {"eps": (5,)}, {"gamma": (0,)}, {"delta": (1,)}])
def test_cells_without_meaning_are_refused(cells: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
