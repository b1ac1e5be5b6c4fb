"""Reads a magnitude from text: formulas of `varproof.base.expression` with classes and free constants.

Added to the formulas: Theta(f), O(f), o(f), Omega(f), omega(f) with f explicit; poly(n), which is n**C; and C, a
constant that is not named, so Theta(1); every C is one of its own. A class may be multiplied and divided by
explicit functions and classes, raised to rational powers, and stand in an exponent; it may not be added to anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn, get_args

import sympy

from varproof.base.errors import InputError
from varproof.base.expression import FUNCTIONS, MAX_EXPONENT, build_expression
from varproof.base.expression_tree import Node, fail, parse_tree
from varproof.growth.bounded import total_budget
from varproof.growth.eventual_sign import eventual_sign, limit_value, log_of, tidy
from varproof.growth.magnitudes import ABSORBS, Magnitude, Relation

CLASSES: tuple[Relation, ...] = ("Theta", "O", "o", "Omega", "omega")
SECONDS = 5.0  # for all limits that reading one formula takes
_NAMES = ("n", "C")
_CALLS = (*FUNCTIONS, *CLASSES, "poly")
ALLOWED = "n, C, + - * / **, exact numbers, log, sqrt, exp, Theta(..), O(..), o(..), Omega(..), omega(..), poly(n)"
_MEANT = {
    "ln": "log",
    "loglog": "log(log(..))",
    "polylog": "poly(log(n))",
    "c": "C",
    "N": "n",
    "OMEGA": "Omega or omega",
}
_MEANT |= {"theta": "Theta", "bigtheta": "Theta", "bigomega": "Omega", "littleomega": "omega"}
_MEANT |= {"bigo": "O", "littleo": "o"}
_SIGNS = {"Θ": "Theta", "θ": "Theta", "Ω": "Omega", "ω": "omega", "√": "sqrt", "·": "*", "×": "*", "−": "-"}


def parse_magnitude(text: str, *, name: str) -> Magnitude:
    """The magnitude that `text` gives for the quantity `name` (d, R, delta, ..), a positive function of n.

    Raises `InputError`, its message starting with `name`, for everything `parse_expression` refuses, sums with a
    class, classes inside classes or logarithms, 1/poly(n) times anything, and what is negative or zero for large n.

    >>> for text in ("2*log(n)", "C*sqrt(log(n))", "1/poly(n)", "n**-C", "n**-omega(1)", "log(n)/O(n)"):
    ...     print(parse_magnitude(text, name="d"))
    2*log(n)
    Theta(sqrt(log(n)))
    1/poly(n)
    1/poly(n)
    n**-omega(1)
    Omega(log(n)/n)
    """
    try:
        for letter, meant in _SIGNS.items():
            if isinstance(text, str) and letter in text:
                fail(text, text.index(letter), "unexpected character", allowed=ALLOWED, hint=f"write {meant}")
        tree = parse_tree(text)
        _check_names(tree, text)
        with total_budget(SECONDS):
            value = _Reader(text, tree).read(tree)
        if value.sign < 0:
            raise InputError("negative for large n", got=text, allowed="a positive function of n")
        return replace(value.size, text=text.strip())
    except InputError as error:
        raise InputError(f"{name}: {error.message}", got=error.got, allowed=error.allowed, hint=error.hint) from error


@dataclass(frozen=True)
class _Signed:
    """A value of known sign, 1 or -1: only exponents and their parts may be negative."""

    sign: int
    size: Magnitude


class _Reader:
    """Reads the nodes that hold a class or C; hands every other node over to `build_expression`."""

    def __init__(self, text: str, tree: Node) -> None:
        self.text = text
        self.tree = tree

    def read(self, node: Node) -> _Signed:
        if not _holds_class(node):
            return self._explicit(node)
        match node.kind:
            case "name":
                return _Signed(1, Magnitude("Theta", sympy.Integer(1)))
            case "call":
                return self._call(node)
            case "negate":
                value = self.read(node.children[0])
                return replace(value, sign=-value.sign)
            case "*" | "/":
                left, right = (self.read(child) for child in node.children)
                return self._product(node, left, right)
            case "**":
                return self._power(node)
        self._refuse(node, "a class inside a sum", hint="give the leading term alone: n for n + O(log(n))")

    def _explicit(self, node: Node) -> _Signed:
        function = tidy(build_expression(node, self.text, names=("n",)))
        sign = eventual_sign(function)
        if sign == 0 and node is self.tree:
            raise InputError("zero for large n", got=self.text, allowed="a positive function of n")
        if sign == 0:
            self._refuse(node, "zero for large n")
        if sign is None and node is not self.tree:  # alone it is the user's word that it is positive
            self._refuse(node, "beside a class, a function whose sign for large n cannot be told")
        return _Signed(sign or 1, Magnitude("=", function if sign != -1 else -function))

    def _call(self, node: Node) -> _Signed:
        (argument,) = node.children
        if node.text in CLASSES or node.text == "poly":
            if _holds_class(argument):
                self._refuse(
                    argument, "a class inside a class", hint=f"{node.text}(..) takes an explicit function of n"
                )
            inner = self.read(argument)
            if inner.sign < 0:
                self._refuse(argument, f"{node.text}(..) of a function that is negative for large n")
            if node.text == "poly":
                return self._exponential(node, inner, _Signed(1, Magnitude("Theta", sympy.Integer(1))))
            return _Signed(1, Magnitude(_relation(node.text), inner.size.bound))
        value = self.read(argument)
        if node.text == "sqrt":
            if value.sign < 0:
                self._refuse(node, "square root of a negative value")
            return _Signed(1, value.size.power(Fraction(1, 2)))
        if node.text == "exp":
            return self._exponential(node, _Signed(1, Magnitude("=", sympy.E)), value)
        self._refuse(node, "log of a class", hint="write the logarithm itself, such as Theta(log(log(n)))")

    def _product(self, node: Node, left: _Signed, right: _Signed) -> _Signed:
        factor = right.size if node.kind == "*" else right.size.inverse()
        try:
            return _Signed(left.sign * right.sign, left.size.times(factor))
        except InputError as error:
            self._refuse(node, error.message, hint=error.hint)

    def _power(self, node: Node) -> _Signed:
        base, exponent = (self.read(child) for child in node.children)
        if not exponent.size.explicit and not base.size.explicit:
            self._refuse(node, "a class to the power of a class", hint="write exp(Theta(..)) or exp(-Theta(..))")
        if not exponent.size.explicit:
            return self._exponential(node, base, exponent)
        number = exponent.sign * exponent.size.bound
        if base.sign < 0:
            self._refuse(node, "a power of a negative value")
        if not number.is_Rational:
            self._refuse(node, "a class to a power that is not a rational number", allowed="such as Theta(n)**(1/2)")
        if max(abs(number.p), number.q) > MAX_EXPONENT:
            self._refuse(node, "exponent too large", allowed=f"exponents with parts up to {MAX_EXPONENT}")
        return _Signed(1, base.size.power(Fraction(int(number.p), int(number.q))))

    def _exponential(self, node: Node, base: _Signed, exponent: _Signed) -> _Signed:
        """base**exponent for an explicit base and a class as exponent: exp of the exponent times log(base)."""
        if exponent.size.exponential:
            self._refuse(node, "an exponential in an exponent", hint=ABSORBS)
        if base.sign < 0:
            self._refuse(node, "a power of a function that is negative for large n")
        logarithm = log_of(base.size.bound)
        sign = eventual_sign(logarithm)
        if sign is None or sign == 0:
            self._refuse(node, "the logarithm of the base has no known sign", allowed="a base above 1, such as n")
        size = exponent.size.times(Magnitude("=", sign * logarithm))
        limit = limit_value(size.bound)
        grows = limit is not None and (limit.is_infinite or (size.relation == "omega" and not limit.is_zero))
        if not grows:  # such a class has no open constant: exp(-C) is below 1
            hint = "write a constant as a factor: C, Theta(1), O(1)"
            self._refuse(node, "an exponent that need not grow", hint=hint)
        return _Signed(1, Magnitude(size.relation, size.bound, sign * exponent.sign))

    def _refuse(self, node: Node, problem: str, *, allowed: str = "", hint: str = "") -> NoReturn:
        fail(self.text, node.position, problem, allowed=allowed or ALLOWED, hint=hint)


def _check_names(node: Node, text: str) -> None:
    """Refuse the first name or function that is not ours, with the one that was meant where that can be guessed."""
    if node.kind in ("name", "call") and node.text not in (_NAMES if node.kind == "name" else _CALLS):
        meant = _MEANT.get(node.text) or _MEANT.get(node.text.lower().replace("_", ""), "")
        hint = f"did you mean {meant}?" if meant else ""
        if node.text in _NAMES or node.text in _CALLS:
            hint = f"{node.text} takes no argument" if node.kind == "call" else f"write {node.text}(..)"
        what = "name" if node.kind == "name" else "function"
        fail(text, node.position, f"unknown {what} {node.text}", allowed=ALLOWED, hint=hint)
    for child in node.children:
        _check_names(child, text)


def _holds_class(node: Node) -> bool:
    own = (node.kind == "name" and node.text == "C") or (node.kind == "call" and node.text in (*CLASSES, "poly"))
    return own or any(_holds_class(child) for child in node.children)


def _relation(text: str) -> Relation:
    return next(relation for relation in get_args(Relation) if relation == text)
