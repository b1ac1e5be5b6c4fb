"""What is known about a positive quantity as n grows: an explicit function of n, or a class of functions.

A *magnitude* stands for a set of positive functions of n, seen at large n: `= f` the function f alone, `~ f` all that
are asymptotically equal to f, Theta(f), O(f), o(f), Omega(f), omega(f) as usual, `any` every positive function. With
`exponential` +1 or -1 it stands for exp(x) or exp(-x) with x in the set: 1/poly(n), which is n**-c for some constant
c > 0, is exp(-x) with x in Theta(log(n)). Products, powers and inverses are sound: the result contains every product
of members. Logarithms are natural.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, get_args

import sympy

from varproof.base.errors import InputError
from varproof.growth.eventual_sign import N, eventual_sign, limit_value, log_of, power_of, tidy

Relation = Literal["=", "~", "Theta", "O", "o", "Omega", "omega", "any"]
ABSORBS = "1/poly(n) and poly(n) absorb constants, powers of n and of log(n): give them alone"

_UPPER, _LOWER = ("o", "O"), ("omega", "Omega")
_INVERSE: dict[str, Relation] = {"O": "Omega", "Omega": "O", "o": "omega", "omega": "o"}
_LOG_OF_VANISHING: dict[str, Relation] = {"~": "~", "Theta": "~", "O": "Omega", "o": "Omega"}
_LOG_OF_VANISHING |= {"Omega": "O", "omega": "O"}


@dataclass(frozen=True)
class Magnitude:
    """The set of positive functions described by `relation`, `bound` (in the positive symbol n) and `exponential`.

    `text` is what the user wrote, empty for derived ones, and is not compared. Constant factors inside a class are
    dropped, so Theta(2*log(n)) equals Theta(log(n)). Raises `InputError` for an unknown relation, another symbol than
    n, and exp of a class whose bound is constant. Signs are checked by `parse_magnitude`, not here.

    >>> log_n = sympy.log(N)
    >>> d = Magnitude("Theta", 2 * log_n)
    >>> print(d, d.inverse(), d.times(Magnitude("o", 1 / log_n)), d.power(Fraction(1, 2)))
    Theta(log(n)) Theta(1/log(n)) o(1) Theta(sqrt(log(n)))
    """

    relation: Relation
    bound: sympy.Expr
    exponential: int = 0
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.relation not in get_args(Relation) or self.exponential not in (-1, 0, 1):
            raise InputError(
                "not a magnitude", got=(self.relation, self.exponential), allowed="= ~ Theta O o Omega omega"
            )
        bound = tidy(sympy.sympify(self.bound))
        if not bound.free_symbols <= {N}:
            raise InputError("a magnitude is a function of n alone", got=bound, allowed="the positive symbol n")
        relation, exponential = self.relation, self.exponential
        if relation not in ("=", "~", "any"):
            bound = _without_constant(bound)
        if exponential and relation == "=":
            bound, exponential = sympy.exp(exponential * bound), 0
        if exponential and relation == "omega" and bound == 1:
            relation, exponential = relation if exponential > 0 else _INVERSE[relation], 0
        if exponential and relation != "any" and bound == 1:
            raise InputError(
                "exp of a bounded class is no class of ours", got=f"exp({relation}(1))", allowed="a bound that grows"
            )
        if relation == "any":
            bound, exponential = sympy.Integer(1), 0
        for name, value in (("relation", relation), ("bound", bound), ("exponential", exponential)):
            object.__setattr__(self, name, value)

    @property
    def explicit(self) -> bool:
        """Whether the quantity is one function, written out."""
        return self.relation == "="

    def times(self, other: Magnitude) -> Magnitude:
        """Every product of a member of this and one of `other`; refuses the exponential ones, except times 1."""
        if self == ONE or other == ONE:
            return other if self == ONE else self
        if self.exponential or other.exponential:
            raise InputError("the product has no single leading class", got=f"({self})*({other})", hint=ABSORBS)
        return Magnitude(_product(self.relation, other.relation), self.bound * other.bound)

    def power(self, exponent: Fraction | int) -> Magnitude:
        """Every member to the same rational power; a negative one turns upper bounds into lower ones."""
        number = sympy.Rational(exponent.numerator, exponent.denominator)
        if number == 0:
            return ONE
        if self.exponential:
            return Magnitude(self.relation, self.bound * abs(number), self.exponential * int(sympy.sign(number)))
        relation = self.relation if number > 0 else _INVERSE.get(self.relation, self.relation)
        return Magnitude(relation, power_of(self.bound, number))

    def inverse(self) -> Magnitude:
        """1 over every member.

        >>> print(Magnitude("omega", sympy.log(N)).inverse())
        o(1/log(n))
        """
        return self.power(-1)

    def log(self) -> Magnitude:
        """The magnitude of max(ln of the quantity, 0), as `log_inverse` gives it for 1 over the quantity.

        >>> print(Magnitude("Theta", sympy.log(N), exponential=1).log())
        Theta(log(n))
        """
        return log_inverse(self.inverse())

    def __str__(self) -> str:
        bound = re.sub(r"\bE\b", "exp(1)", str(self.bound))  # sympy writes e as E, which the parser does not know
        if self.relation == "any":
            return "any"
        if self.explicit:
            return bound
        inner = f"~ {bound}" if self.relation == "~" else f"{self.relation}({bound})"
        if self.exponential == 0:
            return inner
        if self.bound != sympy.log(N) or self.relation == "~":
            return f"exp({inner})" if self.exponential > 0 else f"exp(-{inner})"
        if self.relation == "Theta":
            return "poly(n)" if self.exponential > 0 else "1/poly(n)"
        return f"n**{'' if self.exponential > 0 else '-'}{self.relation}(1)"


def log_inverse(delta: Magnitude) -> Magnitude:
    """The magnitude of Lam = max(ln(1/delta), 0) for every delta of the magnitude; members of O and o may be zero.

    For delta in Theta(g) with g -> 0, ln(1/delta) = ln(1/g) + O(1) ~ ln(1/g). A one-sided class leaves one side: delta
    in O(g) or o(g) gives Omega(ln(1/g)), delta in Omega(g) or omega(g) gives O(ln(1/g)). delta in o(1) gives omega(1).
    Where delta stays above a positive constant, Lam is in O(1). Nothing known, or a limit of g that
    `varproof.growth.limits` leaves open, gives `any`. Raises `InputError` when g is not real for large n.

    >>> print(log_inverse(Magnitude("=", N**-3)), log_inverse(Magnitude("Theta", sympy.log(N), exponential=-1)))
    3*log(n) Theta(log(n))
    """
    if delta.exponential:
        return Magnitude(delta.relation, delta.bound) if delta.exponential < 0 else _BOUNDED
    logarithm = log_of(1 / delta.bound)
    if delta.explicit:
        sign = eventual_sign(logarithm)
        return Magnitude("=", logarithm) if sign == 1 else _ANY if sign is None else _BOUNDED
    limit = limit_value(delta.bound)
    if limit is None or delta.relation == "any":
        return _ANY
    if limit.is_zero:
        return Magnitude(_LOG_OF_VANISHING[delta.relation], logarithm)
    if delta.relation in _UPPER:
        return Magnitude("omega", sympy.Integer(1)) if delta.relation == "o" and limit.is_finite else _ANY
    return _BOUNDED


def _product(left: Relation, right: Relation) -> Relation:
    """The smallest of our relations that holds every product; `=`, `~` and Theta keep the other factor's."""
    tight: tuple[Relation, ...] = ("=", "~", "Theta")
    if left in tight and right in tight:
        return tight[max(tight.index(left), tight.index(right))]
    if left in tight or right in tight:
        return right if left in tight else left
    for kinds in (_UPPER, _LOWER):
        if left in kinds and right in kinds:
            return left if left == kinds[0] else right
    return "any"


def _without_constant(bound: sympy.Expr) -> sympy.Expr:
    """The bound without its positive constant factor, which no class notices."""
    constant, rest = bound.as_independent(N, as_Add=False)
    return rest.primitive()[1] if constant.is_positive else bound


ONE = Magnitude("=", sympy.Integer(1))
_ANY = Magnitude("any", sympy.Integer(1))
_BOUNDED = Magnitude("O", sympy.Integer(1))
