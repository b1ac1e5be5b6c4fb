"""What a theorem about attention is, as data: hypotheses with quantifiers, an exponent in n, a scope, sources.

A theorem is one file in `varproof/regimes/theorems` that defines `THEOREM`, and one line in `registry.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from varproof.base.errors import InputError
from varproof.regimes.problem import QUANTITIES, Problem
from varproof.regimes.schedule_growth import Family

Side = Literal["upper", "lower"]
Quantifier = Literal["every", "some", "large"]
Relation = Literal["o", "O", "Omega", "explicit", "n^o(1)", "below", "at least"]


@dataclass(frozen=True)
class Hypothesis:
    """`quantity` = `relation`(`bound`), for the members of a class that `quantifier` says.

    - `every`: for every member of the class and every constant (upper bounds have to serve all of them);
    - `some`: for some member, whatever its constant (lower bounds; an explicit function may stand here);
    - `large`: for some member with a constant as large as the theorem asks. An explicit function has one constant, so
      it qualifies only where it exceeds every constant times the bound.

    Relations: o, O, Omega (bounds are functions of n in the grammar of magnitudes); `explicit`: a function, so that
    its ratio to `bound` has a limit; `n^o(1)`: the quantity, or its logarithm where `of_log` is set, grows slower than
    every power of n; `below` and `at least`: the number `bound`.
    """

    quantity: str
    relation: Relation
    bound: str = "1"
    quantifier: Quantifier = "every"
    of_log: bool = False

    def __post_init__(self) -> None:
        for value, allowed in (
            (self.quantity, QUANTITIES),
            (self.relation, get_args(Relation)),
            (self.quantifier, get_args(Quantifier)),
        ):
            if value not in allowed:
                raise InputError("not part of a hypothesis", got=value, allowed=", ".join(allowed))

    def __str__(self) -> str:
        subject = f"log {self.quantity}" if self.of_log else self.quantity
        if self.relation == "n^o(1)":
            return f"{subject} = n^o(1)"
        if self.relation == "explicit":
            return f"{subject} is explicit"
        if self.relation in ("below", "at least"):
            return f"{subject} {'<' if self.relation == 'below' else '>='} {self.bound}"
        return f"{subject} = {self.relation}({self.bound})"


@dataclass(frozen=True)
class Exponent:
    """A power of n: `value` exactly, or below `value` where `strict`; `text` is what a person reads.

    A long fraction is shown with four decimals, rounded up (down for a lower bound, `lower`). `rounded` tells that
    `value` itself is an irrational number rounded outwards.

    >>> Exponent(Fraction(10, 3)).text, Exponent(Fraction(36091234567, 10**10)).text
    ('10/3', '3.6092')
    """

    value: Fraction
    text: str = ""
    strict: bool = False
    lower: bool = False
    rounded: bool = False

    def __post_init__(self) -> None:
        if not self.text:
            object.__setattr__(self, "text", _text(self.value, lower=self.lower))

    @property
    def number(self) -> float | None:
        """The value for people; None where it depends on a constant left open."""
        return None if self.strict else float(self.value)


def _text(value: Fraction, *, lower: bool) -> str:
    if value.denominator < 10**6:
        return str(value)
    rounded = math.floor(value * 10**4) if lower else math.ceil(value * 10**4)
    return f"{rounded // 10**4}.{rounded % 10**4:04d}"


@dataclass(frozen=True)
class Theorem:
    """One upper or lower bound on the time of an attention layer over all scales, as a power of n up to n^o(1).

    `exponent` returns None where the theorem says nothing more although its hypotheses hold. `scope` has one entry for
    each family of schedules that the theorem is about, `scales` the score scales. `assumes` are named hypotheses of
    complexity theory (empty: unconditional), `page` the page with the proof of the form used here.
    """

    id: str
    side: Side
    statement: str
    hypotheses: tuple[Hypothesis, ...]
    exponent: Callable[[Problem], Exponent | None]
    scope: Mapping[Family, str]
    sources: tuple[str, ...]
    page: str
    assumes: tuple[str, ...] = ()
    scales: tuple[str, ...] = ("d", "sqrt", "one", "cosine")

    def about(self, problem: Problem) -> bool:
        """Whether the theorem speaks about this schedule and this score scale; cosine has no R to speak about."""
        about_entries = any(hypothesis.quantity == "R" for hypothesis in self.hypotheses)
        scale = problem.scale in self.scales and not (about_entries and problem.entry_bound is None)
        return problem.schedule.family in self.scope and scale
