"""The exponent ledger: substitution agrees with composition, and the subject's consequence comes out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sympy

from reductions.core.reduction import Exponents
from reductions.graph.exponents import EPS, composed, exponent_sentence, ledger, resolved
from reductions.graph.model import edge_named, graph
from reductions.registry import rule_named
from varproof.base.errors import InputError

GAMMA, DELTA_R = sympy.symbols("gamma_sparsify delta_R", positive=True)


@pytest.mark.parametrize("attention", ["scaling", "counting"])
@pytest.mark.parametrize("var", ["free", "interpolated"])
def test_quartic_var_gives_k_sat(stub: SimpleNamespace, attention: str, var: str) -> None:
    found = ledger([stub.cnf_to_ov, getattr(stub, attention), getattr(stub, var)])
    assert found.gain == EPS / 4
    assert found.limit == 2
    assert found.through() == 1 - EPS / 4
    assert found.losses == ()


def test_sparsification_costs_gamma(stub: SimpleNamespace) -> None:
    found = ledger([stub.sparsify, stub.cnf_to_ov, stub.counting, stub.interpolated])
    assert found.gain == EPS / 4 - GAMMA
    assert found.limit == 2
    assert found.through() == 1 - EPS / 4 + GAMMA
    assert found.losses == (GAMMA,)


def test_the_cited_edge_costs_half_of_delta(stub: SimpleNamespace) -> None:
    path = [stub.sparsify, stub.cnf_to_ov, stub.cited, stub.gap_to_attention, stub.free]
    found = ledger(path)
    assert found.gain == EPS / 4 - GAMMA - DELTA_R / 2
    assert found.limit == 2
    assert found.through() == 1 - EPS / 4 + GAMMA + DELTA_R / 2
    assert exponent_sentence(path) == (
        "var-attention in side^(4 - eps) => cnf in 2^((1 - eps') variables), eps' = eps/4 - delta_R/2 - "
        "gamma_sparsify, for 0 < eps <= 2 (exponents up to o(1)). delta_R > 0 may be any constant; the constants of "
        "the instances depend on it. gamma_sparsify > 0 may be any constant; the constants of the instances depend on "
        "it. Uses the cited theorem cited_gap (arXiv:1803.00904)."
    )


def test_beyond_the_range_the_overhead_decides(stub: SimpleNamespace) -> None:
    found = ledger([stub.cnf_to_ov, stub.scaling, stub.free])
    at = found.exponents.through(found.target - EPS)
    assert at.subs(EPS, 2) == sympy.Rational(1, 2)
    assert at.subs(EPS, 3) == sympy.Rational(1, 2) > 1 - sympy.Rational(3, 4)


def test_an_expensive_map_says_so(stub: SimpleNamespace) -> None:
    slow = stub.make("slow", stub.OV, stub.GAP, {}, dict.fromkeys(("left", "right", "dim"), 1), (1, 0, 2))
    sentence = exponent_sentence([slow])
    assert sentence == "No exponent follows for ov from gap-hamming on this path: making the instances takes left^2."


def test_composition_is_substitution() -> None:
    whole = sympy.Integer
    steps = [Exponents(whole(a), whole(b), whole(c)) for a, b, c in ((1, 2, 0), (3, 0, 7), (2, 1, 1))]
    path = [SimpleNamespace(exponents=step) for step in steps]
    made = composed(path)  # type: ignore[arg-type]
    assert (made.rho, made.kappa, made.sigma) == (6, 5, 9)
    for exponent in range(6):
        value = whole(exponent)
        for step in reversed(steps):
            value = step.through(value)
        assert made.through(whole(exponent)) == value


def test_maxima_are_resolved_only_where_they_are_certain() -> None:
    half = sympy.Rational(1, 2)
    assert resolved(sympy.Max(half, half + GAMMA)) == half + GAMMA
    assert resolved(sympy.Max(1, 2 - GAMMA)) == 2 - GAMMA
    assert resolved(sympy.Max(GAMMA, DELTA_R)) == sympy.Max(GAMMA, DELTA_R)
    assert resolved(sympy.Max(half, 1 - EPS), {EPS: (whole(0), whole(1))}) == sympy.Max(half, 1 - EPS)
    assert resolved(sympy.Max(GAMMA**2, GAMMA)) == sympy.Max(GAMMA**2, GAMMA), "not affine: left alone"


def whole(value: int) -> sympy.Integer:
    return sympy.Integer(value)


def test_rules_must_follow_each_other(stub: SimpleNamespace) -> None:
    with pytest.raises(InputError, match="do not follow"):
        ledger([stub.scaling, stub.cnf_to_ov])
    with pytest.raises(InputError, match="without rules"):
        ledger([])
    assert "unchanged" in exponent_sentence([])


def test_sentences_say_what_exponents_need_beyond_the_defaults() -> None:
    path = [rule_named(name) for name in ("ov_to_maxip_reed_solomon", "maxip_to_attention")]
    assert exponent_sentence(path).endswith("ov_to_maxip_reed_solomon needs " + path[0].exponents.proviso + ".")
    assert "not a constant number" in path[0].exponents.proviso
    assert " needs " not in exponent_sentence(path[1:])


@pytest.mark.parametrize(
    "behind",
    [("cited_rubinstein",), ("cited_chen", "maxip_to_attention"), ("ov_to_maxip_reed_solomon", "maxip_to_attention")],
)
def test_without_sparsification_the_formulas_must_be_sparse(behind: tuple[str, ...]) -> None:
    made = graph()
    path = [edge_named(made, name) for name in ("sparsify", "cnf_to_ov", *behind)]
    meant = (
        f" cnf_to_ov is meant for formulas with O(variables) clauses here: {behind[0]} needs dimension O(log N), and "
    )
    assert exponent_sentence(path[1:]).endswith(meant + "sparsify is not on this path.")
    assert "O(variables)" not in exponent_sentence(path), "sparsify makes formulas with O(n) clauses"
    assert "O(variables)" not in exponent_sentence(path[2:]), "no formula on this path"
    plain = [edge_named(made, name) for name in ("cnf_to_ov", "ov_to_attention_scaling", "attention_to_var_free")]
    assert "O(variables)" not in exponent_sentence(plain), "every dimension N^o(1) will do"
