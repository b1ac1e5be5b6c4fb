"""Runs one case after another for an arm: tells the flight record, builds, measures, counts."""

from __future__ import annotations

from collections.abc import Callable

from varproof.campaign.arms.accumulator import Accumulator
from varproof.campaign.arms.answers import check_instance, check_measurement
from varproof.campaign.arms.locator import locator
from varproof.campaign.chunk import Chunk, cell_text
from varproof.campaign.recorder import Recorder
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance
from varproof.families.space import Point


class Probe:
    """The cases of one chunk. `space` is the attack's, restricted to the cell of the chunk."""

    def __init__(self, chunk: Chunk, subject: Subject, recorder: Recorder) -> None:
        attack = subject.attack
        self.chunk = chunk
        self.subject = subject
        self.space = attack.space.restricted(chunk.cell) if chunk.cell else attack.space
        self.recorder = recorder
        self.found = Accumulator()
        self.instance: Instance | None = None  # of the last valid case
        self._known = False  # whether the claim's code has answered once as it should
        self._build, self._measure, self._case = attack.build, attack.measure, subject.case
        # the cell of a chunk is that of all its points; no axes, no map
        inside = bool(chunk.cell) or not attack.cells
        self._cell = cell_text(chunk.cell) if inside else ""
        self._locate: Callable[[Point], str | None] | None = None if inside else locator(attack.space, attack.cells)

    def point(self, point: Point) -> float | None:
        """Build and measure the instance of a point; its ratio, None where it has none."""
        found = self.found
        index = found.cases
        self.recorder.case(index, point)
        found.cases = index + 1
        try:
            instance = self._build(point, self._case)
            if instance is not None and not self._known:
                check_instance(instance, lambda: self._build(point, self._case))
            measured = None if instance is None else self._measure(instance, self._case)
            if measured is None or instance is None:
                found.rejected += 1
                return None
            if not self._known:
                check_measurement(measured)
                self._known = True
            ratio = found.add(index, measured, point, instance)
        except (Exception, SystemExit) as error:  # whatever a claim's code raises is a finding about that code
            found.failed(index, error, point, "build or measure")
            return None
        if ratio != ratio:
            return None
        self.instance = instance
        if self._locate is not None:
            cell = self._locate(point)
            if cell is not None:
                found.cells[cell] = found.cells.get(cell, 0) + 1
        return ratio

    def moved(self, instance: Instance) -> float | None:
        """Measure an instance that no point builds; its ratio, None where it has none. It counts for no cell."""
        found = self.found
        index = found.cases
        self.recorder.case(index, None)
        found.cases = index + 1
        try:
            measured = self._measure(instance, self._case)
            if measured is None:
                found.rejected += 1
                return None
            ratio = found.add(index, measured, None, instance)
        except (Exception, SystemExit) as error:
            found.failed(index, error, None, "measure")
            return None
        return None if ratio != ratio else ratio

    def finish(self) -> Accumulator:
        """The counts, with those of the chunk's own cell."""
        if self._locate is None and self.found.valid:
            self.found.cells[self._cell] = self.found.valid
        return self.found
