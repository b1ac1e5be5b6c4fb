"""What a kernel of the polynomial method does: features in, sums out; how often it rounds is part of the contract."""

from __future__ import annotations

from typing import Any, Protocol

from varproof.attention.features import FeaturePlan


class Kernel(Protocol):
    """One implementation of the two passes over the tokens, streaming: nothing of size tokens x rank is ever stored.

    phi(x) are the plain monomials of a `FeaturePlan` in its order, without coefficients. Arrays are those of the head
    (rows are tokens), the state is (r, columns). Every computed entry equals the exact one with each of its terms
    multiplied by a factor in [1 - gamma_m, 1 + gamma_m], gamma_m = m u/(1 - m u), u the unit roundoff of the arrays'
    dtype, m as returned by `state_roundings` or `output_roundings` (underflow aside). A term of the state is
    x^alpha (k_j) v_jc; a term of an output is x^alpha (q_i) times an entry of `table`.
    """

    @property
    def name(self) -> str:
        """ "numpy" or "numba": what users call it."""
        ...

    def state(self, plan: FeaturePlan, k: Any, v: Any, *, shift: Any, factor: float, value_shift: Any) -> Any:
        """sum_j phi((k_j - shift) factor) [v_j - value_shift, 1]: (r, d_v + 1) from k (n, d), v (n, d_v)."""
        ...

    def outputs(self, plan: FeaturePlan, q: Any, table: Any, *, factor: float) -> Any:
        """phi(q_i factor) @ table: (m, c) from q (m, d) and table (r, c)."""
        ...

    def state_roundings(self, plan: FeaturePlan, keys: int) -> int:
        """m of `state` over `keys` rows."""
        ...

    def output_roundings(self, plan: FeaturePlan) -> int:
        """m of `outputs`."""
        ...

    def state_flops(self, plan: FeaturePlan, keys: int, value_dim: int) -> int:
        """Operations that `state` executes, from its loop shapes."""
        ...

    def output_flops(self, plan: FeaturePlan, queries: int, columns: int) -> int:
        """Operations that `outputs` executes, from its loop shapes."""
        ...
