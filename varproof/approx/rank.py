"""The rank of the polynomial method: how many monomials a polynomial of the inner product needs. Exact integers.

If P has degree at most g, then the matrix (P(<x_i, y_j>)) with x_i, y_j of d entries factors through the monomials of
total degree at most g in d variables, so its rank is at most C(d+g, g); `docs/explanation/rank.md` has the proof and
shows that no smaller number will do. AS23 counts monomials of degree 2g in the 2d joint variables instead.
"""

from __future__ import annotations

import math

from flint import fmpz

from varproof.base.errors import InputError

MAX_ARGUMENT = 10**9
MAX_DIGITS = 2000  # of the monomial count; the AS23 form has at most twice as many, which Python still prints


def monomial_rank(head_dim: int, degree: int) -> int:
    """C(d+g, g), the number of monomials of total degree at most g in d commuting variables.

    `head_dim` d >= 1, `degree` g >= 0. It bounds the rank of an entrywise polynomial of degree g of a score matrix
    with head dimension d, and is attained by generic tokens when no coefficient vanishes. Raises `InputError` for
    other arguments, for arguments above 10^9 and when the number would have more than 2000 decimal digits.
    Source: arXiv:2302.13214, in the form of `docs/explanation/rank.md`.

    >>> monomial_rank(2, 5), monomial_rank(64, 0), monomial_rank(64, 3)
    (21, 1, 47905)
    """
    check_sizes(head_dim, degree)
    return _binomial(head_dim + degree, degree)


def as23_rank(head_dim: int, degree: int) -> int:
    """C(2(d+g), 2g), the product form in which AS23 states its rank bound: monomials of degree 2g in 2d variables.

    It lies between the square of `monomial_rank` and 2 min(d, g) + 1 times that square, so as an exponent of the
    number of tokens it is exactly twice as large. Arguments and errors as there. Source: arXiv:2302.13214.

    >>> as23_rank(2, 5), monomial_rank(2, 5) ** 2
    (1001, 441)
    """
    check_sizes(head_dim, degree)
    return _binomial(2 * (head_dim + degree), 2 * degree)


def check_sizes(head_dim: int, degree: int) -> None:
    """Raise `InputError` unless d >= 1 and g >= 0 are integers whose rank is within the stated caps."""
    for name, value, least in (("head dimension", head_dim, 1), ("degree", degree, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_ARGUMENT:
            raise InputError(
                f"the {name} is out of range",
                got=value if isinstance(value, int) else f"{value!r} ({type(value).__name__})",
                allowed=f"an integer from {least} to {MAX_ARGUMENT}",
            )
    if digits(head_dim, degree) > MAX_DIGITS:
        raise InputError(
            "the rank is too large to be written out",
            got=f"d = {head_dim}, g = {degree}: about {digits(head_dim, degree):.0f} decimal digits",
            allowed=f"at most {MAX_DIGITS} decimal digits in C(d+g, g)",
            hint="the rank exceeds every number of tokens in use; varproof.approx.rank_exponent has its logarithm",
        )


def digits(head_dim: int, degree: int) -> float:
    """A float near the entropy bound of log10 C(d+g, g), within log10(d+g+1) of it; it only guards the caps.

    >>> round(digits(2, 5), 2), len(str(monomial_rank(2, 5)))
    (1.82, 2)
    """
    if degree == 0:
        return 0.0
    nats = head_dim * math.log1p(degree / head_dim) + degree * math.log1p(head_dim / degree)
    return nats / math.log(10)


def _binomial(top: int, bottom: int) -> int:
    return int(fmpz.bin_uiui(top, min(bottom, top - bottom)))
