"""Sizes compose by substitution, stay exact where they may, and are bounds where they may not."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import product
from types import SimpleNamespace

import pytest
import sympy

from reductions.core.reduction import Option, size
from reductions.graph.monotone import TooLargeError, nondecreasing, substituted, upper_bound
from reductions.graph.sizes import along, option_values
from reductions.registry import rule_named
from varproof.base.errors import InputError

n, m = size("variables"), size("clauses")


def test_exact_where_all_is_exact(stub: SimpleNamespace) -> None:
    last = along([stub.cnf_to_ov, stub.scaling])[-1]
    assert last.exact == {"queries": 2 ** sympy.floor(n / 2), "keys": 2 ** sympy.ceiling(n / 2) + 1}
    assert last.upper["head_dim"] == m + 1
    assert "head_dim" not in last.exact


def test_a_bound_makes_what_follows_a_bound(stub: SimpleNamespace) -> None:
    through = along([stub.sparsify, stub.cnf_to_ov])[-1]
    assert set(through.exact) == {"left", "right"}, "variables stay exact, clauses do not"
    assert through.upper["dim"] == 9 * n


def test_calls_and_operations_add_up(stub: SimpleNamespace) -> None:
    found = along([stub.sparsify, stub.cnf_to_ov, stub.counting])
    assert [each.calls for each in found] == [1, 2**n, 2**n, 2**n * (9 * n + 1)]
    assert found[2].operations == 1 + 2**n * 9 * n * 2**n


def test_numbers_are_known_before_running(stub: SimpleNamespace) -> None:
    found = along([stub.cnf_to_ov, stub.scaling, stub.free], {"variables": 5, "clauses": 7, "width": 3})
    assert found[1].numbers() == {"left": 4, "right": 8, "dim": 7}
    assert found[3].numbers() == {"side": 18, "tokens": 324}
    with pytest.raises(InputError, match="sizes are missing"):
        along([stub.cnf_to_ov], {"variables": 5})


def test_options_are_put_in(stub: SimpleNamespace) -> None:
    copies = size("copies")
    option = {"copies": Option(2, int, "copies"), "scale": Option("d", str, "scale")}
    upper = {"side": copies * size("keys"), "tokens": size("keys") * size("block")}
    made = stub.make(
        "copied", stub.ATTENTION, stub.VAR, {}, upper, (1, 0, 1), options=option, extra_symbols=frozenset({"block"})
    )
    sizes = {"queries": 1, "keys": 5, "head_dim": 1}
    assert along([made], sizes)[-1].numbers() == {"side": 10, "tokens": None}
    assert along([made], sizes, {"copies": Fraction(7, 2), "other": 3})[-1].numbers()["side"] == 17
    assert option_values(made, None) == {"copies": 2}
    assert along([made], sizes, {"keys": 99})[-1].numbers()["side"] == 10, "a size is no option"


FORMULAS = (
    n - sympy.floor(n / 2),
    n * m - m,
    (n - 3) * (m - 2),
    (n + 1) * (m - 9),
    2 ** (m - n),
    2**n - m,
    sympy.Max(n - m, 2) ** 2,
    m / (n + 1),
    sympy.Piecewise((n, sympy.Eq(m, 0)), (m, True)),
    sympy.log(1 + n) * m,
)


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_bounds_hold_for_every_smaller_parameter(formula: sympy.Expr) -> None:
    for exact in ({}, {"clauses": sympy.Integer(3)}):
        upper = {"variables": sympy.Integer(4), "clauses": sympy.Integer(3)}
        bound = upper_bound(formula, exact, upper)
        most = [formula.subs({n: a, m: b}) for a, b in product(range(5), [3] if exact else range(4))]
        assert all(bool(bound - value >= 0) for value in most)


def test_nondecreasing_is_not_claimed_of_others() -> None:
    names = frozenset({"variables", "clauses"})
    assert nondecreasing(2 ** sympy.ceiling(n / 2) * m + sympy.log(n + 1), names)
    falling = (n - m, -n, (n - 1) * m, sympy.Rational(1, 2) ** n, 1 / (n + 1), n**m)
    assert not any(nondecreasing(each, names) for each in falling)


def test_a_formula_without_bound_is_refused() -> None:
    with pytest.raises(InputError, match="no bound by substitution"):
        upper_bound(sympy.sin(n), {}, {"variables": n})


class Steps(sympy.Function):
    """A function of a rule that says it is nondecreasing."""

    nondecreasing = True
    is_integer = True
    is_positive = True


def test_functions_of_rules_may_say_that_they_grow(stub: SimpleNamespace) -> None:
    formula = Steps(m) ** (sympy.Max(1, m) - 1)
    assert nondecreasing(formula, frozenset({"clauses"}))
    assert upper_bound(formula, {}, {"clauses": n}) == Steps(n) ** (sympy.Max(1, n) - 1)
    assert not nondecreasing(formula ** (m - 1), frozenset({"clauses"}))
    assert not nondecreasing(sympy.Function("f")(m), frozenset({"clauses"}))


def test_what_has_no_bound_is_unknown_and_not_small(stub: SimpleNamespace) -> None:
    upper = {"left": left_of(), "right": left_of(), "dim": sympy.sin(m)}
    made = stub.make("odd", stub.CNF, stub.OV, {}, upper, (1, 0, 1))
    found = along([stub.sparsify, made], {"variables": 3, "clauses": 5, "width": 2})[-1]
    assert found.upper["dim"] == sympy.oo
    assert found.numbers() == {"left": 8, "right": 8, "dim": None}


def left_of() -> sympy.Expr:
    return 2**n


def test_powers_of_absurd_size_are_no_numbers() -> None:
    """A hundred million digits would take minutes; such a size is larger than everything and never a number."""
    start = time.monotonic()
    with pytest.raises(TooLargeError):
        substituted(2 ** size("n"), {"n": sympy.Integer(10**9)})
    with pytest.raises(TooLargeError):
        substituted(size("n") ** -3, {"n": 1 / sympy.Integer(2) ** 4000})
    assert substituted(2 ** size("n"), {"n": sympy.Integer(4000)}) == 2**4000
    assert substituted(size("n") ** sympy.Integer(10**9), {"n": sympy.Integer(1)}) == 1
    path = [rule_named(name) for name in ("cnf_to_ov", "ov_to_attention_scaling", "attention_to_var_interpolated")]
    found = along(path, {"variables": 10**7, "clauses": 1, "width": 2})
    assert found[1].numbers() == {"left": None, "right": None, "dim": 1}
    assert found[-1].numbers()["tokens"] is None
    assert time.monotonic() - start < 5
