"""All checks of every rule on many instances."""

from __future__ import annotations

import pytest

from reductions.core.reduction import Reduction
from reductions.registry import rules
from reductions.run.checking import check_rule


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_all_checks(rule: Reduction, seed: int) -> None:
    assert list(map(str, check_rule(rule, seed, cases=40))) == []
