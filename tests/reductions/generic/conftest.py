"""Images of each rule's samples, made and answered once for all files of this folder."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reductions.core.reduction import Reduction
from reductions.run.checking import images_of
from reductions.run.checks.image import Case, Image

Images = Callable[[Reduction], list[Case | Image]]


@pytest.fixture(scope="session")
def images() -> Images:
    made: dict[str, list[Case | Image]] = {}

    def of(rule: Reduction) -> list[Case | Image]:
        if rule.name not in made:
            made[rule.name] = images_of(rule)
        return made[rule.name]

    return of
