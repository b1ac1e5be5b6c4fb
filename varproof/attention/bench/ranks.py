"""Error against rank at one small head: certified and measured errors of ours beside those of feature methods."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from varproof.approx.rank import monomial_rank
from varproof.attention.bench import peers
from varproof.attention.bench.cases import Case, make_arrays
from varproof.attention.bench.contestants import (
    case_delta,
    kernel_named,
    make_head,
    place,
    polynomial_result,
    weighted_result,
)
from varproof.attention.bench.errors import compare, exact_reference
from varproof.attention.bench.result import RankPoint, RankStudy, Settings
from varproof.base.tolerances import UNIT_ROUNDOFF

RELATIVE, WEIGHTED = "polynomial, relative", "polynomial, weighted"
TOKENS, QUICK_TOKENS = 2048, 256
LARGEST_RANK, QUICK_RANK = 1500, 60
SEEDS = 3  # draws of a method that draws; its median error is shown


def study_degrees(case: Case, settings: Settings) -> range:
    """Degrees from 1 on whose rank is small enough for every method."""
    largest = QUICK_RANK if settings.quick else LARGEST_RANK
    degree = 1
    while degree < 30 and monomial_rank(case.head_dim, degree + 1) <= largest:
        degree += 1
    return range(1, degree + 1)


def rank_study(case: Case, settings: Settings, after_each: Callable[[], object] = lambda: None) -> RankStudy:
    """The study at the case's d and B with fewer tokens, float64 NumPy arrays; one step for each degree."""
    small = replace(case, tokens=QUICK_TOKENS if settings.quick else TOKENS, goals=(), eps=None)
    rows = make_arrays(small, small.tokens, settings.seed)
    arrays = place(rows, backend="numpy", device="cpu", dtype="float64")
    reference = exact_reference(small, rows, "float64")
    kernel = kernel_named("numpy")
    points: list[RankPoint] = []
    missing: dict[str, str] = {}

    def ours(method: str, run: Callable[[], Any]) -> None:
        start = time.perf_counter()
        found = run()
        seconds = time.perf_counter() - start
        errors = compare(found.values, found.bound, reference)
        if errors.error is not None and found.rank > 0:
            points.append(RankPoint(method, found.rank, errors.error, errors.bound, seconds, errors.violated))

    for degree in study_degrees(small, settings):
        at = replace(small, degree=degree)
        delta = case_delta(at, unit=UNIT_ROUNDOFF["float64"])
        ours(RELATIVE, lambda at=at, delta=delta: polynomial_result(at, make_head(at, arrays, delta), kernel))  # type: ignore[misc]  # bound now
        ours(WEIGHTED, lambda at=at: weighted_result(at, make_head(at, arrays, math.inf), kernel))  # type: ignore[misc]  # bound now
        rank = monomial_rank(small.head_dim, degree)
        for peer in peers.FEATURE_METHODS if settings.peers else ():
            try:
                points.append(_peer_point(peer, at, rows, rank, settings.seed, reference))
            except Exception as error:  # other people's code: left out with its reason
                missing[peer] = str(error)
        after_each()
    return RankStudy(small, tuple(points), tuple(f"{peer}: {reason}" for peer, reason in missing.items()))


def _peer_point(peer: str, case: Case, rows: peers.Rows, rank: int, seed: int, reference: Any) -> RankPoint:
    found = []
    for draw in range(SEEDS):
        action = peers.with_features(peer, case, rows, rank, seed + draw)
        start = time.perf_counter()
        values = action()
        seconds = time.perf_counter() - start
        error = compare(values, None, reference).error
        found.append((math.inf if error is None else error, seconds))
    error, seconds = sorted(found)[SEEDS // 2]
    if math.isinf(error):
        raise peers.PeerUnavailableError("its output is not finite")
    return RankPoint(peer, rank, error, None, seconds)
