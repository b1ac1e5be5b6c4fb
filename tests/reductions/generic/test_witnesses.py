"""Every witness of every image comes back as a witness that checks; parsimonious rules keep the count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reductions.core.reduction import Reduction
from reductions.registry import rules
from reductions.run.checking import failures
from reductions.run.checks.image import Case, Image


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_images(rule: Reduction, images: Callable[[Reduction], list[Case | Image]]) -> None:
    assert list(map(str, failures(rule, images(rule), ("witnesses",)))) == []
