"""Bits as residues: integers below a product of primes that are 0 or 1 modulo each of them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray


def primes_above(bound: int, count: int) -> tuple[int, ...]:
    """The first `count` primes that are larger than `bound`.

    >>> primes_above(5, 3)
    (7, 11, 13)
    """
    found: list[int] = []
    for _ in range(count):
        found.append(int(sympy.nextprime(found[-1] if found else bound)))
    return tuple(found)


class PrimeProduct(sympy.Function):  # type: ignore[misc]
    """`PrimeProduct(l, b)` in size formulas: the product of the first b primes larger than l.

    >>> PrimeProduct(5, 2), PrimeProduct(sympy.Symbol("l"), 1).subs("l", 2)
    (77, 3)
    """

    nargs = 2
    is_integer = True
    is_positive = True
    nondecreasing = True  # in both arguments

    @classmethod
    def eval(cls, bound: Any, count: Any) -> sympy.Integer | None:
        """The number, once both arguments are numbers."""
        if bound.is_Integer and count.is_Integer and count >= 0:
            return sympy.Integer(prod(primes_above(int(bound), int(count))))
        return None


class NextPrime(sympy.Function):  # type: ignore[misc]
    """`NextPrime(x)` in size formulas: the smallest prime larger than x.

    >>> NextPrime(6), NextPrime(7)
    (7, 11)
    """

    nargs = 1
    is_integer = True
    is_positive = True
    nondecreasing = True

    @classmethod
    def eval(cls, bound: Any) -> sympy.Integer | None:
        """The number, once the argument is one."""
        return sympy.Integer(sympy.nextprime(int(bound))) if bound.is_Integer else None


def idempotents(primes: tuple[int, ...]) -> NDArray[np.int64]:
    """For each prime the integer below the product that is 1 modulo this prime and 0 modulo the others.

    >>> idempotents((7, 11)).tolist()
    [22, 56]
    """
    product = prod(primes)
    return np.array([(product // p) * pow(product // p, -1, p) % product for p in primes], dtype=np.int64)


def as_residues(bits: NDArray[np.uint8], primes: tuple[int, ...]) -> NDArray[np.int64]:
    """Each run of len(primes) bits as one integer: its residue modulo prime s is bit s. Missing bits are 0.

    Shape (rows, ceil(dim / len(primes))).

    >>> as_residues(np.array([[1, 0, 1, 1, 1]], dtype=np.uint8), (7, 11)).tolist()
    [[22, 1, 22]]
    """
    rows, dim = bits.shape
    blocks = -(-dim // len(primes))
    padded = np.zeros((rows, blocks * len(primes)), dtype=np.int64)
    padded[:, :dim] = bits
    values: NDArray[np.int64] = padded.reshape(rows, blocks, len(primes)) @ idempotents(primes) % prod(primes)
    return values
