"""The deliberate mistakes are noticed by wrong answers alone, under the worst noise that the mistaken image allows."""

from __future__ import annotations

import pytest

from reductions.rules import (
    gap_hamming_to_attention,
    gap_hamming_to_attention_as23,
    maxip_to_attention,
    ov_to_attention_scaling,
)
from reductions.run.checking import check_rule, mutation_score

MODULES = (ov_to_attention_scaling, maxip_to_attention, gap_hamming_to_attention, gap_hamming_to_attention_as23)


@pytest.mark.parametrize("module", MODULES, ids=[module.RULE.name for module in MODULES])
@pytest.mark.parametrize("seed", [0, 7])
def test_answers_alone_show_every_mutant(module, seed):
    rule = module.RULE
    assert check_rule(rule, seed=seed, cases=6, checks=("structure", "sizes", "answers", "witnesses")) == []
    (score,) = mutation_score([rule], seed=seed, cases=6, checks=("answers",))
    assert score.missed == []
    assert len(score.caught_by) >= 5
