"""The hypotheses: ids resolve, nothing implies itself, and what is implied ends in an open conjecture."""

from __future__ import annotations

import pytest

from reductions import registry
from reductions.graph.hypotheses import HYPOTHESES, Status, conjectures_behind, hypothesis_named
from varproof.base.errors import InputError


def test_ids_and_edges_exist() -> None:
    names = [each.id for each in HYPOTHESES]
    assert len(names) == len(set(names))
    edges = {*registry.RULES, *(edge.name for edge in registry.cited())}
    for each in HYPOTHESES:
        assert set(each.implied_by) <= set(names)
        assert set(each.by) <= edges
        assert each.problem == registry.problem_named(each.problem).NAME
        assert each.sources
        assert each.refuted_if


def test_everything_rests_on_an_open_conjecture() -> None:
    for each in HYPOTHESES:
        assert (each.status is Status.OPEN) == (not each.implied_by)
        assert conjectures_behind(each.id) == ("seth",)
        assert each.id not in each.implied_by
        for other in each.implies:
            assert each.id in hypothesis_named(other).implied_by


def test_unknown_ids_are_refused() -> None:
    with pytest.raises(InputError, match="did you mean seth"):
        hypothesis_named("sethh")
