"""Shrinks a confirmed violation and writes down how."""

from __future__ import annotations

from typing import Any

from varproof.campaign.arms.accumulator import encode_point
from varproof.campaign.instances import encode_instance
from varproof.campaign.recorder import Recorder, Silent
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance
from varproof.families.space import Point

SILENT = Silent()


def shrink_failure(
    subject: Subject, point: Point | None, instance: Instance, *, recorder: Recorder = SILENT, index: int = 0
) -> dict[str, Any]:
    """The violation as plain data."""
    attack, case = subject.attack, subject.case
    recorder.case(index, point)
    measured = attack.measure(instance, case)
    size, ratio = (0, 0.0) if measured is None else (int(measured.size), float(measured.ratio))
    return {
        "size": size,
        "ratio": ratio,
        "judgement": attack.judge(instance, case).value,
        "point": encode_point(point),
        "instance": encode_instance(instance),
        "story": [{"step": "found", "size": size, "ratio": ratio}],
    }
