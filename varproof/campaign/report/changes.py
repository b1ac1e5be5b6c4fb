"""What a wrong variant changes, and by how much: a far one dies of anything, so killing it shows little."""

from __future__ import annotations

from fractions import Fraction

from varproof.base.errors import shorten
from varproof.campaign.report.model import ClaimReport, FormReport

MOST = Fraction(1, 10)  # of the true constant; what changes more is marked


def changes_of(claim: ClaimReport, variant: FormReport) -> str:
    """The constants of a variant that are not the claim's, how far off they are, and the hypotheses left out.

    >>> form = {"text": "", "expects": "", "outcome": "", "reasons": (), "arms": (), "coverage": None}
    >>> form |= {"histogram": (), "by_size": ()}
    >>> true = FormReport("statement", **form, constants={"c": "1", "d": "2"})
    >>> claim = ClaimReport("c", "upper", "", "", {}, (), "", (), (true,), (), "")
    >>> changes_of(claim, FormReport("v", **form, constants={"c": "9/10", "d": "2"}))
    'c 9/10 for 1 (10 % off)'
    >>> changes_of(claim, FormReport("v", **form, constants={"c": "2", "d": "2"}))
    'c 2 for 1 (100 % off, far: shows little)'
    >>> changes_of(claim, FormReport("v", **form, constants=true.constants, dropped=("unit",)))
    'without unit'
    """
    true = claim.forms[0].constants if claim.forms else {}
    moved = [
        f"{name} {shorten(value)} for {shorten(true[name])}{_share(value, true[name])}"
        for name, value in variant.constants.items()
        if name in true and value != true[name]
    ]
    return ", ".join([*moved, *(f"without {name}" for name in variant.dropped)])


def _share(value: str, true: str) -> str:
    """How far off in percent of the true one, where that is a number."""
    try:
        wrong, right = Fraction(value), Fraction(true)
    except (ValueError, ZeroDivisionError):  # a user's constant need not be a fraction
        return ""
    if right == 0:
        return ""
    share = abs(wrong / right - 1)
    far = ", far: shows little" if share > MOST else ""
    return f" ({float(100 * share):.3g} % off{far})"
