"""The theorem base: every bound the regime command knows, in the order of preference among equal exponents.

A new theorem is one file in `varproof/regimes/theorems` (copy one) and one line here.
"""

from __future__ import annotations

from importlib import import_module

from varproof.regimes.theorem import Theorem

NAMES = (
    "constant_output",
    "polynomial_log_dimension",
    "polynomial_small_dimension",
    "polynomial_bounded_degree",
    "polynomial_any_degree",
    "any_temperature",
    "polynomial_explicit",
    "exact_algorithm",
    "counting_given_maps",
    "counting_free_maps",
    "scaling",
    "gap_hamming",
    "output_size",
)


def theorem(theorem_id: str) -> Theorem:
    """The theorem of this id; raises `ModuleNotFoundError` for another.

    >>> theorem("any_temperature").side
    'upper'
    """
    found: Theorem = import_module(f"varproof.regimes.theorems.{theorem_id}").THEOREM
    return found


THEOREMS: tuple[Theorem, ...] = tuple(theorem(name) for name in NAMES)
