"""The one statement of probability that a campaign may make: about the cases of its iid arm, and no other."""

from __future__ import annotations

import math

from varproof.campaign.totals import ArmTotals

LEVEL = 0.95


def share_below(valid: int, level: float = LEVEL) -> float:
    """p = 1 - (1 - level)^(1/n): were a share p of cases bad, n of them would all be good with chance 1 - level.

    Holds as well for n cases that are spread evenly over cells, with p the mean of the cells' shares.

    >>> round(share_below(299), 4), share_below(0)
    (0.01, 1.0)
    """
    return -math.expm1(math.log1p(-level) / valid) if valid else 1.0


def confidence(arm: ArmTotals | None) -> float | None:
    """The share of the iid arm, or None: no valid case, one violated, unsettled, without ratio, or one that raised.

    None too while chunks are missing, since the cases then do not come evenly from all cells. Where hypotheses leave
    some cells fewer valid cases than others, every cell counts with the fewest: what fails may fail there.

    >>> confidence(ArmTotals(valid=100, nan=1)) is None
    True
    """
    if arm is None or arm.open or arm.lost or not arm.valid:
        return None
    if arm.violated or arm.unsettled or arm.nan or arm.raised:
        return None
    fewest = min(arm.valid_in.values(), default=arm.valid)
    return share_below(fewest * max(len(arm.valid_in), 1)) if fewest else None
