"""The graph of the registry itself: exponents of the subject, sizes predicted before running, real instances."""

from __future__ import annotations

from itertools import islice

import pytest
import sympy

from reductions import registry
from reductions.core.answer import Decision
from reductions.core.reduction import Reduction
from reductions.graph.exponents import EPS, ledger
from reductions.graph.model import edge_named, edges_of, graph, reachable
from reductions.graph.monotone import nondecreasing, substituted
from reductions.graph.search import find_path, pareto, paths
from reductions.graph.sizes import along, option_values
from reductions.problems.cnf import Cnf

GAMMA, DELTA_R = "gamma_sparsify", "delta_R"
TO_ATTENTION = ("ov_to_attention_scaling", "ov_to_attention_counting")
TO_VAR = ("attention_to_var_free", "attention_to_var_interpolated")
SMALL = Cnf(4, ((1, 2, 3), (-1, -2), (2, -3, 4), (-4, 1)))


def walk(*names: str) -> list:
    made = graph()
    return [edge_named(made, name) for name in names]


@pytest.mark.parametrize("attention", TO_ATTENTION)
@pytest.mark.parametrize("var", TO_VAR)
def test_quartic_var_is_k_sat(attention: str, var: str) -> None:
    found = ledger(walk("cnf_to_ov", attention, var))
    assert (found.gain, found.limit, found.through()) == (EPS / 4, 2, 1 - EPS / 4)
    sparse = ledger(walk("sparsify", "cnf_to_ov", attention, var))
    assert [str(loss) for loss in sparse.losses] == [GAMMA]
    assert sparse.gain == EPS / 4 - sparse.losses[0]
    assert sparse.limit == 2
    assert sparse.through() == 1 - sparse.gain


def test_rubinstein_costs_half_of_delta() -> None:
    path = walk("sparsify", "cnf_to_ov", "cited_rubinstein", "gap_hamming_to_attention", "attention_to_var_free")
    found = ledger(path)
    assert [str(loss) for loss in found.losses] == [DELTA_R, GAMMA]
    assert found.gain == EPS / 4 - found.losses[0] / 2 - found.losses[1]
    assert found.limit == 2


def test_every_walk_has_a_ledger_that_substitution_confirms() -> None:
    made = graph()
    seen = 0
    for source in made:
        for target in reachable(made, source):
            for path in paths(made, source, target):
                found = ledger(path)
                assert found.gain.coeff(EPS).is_positive
                assert found.limit.is_positive
                assert sympy.expand(found.source - found.gain - found.through()) == 0, [rule.name for rule in path]
                seen += 1
    assert seen > 50


def test_every_rule_can_be_bounded() -> None:
    for rule in registry.rules():
        names = frozenset(rule.source.PARAMETERS)
        values = option_values(rule, None)
        for name, formula in {**rule.upper_size, "calls": rule.calls, "operations": rule.operations}.items():
            assert nondecreasing(substituted(sympy.sympify(formula), values), names), (rule.name, name)


def test_sizes_are_known_before_running() -> None:
    for rule in registry.rules():
        plain = () if rule.source.FUNCTION else islice(rule.source.samples(3), 12)
        for instance in (*plain, *(rule.hard(3)[:6] if rule.hard is not None else ())):
            settings = rule.defaults()
            if rule.accepts is not None and rule.accepts(instance, settings) is not None:
                continue
            predicted = along([rule], instance.parameters())[-1]
            targets = rule.forward(instance, settings).targets
            calls = predicted.numbers_of_calls()
            assert calls is None or len(targets) <= calls
            for target in islice(iter(targets), 3):
                for name, value in target.parameters().items():
                    bound = predicted.numbers()[name]
                    assert bound is None or value <= bound, (rule.name, name)
                    assert name not in predicted.exact or value == bound, (rule.name, name)


def test_default_paths_of_an_instance() -> None:
    assert [rule.name for rule in find_path(SMALL, "attention")] == ["cnf_to_ov", "ov_to_attention_scaling"]
    found = find_path(SMALL, "var-attention")
    assert [rule.name for rule in found] == ["cnf_to_ov", "ov_to_attention_scaling", "attention_to_var_free"]
    via = find_path(SMALL, "var-attention", ("attention_to_var_interpolated",))
    assert [rule.name for rule in via] == ["cnf_to_ov", "ov_to_attention_scaling", "attention_to_var_interpolated"]
    assert SMALL.solve().decision is Decision.YES


def test_precision_of_an_instance_is_that_of_the_rules() -> None:
    routes = {route.names[1]: route for route in pareto(SMALL, "attention")}
    assert set(routes) >= set(TO_ATTENTION)
    for route in routes.values():
        assert route.measured
        assert route.logit_bound is not None
    assert routes["ov_to_attention_scaling"].delta_bits == 2
    assert routes["ov_to_attention_counting"].delta_bits > 2


def test_the_graph_holds_the_registry() -> None:
    edges = edges_of(graph())
    assert tuple(sorted(edge.name for edge in edges if isinstance(edge, Reduction))) == tuple(sorted(registry.RULES))
    assert {edge.name for edge in edges if not isinstance(edge, Reduction)} == {"cited_rubinstein", "cited_chen"}
