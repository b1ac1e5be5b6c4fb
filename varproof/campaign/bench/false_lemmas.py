"""Thirty false lemmas with a known smallest counterexample, to see that arms find and the shrinker shrinks them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.verdict import Finding, Verdict
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim
from varproof.families.space import Choice, Integer, Point, Seed, Space

LARGEST = 256
COUNT = 30
Array = NDArray[Any]


@dataclass(frozen=True)
class FalseLemma:
    """A claim that says PROVED and is wrong, and the size of its smallest counterexample."""

    claim: Claim
    smallest: int


@dataclass(frozen=True)
class Kind:
    """A false lemma with a size k left open. `over` is above 0 exactly for counterexamples, in exact arithmetic.

    `shape` gives the arrays' columns (0: a vector), `arrays` how many there are, `values` how entries are drawn.
    """

    text: str
    over: Callable[[list[Array], int], Fraction]
    fixed: int = 0  # the smallest counterexample, where it does not grow with k
    arrays: int = 1
    columns: int = 0
    whole: bool = False


def _total(values: Array) -> Fraction:
    return sum((Fraction(float(value)) for value in values.ravel()), Fraction(0))


def _run(values: Array) -> int:
    """Length of the longest stretch that does not decrease."""
    longest = now = 1
    for left, right in pairwise(values):
        now = now + 1 if right >= left else 1
        longest = max(longest, now)
    return longest


def _largest_class(rows: Array) -> int:
    return int(np.unique(rows, axis=0, return_counts=True)[1].max())


HALF = Fraction(1, 2)
KINDS = (
    Kind("the sum of entries in [-1, 1] is below {k}", lambda a, k: _total(a[0]) - k + HALF),
    Kind("no entry exceeds 0.9", lambda a, k: Fraction(float(a[0].max())) - Fraction(9, 10), fixed=1),
    Kind("no two rows are equal", lambda a, k: Fraction(_largest_class(a[0]) - 1), fixed=2, columns=2, whole=True),
    Kind("the squares of entries in [-1, 1] add up to less than {k}", lambda a, k: _total(a[0] ** 2) - k + HALF),
    Kind("no value is taken {k} times", lambda a, k: Fraction(_largest_class(a[0]) - k + 1), whole=True),
    Kind(
        "the scalar product of vectors in [-1, 1]^n is below {k}",
        lambda a, k: (
            sum((Fraction(float(x)) * Fraction(float(y)) for x, y in zip(*a, strict=True)), Fraction(0)) - k + HALF
        ),
        arrays=2,
    ),
    Kind("no stretch of {k} entries is monotone", lambda a, k: Fraction(_run(a[0]) - k + 1)),
    Kind("fewer than {k} entries are positive", lambda a, k: Fraction(int((a[0] > 0).sum()) - k + 1)),
    Kind(
        "the distance of two vectors in [-1, 1]^n in l1 is below {k}",
        lambda a, k: _total(abs(a[0] - a[1])) / 2 - k + HALF,
        arrays=2,
    ),
    Kind("no {k} entries are zero", lambda a, k: Fraction(int((a[0] == 0).sum()) - k + 1), whole=True),
)


def false_lemma(seed: int) -> FalseLemma:
    """Number `seed` of them (any integer from 0): the kinds in turn, k from 1 to 256 with every doubling as likely.

    >>> false_lemma(1).claim.statement, false_lemma(1).smallest
    ('no entry exceeds 0.9', 1)
    """
    kind = KINDS[seed % len(KINDS)]
    rng = np.random.default_rng(seed)
    k = kind.fixed or min(round(2 ** rng.uniform(0, math.log2(LARGEST) + 0.05)), LARGEST)
    statement = kind.text.format(k=k)

    def check(case: Case) -> Finding:
        return Finding(Verdict.PROVED)

    claim = Claim(f"false_lemma_{seed}", statement, "upper", {}, (), check, (), attack=_attack(kind, k))
    return FalseLemma(claim, k)


def _attack(kind: Kind, k: int) -> Attack:
    names = [f"x{place}" for place in range(kind.arrays)]
    space = Space(
        {"size": Integer(1, LARGEST), "style": Choice(("uniform", "aligned", "sorted", "sparse")), "seed": Seed()}
    )

    def build(point: Point, case: Case) -> Instance:
        rng = np.random.default_rng(int(point["seed"]))
        size = int(point["size"])
        arrays = {name: _drawn(kind, size, str(point["style"]), rng) for name in names}
        if kind.arrays == 2 and point["style"] == "aligned" and "distance" in kind.text:
            arrays["x1"] = -arrays["x1"]
        return Instance(
            arrays,
            dimensions={"n": tuple((name, 0) for name in names)},
            boxes=dict.fromkeys(names, (-2.0, 2.0) if kind.whole else (-1.0, 1.0)),
        )

    def over(instance: Instance) -> Fraction:
        return kind.over([instance.arrays[name] for name in names], k)

    def measure(instance: Instance, case: Case) -> Measurement:
        # how far over, on the scale of k: 1 for a counterexample that is none by a hair
        return Measurement(1 + float(over(instance)) / k, len(instance.arrays["x0"]))

    def judge(instance: Instance, case: Case) -> Judgement:
        return Judgement.VIOLATED if over(instance) > 0 else Judgement.PASS

    return Attack(space, build, measure, judge, ("style",), cost=1e-3)


def _drawn(kind: Kind, size: int, style: str, rng: np.random.Generator) -> Array:
    shape = (size, kind.columns) if kind.columns else (size,)
    values: Array = rng.uniform(-1, 1, shape)
    if style == "aligned":
        values = abs(values) ** 0.25
    elif style == "sorted":
        values = np.sort(values, axis=0)
    elif style == "sparse":
        values = values * (rng.random(shape) < 0.3)
    return np.rint(2 * values).astype(np.int64) if kind.whole else values
