"""Asks whether a smaller case still fails, a limited number of times."""

from __future__ import annotations

from varproof.campaign.recorder import Recorder
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance, Judgement, Measurement
from varproof.families.space import Point

SECONDS = 2.0  # of measuring, by the cost that the attack declares
LEAST, MOST = 20, 400  # measurements


def budget_of(subject: Subject) -> int:
    """How many measurements the shrinking of one failure may take."""
    return min(max(int(SECONDS / subject.attack.cost), LEAST), MOST)


class Oracle:
    """Measures and judges candidates; once the budget is spent every candidate counts as one that holds.

    A step that may not spend all of it raises `floor`.
    """

    def __init__(self, subject: Subject, budget: int, recorder: Recorder, index: int) -> None:
        self.subject = subject
        self.left = budget
        self.floor = 0
        self._recorder = recorder
        self._index = index

    @property
    def spent(self) -> bool:
        """Whether this step may measure no more."""
        return self.left <= self.floor

    def fails(self, instance: Instance) -> Measurement | None:
        """The measurement of an instance that seems to violate the statement, else None."""
        found = self._measured(instance)
        return found if found is not None and found.ratio > 1 else None

    def fails_at(self, point: Point) -> tuple[Instance, Measurement] | None:
        """The same for the instance of a point."""
        found = self.measured_at(point)
        return found if found is not None and found[1].ratio > 1 else None

    def measured_at(self, point: Point) -> tuple[Instance, Measurement] | None:
        """The instance of a point and its measurement, failing or not; None where it has none."""
        if self.spent:
            return None
        self._recorder.case(self._index, point)
        try:
            instance = self.subject.attack.build(point, self.subject.case)
        except Exception:
            instance = None
        if instance is None:
            self.left -= 1
            return None
        found = self._measured(instance)
        return None if found is None else (instance, found)

    def _measured(self, instance: Instance) -> Measurement | None:
        if self.spent:
            return None
        self.left -= 1
        self._recorder.case(self._index, None)
        try:
            return self.subject.attack.measure(instance, self.subject.case)
        except Exception:  # a candidate outside what the claim's code can read is no smaller failure
            return None

    def violated(self, instance: Instance) -> bool:
        """Whether the exact judge confirms; no limit, the caller asks a few times only."""
        self._recorder.case(self._index, None)
        try:
            return self.subject.attack.judge(instance, self.subject.case) is Judgement.VIOLATED
        except Exception:
            return False
