"""`attend` for Dask arrays: reductions at once, values and bounds when Dask computes them, the certificate with them.

Nothing of the size of a whole array is held by one task. Where a bound misses delta, computing raises
`CertificateError`: an answer that comes out is certified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from varproof.attention.head import Head
from varproof.attention.lazy.chunks import summary
from varproof.attention.lazy.exact import exact_head
from varproof.attention.lazy.polynomial import joins, polynomial_head, setup
from varproof.attention.polynomial.choice import exact_row_flops, polynomial_head_flops
from varproof.attention.result import Attention
from varproof.attention.validation import Request
from varproof.base.errors import CertificateError, InputError
from varproof.base.extras import optional

# a stage cuts chunks and adds tasks; beyond this many the sums of exact attention are the better graph
MOST_STAGES = 1000


@dataclass(frozen=True)
class LazyHead:
    """Dask arrays `values` (m, d_v) and `bound` (m,), and what is known before they are computed."""

    values: Any
    bound: Any
    engine: str
    degree: int
    rank: int
    flops: int
    note: str


def attend_dask(request: Request, *, engine: str, kernel: str = "auto", explain: bool = False) -> Attention:
    """Attention of Dask arrays, lazily: `values` and `bound` are Dask arrays chunked along the queries.

    `InputError` at once for entries that are not finite and for engine "tree"; `CertificateError` at once when engine
    "polynomial" has no polynomial for delta, and while computing when a bound misses delta. `flops` are those that the
    graph will execute.
    """
    da = optional("dask.array")
    if engine == "tree":
        raise InputError(
            "the tree engine needs arrays in memory",
            got="Dask arrays",
            allowed='engine="auto", "exact" or "polynomial"',
            hint="q.compute() brings an array into memory",
        )
    if engine == "polynomial" and request.mask is not None:
        raise InputError("the polynomial engine knows block-causal stages, no masks", hint='use engine="exact"')
    answers = [_one_head(head, engine, kernel) for head in request.heads()]
    rows, columns = int(request.q.shape[-2]), int(request.v.shape[-1])
    if not answers:
        values, bound = da.zeros((0, rows, columns), dtype=request.v.dtype), da.zeros((0, rows))
    elif len(answers) == 1:
        values, bound = answers[0].values, answers[0].bound
    else:
        values, bound = da.stack([a.values for a in answers]), da.stack([a.bound for a in answers])
    if request.batch:
        values = values.reshape((*request.batch, rows, columns))
        bound = bound.reshape((*request.batch, rows))
    if request.places is not None:
        values, bound = values[..., request.places, :], bound[..., request.places]
    notes = [a.note if len(answers) == 1 else f"head {place}: {a.note}" for place, a in enumerate(answers)]
    return Attention(
        values=values,
        bound=bound,
        engine="+".join(sorted({a.engine for a in answers})) or "exact",
        degree=max((a.degree for a in answers), default=0),
        rank=max((a.rank for a in answers), default=0),
        flops=sum(a.flops for a in answers),
        rows_rerun=0,
        explanation=tuple(notes) if explain else (),
    )


def _kernel(name: str) -> Any:
    """The numba kernel when asked for by name; None for the array kernel."""
    if name != "numba":
        return None
    from varproof.attention.compiled.kernel import numba_kernel

    return numba_kernel()


def _one_head(head: Head, engine: str, kernel: str) -> LazyHead:
    if head.queries == 0:
        da = optional("dask.array")
        values, bound = da.zeros((0, head.value_dim), dtype=head.v.dtype), da.zeros((0,))
        return LazyHead(values, bound, "exact", 0, 0, 0, "no queries")
    about = summary(head)
    exact_flops = head.pairs * (2 * head.head_dim + 2 * head.value_dim + 3)
    why = "exact attention was asked for"
    if engine != "exact" and head.mask is None:
        few = len(head.stages) <= MOST_STAGES
        by = setup(head, about, _kernel(kernel), joins=joins(head)) if few else None
        if by is None:
            why = f"more than {MOST_STAGES} stages" if not few else "no polynomial reaches delta for these scores"
            if engine == "polynomial":
                raise CertificateError(why, got=f"delta = {head.delta:.3g}", hint='use engine="exact"')
        else:
            cost = polynomial_head_flops(head.head_dim, by.table, head.value_dim, head.queries, head.keys)
            dearer = head.pairs * exact_row_flops(head.head_dim, head.value_dim, 1)
            if engine == "polynomial" or (cost < dearer and by.expected <= head.delta):
                values, bound = polynomial_head(head, by)
                flops = by.kernel.state_flops(by.plan, head.keys, head.value_dim)
                flops += by.kernel.output_flops(by.plan, head.queries, head.value_dim + 1)
                note = f"polynomial of degree {by.table.degree}, rank {by.plan.rank}, on chunks of rows"
                return LazyHead(values, bound, "polynomial", by.table.degree, by.plan.rank, flops, note)
            why = f"a polynomial of rank {by.plan.rank} would " + (
                "cost more" if cost >= dearer else "leave too little of delta to rounding"
            )
    elif engine != "exact":
        why = "only exact attention knows masks"
    values, bound = exact_head(head, about)
    return LazyHead(values, bound, "exact", 0, 0, exact_flops, f"exact attention on chunks of rows: {why}")
