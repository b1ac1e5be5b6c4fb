"""Paths: the default choice, `via`, refusals on the way, and routes that no other beats."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sympy

from reductions.core.reduction import Option
from reductions.graph.pairs import too_many_pairs
from reductions.graph.search import find_path, pareto
from reductions.graph.sizes import along
from varproof.base.errors import InputError


def names(path: list) -> list[str]:
    return [rule.name for rule in path]


def test_fewest_calls_then_smallest(stub: SimpleNamespace) -> None:
    assert names(find_path("cnf", "var-attention", rules=stub.rules)) == ["cnf_to_ov", "scaling", "free"]
    assert names(find_path(stub.OV, "attention", rules=stub.rules)) == ["scaling"]
    assert find_path("ov", "ov", rules=stub.rules) == []


def test_via_is_an_order(stub: SimpleNamespace) -> None:
    found = find_path("cnf", "var-attention", ("sparsify", "interpolated"), rules=stub.rules)
    assert names(found) == ["sparsify", "cnf_to_ov", "scaling", "interpolated"]
    for wrong in (("interpolated", "sparsify"), ("sparsify", "sparsify"), ("free", "interpolated")):
        with pytest.raises(InputError, match="in order"):
            find_path("cnf", "var-attention", wrong, rules=stub.rules)


def test_names_that_are_unknown_or_cannot_be_run(stub: SimpleNamespace) -> None:
    with pytest.raises(InputError, match="did you mean attention"):
        find_path("cnf", "atention", rules=stub.rules)
    with pytest.raises(InputError, match="did you mean counting"):
        find_path("cnf", "attention", ("countin",), rules=stub.rules)
    with pytest.raises(InputError, match="cannot be run"):
        find_path("ov", "attention", ("cited_gap",), rules=(*stub.rules, stub.cited))


def test_unreachable_lists_what_is(stub: SimpleNamespace) -> None:
    with pytest.raises(InputError) as caught:
        find_path("ov", "gap-hamming", rules=(*stub.rules, stub.cited))
    assert caught.value.allowed == "attention, var-attention", "a cited edge is no way"
    with pytest.raises(InputError) as caught:
        find_path("var-attention", "cnf", rules=stub.rules)
    assert "nothing" in caught.value.allowed


def test_a_refusal_moves_on(stub: SimpleNamespace) -> None:
    wide, narrow = stub.CNF(4, 200, 3), stub.CNF(4, 20, 3)
    assert names(find_path(narrow, "attention", rules=stub.rules)) == ["cnf_to_ov", "scaling"]
    assert names(find_path(wide, "attention", rules=stub.rules)) == ["sparsify", "cnf_to_ov", "scaling"]
    without = [rule for rule in stub.rules if rule.name != "sparsify"]
    assert names(find_path(wide, "attention", rules=without)) == ["cnf_to_ov", "counting"]
    with pytest.raises(InputError, match="too wide"):
        find_path(stub.OV(1, 1, 200), "attention", ("scaling",), rules=stub.rules)


def test_pareto_leaves_out_what_refuses(stub: SimpleNamespace) -> None:
    few = [rule for rule in stub.rules if rule.name != "sparsify"]
    routes = [route.names for route in pareto(stub.CNF(4, 200, 3), "attention", rules=few)]
    assert routes == [("cnf_to_ov", "counting")]
    with pytest.raises(InputError, match="too wide"):
        pareto(stub.CNF(4, 200, 3), "attention", ("scaling",), rules=few)


def test_nothing_is_built_behind_a_refusal(stub: SimpleNamespace) -> None:
    def forward(instance: object, options: object) -> None:
        raise AssertionError("built")

    big = stub.make(
        "big", stub.OV, stub.GAP, {}, dict.fromkeys(("left", "right", "dim"), 1), (1, 0, 1),
        accepts=lambda instance, options: "too large",
    )  # fmt: skip
    object.__setattr__(big, "forward", forward)
    with pytest.raises(InputError, match="too large"):
        find_path(stub.OV(1, 1, 1), "attention", ("big",), rules=(*stub.rules, big))


def test_pareto_keeps_what_nothing_beats(stub: SimpleNamespace) -> None:
    routes = [route.names for route in pareto("cnf", "attention", rules=stub.rules)]
    assert ("cnf_to_ov", "scaling") in routes
    assert ("cnf_to_ov", "counting") in routes, "more calls, but one head dimension less"
    assert all("sparsify" not in route for route in routes), "at 68 clauses the bound 9 * 16 is only larger"
    many = [route.names for route in pareto("cnf", "attention", rules=stub.rules, reference={"clauses": 10**6})]
    assert ("sparsify", "cnf_to_ov", "scaling") in many
    with_both = [route.names for route in pareto("attention", "var-attention", rules=stub.rules)]
    assert with_both == [("free",)]


def test_precision_comes_from_the_instance(stub: SimpleNamespace) -> None:
    route = pareto(stub.CNF(4, 20, 3), "attention", ("scaling",), rules=stub.rules)[0]
    assert (route.delta_bits, route.logit_bound, route.measured) == (3, 3.0, True)
    assert route.sizes[-1].numbers() == {"queries": 4, "keys": 5, "head_dim": 21}
    guess = pareto("cnf", "attention", ("scaling",), rules=stub.rules)[0]
    assert (guess.delta_bits, guess.logit_bound, guess.measured) == (2, None, False)
    assert guess.symbolic()[-1].upper["keys"].free_symbols


def test_what_all_paths_refuse_is_said_in_full_one_reason_a_line(stub: SimpleNamespace) -> None:
    long = "first\n  got:     " + "7" * 200
    rules = [
        stub.make(name, stub.OV, stub.GAP, {}, dict.fromkeys(("left", "right", "dim"), 1), (1, 0, 1),
                  accepts=lambda instance, options, name=name: f"{name} {long}")
        for name in "abcdef"
    ]  # fmt: skip
    with pytest.raises(InputError) as caught:
        find_path(stub.OV(1, 1, 1), "gap-hamming", rules=rules)
    assert caught.value.got == "6 paths that all refuse"
    lines = caught.value.hint.splitlines()
    assert lines[0] == "a: a first; got:     " + "7" * 200
    assert len(lines) == 5
    assert lines[-1].strip() == "and 2 more reasons on other paths"


def test_an_option_chooses_the_rules_that_have_it(stub: SimpleNamespace) -> None:
    sizes = {"queries": 1, "keys": 2, "head_dim": 3}
    option = {"depth": Option(1, int, "an option of one rule")}
    slow = stub.make("slow", stub.OV, stub.ATTENTION, {}, sizes, (1, 0, 1), options=option, calls=sympy.Integer(99))
    rules = (*stub.rules, slow)
    assert names(find_path("ov", "attention", rules=rules)) == ["scaling"]
    assert names(find_path("ov", "attention", options={"depth": 2}, rules=rules)) == ["slow"]
    assert [route.names for route in pareto("ov", "attention", options={"depth": 2}, rules=rules)] == [("slow",)]
    assert names(find_path("ov", "attention", options={"unknown": 2}, rules=rules)) == ["scaling"]


def test_too_many_pairs_are_refused_before_anything_is_built(stub: SimpleNamespace) -> None:
    def forward(instance: object, options: object) -> None:
        raise AssertionError("built")

    for rule in stub.rules:
        object.__setattr__(rule, "forward", forward)
    with pytest.raises(InputError) as caught:
        find_path(stub.CNF(40, 20, 3), "attention", ("scaling",), rules=stub.rules)
    assert caught.value.hint.startswith("2^20 x 2^20 rows make 2^40 pairs; at most 2^")
    sizes = along([stub.cnf_to_ov], {"variables": 10, "clauses": 3, "width": 3})
    assert too_many_pairs([stub.cnf_to_ov], sizes, {"ov": 1024}) == ""
    assert too_many_pairs([stub.cnf_to_ov], sizes, {"ov": 1023}).startswith("32 x 32 rows make 2^10 pairs; at most 10")
    assert too_many_pairs([stub.counting], along([stub.counting], {"left": 9, "right": 9, "dim": 1}), {}) == ""
