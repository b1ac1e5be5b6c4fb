"""Stub problems and rules with the names and exponents of the real ones, so that searches are tested by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
import sympy

from reductions.core.answer import Answer
from reductions.core.reduction import CitedEdge, Exponents, Kind, Mapped, Reduction, size

HALF = sympy.Rational(1, 2)
GAMMA = sympy.Symbol("gamma_sparsify", positive=True)
DELTA_R = sympy.Symbol("delta_R", positive=True)
n, m, w = size("variables"), size("clauses"), size("width")
left, right, dim = size("left"), size("right"), size("dim")
queries, keys, head_dim = size("queries"), size("keys"), size("head_dim")
POINT = {"left": "rows", "right": "keys", "dim": "bits"}


def problem(name: str, parameters: dict[str, str], what: str, *, function: bool = False) -> type[Any]:
    def sizes(self: Any) -> dict[str, int]:
        return {key: getattr(self, key) for key in parameters}

    members = {
        "NAME": name,
        "TITLE": name.upper(),
        "PARAMETERS": parameters,
        "SIZE": what,
        "FUNCTION": function,
        "parameters": sizes,
        "__annotations__": dict.fromkeys(parameters, int),
    }
    return dataclass(frozen=True)(type(name.replace("-", "_"), (), members))


CNF = problem("cnf", {"variables": "n", "clauses": "m", "width": "k"}, "2^variables")
OV = problem("ov", POINT, "left")
GAP = problem("gap-hamming", POINT, "left")
ATTENTION = problem("attention", {"queries": "m", "keys": "n", "head_dim": "d"}, "keys", function=True)
VAR = problem("var-attention", {"side": "n", "tokens": "L"}, "side", function=True)


def rule(
    name: str,
    source: type[Any],
    target: type[Any],
    exact: dict[str, Any],
    upper: dict[str, Any],
    exponents: tuple[Any, Any, Any],
    **others: Any,
) -> Reduction:
    def forward(instance: Any, options: dict[str, Any]) -> Mapped:
        known = {size(key): value for key, value in instance.parameters().items()}
        made = {key: int(sympy.sympify(upper[key]).subs(known)) for key in target.PARAMETERS}
        return Mapped([target(**made)], None, 1)

    given: dict[str, Any] = {"kind": Kind.MANY_ONE, "calls": sympy.Integer(1), "operations": sympy.Integer(1)}
    return Reduction(
        name=name,
        source=source,
        target=target,
        summary=f"{name} summary",
        forward=forward,
        decode=lambda context, answers: Answer(),
        extract=lambda context, index, witness: witness,
        exact_size=exact,
        upper_size={key: sympy.sympify(value) for key, value in upper.items()},
        exponents=Exponents(*map(sympy.sympify, exponents)),
        claim_scope="all instances",
        sources=("2302.13214",),
        page="docs/explanation/reduction-graph.md",
        **{**given, **others},
    )


@pytest.fixture
def stub() -> SimpleNamespace:
    """Rules and problems by name, and `make` for others."""
    split = {"left": 2 ** sympy.floor(n / 2), "right": 2 ** sympy.ceiling(n / 2), "dim": m}
    small = {"side": 2 * keys, "tokens": 4 * keys**2}
    large = {"side": 7 * keys, "tokens": 49 * keys**2}
    budget: Callable[..., Any] = lambda instance, options: {  # noqa: E731
        "delta": Fraction(1, 5),
        "logit_bound": 3.0,
    }
    made = {
        "sparsify": rule(
            "sparsify",
            CNF,
            CNF,
            {"variables": n},
            {"variables": n, "clauses": 9 * n, "width": w},
            (1, GAMMA, GAMMA),
            kind=Kind.OR_MANY,
            calls=2**n,
        ),
        "cnf_to_ov": rule("cnf_to_ov", CNF, OV, split, split, (HALF, 0, HALF), operations=m * 2**n),
        "scaling": rule(
            "scaling",
            OV,
            ATTENTION,
            {"queries": left, "keys": right + 1},
            {"queries": left, "keys": right + 1, "head_dim": dim + 1},
            (1, 0, 1),
            kind=Kind.REAL_ORACLE,
            operations=left * dim,
            precision=budget,
            accepts=lambda instance, options: "too wide" if instance.dim > 100 else None,
        ),
        "counting": rule(
            "counting",
            OV,
            ATTENTION,
            {},
            {"queries": left, "keys": right + 1, "head_dim": dim},
            (1, 0, 1),
            kind=Kind.TRUTH_TABLE,
            calls=dim + 1,
        ),
        "free": rule(
            "free",
            ATTENTION,
            VAR,
            small,
            small,
            (HALF, 0, 1),
            kind=Kind.MANY_ONE,
            accepts=lambda instance, options: None,
        ),
        "interpolated": rule("interpolated", ATTENTION, VAR, {}, large, (HALF, 0, 1)),
        "gap_to_attention": rule(
            "gap_to_attention",
            GAP,
            ATTENTION,
            {},
            {"queries": left, "keys": right + 1, "head_dim": 2 * dim},
            (1, 0, 1),
            kind=Kind.REAL_ORACLE,
        ),
    }
    cited = CitedEdge(
        "cited_gap",
        OV,
        GAP,
        "cited",
        Exponents(sympy.Integer(1), DELTA_R, 1 + DELTA_R),
        "asymptotic",
        ("1803.00904",),
        "p",
    )
    return SimpleNamespace(
        rules=tuple(made.values()),
        cited=cited,
        make=rule,
        CNF=CNF,
        OV=OV,
        GAP=GAP,
        ATTENTION=ATTENTION,
        VAR=VAR,
        **made,
    )
