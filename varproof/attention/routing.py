"""Which engines are tried for a head, in which order, and why."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from varproof.attention.exact import engine as exact
from varproof.attention.head import Head
from varproof.attention.outline import Outline, outline
from varproof.attention.polynomial import engine as polynomial
from varproof.attention.polynomial.engine import LARGEST_STATE
from varproof.attention.polynomial.kernel import Kernel
from varproof.attention.precision import in_float64
from varproof.attention.prediction import Forecast, beyond_memory, forecasts, may_outgrow_memory, polynomial_cost
from varproof.attention.result import HeadResult
from varproof.attention.torch_settings import full_precision
from varproof.attention.tree import engine as tree
from varproof.base.errors import InputError


@dataclass(frozen=True)
class Step:
    """One attempt: `name` for messages, `run` computes the head."""

    name: str
    run: Callable[[Head], HeadResult]


@dataclass(frozen=True)
class Route:
    """The attempts in order, and sentences on why this order."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...]


def route(head: Head, engine: str, kernel: str) -> Route:
    """The way for one head: the engine asked for, or the engines by expected cost with exact attention as last resort.

    Raises `InputError` when the engine asked for cannot take the head.
    """
    if engine != "auto":
        _refuse(head, engine)
        return Route(_steps(head, engine, kernel), (f"{engine} was asked for", *_warnings(head)))
    seen = outline(head)
    order = forecasts(seen)
    chosen = [found for found in order if found.cost < math.inf]
    # what is dearer than exact attention is no use after it: exact attention has the lowest floor
    cheaper = chosen[: [found.engine for found in chosen].index("exact") + 1]
    steps = tuple(step for found in cheaper for step in _steps(head, found.engine, kernel))
    return Route(steps, (*_reasons(seen, order), *_warnings(head)))


def _warnings(head: Head) -> tuple[str, ...]:
    if full_precision(head.q):
        return ()
    return ("torch is set to compute float32 products in less than float32, so float64 is used instead",)


def _refuse(head: Head, engine: str) -> None:
    if engine != "exact" and head.mask is not None:
        raise InputError(
            f"the {engine} engine knows levels, no masks",
            got="a mask",
            allowed='engine="exact" or "auto" with a mask',
            hint="give the block-causal structure as levels",
        )
    if engine == "polynomial" and may_outgrow_memory(head.head_dim, head.value_dim):
        found = polynomial_cost(outline(head))
        if found.state_bytes > LARGEST_STATE:
            raise beyond_memory(found.because.partition(":")[0], found.state_bytes)
    if engine == "tree" and head.head_dim > tree.MAX_HEAD_DIM:
        raise InputError(
            "the tree engine is for small head dimensions",
            got=f"d = {head.head_dim}",
            allowed=f"d <= {tree.MAX_HEAD_DIM}",
            hint='use engine="polynomial" or "exact"',
        )


def _steps(head: Head, engine: str, kernel: str) -> tuple[Step, ...]:
    """The attempts of one engine: in the dtype of the head, then in float64.

    float32 is passed over where torch would compute its products in less.
    """
    if engine == "tree":
        return (Step("tree", tree.run),)
    own = (head.dtype,) if full_precision(head.q) else ()
    dtypes = dict.fromkeys((*own, "float64"))
    if engine == "exact":
        return tuple(Step(f"exact in {dtype}", partial(exact.run, compute=dtype)) for dtype in dtypes)
    serve = partial(polynomial.run, kernel=chosen_kernel(head.q, kernel))
    return tuple(
        Step(f"polynomial in {dtype}", serve if dtype == head.dtype else partial(in_float64, serve)) for dtype in dtypes
    )


def chosen_kernel(array: Any, name: str) -> Kernel | None:
    """The kernel by name; None leaves the choice of an array kernel to the engine.

    "auto" takes the compiled kernel for NumPy arrays when numba is installed. Raises `MissingExtraError` where "numba"
    is asked for and missing, `InputError` where it cannot take the arrays.
    """
    compiled = isinstance(array, np.ndarray)
    if name == "numpy" or (name == "auto" and not (compiled and _has_compiler())):
        return None
    if not compiled:
        raise InputError(
            "the numba kernel takes NumPy arrays",
            got=f"{type(array).__module__}.{type(array).__name__}",
            allowed='kernel="auto" or "numpy" (which is the array kernel for every library)',
        )
    from varproof.attention.compiled.kernel import numba_kernel

    return numba_kernel()


@cache
def _has_compiler() -> bool:
    return find_spec("llvmlite") is not None  # numba's compiler; numba itself is not imported


def _reasons(seen: Outline, order: tuple[Forecast, ...]) -> tuple[str, ...]:
    """Sentences: the numbers looked at, and the engines from the cheapest on."""
    sentences = [
        f"m = {seen.queries:,} queries, n = {seen.keys:,} keys, d = {seen.head_dim}; scores of centred keys up to "
        f"B = {seen.logit_bound:.4g}, ln n = {math.log(seen.keys):.4g}; delta allows a relative error of "
        f"{seen.eps:.4g} of the weights"
    ]
    for place, found in enumerate(order):
        if found.cost == math.inf:
            sentences.append(f"{found.engine} does not apply: {found.because}")
        elif place == 0:
            sentences.append(f"{found.engine} is expected to be the cheapest: {found.because}")
        else:
            ratio = found.cost / order[0].cost
            sentences.append(f"{found.engine} is expected to take {ratio:.4g} times as long: {found.because}")
    return tuple(sentences)
