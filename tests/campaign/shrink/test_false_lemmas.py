"""False lemmas with a known smallest counterexample: found by some arm, and shrunk to exactly that size."""

from __future__ import annotations

import time

import pytest

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.bench.false_lemmas import COUNT, false_lemma
from varproof.campaign.instances import decode_instance
from varproof.campaign.plan import plan
from varproof.campaign.subjects import subject_named
from varproof.claims.attack import Judgement


def refuted_and_shrunk(seed: int) -> None:
    lemma = false_lemma(seed)
    subject = subject_named(lemma.claim, "statement")
    for chunk in plan([lemma.claim]).chunks:
        failure = run_chunk(chunk, subject, 0).failure
        if failure is not None:
            break
    else:
        pytest.fail(f"not refuted: {lemma.claim.statement}")
    assert failure["size"] == lemma.smallest, lemma.claim.statement
    instance = decode_instance(failure["instance"])
    assert subject.attack.judge(instance, subject.case) is Judgement.VIOLATED
    assert len(instance.arrays["x0"]) == lemma.smallest
    sizes = [step["size"] for step in failure["story"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == lemma.smallest


@pytest.mark.parametrize("seed", [1, 2, 3, 20, 24, 25, 28])
def test_a_few_false_lemmas(seed: int) -> None:
    refuted_and_shrunk(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(COUNT))
def test_all_false_lemmas_in_five_seconds_each(seed: int) -> None:
    start = time.process_time()
    refuted_and_shrunk(seed)
    assert time.process_time() - start < 5


def test_the_lemmas_are_of_all_sizes() -> None:
    sizes = {false_lemma(seed).smallest for seed in range(COUNT)}
    assert {1, 2} <= sizes
    assert max(sizes) > 200
    assert len(sizes) > 15
