"""A safe parser of formulas typed by users: text to a sympy expression, without `eval` and without `sympify`.

Grammar: numbers taken exactly (`12`, `0.05` is 1/20, `1e-8`; `1/3` is exact), the names the caller allows,
`+ - * /`, `**` (right-associative, binds tighter than a sign on its left), parentheses, and the functions log
(natural), sqrt, exp. The text is first turned into a small tree of our own, then built node by node with caps on
length, nesting, exponents and the size of every number, so that no input can run long. All symbols are positive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational

if TYPE_CHECKING:
    import sympy

MAX_LENGTH = 400
MAX_DEPTH = 40
MAX_EXPONENT = 1000
MAX_BITS = 16_384
FUNCTIONS = ("log", "sqrt", "exp")

_TOKEN = re.compile(
    r"(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>\*\*|[-+*/()]))",
    re.ASCII,
)


@dataclass(frozen=True)
class Node:
    """One node of the tree: `kind` is number, name, call, negate or an operator, `position` its place in the text."""

    kind: str
    text: str
    children: tuple[Node, ...]
    position: int


def parse_expression(text: str, *, names: Sequence[str] = ("n", "C")) -> sympy.Expr:
    """The expression that `text` spells, in the given names (positive symbols of the same name).

    Raises `InputError` for anything outside the grammar, unknown names, more than 400 characters, nesting beyond 40,
    numeric exponents beyond 1000, powers and numbers beyond 16384 bits, division by zero, and logarithms or roots
    outside the reals.

    >>> parse_expression("3/2*log(n)**(1/2)")
    3*sqrt(log(n))/2
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError("not a formula", got=text, allowed="text such as log(n)**(1/2)")
    if len(text) > MAX_LENGTH:
        raise InputError("the formula is too long", got=text, allowed=f"at most {MAX_LENGTH} characters")
    return _Builder(text, tuple(names)).build(_Parser(text).parse())


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        while position < len(text.rstrip()):
            position += len(text[position:]) - len(text[position:].lstrip())
            found = _TOKEN.match(text, position)
            if found is None:
                _fail(text, position, "unexpected character", hint="write ** for powers and * for every product")
            kind = str(found.lastgroup)
            self.tokens.append((found[kind] if kind == "sign" else kind, found[kind], found.start(kind)))
            position = found.end()
        self.tokens.append(("end", "", len(text)))
        self.next = 0
        self.depth = 0

    def parse(self) -> Node:
        tree = self._sum()
        kind, _, position = self.tokens[self.next]
        if kind != "end":
            _fail(self.text, position, "expected an operator or the end", hint="write * for every product")
        return tree

    def _take(self, *kinds: str) -> tuple[str, str, int] | None:
        token = self.tokens[self.next]
        if token[0] not in kinds:
            return None
        self.next += 1
        return token

    def _sum(self) -> Node:
        left = self._term()
        while (sign := self._take("+", "-")) is not None:
            left = Node(sign[0], sign[1], (left, self._term()), sign[2])
        return left

    def _term(self) -> Node:
        left = self._signed()
        while (sign := self._take("*", "/")) is not None:
            left = Node(sign[0], sign[1], (left, self._signed()), sign[2])
        return left

    def _signed(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            _fail(self.text, self.tokens[self.next][2], f"nested deeper than {MAX_DEPTH}")
        sign = self._take("+", "-")
        if sign is None:
            result = self._power()
        else:
            inner = self._signed()
            result = inner if sign[0] == "+" else Node("negate", "-", (inner,), sign[2])
        self.depth -= 1
        return result

    def _power(self) -> Node:
        base = self._atom()
        sign = self._take("**")
        return base if sign is None else Node("**", "**", (base, self._signed()), sign[2])

    def _atom(self) -> Node:
        token = self._take("number", "name", "(")
        if token is None:
            _fail(self.text, self.tokens[self.next][2], "expected a number, a name or an opening parenthesis")
        kind, text, position = token
        if kind == "number" or (kind == "name" and self._take("(") is None):
            return Node(kind, text, (), position)
        inner = self._sum()
        if self._take(")") is None:
            _fail(self.text, self.tokens[self.next][2], "expected a closing parenthesis")
        return Node("call", text, (inner,), position) if kind == "name" else inner


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
                _fail(self.text, node.position, f"a number of more than {MAX_BITS} bits")
        if value.is_number and (value.is_extended_real is False or value.is_finite is False):
            _fail(self.text, node.position, "not a real number")
        return value

    def _value(self, node: Node, children: list[Any]) -> Any:
        match node.kind:
            case "number":
                number = parse_rational(node.text, name="number")
                return self.sympy.Rational(number.numerator, number.denominator)
            case "name":
                if node.text not in self.symbols:
                    allowed = ", ".join(self.symbols) + "; functions " + ", ".join(FUNCTIONS)
                    _fail(self.text, node.position, f"unknown name {node.text}", allowed=allowed)
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
                if children[1].is_zero or (children[1].is_number and self._log2(children[1]) is None):
                    _fail(self.text, node.position, "division by zero, or by what cannot be told from zero")
                return children[0] / children[1]
            case "**":
                return self._power(node, children[0], children[1])
        raise AssertionError(node.kind)

    def _call(self, node: Node, argument: Any) -> Any:
        if node.text not in FUNCTIONS:
            _fail(self.text, node.position, f"unknown function {node.text}", allowed=", ".join(FUNCTIONS))
        if node.text == "log" and (argument.is_zero or argument.is_negative):
            _fail(self.text, node.position, "logarithm of a number that is not positive")
        if node.text == "sqrt" and argument.is_negative:
            _fail(self.text, node.position, "square root of a negative number")
        if node.text == "exp":
            self._check_size(node, self.sympy.E, argument)
        return getattr(self.sympy, node.text)(argument)

    def _power(self, node: Node, base: Any, exponent: Any) -> Any:
        if exponent.is_Rational and max(abs(exponent.p), exponent.q) > MAX_EXPONENT:
            _fail(self.text, node.position, "exponent too large", allowed=f"exponents with parts up to {MAX_EXPONENT}")
        if base.is_zero and not exponent.is_positive:
            _fail(self.text, node.position, "zero to a power that is not positive")
        if base.is_negative and not exponent.is_integer:
            _fail(self.text, node.position, "a root of a negative number")
        for factor in self.sympy.Mul.make_args(base):  # sympy distributes powers over products and merges nested ones
            inner, power = factor.as_base_exp()
            self._check_size(node, inner, power * exponent)
        return base**exponent

    def _check_size(self, node: Node, base: Any, exponent: Any) -> None:
        """Refuse base**exponent before sympy evaluates it when a number of more than MAX_BITS bits could come out."""
        weight = 1 if not base.is_number else max(1, _bits(base) if base.is_Rational else abs(self._log2(base) or 1))
        for term in self.sympy.Add.make_args(exponent):
            if term.is_number and (self._log2(term) or 0) + weight.bit_length() > MAX_BITS.bit_length():
                _fail(self.text, node.position, f"a power of more than {MAX_BITS} bits")

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


def _fail(text: str, position: int, problem: str, *, allowed: str = "", hint: str = "") -> NoReturn:
    place = text[position : position + 20] or "end of the text"
    raise InputError(
        f"the formula cannot be read: {problem} at position {position + 1} ({place!r})",
        got=text,
        allowed=allowed or "+ - * / **, exact numbers, names, log, sqrt, exp",
        hint=hint,
    )
