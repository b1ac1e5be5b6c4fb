"""The theorem base: every bound the regime command knows, in the order of preference among equal exponents.

A new theorem is one file in `varproof/regimes/theorems` (copy one) and one line here.
"""

from __future__ import annotations

from varproof.regimes.theorem import Theorem
from varproof.regimes.theorems import (
    any_temperature,
    constant_output,
    counting_free_maps,
    counting_given_maps,
    exact_algorithm,
    gap_hamming,
    output_size,
    polynomial_any_degree,
    polynomial_explicit,
    polynomial_log_dimension,
    polynomial_small_dimension,
    scaling,
)

THEOREMS: tuple[Theorem, ...] = (
    constant_output.THEOREM,
    polynomial_log_dimension.THEOREM,
    polynomial_small_dimension.THEOREM,
    polynomial_any_degree.THEOREM,
    any_temperature.THEOREM,
    polynomial_explicit.THEOREM,
    exact_algorithm.THEOREM,
    counting_given_maps.THEOREM,
    counting_free_maps.THEOREM,
    scaling.THEOREM,
    gap_hamming.THEOREM,
    output_size.THEOREM,
)


def theorem(theorem_id: str) -> Theorem:
    """The theorem of this id; raises `KeyError` for another.

    >>> theorem("any_temperature").side
    'upper'
    """
    return {entry.id: entry for entry in THEOREMS}[theorem_id]
