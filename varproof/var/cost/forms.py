"""The cost of a phase as a closed form: an integer times each sum over the schedule, from the configuration alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from varproof.approx.cost import pair_flops
from varproof.var.arithmetic.flops import convolution_flops, layer_norm_flops, linear_flops
from varproof.var.cost.moments import Growth, Moments


@dataclass(frozen=True)
class Form:
    """sum of coefficient * moment, in flops; `terms` maps the names of `Moments` to integer coefficients.

    >>> (Form.of(tokens=3) + Form.of(tokens=1, cells=2)).terms
    {'tokens': 4, 'cells': 2}
    """

    terms: dict[str, int]

    @classmethod
    def of(cls, **coefficients: int) -> Self:
        """Of the coefficients that are not zero."""
        return cls({name: value for name, value in coefficients.items() if value})

    def __add__(self, other: Form) -> Form:
        names = dict.fromkeys([*self.terms, *other.terms])
        return Form.of(**{name: self.terms.get(name, 0) + other.terms.get(name, 0) for name in names})

    def __mul__(self, factor: int) -> Form:
        return Form.of(**{name: factor * value for name, value in self.terms.items()})

    def value(self, at: Moments) -> int:
        """Flops, exact."""
        return sum(coefficient * int(getattr(at, name)) for name, coefficient in self.terms.items())

    def growth(self, of: dict[str, Growth]) -> Growth:
        """The leading term: all terms of the largest growth together. A form without terms is the constant 0."""
        known = [(of[name], coefficient) for name, coefficient in self.terms.items()]
        power, log = max(((g.power, g.log) for g, _ in known), default=(0, 0))
        leading = [(c * g.constant, g.limit) for g, c in known if (g.power, g.log) == (power, log)]
        return Growth(power, log, sum((c for c, _ in leading), Fraction(0)), all(limit for _, limit in leading))


def total(forms: Iterable[Form]) -> Form:
    """The sum."""
    found = Form.of()
    for form in forms:
        found = found + form
    return found


def linear(inputs: int, outputs: int, rows: str = "tokens") -> Form:
    """A linear layer on every row."""
    return Form.of(**{rows: linear_flops(1, inputs, outputs)})


def layer_norm(channels: int) -> Form:
    """Of every token."""
    return Form.of(tokens=layer_norm_flops(1, channels))


def softmax_attention(heads: int, head_dim: int, pairs: str, queries: str) -> Form:
    """`heads` times `varproof.approx.cost.exact_flops`: a cost for every pair, and a division for every output."""
    return Form.of(**{pairs: heads * pair_flops(head_dim, head_dim), queries: heads * head_dim})


def convolution(inputs: int, outputs: int, cells: str = "cells", *, area: int = 1, taps: int = 9) -> Form:
    """At `area` times the cells."""
    return Form.of(**{cells: convolution_flops(1, 1, taps, inputs, outputs) * area})
