"""The mutation score of the registry: every deliberate mistake in a rule is noticed on the rule's own instances.

Beside it how many are seen in answers and witnesses alone: the others change sizes or structure and no answer.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reductions.core.reduction import Reduction
from reductions.registry import rules
from reductions.run.checking import score
from reductions.run.checks.image import Case, Image


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_every_mutant_is_caught(
    rule: Reduction, images: Callable[[Reduction], list[Case | Image]], record_property: Callable[[str, object], None]
) -> None:
    found = score(rule, images(rule))
    alone = score(rule, images(rule), ("answers", "witnesses"))
    record_property(
        "mutation score", f"{found}; {len(alone.caught_by) - len(alone.missed)} by answers or witnesses alone"
    )
    assert found.missed == []
    assert len(found.caught_by) >= 4
