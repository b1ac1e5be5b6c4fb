"""The inspection of an image names each thing that is wrong, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from reductions.precision.inspect import inspect_threshold, spread
from reductions.precision.show import is_small, shown_attention, table
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_attention_scaling import RULE

INSTANCE = OrthogonalVectors.from_bits([[1, 0, 1], [1, 1, 1], [0, 1, 1]], [[1, 1, 0], [0, 1, 1], [1, 0, 0]])
MAPPED = RULE.forward(INSTANCE, RULE.defaults())
TARGET = MAPPED.targets[0]


def said(**fields):
    return inspect_threshold(MAPPED.context, replace(TARGET, **fields), 0, -1)


def test_nothing_is_wrong_with_the_image():
    assert said() == []


def changed(array, place, value):
    copy = array.copy()
    copy[place] = value
    return copy


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"values": changed(TARGET.values, 0, 0)}, ["the values are not"]),
        ({"neutral": 0}, ["the values are not"]),
        ({"keys": changed(TARGET.keys, (1, 1), 0)}, ["the data scores of row 1", "the data scores of row 2"]),
        ({"queries": TARGET.queries[:-1]}, ["2 queries for 3 rows"]),
        ({"queries": changed(TARGET.queries, (2, 3), 2)}, ["queries differ"]),
        ({"delta": TARGET.delta + Fraction(1, 10**5)}, ["output levels"]),
        ({"delta": TARGET.delta * 2}, ["output levels"]),
        ({"query_unit": TARGET.query_unit * Fraction(9, 10)}, ["output levels"]),
        ({"keys": changed(TARGET.keys, (3, 3), 0.25)}, ["output levels"]),
        ({"keys": changed(TARGET.keys, (3, 3), -0.5)}, ["output levels"]),
    ],
)
def test_each_fault_is_named(fields, words):
    found = said(**fields)
    for word in words:
        assert any(sentence.startswith(word) for sentence in found), found
    if words[0].startswith(("the values", "the data", "output")):
        assert len(found) == len(words)


def test_a_smaller_scale_is_seen():
    """Built for gamma = 1 and run at 1/2. The other way round the gap grows, which is no fault."""
    mapped = RULE.forward(INSTANCE, {**RULE.defaults(), "scale": "one"})
    assert inspect_threshold(mapped.context, mapped.targets[0], 0, -1) == []
    found = inspect_threshold(mapped.context, replace(mapped.targets[0], scale="sqrt"), 0, -1)
    assert len(found) == 1
    assert found[0].startswith("output levels")


def test_both_levels_are_held_against_delta():
    """Neutral entry a little up: only the high level is too near; a little down: only the low one."""
    entry = TARGET.keys[3, 3]
    for moved in (entry + 2**-6, entry - 2**-6):
        assert len(said(keys=changed(TARGET.keys, (3, 3), moved))) == 1


@pytest.mark.parametrize(("length", "most"), [(0, 4), (1, 4), (4, 4), (5, 4), (1000, 4), (1000, 256)])
def test_spread_takes_both_ends_and_as_many_as_fit(length, most):
    found = spread(length, most).tolist()
    assert len(found) == min(length, most)
    assert not length or (found[0], found[-1]) == (0, length - 1)


def test_small_images_are_shown_with_their_outputs():
    assert is_small(TARGET)
    text = "\n".join(shown_attention(TARGET))
    assert "0.75699981" in text  # the row (0, 1, 1) is orthogonal to the last key
    assert shown_attention(replace(TARGET, queries=np.tile(TARGET.queries, (3, 1)))) == []
    assert shown_attention(replace(TARGET, queries=TARGET.queries[:0])) == []


def test_tables_are_aligned():
    lines = table([[1, -100, 0.5], [22, 3, 1e-9]]).splitlines()
    assert lines == ["      1   -100    0.5", "     22      3  1e-09"]
