"""Rank count: C(d+g, g) monomials, the exact rank of an entrywise polynomial, and never more than N^rho of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from flint import fmpz_mat

from varproof.approx.rank import monomial_rank
from varproof.approx.rank_exponent import rho
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/rank.md"
EXTRA_TOKENS = 2  # the matrix gets more rows and columns than its rank may have
COORDINATES = 500


def check(case: Case) -> Finding:
    """Enumerated monomials and exact matrix ranks on the small grid, the entropy bound by balls on the large one."""
    tally = Tally()
    factor, entropy = case.constants["count_factor"], case.constants["entropy_factor"]
    for head_dim in integers(case, "head_dim", low=1, high=4):
        for degree in integers(case, "degree", low=0, high=6):
            claimed = factor * monomial_rank(head_dim, degree)
            counted = count_monomials(head_dim, degree) if case.assumes("commuting") else count_words(head_dim, degree)
            tally.equal(counted, claimed, part="monomials", d=head_dim, g=degree)
            coefficients = [1 if case.assumes("full_support") or k % 2 == 0 else 0 for k in range(degree + 1)]
            measured = matrix_rank(head_dim, coefficients)
            tally.equal(measured, claimed, part="matrix rank", d=head_dim, g=degree, coefficients=coefficients)
    for head_dim in integers(case, "large", low=1, high=3000):
        for degree in integers(case, "large", low=1, high=3000):
            log_rank = ball(monomial_rank(head_dim, degree)).log()
            tally.at_most(log_rank, ball(entropy) * rho(head_dim, degree), part="entropy", d=head_dim, g=degree)
    return tally.finding(
        f"{PAGE} proves the three parts; here the monomials are enumerated one by one, the matrix ranks computed "
        "exactly over the integers, and the entropy bound verified by balls"
    )


def count_monomials(head_dim: int, degree: int) -> int:
    """The number of exponent vectors with d entries and sum at most g, each visited.

    >>> count_monomials(2, 5)
    21
    """
    return sum(1 for exponents in product(range(degree + 1), repeat=head_dim) if sum(exponents) <= degree)


def count_words(head_dim: int, degree: int) -> int:
    """The number of words of length at most g over d letters: monomials in variables that do not commute.

    >>> count_words(2, 3)
    15
    """
    return sum(head_dim**length for length in range(degree + 1))


def matrix_rank(head_dim: int, coefficients: Sequence[int]) -> int:
    """The exact rank of (P(<x_i, y_j>)) for fixed integer tokens, two more of them than the rank may have.

    >>> matrix_rank(2, [1, 1, 1])
    6
    """
    tokens = monomial_rank(head_dim, len(coefficients) - 1) + EXTRA_TOKENS
    chance = random.Random(head_dim)  # any generic points will do; the same ones on every run
    queries, keys = (
        [[chance.randint(-COORDINATES, COORDINATES) for _ in range(head_dim)] for _ in range(tokens)] for _ in range(2)
    )
    rows = []
    for query in queries:
        scores = [sum(q * k for q, k in zip(query, key, strict=True)) for key in keys]
        rows.append([sum(c * score**power for power, c in enumerate(coefficients)) for score in scores])
    return int(fmpz_mat(rows).rank())


CLAIM = Claim(
    id="rank_count",
    statement=(
        "There are C(d+g, g) monomials of degree at most g in d variables. The matrix (P(<x_i, y_j>)) of a polynomial "
        "P of degree g has rank at most C(d+g, g), with equality for generic tokens if no coefficient of P vanishes. "
        "C(d+g, g) <= N^rho(alpha, gamma) for d = alpha ln N, g = gamma ln N, rho the entropy exponent."
    ),
    kind="tight",
    hypotheses={
        "commuting": "the variables commute, x_1 x_2 = x_2 x_1",
        "full_support": "every coefficient of P up to degree g is non-zero (for equality)",
    },
    sources=(PAGE, "arXiv:2302.13214"),
    check=check,
    falsified=(
        Variant("count times 1.1", "the count is exact", {"count_factor": Fraction(11, 10)}),
        Variant("entropy times 0.95", "ln C(2m, m) is 2m ln 2 up to a logarithm", {"entropy_factor": Fraction(19, 20)}),
        Variant("words", "x_1 x_2 and x_2 x_1 are then counted apart", dropped=frozenset({"commuting"})),
        Variant("even polynomial", "missing powers lower the rank", dropped=frozenset({"full_support"})),
    ),
    constants={"count_factor": Fraction(1), "entropy_factor": Fraction(1)},
    cells={"head_dim": (1, 2, 3, 4), "degree": (0, 1, 2, 4), "large": (1, 8, 64, 512)},
)
