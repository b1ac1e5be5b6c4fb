"""What each engine is expected to cost, so that the router can choose: estimates, never part of a proof.

Costs are nanoseconds of one core with NumPy and float64; only their ratios matter. The constants were measured with
`varproof bench attention` on one AVX-512 core; a wrong one makes an answer slow, never wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from varproof.approx.rank import monomial_rank
from varproof.attention.outline import Outline
from varproof.attention.polynomial.choice import expected_degree
from varproof.attention.polynomial.engine import LARGEST_STATE
from varproof.attention.tree.costs import predicted_flops
from varproof.attention.tree.engine import MAX_HEAD_DIM
from varproof.base.errors import InputError

PAIR, PAIR_FLOP = 1.5, 0.02  # exact: an exponential with its traffic, and a flop of the products
FEATURE_FLOP = 0.03  # polynomial: narrow products
ROW = 500.0  # exact: a row, however few keys it sees
TOKEN = 40.0  # polynomial: norms, centring, certificate
TREE_FLOP, TREE_TOKEN = 0.3, 300.0
CALL = {"exact": 2e5, "polynomial": 3.5e5, "tree": 1e5}  # a call's fixed part, mostly Python
STAGE = {"exact": 5e4, "polynomial": 1.5e5, "tree": 1.5e6}  # and that of a stage


@dataclass(frozen=True)
class Forecast:
    """An engine, its expected cost in nanoseconds (inf where it does not apply) and a few words on why.

    `state_bytes`: what the sums of the polynomial engine would take, 0 for others.
    """

    engine: str
    cost: float
    because: str
    state_bytes: int = 0


def forecasts(seen: Outline) -> tuple[Forecast, ...]:
    """The engines for this head, the cheapest first; exact attention is always among them with a finite cost.

    >>> [f.engine for f in forecasts(Outline(16384, 16384, 16384**2, 4, 4, 1, 1.0, 1.0, 1e-3))]
    ['polynomial', 'exact', 'tree']
    """
    return tuple(sorted((exact_cost(seen), polynomial_cost(seen), tree_cost(seen)), key=lambda found: found.cost))


def exact_cost(seen: Outline) -> Forecast:
    """p pairs, an exponential and 2(d + d_v + 1) flops each; a mask does not spare its pairs."""
    cost = (
        _calls("exact", seen)
        + seen.queries * ROW
        + seen.pairs * (PAIR + PAIR_FLOP * 2 * (seen.head_dim + seen.value_dim + 1))
    )
    return Forecast("exact", cost, f"{seen.pairs:,} pairs")


def polynomial_cost(seen: Outline) -> Forecast:
    """Linear in the tokens times the rank, where a polynomial of moderate degree reaches eps on [-B, B]."""
    if seen.masked:
        return Forecast("polynomial", math.inf, "knows levels but no masks")
    whole = _polynomial(seen, seen.logit_bound, 0)
    if not seen.long_queries > 0 or not seen.usual_bound < seen.logit_bound:
        return whole
    apart = _polynomial(seen, seen.usual_bound, seen.long_queries)
    return min(whole, apart, key=lambda found: found.cost)


def _polynomial(seen: Outline, bound: float, long_queries: int) -> Forecast:
    """With a polynomial on [-bound, bound], and `long_queries` rows beyond it computed exactly."""
    degree = expected_degree(bound, seen.head_dim, seen.eps)
    if degree is None:
        return Forecast("polynomial", math.inf, f"no polynomial in reach for scores up to B = {bound:.4g}")
    rank = monomial_rank(seen.head_dim, degree)
    size = f"degree {degree}, rank {rank:,}"
    state = state_bytes(rank, seen.value_dim)
    if state > LARGEST_STATE:
        return Forecast("polynomial", math.inf, f"{size}: its state does not fit into memory", state)
    tokens = seen.queries + seen.keys
    cost = tokens * (TOKEN + 2 * rank * (seen.value_dim + 1) * FEATURE_FLOP)
    cost += rank * (seen.value_dim + 1) * seen.stages + _calls("polynomial", seen)
    if long_queries:
        size += f", {long_queries:,} long queries served exactly"
        cost += long_queries * seen.keys * (PAIR + PAIR_FLOP * 2 * (seen.head_dim + seen.value_dim + 1))
    return Forecast("polynomial", cost, size, state)


def tree_cost(seen: Outline) -> Forecast:
    """For d <= 3: one tree for every stage, over the keys seen."""
    if seen.masked or seen.head_dim > MAX_HEAD_DIM:
        why = "knows levels but no masks" if seen.masked else f"for head dimensions up to {MAX_HEAD_DIM}"
        return Forecast("tree", math.inf, why)
    bound, ratio = min(seen.logit_bound, 1e300), max(seen.eps, 1e-16)
    flops = predicted_flops(seen.keys, seen.queries, seen.head_dim, seen.value_dim, bound, ratio)
    cost = flops * TREE_FLOP + TREE_TOKEN * (seen.queries + seen.keys) + _calls("tree", seen)
    return Forecast("tree", cost, f"about {flops:.2g} flops in cells")


def state_bytes(rank: int, value_dim: int) -> int:
    """The running sums: r (d_v + 1) numbers of 8 bytes."""
    return 8 * rank * (value_dim + 1)


def beyond_memory(size: str, needed: int) -> InputError:
    """The refusal of a polynomial whose sums take `needed` bytes; `size` names its degree and rank."""
    return InputError(
        "the state of the polynomial engine would not fit into memory",
        got=f"{size}: {needed:,} bytes",
        allowed=f"at most {LARGEST_STATE:,} bytes",
        hint='use engine="exact" or a larger delta',
    )


def may_outgrow_memory(head_dim: int, value_dim: int) -> bool:
    """Whether polynomials of degree 12 in this dimension have states too large: only then is a look at a head needed.

    >>> may_outgrow_memory(8, 8), may_outgrow_memory(64, 64)
    (False, True)
    """
    return state_bytes(monomial_rank(head_dim, 12), value_dim) > LARGEST_STATE


def _calls(engine: str, seen: Outline) -> float:
    return CALL[engine] + STAGE[engine] * seen.stages
