"""A safe parser of formulas typed by users: text to a sympy expression, without `eval` and without `sympify`.

Grammar: numbers taken exactly (`12`, `0.05` is 1/20, `1e-8`; `1/3` is exact), the names the caller allows,
`+ - * /`, `**` (right-associative, binds tighter than a sign on its left), parentheses, and the functions log
(natural), sqrt, exp. The text is first turned into a small tree of our own, then built node by node with caps on
length, nesting, exponents and the size of every number, so that no input can run long. All symbols are positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from varproof.base.expression_tree import Node, fail, parse_tree
from varproof.base.rationals import parse_rational

if TYPE_CHECKING:
    import sympy

MAX_EXPONENT = 1000
MAX_BITS = 16_384
FUNCTIONS = ("log", "sqrt", "exp")


def parse_expression(text: str, *, names: Sequence[str] = ("n", "C")) -> sympy.Expr:
    """The expression that `text` spells, in the given names (positive symbols of the same name).

    Raises `InputError` for anything outside the grammar, unknown names, more than 400 characters, nesting beyond 40,
    numeric exponents beyond 1000, powers and numbers beyond 16384 bits, division by zero, and logarithms or roots
    outside the reals.

    >>> parse_expression("3/2*log(n)**(1/2)")
    3*sqrt(log(n))/2
    """
    return build_expression(parse_tree(text), text, names=names)


def build_expression(tree: Node, text: str, *, names: Sequence[str] = ("n", "C")) -> sympy.Expr:
    """The expression of `tree`, the tree of `text` or a part of it; messages quote the place in the whole `text`.

    Raises `InputError` like `parse_expression`; the caps on length and nesting are those of `parse_tree`.

    >>> tree = parse_tree("Theta(n**2)")
    >>> build_expression(tree.children[0], "Theta(n**2)")
    n**2
    """
    expression: sympy.Expr = _Builder(text, tuple(names)).build(tree)
    return expression


class _Builder:
    """Builds the sympy expression of a tree; knows every kind of node and refuses the rest."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        import sympy

        self.sympy = sympy
        self.text = text
        self.symbols = {name: sympy.Symbol(name, positive=True) for name in names}

    def build(self, node: Node) -> Any:
        children = [self.build(child) for child in node.children]
        value = self._value(node, children)
        for number in value.atoms(self.sympy.Rational):
            if _bits(number) > MAX_BITS:
                fail(self.text, node.position, f"a number of more than {MAX_BITS} bits")
        if value.is_number and (value.is_extended_real is False or value.is_finite is False):
            fail(self.text, node.position, "not a real number")
        return value

    def _value(self, node: Node, children: list[Any]) -> Any:
        match node.kind:
            case "number":
                number = parse_rational(node.text, name="number")
                return self.sympy.Rational(number.numerator, number.denominator)
            case "name":
                if node.text not in self.symbols:
                    allowed = ", ".join(self.symbols) + "; functions " + ", ".join(FUNCTIONS)
                    fail(self.text, node.position, f"unknown name {node.text}", allowed=allowed)
                return self.symbols[node.text]
            case "call":
                return self._call(node, children[0])
            case "negate":
                return -children[0]
            case "+":
                return children[0] + children[1]
            case "-":
                return children[0] - children[1]
            case "*":
                return children[0] * children[1]
            case "/":
                if children[1].is_number and self._log2(children[1]) is None:
                    fail(self.text, node.position, "division by zero, or by what cannot be told from zero")
                return children[0] / children[1]
            case "**":
                return self._power(node, children[0], children[1])
        raise AssertionError(node.kind)

    def _call(self, node: Node, argument: Any) -> Any:
        if node.text not in FUNCTIONS:
            fail(self.text, node.position, f"unknown function {node.text}", allowed=", ".join(FUNCTIONS))
        if node.text == "log" and (argument.is_zero or argument.is_negative):
            fail(self.text, node.position, "logarithm of a number that is not positive")
        if node.text == "sqrt" and argument.is_negative:
            fail(self.text, node.position, "square root of a negative number")
        if node.text == "exp":
            self._check_size(node, self.sympy.E, argument)
        return getattr(self.sympy, node.text)(argument)

    def _power(self, node: Node, base: Any, exponent: Any) -> Any:
        if exponent.is_Rational and max(abs(exponent.p), exponent.q) > MAX_EXPONENT:
            fail(self.text, node.position, "exponent too large", allowed=f"exponents with parts up to {MAX_EXPONENT}")
        if base.is_zero and not exponent.is_positive:
            fail(self.text, node.position, "zero to a power that is not positive")
        if base.is_negative and not exponent.is_integer:
            fail(self.text, node.position, "a root of a negative number")
        for factor in self.sympy.Mul.make_args(base):  # sympy distributes powers over products and merges nested ones
            inner, power = factor.as_base_exp()
            self._check_size(node, inner, power * exponent)
        return base**exponent

    def _check_size(self, node: Node, base: Any, exponent: Any) -> None:
        """Refuse base**exponent before sympy evaluates it when a number of more than MAX_BITS bits could come out."""
        weight = 1 if not base.is_number else max(1, _bits(base) if base.is_Rational else abs(self._log2(base) or 1))
        for term in self.sympy.Add.make_args(exponent):
            if term.is_number and (self._log2(term) or 0) + weight.bit_length() > MAX_BITS.bit_length():
                fail(self.text, node.position, f"a power of more than {MAX_BITS} bits")

    def _log2(self, value: Any) -> int | None:
        """An integer within 1 above log2 |value| of a number; None where no digit of it is certain (a hidden zero)."""
        from sympy.core.evalf import PrecisionExhausted

        try:
            size = abs(value.evalf(15, strict=True))
        except PrecisionExhausted:
            return None
        if size.is_zero:
            return None
        _, mantissa, exponent, bits = size._mpf_
        return int(exponent + bits) if mantissa else None


def _bits(number: Any) -> int:
    return max(int(number.p).bit_length(), int(number.q).bit_length())
