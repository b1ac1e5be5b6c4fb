"""`attend` for Dask arrays: reductions at once, values and bounds when Dask computes them, the certificate with them.

Nothing of the size of a whole array is held by one task. Where a bound misses delta, computing raises
`CertificateError`: an answer that comes out is certified.
"""

from __future__ import annotations

from varproof.attention.lazy.choice import lazy_head
from varproof.attention.polynomial.kernel import Kernel
from varproof.attention.result import Attention
from varproof.attention.validation import Request
from varproof.base.errors import InputError
from varproof.base.extras import optional

ENGINES = ("auto", "exact", "polynomial")
KERNELS = ("auto", "numpy", "numba")


def attend_dask(request: Request, *, engine: str, kernel: str = "auto", explain: bool = False) -> Attention:
    """Attention of Dask arrays, lazily: `values` and `bound` are Dask arrays chunked along the queries.

    `InputError` at once for entries that are not finite and for engines and kernels that Dask arrays are not served by;
    `CertificateError` at once when engine "polynomial" has no polynomial for delta, and while computing when a bound
    misses delta. `flops` are those that the graph will execute.
    """
    da = optional("dask.array")
    _refuse(request, engine)
    passes = _kernel(kernel)
    answers = [lazy_head(head, engine, passes) for head in request.heads()]
    rows, columns = int(request.q.shape[-2]), int(request.v.shape[-1])
    if not answers:
        shape = (*request.batch, rows, columns)
        values = da.zeros(shape, dtype=request.v.dtype, chunks=shape)
        bound = da.zeros(shape[:-1], chunks=shape[:-1])
    elif len(answers) == 1:
        values, bound = answers[0].values, answers[0].bound
    else:
        values, bound = da.stack([a.values for a in answers]), da.stack([a.bound for a in answers])
    if request.batch and answers:
        values = values.reshape((*request.batch, rows, columns))
        bound = bound.reshape((*request.batch, rows))
    if request.places is not None:
        values, bound = values[..., request.places, :], bound[..., request.places]
    notes = [
        note if len(answers) == 1 else f"head {place}: {note}" for place, a in enumerate(answers) for note in a.notes
    ]
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


def _refuse(request: Request, engine: str) -> None:
    if engine not in ENGINES:
        raise InputError(
            f"the {engine} engine needs arrays in memory",
            got="Dask arrays",
            allowed='engine="auto", "exact" or "polynomial"',
            hint="q.compute() brings an array into memory",
        )
    if engine == "polynomial" and request.mask is not None:
        raise InputError(
            "the polynomial engine knows levels, no masks",
            got="a mask",
            allowed='engine="exact" or "auto" with a mask',
            hint="give the block-causal structure as levels",
        )


def _kernel(name: str) -> Kernel | None:
    """The numba kernel when asked for by name; None for the array kernel."""
    if name not in KERNELS:
        raise InputError(
            f"the {name} kernel does not serve Dask arrays", got=name, allowed=", ".join(KERNELS), hint='kernel="auto"'
        )
    if name != "numba":
        return None
    from varproof.attention.compiled.kernel import numba_kernel

    return numba_kernel()
