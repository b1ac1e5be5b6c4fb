"""Every point of the small space of an attack, in order."""

from __future__ import annotations

from itertools import islice

from varproof.campaign.arms.probe import Probe
from varproof.campaign.plan import chunk_cases


def exhaustive(probe: Probe) -> None:
    """The chunk's stretch of the list of points; chunks number `index` start where full ones before it end."""
    small = probe.subject.attack.small
    if small is None:
        return
    start = probe.chunk.index * chunk_cases(probe.subject.attack)
    for point in islice(small.points(), start, start + probe.chunk.count):
        probe.point(point)


def spread(probe: Probe) -> None:
    """At most `count` points of the small space at equal distances in the list: a sample of a long one."""
    small = probe.subject.attack.small
    total = 0 if small is None else small.size() or 0
    if small is None or not total:
        return
    wanted = min(total, probe.chunk.count)
    places = {(2 * place + 1) * total // (2 * wanted) for place in range(wanted)}
    for place, point in enumerate(small.points()):
        if place in places:
            probe.point(point)
