"""The adversarial arm once more from the same seed, raising at the first failure, so that Hypothesis shrinks it."""

from __future__ import annotations

from hypothesis import Phase, given, target
from hypothesis import seed as seeded

from varproof.campaign.arms.accumulator import LARGEST
from varproof.campaign.arms.adversarial import quiet_settings
from varproof.campaign.shrink.oracle import Oracle
from varproof.claims.attack import Instance, Measurement
from varproof.families.space import Point, Space
from varproof.families.strategies import strategy


class FailingCaseError(Exception):
    """A case fails: what Hypothesis looks for."""


def raised_again(oracle: Oracle, space: Space, seed: int, count: int) -> tuple[Point, Instance, Measurement] | None:
    """The smallest failing point that Hypothesis comes to, or None where the first failure does not come again.

    The cases up to the first failure are those of the arm and are not charged to the oracle's budget; those after it
    are. Once that is spent nothing fails any more and Hypothesis gives up; what it calls flaky then is of no interest.
    """
    best: tuple[Point, Instance, Measurement] | None = None

    @seeded(seed)
    @quiet_settings(count, Phase.generate, Phase.target, Phase.shrink)
    @given(strategy(space))
    def attempt(point: Point) -> None:
        nonlocal best
        if best is None:
            oracle.left += 1
        found = oracle.measured_at(point)
        if found is None or found[1].ratio != found[1].ratio:
            return
        # as in the arm: the target decides what is drawn next
        target(min(max(float(found[1].ratio), -LARGEST), LARGEST))
        if found[1].ratio > 1:
            # Hypothesis proposes simpler points only, and takes each that fails
            best = (point, *found)
            raise FailingCaseError

    try:
        attempt()
    except Exception:  # FailingCaseError, or an error of Hypothesis's own about a test that stopped failing
        return best
    return None
