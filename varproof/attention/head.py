"""One head of attention, validated: what every engine receives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace

from varproof.base.tolerances import UNIT_ROUNDOFF


@dataclass(frozen=True)
class Stage:
    """A step of block-causal attention: the rows `keys` join those seen, then the rows `queries` are served."""

    queries: slice
    keys: slice


@dataclass(frozen=True)
class Head:
    """Queries (m, d), keys (n, d), values (n, d_v), all finite, of one floating dtype, namespace and device.

    Scores are gamma <q_i, k_j> with the real number gamma that `gamma` rounds (relative error at most
    `gamma_roundings` unit roundoffs of float64; 0 when `gamma` is exact). `delta` is the entrywise error allowed.
    `stages` cover all queries and disjoint key rows in order; one stage of everything is full attention. `mask` (m, n)
    boolean, True where a query sees a key, or None; it comes with a single stage, and every row has a key.
    """

    q: Any
    k: Any
    v: Any
    gamma: float
    delta: float
    stages: tuple[Stage, ...]
    gamma_roundings: int = 0
    mask: Any = None

    @property
    def xp(self) -> Any:
        """The array namespace (array-api-compat)."""
        return array_namespace(self.q, self.k, self.v)

    @property
    def dtype(self) -> str:
        """ "float64" or "float32"."""
        return str(self.q.dtype).rpartition(".")[2]

    @property
    def unit(self) -> float:
        """The unit roundoff of the dtype, 2^-53 or 2^-24."""
        return UNIT_ROUNDOFF[self.dtype]

    @property
    def queries(self) -> int:
        """m."""
        return int(self.q.shape[0])

    @property
    def keys(self) -> int:
        """n."""
        return int(self.k.shape[0])

    @property
    def head_dim(self) -> int:
        """d."""
        return int(self.q.shape[1])

    @property
    def value_dim(self) -> int:
        """d_v."""
        return int(self.v.shape[1])

    @property
    def pairs(self) -> int:
        """The number of (query, key) pairs that the stages leave: sum over stages of queries times keys seen."""
        total = seen = 0
        for stage in self.stages:
            seen += stage.keys.stop - stage.keys.start
            total += seen * (stage.queries.stop - stage.queries.start)
        return total
