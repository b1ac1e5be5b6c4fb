"""Every rule is summed up by a sentence, as tables and pictures show them side by side."""

import pytest

from reductions.core.reduction import Reduction
from reductions.registry import rules


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_summary_is_a_sentence(rule: Reduction) -> None:
    assert rule.summary[0].isupper()
    assert rule.summary.endswith(".")
    assert not rule.summary.endswith("..")
