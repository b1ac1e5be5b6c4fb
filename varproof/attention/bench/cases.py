"""What `varproof bench attention` measures: heads of a given size, temperature and degree, and the goals for them.

Values are uniform in [-1, 1]. Queries and keys fill a ball uniformly, scaled so that B = gamma max|q| max|k - c| (c the
mean key) is the number asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from varproof.approx.rank import monomial_rank
from varproof.base.errors import InputError

MAX_TOKENS = 2**20
MAX_BOUND = 300.0
MAX_DEGREE = 60
QUICK_TOKENS = 512
SMALLEST_SWEEP = 32
# B is met from below by this factor: what the engine computes is rounded up, in float32 by some 1e-6
MARGIN = 1 - 2e-5

DESIGN_TOKENS, TREE_TOKENS, TREE_SWEEP = 16384, 65536, (4096, 262144)


@dataclass(frozen=True)
class Goal:
    """A number to reach: times faster than SDPA, share of the GEMM peak (at least), or growth exponent (at most)."""

    what: Literal["speed", "share", "exponent"]
    kernel: Literal["numpy", "numba", "any"]
    bar: float
    stretch: float | None = None


@dataclass(frozen=True)
class Case:
    """One head: N = `tokens`, d = d_v = `head_dim`, B = `bound`, and the engine's accuracy.

    A polynomial of relative error is forced to `degree`; with `eps` the engine chooses, and delta is eps times the half
    range 1 of the values. `sweep` are the first and the last size of the curve of time against N.
    """

    name: str
    engine: Literal["polynomial", "tree"]
    head_dim: int
    tokens: int
    bound: float
    degree: int | None = None
    eps: float | None = None
    weighted: bool = False
    sweep: tuple[int, int] = (SMALLEST_SWEEP, DESIGN_TOKENS)
    goals: tuple[Goal, ...] = ()

    @property
    def gamma(self) -> float:
        """The factor of the scores: 1/d rounded, the scale named "d"."""
        return 1 / self.head_dim

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the curve: doubling from the first, the case's own size and the last included."""
        first, last = self.sweep
        found = {self.tokens, last} if last >= self.tokens else {self.tokens}
        size = first
        while size < last:
            found.add(size)
            size *= 2
        return tuple(sorted(found))


def _speed(numpy: tuple[float, float], numba: tuple[float, float], share: float | None = None) -> tuple[Goal, ...]:
    made = (Goal("speed", "numpy", *numpy), Goal("speed", "numba", *numba))
    return made if share is None else (*made, Goal("share", "numba", share, 0.70))


def _forced(head_dim: int, degree: int, goals: tuple[Goal, ...]) -> Case:
    name = f"d{head_dim}-r{monomial_rank(head_dim, degree)}"
    return Case(name, "polynomial", head_dim, DESIGN_TOKENS, 1.0, degree=degree, goals=goals)


# The cases of the project's performance table with its bars and stretch goals.
CASES: tuple[Case, ...] = (
    _forced(2, 5, _speed((400, 600), (1000, 1500), 0.28)),
    _forced(4, 5, _speed((120, 180), (300, 450), 0.48)),
    _forced(8, 3, _speed((80, 100), (140, 200))),
    _forced(8, 4, _speed((35, 50), (70, 100), 0.52)),
    _forced(16, 3, _speed((16, 24), (28, 45), 0.55)),
    Case(
        "weighted-d16",
        "polynomial",
        16,
        DESIGN_TOKENS,
        1.0,
        eps=1e-2,
        weighted=True,
        goals=(Goal("speed", "any", 60, 100),),
    ),
    Case(
        "tree-d2",
        "tree",
        2,
        TREE_TOKENS,
        100.0,
        eps=1e-3,
        sweep=TREE_SWEEP,
        goals=(Goal("speed", "any", 15, 30), Goal("exponent", "any", 1.25)),
    ),
)


def named_cases(names: Sequence[str]) -> tuple[Case, ...]:
    """The cases with these names, all of them for no name. Raises `InputError` for an unknown name.

    >>> [case.degree for case in named_cases(["d8-r165", "tree-d2"])]
    [3, None]
    """
    known = {case.name: case for case in CASES}
    for name in names:
        if name not in known:
            raise InputError("no such case", got=name, allowed=", ".join(known))
    return tuple(known[name] for name in dict.fromkeys(names)) if names else CASES


def custom_case(head_dim: int, degree: int, bound: float) -> Case:
    """The polynomial engine at a degree and B of the user's. Raises `InputError` for sizes out of range.

    >>> custom_case(4, 3, 2.0).name
    'd4-r35-B2'
    """
    if not 0 < bound <= MAX_BOUND:
        raise InputError("the bound of the scores is out of range", got=bound, allowed=f"above 0, at most {MAX_BOUND}")
    if not 0 <= degree <= MAX_DEGREE:
        raise InputError("the degree is out of range", got=degree, allowed=f"0 to {MAX_DEGREE}")
    rank = monomial_rank(head_dim, degree)
    name = f"d{head_dim}-r{rank}" + ("" if bound == 1 else f"-B{bound:g}")
    return Case(name, "polynomial", head_dim, DESIGN_TOKENS, bound, degree=degree)


def resized(case: Case, *, tokens: int | None, quick: bool) -> Case:
    """The case at another size: without its goals, which hold for the size of the table only."""
    if tokens is None and not quick:
        return case
    size = QUICK_TOKENS if tokens is None else tokens
    if not 2 <= size <= MAX_TOKENS:
        raise InputError("the number of tokens is out of range", got=size, allowed=f"2 to {MAX_TOKENS}")
    first = min(SMALLEST_SWEEP * 4 if case.engine == "tree" or quick else SMALLEST_SWEEP, size)
    return replace(case, tokens=size, sweep=(first, size), goals=())


def make_arrays(case: Case, tokens: int, seed: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Queries, keys and values, (N, d) each, float64, the same for the same seed.

    >>> q, k, v = make_arrays(CASES[0], 100, seed=1)
    >>> B = CASES[0].gamma * np.linalg.norm(q, axis=1).max() * np.linalg.norm(k - k.mean(0), axis=1).max()
    >>> bool(0.9999 < B <= 1)
    True
    """
    chance = np.random.default_rng([seed, tokens, case.head_dim])
    q, k = (_ball(chance, tokens, case.head_dim) for _ in range(2))
    v = chance.uniform(-1.0, 1.0, (tokens, case.head_dim))
    k -= k.mean(axis=0)
    side = np.sqrt(case.bound * MARGIN / case.gamma)
    for rows in (q, k):
        largest = np.sqrt((rows * rows).sum(axis=1).max())
        rows *= side / (largest if largest > 0 else 1.0)
    return q, k, v


def _ball(chance: np.random.Generator, tokens: int, head_dim: int) -> NDArray[Any]:
    rows = chance.standard_normal((tokens, head_dim))
    rows /= np.sqrt((rows * rows).sum(axis=1))[:, None]
    return np.asarray(rows * chance.uniform(0.0, 1.0, (tokens, 1)) ** (1 / head_dim))
