"""`attend`: softmax attention within delta, by the engine that is predicted to be the cheapest, with a certificate."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal, get_args

from array_api_compat import array_namespace, is_dask_array

from varproof.attention.head import Head
from varproof.attention.result import Attention, HeadResult
from varproof.attention.routing import Route, chosen_kernel, route
from varproof.attention.torch_settings import without_autocast
from varproof.attention.validation import Request, validated
from varproof.base.errors import CertificateError, InputError
from varproof.base.tolerances import UNIT_ROUNDOFF

Engine = Literal["auto", "exact", "polynomial", "tree"]
KernelName = Literal["auto", "numpy", "numba"]


def attend(
    q: Any,
    k: Any,
    v: Any,
    *,
    delta: float | Fraction,
    engine: Engine = "auto",
    scale: Literal["d", "sqrt", "one"] | float = "d",
    levels: Any = None,
    mask: Any = None,
    kernel: KernelName = "auto",
    explain: bool = False,
) -> Attention:
    """Softmax attention with every entry certified to be within `delta` of the exact real number.

    Statement: |values[i, c] - sum_j w_ij v_jc / sum_j w_ij| <= bound[i] <= delta for every row i and column c, with
    w_ij = exp(gamma <q_i, k_j>) over the keys j that row i sees, in real arithmetic on the floats given; rounding is
    included.

    `q` (..., m, d), `k` (..., n, d), `v` (..., n, d_v): NumPy, torch or Dask arrays of one float dtype (float64 or
    float32) on one device, the same leading axes (batch, heads). `scale` gamma: "d" 1/d, "sqrt" 1/sqrt(d), "one" 1 or
    a positive number. `levels` (n,) integers for m = n, or a pair (levels of the queries, of the keys): block-causal
    attention, a query sees keys of level at most its own. `mask` (m, n), or with as many leading axes as `q`, each of
    the same size or 1 (for all), boolean, True where a query sees a key; exact attention only. `engine` "auto"
    predicts the cost of exact, polynomial and tree and takes the cheapest; when its bound misses delta the next one
    answers. `kernel` of the polynomial engine: "numba" needs the extra [fast], "auto" takes it when installed and the
    arrays are NumPy's. `explain` fills `explanation`.

    Returns an `Attention`. Raises `InputError` for arguments that are refused (the message says what is allowed) and
    `CertificateError`, naming the floor, when no engine reaches delta in floating point. Cost: exact m n (d + d_v)
    operations and m n exponentials, polynomial (m + n) C(d+g, g) d_v. Gradients do not flow through the answer.
    Proofs: docs/explanation/attention-certificate.md. Sources: arXiv:2501.04377, arXiv:2302.13214.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> q, k, v = rng.uniform(-1, 1, size=(3, 4096, 2))
    >>> fast = attend(q, k, v, delta=1e-3)
    >>> fast.engine, bool(fast.bound.max() <= 1e-3)
    ('polynomial', True)
    >>> exact = attend(q, k, v, delta=1e-3, engine="exact")
    >>> bool((abs(fast.values - exact.values).max(axis=1) <= fast.bound + exact.bound).all())
    True
    """
    _named(engine, "engine", get_args(Engine))
    _named(kernel, "kernel", get_args(KernelName))
    request = validated(q, k, v, delta=delta, scale=scale, levels=levels, mask=mask)
    if is_dask_array(request.q):
        from varproof.attention.lazy.front import attend_dask

        return attend_dask(request, engine=engine, kernel=kernel, explain=explain)
    if kernel == "numba":
        chosen_kernel(request.q, kernel)  # refused at once, whatever engine will run
    with without_autocast(request.q):
        answers = [_one_head(head, engine, kernel) for head in request.heads()]
    return _assembled(request, answers, explain=explain)


def _named(given: Any, what: str, names: tuple[str, ...]) -> None:
    if not (isinstance(given, str) and given in names):
        raise InputError(f"unknown {what}", got=str(given), allowed=", ".join(names))


def _one_head(head: Head, engine: Engine, kernel: KernelName) -> HeadResult:
    """The first answer within delta along the route; float64 for float32 input where rounding is what misses delta."""
    if head.queries == 0:
        xp = head.xp
        values = xp.zeros((0, head.value_dim), dtype=head.v.dtype, device=head.v.device)
        return HeadResult(
            values, xp.zeros((0,), dtype=xp.float64, device=head.v.device), engine.replace("auto", "exact")
        )
    path: Route = route(head, engine, kernel)
    notes, floor = list(path.notes), math.inf
    for step in path.steps:
        answer = step.run(head)
        largest = float(head.xp.max(answer.bound))
        if largest <= head.delta:
            return replace(answer, notes=(*notes, *answer.notes))
        floor = floor if math.isnan(largest) else min(floor, largest)
        notes.append(f"{step.name} certifies only {largest:.3g}, more than delta")
    raise CertificateError(
        "no certificate reaches delta",
        got=f"delta = {head.delta:.3g}",
        allowed=f"delta >= {floor * 1.001:.4g}, the floor for this input in {head.dtype}"
        + ("" if engine == "auto" else f" with engine {engine}"),
        hint="; ".join(notes[len(path.notes) :])
        + (". Give float64 arrays for a lower floor" if head.dtype == "float32" and _by_cast(head, floor) else "")
        + ("" if engine in ("auto", "exact") else '. engine="auto" falls back to exact attention'),
    )


def _by_cast(head: Head, floor: float) -> bool:
    """Whether a float32 floor is about the rounding of the result, which float64 arrays do without."""
    xp = head.xp
    return floor <= 4 * UNIT_ROUNDOFF["float32"] * float(xp.max(xp.abs(xp.astype(head.v, xp.float64))))


def _assembled(request: Request, answers: list[HeadResult], *, explain: bool) -> Attention:
    """The answers of all heads as one array, rows back in the caller's order."""
    xp = array_namespace(request.q)
    rows, columns = int(request.q.shape[-2]), int(request.v.shape[-1])
    device = request.q.device
    if len(answers) == 1:
        values, bound = answers[0].values, answers[0].bound
    elif answers:
        values = xp.stack([answer.values for answer in answers])
        bound = xp.stack([answer.bound for answer in answers])
    else:
        values = xp.zeros((0, rows, columns), dtype=request.v.dtype, device=device)
        bound = xp.zeros((0, rows), dtype=xp.float64, device=device)
    if request.batch:
        values = xp.reshape(values, (*request.batch, rows, columns))
        bound = xp.reshape(bound, (*request.batch, rows))
    if request.places is not None:
        places = xp.asarray(request.places, device=device)
        values, bound = xp.take(values, places, axis=values.ndim - 2), xp.take(bound, places, axis=bound.ndim - 1)
    names = sorted({answer.engine for answer in answers}) or ["exact"]
    return Attention(
        values=values,
        bound=bound,
        engine="+".join(names),
        degree=max((answer.degree for answer in answers), default=0),
        rank=max((answer.rank for answer in answers), default=0),
        flops=sum(answer.flops for answer in answers),
        rows_rerun=sum(answer.rows_rerun for answer in answers),
        explanation=tuple(_sentences(request, answers)) if explain else (),
    )


def _sentences(request: Request, answers: list[HeadResult]) -> list[str]:
    if len(answers) == 1:
        return list(answers[0].notes)
    return [f"head {place}: {note}" for place, answer in enumerate(answers) for note in answer.notes]
