"""Who takes part in `varproof bench attention`: our engines, the front, and torch's fused exact attention.

An engine that is not there (an extra that is not installed, d > 3 for the tree) takes part with a reason instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from varproof.attention.bench.cases import Case
from varproof.attention.bench.result import ATTEND, EXACT, SDPA, Kind
from varproof.attention.head import Head, Stage
from varproof.attention.result import HeadResult
from varproof.base.errors import MissingExtraError
from varproof.base.extras import optional

SLACK = 1.2  # delta over the error of the table: l1(eps) is eps + eps^3/4 + ..., and rounding needs some room


@dataclass(frozen=True)
class Contestant:
    """A name and how to run it; `run` returns a `HeadResult`, an `Attention`, or bare values; None with a `reason`."""

    name: str
    kind: Kind
    run: Callable[[], Any] | None
    reason: str = ""


@dataclass(frozen=True)
class Arrays:
    """One head's rows in the backend of the benchmark."""

    q: Any
    k: Any
    v: Any
    device: str = "cpu"

    def synchronize(self) -> None:
        """Wait for the device, so that a time covers the work and not its start."""
        if self.device == "cuda":
            optional("torch").cuda.synchronize()


def place(rows: tuple[Any, Any, Any], *, backend: str, device: str, dtype: str) -> Arrays:
    """Arrays of NumPy in the backend, device and dtype asked for; `MissingExtraError` without torch."""
    cast: list[Any] = [part.astype(dtype, copy=False) for part in rows]
    if backend == "torch":
        torch = optional("torch")
        cast = [torch.from_numpy(part).to(device) for part in cast]
    return Arrays(cast[0], cast[1], cast[2], device)


def make_head(case: Case, arrays: Arrays, delta: float) -> Head:
    """The head as the engines receive it: full attention."""
    queries, keys = (int(part.shape[0]) for part in (arrays.q, arrays.k))
    stages = (Stage(slice(0, queries), slice(0, keys)),)
    return Head(arrays.q, arrays.k, arrays.v, case.gamma, delta, stages, gamma_roundings=1)


def case_delta(case: Case, *, unit: float) -> float:
    """The error asked for: eps, or what the forced degree certifies with room for rounding (half range 1)."""
    if case.eps is not None:
        return case.eps
    from varproof.attention.tables.bound_grid import grid_above
    from varproof.attention.tables.relative import relative_table

    assert case.degree is not None  # a case has one of the two
    return SLACK * relative_table(grid_above(case.bound), case.degree).error + 1000 * unit


def ours(case: Case, arrays: Arrays, delta: float) -> list[Contestant]:
    """Our engines at this head: the case's own with every kernel, the front, and blocked exact attention."""
    made: list[Contestant] = []
    if case.engine == "polynomial":
        for kernel in ("numpy", "numba") if arrays.device == "cpu" else ("numpy",):
            made.append(_polynomial(case, arrays, delta, kernel))
    else:
        made.append(Contestant("tree", "ours", lambda: _tree(make_head(case, arrays, delta))))
    made.append(Contestant(ATTEND, "ours", lambda: _attend(arrays, delta)))
    made.append(Contestant(EXACT, "baseline", lambda: exact_result(make_head(case, arrays, delta))))
    return made


def load(name: str) -> None:
    """Import what the contestant of this name needs."""
    engine, _, kernel = name.partition(", ")
    import_module(f"varproof.attention.{engine}")
    if kernel:
        import_module("varproof.attention.tables.relative")
        kernel_named("numba" if kernel == "numba" else "numpy")


@lru_cache(maxsize=2)
def kernel_named(name: str) -> Any:
    """The kernel "numpy" (array operations, also those of torch) or "numba"; `MissingExtraError` without its extra."""
    if name == "numba":
        from varproof.attention.compiled.emitter import host
        from varproof.attention.compiled.kernel import NumbaKernel

        return NumbaKernel(host())
    from varproof.attention.polynomial.array_kernel import ArrayKernel

    return ArrayKernel()


def _polynomial(case: Case, arrays: Arrays, delta: float, kernel: str) -> Contestant:
    shown = backend_of(arrays) if kernel == "numpy" else kernel
    name = f"polynomial, {shown}"
    if kernel == "numba" and backend_of(arrays) == "torch":
        return Contestant(name, "ours", None, "the numba kernel takes NumPy arrays")
    return Contestant(
        name, "ours", lambda: polynomial_result(case, make_head(case, arrays, delta), kernel_named(kernel))
    )


def backend_of(arrays: Arrays) -> str:
    """ "numpy" or "torch"."""
    return "torch" if arrays.q.__class__.__module__.startswith("torch") else "numpy"


def polynomial_result(case: Case, head: Head, kernel: Any) -> HeadResult:
    """The polynomial engine at the case's degree, or at its eps with or without weights."""
    from varproof.attention.polynomial.engine import run
    from varproof.attention.tables.bound_grid import grid_above
    from varproof.attention.tables.relative import relative_table

    if case.degree is None:
        return run(head, kernel=kernel, weighted=case.weighted)
    table = relative_table(grid_above(case.bound), case.degree)
    return run(head, kernel=kernel, table=table)


def weighted_result(case: Case, head: Head, kernel: Any) -> HeadResult:
    """The weighted polynomial of the case's degree, for scores spread as uniform directions spread them."""
    from varproof.attention.polynomial.engine import run
    from varproof.attention.tables.bound_grid import dimension_grid_below, grid_above
    from varproof.attention.tables.weighted import weighted_table

    assert case.degree is not None  # forced here
    table = weighted_table(grid_above(case.bound), case.degree, dimension_grid_below(case.head_dim))
    return run(head, kernel=kernel, table=table)


def exact_result(head: Head) -> HeadResult:
    """Blocked exact attention with its rounding bound."""
    from varproof.attention.exact.engine import run

    return run(head)


def _tree(head: Head) -> HeadResult:
    from varproof.attention.tree.engine import run

    return run(head)


def _attend(arrays: Arrays, delta: float) -> Any:
    from varproof.attention.front import attend

    return attend(arrays.q, arrays.k, arrays.v, delta=delta, scale="d")


def sdpa(case: Case, arrays: Arrays) -> Contestant:
    """`torch.nn.functional.scaled_dot_product_attention` on the same numbers, without copying them."""
    try:
        torch = optional("torch")
    except MissingExtraError as missing:
        return Contestant(SDPA, "baseline", None, f"{missing.message}: {missing.hint}")
    rows = (arrays.q, arrays.k, arrays.v)
    q, k, v = (part[None, None] if torch.is_tensor(part) else torch.from_numpy(part)[None, None] for part in rows)
    fused = torch.nn.functional.scaled_dot_product_attention

    def run() -> Any:
        with torch.no_grad():
            return fused(q, k, v, scale=case.gamma)[0, 0]

    return Contestant(SDPA, "baseline", run)


def matrix_product(arrays: Arrays, size: int) -> tuple[Callable[[], object], int]:
    """A square matrix product in the same library, and its flops: what the machine can do."""
    if backend_of(arrays) == "torch":
        torch = optional("torch")
        a = torch.rand(size, size, dtype=arrays.q.dtype, device=arrays.device)
        return (lambda: a @ a), 2 * size**3
    import numpy as np

    b = np.random.default_rng(0).random((size, size)).astype(arrays.q.dtype)
    return (lambda: b @ b), 2 * size**3
