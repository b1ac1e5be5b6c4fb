"""What every rule says about itself: exponents its formulas keep, mutants, texts, a page, samples of both kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from reductions.core.reduction import Reduction
from reductions.registry import rule_named, rules
from reductions.run.checking import check_declared

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_rule(rule: Reduction) -> None:
    assert list(map(str, check_declared(rule))) == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_page_exists(rule: Reduction) -> None:
    assert (ROOT / rule.page).is_file(), rule.page


def test_names_are_those_of_the_files() -> None:
    assert [rule_named(rule.name) for rule in rules()] == list(rules())
