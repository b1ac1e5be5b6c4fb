"""`KEY=VALUE` settings of a ledger run: replace a cell axis of the selected claims, values taken exactly."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational
from varproof.claims.model import CellValue, Claim

MAX_VALUES = 20
MAX_CELLS = 64  # combinations of axis values; a claim whose own grid is larger may be set up to the size of its own
Cells = Mapping[str, tuple[CellValue, ...]]


def parse_settings(settings: Sequence[str], claims: Sequence[Claim]) -> Cells:
    """The axes that `settings` replace, e.g. `["root=2,3/2"]`; later settings of an axis win, a value
    that is repeated counts once.

    A value is read as an integer or an exact rational where the axis holds numbers, as text where it holds text.
    Raises `InputError` for a setting without `=`, an axis that no selected claim has (naming those that exist), an
    empty or overlong list, and a value that is no number where numbers are needed.

    >>> from varproof.claims.registry import load_claims
    >>> parse_settings(["root=2,1.5"], load_claims(["softmax_perturbation"]))
    {'root': (2, Fraction(3, 2))}
    """
    axes: dict[str, list[CellValue]] = {}
    for claim in claims:
        for axis, values in claim.cells.items():
            axes.setdefault(axis, []).extend(values)
    cells: dict[str, tuple[CellValue, ...]] = {}
    for setting in settings:
        axis, sign, text = setting.partition("=")
        axis = axis.strip()
        if not sign or not axis:
            raise InputError("not a setting", got=setting, allowed="KEY=VALUE or KEY=VALUE,VALUE,..")
        if axis not in axes:
            near = difflib.get_close_matches(axis, axes, n=1)
            hint = f"did you mean {near[0]}?" if near else "varproof verify --list shows which claim has which axis"
            raise InputError("no selected claim has this axis", got=axis, allowed=", ".join(sorted(axes)), hint=hint)
        parts = [part.strip() for part in text.split(",")]
        if not all(parts) or len(parts) > MAX_VALUES:
            raise InputError(f"values of axis {axis}", got=text, allowed=f"1 to {MAX_VALUES} values, none empty")
        numeric = not any(isinstance(value, str) for value in axes[axis])
        cells[axis] = tuple(dict.fromkeys(_value(part, axis, numeric=numeric) for part in parts))
    return cells


def override(claim: Claim, cells: Cells) -> Cells:
    """The claim's own cells with the axes it has replaced by those of `cells`.

    Raises `InputError` for more than `MAX_VALUES` values on a replaced axis, and for a grid of more than `MAX_CELLS`
    combinations that is also larger than the claim's own: a check's work grows with the grid.

    >>> from varproof.claims.registry import load_claim
    >>> override(load_claim("softmax_perturbation_classical"), {"u": (Fraction(1, 7),)})
    {'u': (Fraction(1, 7),)}
    """
    replaced = {axis: cells.get(axis, values) for axis, values in claim.cells.items()}
    for axis in replaced.keys() & cells.keys():
        if len(replaced[axis]) > MAX_VALUES:
            raise InputError(
                f"{claim.id}: values of axis {axis}", got=len(replaced[axis]), allowed=f"1 to {MAX_VALUES} values"
            )
    allowed = max(MAX_CELLS, _combinations(claim.cells))
    if _combinations(replaced) > allowed:
        sizes = " x ".join(f"{len(values)} {axis}" for axis, values in replaced.items())
        raise InputError(
            f"{claim.id}: combinations of axis values",
            got=f"{sizes} = {_combinations(replaced)}",
            allowed=f"at most {allowed}",
            hint="set fewer values, or several axes in one run; an axis left alone keeps its own values",
        )
    return replaced


def _combinations(cells: Cells) -> int:
    return math.prod(len(values) for values in cells.values())


def _value(text: str, axis: str, *, numeric: bool) -> CellValue:
    try:
        number = parse_rational(text, name=f"axis {axis}")
    except InputError:
        if numeric:
            raise
        return text
    return int(number) if number.denominator == 1 else Fraction(number)
