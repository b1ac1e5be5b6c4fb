"""The heads that are measured: sizes of the table, the temperature asked for, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from varproof.approx.rank import monomial_rank
from varproof.attention.bench.cases import CASES, Case, custom_case, make_arrays, named_cases, resized
from varproof.base.errors import InputError


def test_names_say_the_rank():
    for case in CASES:
        if case.degree is not None:
            assert case.name == f"d{case.head_dim}-r{monomial_rank(case.head_dim, case.degree)}"
    assert [case.name for case in CASES if case.degree is None] == ["weighted-d16", "tree-d2"]
    assert named_cases([]) == CASES
    assert [case.name for case in named_cases(["tree-d2", "d2-r21", "tree-d2"])] == ["tree-d2", "d2-r21"]


def test_every_case_has_a_degree_or_an_accuracy_and_goals():
    for case in CASES:
        assert (case.degree is None) != (case.eps is None)
        assert case.goals
        assert case.tokens in case.sizes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("tokens", [2, 300])
def test_the_temperature_is_met_from_below(case: Case, tokens: int):
    q, k, v = make_arrays(case, tokens, seed=3)
    assert q.shape == k.shape == v.shape == (tokens, case.head_dim)
    norms = [np.linalg.norm(part, axis=1) for part in (q, k - k.mean(axis=0))]
    reached = case.gamma * norms[0].max() * norms[1].max()
    assert case.bound * (1 - 3e-5) < reached < case.bound
    assert np.abs(v).max() <= 1
    if tokens == 300:
        # in a ball |x|^d is uniform
        assert 0.4 < np.median(norms[0] / norms[0].max()) ** case.head_dim < 0.6
        assert np.abs(v).max() > 0.9
        assert v.min() < 0 < v.max()


def test_the_seed_decides():
    case = CASES[0]
    first, again, other = (make_arrays(case, 50, seed)[0] for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_float32_keeps_the_temperature():
    q, k, _ = (part.astype(np.float32).astype(np.float64) for part in make_arrays(CASES[3], 2000, seed=0))
    reached = CASES[3].gamma * np.linalg.norm(q, axis=1).max() * np.linalg.norm(k - k.mean(axis=0), axis=1).max()
    assert reached < CASES[3].bound


def test_sizes_of_the_curve():
    assert CASES[-1].sizes == (4096, 8192, 16384, 32768, 65536, 131072, 262144)
    assert CASES[0].sizes[0] == 32
    assert CASES[0].sizes[-1] == CASES[0].tokens
    assert resized(CASES[0], tokens=1000, quick=False).sizes == (32, 64, 128, 256, 512, 1000)
    assert resized(CASES[0], tokens=2, quick=True).sizes == (2,)


def test_goals_hold_at_their_own_size_only():
    assert resized(CASES[0], tokens=None, quick=False) is CASES[0]
    assert resized(CASES[0], tokens=None, quick=True).goals == ()
    assert resized(CASES[0], tokens=CASES[0].tokens * 2, quick=False).goals == ()
    assert resized(CASES[0], tokens=None, quick=True).tokens == 512


@pytest.mark.parametrize("tokens", [-1, 0, 1, 2**20 + 1])
def test_tokens_out_of_range(tokens):
    with pytest.raises(InputError, match="tokens"):
        resized(CASES[0], tokens=tokens, quick=False)


def test_unknown_name():
    with pytest.raises(InputError) as refusal:
        named_cases(["d2-r21", "d3-r21"])
    assert refusal.value.got == "d3-r21"
    assert "weighted-d16" in refusal.value.allowed


@pytest.mark.parametrize(
    ("head_dim", "degree", "bound"),
    [(0, 3, 1.0), (2, -1, 1.0), (2, 61, 1.0), (2, 3, 0.0), (2, 3, float("nan")), (2, 3, 301.0), (2, 3, -1.0)],
)
def test_a_described_case_out_of_range(head_dim, degree, bound):
    with pytest.raises(InputError):
        custom_case(head_dim, degree, bound)


def test_a_described_case():
    case = custom_case(3, 2, 0.5)
    assert (case.name, case.tokens, case.goals, case.engine) == ("d3-r10-B0.5", 16384, (), "polynomial")
