"""The tree of a formula: tokens and recursive descent, with caps on length and nesting; nothing is evaluated here.

Grammar: sum = term (+|- term)*; term = signed (*|/ signed)*; signed = (+|-) signed | power; power = atom [** signed];
atom = number | name | name ( sum ) | ( sum ). The meaning of the nodes is in `varproof.base.expression`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from varproof.base.errors import InputError

MAX_LENGTH = 400
MAX_DEPTH = 40

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


def parse_tree(text: str) -> Node:
    """The tree of `text`; raises `InputError` naming the position of the first character that does not fit.

    >>> tree = parse_tree("-n**2")
    >>> tree.kind, tree.children[0].kind
    ('negate', '**')
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError("not a formula", got=text, allowed="text such as log(n)**(1/2)")
    if len(text) > MAX_LENGTH:
        raise InputError("the formula is too long", got=text, allowed=f"at most {MAX_LENGTH} characters")
    return _Parser(text).parse()


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
                fail(text, position, "unexpected character", hint="write ** for powers and * for every product")
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
            fail(self.text, position, "expected an operator or the end", hint="write * for every product")
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
            fail(self.text, self.tokens[self.next][2], f"nested deeper than {MAX_DEPTH}")
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
            fail(self.text, self.tokens[self.next][2], "expected a number, a name or an opening parenthesis")
        kind, text, position = token
        if kind == "number" or (kind == "name" and self._take("(") is None):
            return Node(kind, text, (), position)
        inner = self._sum()
        if self._take(")") is None:
            fail(self.text, self.tokens[self.next][2], "expected a closing parenthesis")
        return Node("call", text, (inner,), position) if kind == "name" else inner


def fail(text: str, position: int, problem: str, *, allowed: str = "", hint: str = "") -> NoReturn:
    """Raise `InputError` that quotes the place in the formula."""
    place = text[position : position + 20] or "end of the text"
    raise InputError(
        f"the formula cannot be read: {problem} at position {position + 1} ({place!r})",
        got=text,
        allowed=allowed or "+ - * / **, exact numbers, names, log, sqrt, exp",
        hint=hint,
    )
