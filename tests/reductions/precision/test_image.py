"""What a rule refuses it says before it builds: also a gap that does not survive rounding."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from reductions.problems.gap_hamming import GapHamming
from reductions.problems.maxip import MaxInnerProduct
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.gap_hamming_to_attention import RULE as GAP_HAMMING
from reductions.rules.maxip_to_attention import RULE as MAXIP
from reductions.rules.ov_to_attention_scaling import RULE as SCALING
from varproof.base.errors import InputError

ONES = np.ones((7, 5), dtype=np.uint8)
CASES = [
    (SCALING, OrthogonalVectors.from_bits(ONES, ONES)),
    (MAXIP, MaxInnerProduct(ONES.astype(np.int64), ONES.astype(np.int64), 3)),
    (GAP_HAMMING, GapHamming.from_bits(ONES, ONES, 2, 3)),
]


@pytest.mark.parametrize(("rule", "instance"), CASES, ids=lambda part: getattr(part, "name", ""))
def test_a_gap_lost_to_rounding_is_refused_in_advance(rule: Any, instance: Any) -> None:
    options = {**rule.defaults(), "weight_gap": 1 + Fraction(1, 10**9)}
    assert "costs the whole gap" in rule.accepts(instance, options)
    with pytest.raises(InputError, match="costs the whole gap"):
        rule.forward(instance, options)
    assert rule.accepts(instance, rule.defaults()) is None


def test_where_no_attention_is_built_no_gap_is_lost() -> None:
    instance = GapHamming.from_bits(ONES, ONES, 0, 1)
    options = {**GAP_HAMMING.defaults(), "weight_gap": 1 + Fraction(1, 10**9)}
    assert GAP_HAMMING.accepts(instance, options) is None
    assert not GAP_HAMMING.forward(instance, options).targets
