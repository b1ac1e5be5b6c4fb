"""What a reduction is: data and three functions. A rule file of `reductions/rules` defines one as `RULE`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import sympy

from reductions.core.answer import Answer
from varproof.base.errors import InputError


class Kind(StrEnum):
    """How the answers of the targets make the answer of the source."""

    MANY_ONE = "many-one"  # one target, the same answer
    OR_MANY = "or-many"  # several targets, YES iff one of them is
    TRUTH_TABLE = "truth-table"  # several targets, all answers are needed, none depends on another
    REAL_ORACLE = "real-oracle"  # one target that asks for numbers


@dataclass(frozen=True)
class Option:
    """A setting of a rule: its default, how text is read, what it means."""

    default: Any
    parse: Callable[[str], Any]
    meaning: str


@dataclass(frozen=True)
class Exponents:
    """(rho, kappa, sigma): log N_target = rho log N_source, N_source^kappa calls, overhead N_source^sigma, up to o(1).

    N is the `SIZE` of the problems. A target time N^e gives the source the exponent max(sigma, kappa + rho e).
    `proviso` says in words what the three need beyond the defaults of the rule; sentences about exponents repeat it.
    `log_dimension`: they hold for vectors of dimension O(log N) only, not for every dimension N^o(1).
    """

    rho: sympy.Expr
    kappa: sympy.Expr
    sigma: sympy.Expr
    proviso: str = ""
    log_dimension: bool = False

    def through(self, exponent: sympy.Expr) -> sympy.Expr:
        """The exponent of the source when the target takes N_target^exponent.

        >>> half = sympy.Rational(1, 2)
        >>> Exponents(half, sympy.Integer(0), half).through(sympy.Integer(2))
        1
        """
        return sympy.Max(self.sigma, self.kappa + self.rho * exponent)


@dataclass(frozen=True, eq=False)
class Mapped:
    """The image of an instance: the targets, what `decode` and `extract` need, and what making them cost.

    `operations` counts elementary operations: numbers read and written, a bit or an integer each.
    `targets` may be a lazy sequence (each item made when asked for) where there are many.
    `notes` are sentences for the narrative: what was built, with its numbers.
    """

    targets: Sequence[Any]
    context: Any
    operations: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mutant:
    """The rule with one deliberate mistake: each function given here replaces that of the rule.

    The generic tests must catch it (wrong answer, witness that fails, sizes, structure).
    """

    name: str
    forward: Callable[..., Mapped] | None = None
    decode: Callable[..., Answer] | None = None
    extract: Callable[..., Any] | None = None


@dataclass(frozen=True, eq=False)
class Reduction:
    """A rule. `source` and `target` are problem classes; formulas are sympy in the names of `source.PARAMETERS`.

    - `forward(instance, options)`: the image; `options` holds a value for every key of `self.options`.
    - `decode(context, answers)`: the answer of the source from those of the targets, in order. For OR_MANY the answers
      may stop after the first YES.
    - `extract(context, index, witness)`: a witness of the source from one of target `index`. Where the target asks for
      numbers the rule finds witnesses itself in `decode`, and `extract` maps the index of a row to one.
    - `exact_size`: target parameter -> formula, where one holds with equality; `upper_size`: a bound on every one.
      Besides source parameters, formulas may use the names of `options` and those of `extra_symbols`.
    - `calls`: number of targets (an upper bound). `operations`: upper bound on `Mapped.operations`.
    - `structure(instance, mapped)`: what is wrong with the image, in words; empty when every check passes.
    - `hard(seed)`: source instances that sit just at the gap of this rule.
    - `accepts(instance, options)`: None, or the reason why the rule does not take this instance (too large, no neutral
      key); asked before anything is built.
    - `precision(instance, options)`: for targets that ask for numbers, what they need: a dict with `delta` (Fraction,
      allowed error), `bits` (int), `gap` (float, g), `logit_bound` (float, B), `entry_bounds` (convention -> float).
    - `explain(instance, mapped)`: paragraphs that teach the step on this instance, matrices shown when small.
    """

    name: str
    source: type[Any]
    target: type[Any]
    kind: Kind
    summary: str
    forward: Callable[..., Mapped]
    decode: Callable[..., Answer]
    extract: Callable[..., Any]
    exact_size: Mapping[str, sympy.Expr]
    upper_size: Mapping[str, sympy.Expr]
    exponents: Exponents
    calls: sympy.Expr
    operations: sympy.Expr
    claim_scope: str
    sources: tuple[str, ...]
    page: str
    parsimonious: bool = False
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))
    extra_symbols: frozenset[str] = frozenset()
    structure: Callable[..., list[str]] | None = None
    hard: Callable[[int], Sequence[Any]] | None = None
    accepts: Callable[..., str | None] | None = None
    precision: Callable[..., Mapping[str, Any]] | None = None
    explain: Callable[..., list[str]] | None = None
    mutants: tuple[Mutant, ...] = ()

    def __post_init__(self) -> None:
        missing = set(self.target.PARAMETERS) - set(self.upper_size)
        if missing:
            raise InputError(f"rule {self.name} has no upper bound for these sizes", got=sorted(missing))
        unknown = (set(self.exact_size) | set(self.upper_size)) - set(self.target.PARAMETERS)
        if unknown:
            raise InputError(f"rule {self.name} bounds sizes its target does not have", got=sorted(unknown))
        known = set(self.source.PARAMETERS) | set(self.options) | self.extra_symbols
        formulas = [*self.exact_size.values(), *self.upper_size.values(), self.calls, self.operations]
        strange = {str(s) for f in formulas for s in sympy.sympify(f).free_symbols} - known
        if strange:
            raise InputError(f"rule {self.name} uses unknown symbols", got=sorted(strange), allowed=", ".join(known))

    def defaults(self) -> dict[str, Any]:
        """The options by name, all at their defaults."""
        return {name: option.default for name, option in self.options.items()}

    def __repr__(self) -> str:
        return f"<Reduction {self.name}: {self.source.NAME} -> {self.target.NAME}>"


@dataclass(frozen=True)
class CitedEdge:
    """A reduction that is a published theorem, not a program: it enters exponents, never an execution."""

    name: str
    source: type[Any]
    target: type[Any]
    summary: str
    exponents: Exponents
    claim_scope: str
    sources: tuple[str, ...]
    page: str


def size(name: str) -> sympy.Symbol:
    """The symbol of a parameter in size formulas: a nonnegative integer.

    >>> size("variables") == size("variables")
    True
    """
    return sympy.Symbol(name, integer=True, nonnegative=True)
