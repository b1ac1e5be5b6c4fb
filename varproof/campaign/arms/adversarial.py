"""Cases that Hypothesis chooses: ends of ranges, repetitions, and moves towards larger ratios."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, Verbosity, given, settings, target
from hypothesis import seed as seeded

from varproof.campaign.arms.probe import Probe
from varproof.families.space import Point
from varproof.families.strategies import strategy


def quiet_settings(count: int, *phases: Phase) -> settings:
    """Settings in which nothing depends on time, on a database, on a profile or on the environment."""
    return settings(
        max_examples=count,
        phases=phases,
        database=None,
        deadline=None,
        derandomize=False,
        backend="hypothesis",
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )


def adversarial(probe: Probe, seed: int) -> None:
    """At most `count` cases (fewer where the cell has no more points); the ratio is the target."""
    count = probe.chunk.count

    @seeded(seed)
    @quiet_settings(count, Phase.generate, Phase.target)
    @given(strategy(probe.space))
    def attempt(point: Point) -> None:
        if probe.found.cases < count:
            ratio = probe.point(point)
            if ratio is not None:
                target(ratio)

    attempt()
