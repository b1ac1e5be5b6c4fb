"""Independent cases from the chunk's own Philox stream: the only arm whose counts may state a confidence."""

from __future__ import annotations

import numpy as np

from varproof.campaign.arms.probe import Probe
from varproof.campaign.recorder import Recorder
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Attack
from varproof.families.space import Space

AT_ONCE = 128  # cases of a batch: few enough to stay in cache


def stream(seed: int) -> np.random.Generator:
    """The generator of a 128-bit seed, the same on every machine.

    >>> int(stream(1).integers(1000)) == int(stream(1).integers(1000))
    True
    """
    return np.random.Generator(np.random.Philox(key=seed))


def iid(probe: Probe, seed: int, single: bool) -> None:
    """`count` draws of the chunk's space, in batches where the attack measures many at once.

    With `single` the points that a batch attack draws first run one by one, so that the flight record can name the one
    that kills the worker; they are not counted, and the result is the same either way.
    """
    attack = probe.subject.attack
    if attack.batch is None:
        rng = stream(seed)
        for _ in range(probe.chunk.count):
            probe.point(probe.space.sample(rng))
        return
    if single:
        _rehearse(attack, probe.subject, probe.space, probe.chunk.count, seed, probe.recorder)
    rng = stream(seed)
    for start in range(0, probe.chunk.count, AT_ONCE):
        _batch(probe, start, min(AT_ONCE, probe.chunk.count - start), rng)


def _batch(probe: Probe, start: int, count: int, rng: np.random.Generator) -> None:
    attack, found = probe.subject.attack, probe.found
    assert attack.batch is not None
    probe.recorder.case(start, None)
    found.cases += count
    try:
        batch = attack.batch(probe.space, count, rng, probe.subject.case)
        shapes = (np.shape(batch.ratios), np.shape(batch.sizes))
        if shapes != ((count,), (count,)):
            raise ValueError(f"a batch of {count} cases gave ratios and sizes of shapes {shapes}")
        found.add_batch(start, batch)
    except (Exception, SystemExit) as error:  # whatever a claim's code raises is a finding about that code
        found.failed(start, error, None, "batch", count)


def _rehearse(attack: Attack, subject: Subject, space: Space, count: int, seed: int, recorder: Recorder) -> None:
    """The points of the batches one by one: a batch draws its points first, from the same stream."""
    rng = stream(seed)
    for index in range(count):
        point = space.sample(rng)
        recorder.case(index, point)
        try:
            instance = attack.build(point, subject.case)
            if instance is not None:
                attack.measure(instance, subject.case)
        except Exception:  # only what ends the process matters here; the batch counts the rest
            continue
