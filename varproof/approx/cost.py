"""Closed forms for the work of one attention head, exact against polynomial, in flops. Exact integers.

A flop is one multiplication, addition, division or exponential; an inner product of length m is counted as 2m. Both
methods carry the normalising sum as one more value column (of ones), so value rows have d_v + 1 columns, and both end
with d_v divisions a token. `docs/explanation/rank.md` goes through the terms.
"""

from __future__ import annotations

from varproof.approx.rank import monomial_rank
from varproof.base.errors import InputError


def exact_flops(tokens: int, head_dim: int, *, value_dim: int | None = None, pairs: int | None = None) -> int:
    """p (2d + 1 + 2(d_v + 1)) + N d_v: scores, exponentials, weighted sums over p pairs, then the division.

    `pairs` p is the number of (query, key) pairs, N^2 unless a mask leaves fewer; `value_dim` d_v is d unless given.
    Cost of the evaluation: O(1). Raises `InputError` for arguments below 1, or more pairs than N^2.

    >>> exact_flops(1024, 64)
    271646720
    """
    value_dim = head_dim if value_dim is None else value_dim
    _positive(tokens=tokens, head_dim=head_dim, value_dim=value_dim)
    every_pair = tokens * tokens
    pairs = every_pair if pairs is None else pairs
    if not 1 <= pairs <= every_pair:
        raise InputError("there are not that many pairs", got=pairs, allowed=f"1 to {every_pair} for {tokens} tokens")
    return pairs * pair_flops(head_dim, value_dim) + tokens * value_dim


def polynomial_flops(tokens: int, head_dim: int, degree: int, *, value_dim: int | None = None, scales: int = 1) -> int:
    """N (4 r (d_v+1) + 2 (r-1)) + K r (d_v+1) + N d_v with r = C(d+g, g): the polynomial method of degree g.

    Features: each monomial but the constant one is one multiplication of an earlier one by a coordinate, for keys and
    for queries, 2 N (r-1). State phi(K)^T [V, 1]: 2 N r (d_v+1). The coefficients of the polynomial scale the rows of
    the state, r (d_v+1) for each of K = `scales`: with a block-causal mask blocks of keys enter the running state
    before their queries are served, and the rows are scaled again. Product phi(Q) S: 2 N r (d_v+1). Division N d_v.
    Linear in N at fixed rank. Raises `InputError` for arguments below 1 and more scales than tokens.

    >>> polynomial_flops(1024, 2, 5)
    301119
    """
    value_dim = head_dim if value_dim is None else value_dim
    _positive(tokens=tokens, head_dim=head_dim, value_dim=value_dim)
    if isinstance(scales, bool) or not isinstance(scales, int) or not 1 <= scales <= tokens:
        raise InputError("not a number of scales", got=scales, allowed=f"1 to {tokens} for {tokens} tokens")
    rank = monomial_rank(head_dim, degree)
    return tokens * (token_flops(rank, value_dim) + value_dim) + scales * rank * (value_dim + 1)


def streamed_polynomial_flops(
    queries: int,
    keys: int,
    head_dim: int,
    degree: int,
    *,
    value_dim: int | None = None,
    stages: int = 1,
    weighted: bool = False,
) -> int:
    """What the polynomial engine executes on arrays: blocks of features, the last degree not always stored.

    With c = d_v + 1 columns for keys, c' = c (c + 1 when `weighted`: a column for the error) for queries, and F the
    number of stored features (all r = C(d+g, g), or C(d+g-1, g-1) where the last degree has more than d c monomials):
    a key costs 2d + d_v for centring and scaling, F - 1 - d for features, 2 r c for sums and d c where the last degree
    is not stored; a query d, F - 1 - d, 2 r c', 2 d c' and 2 d_v + 1 for the division and the middle of the values. A
    stage scales the state, r c', and from the second on adds to it, r c. All stages must bring keys and queries.
    Bounds and ranges, linear in the tokens, are left out. Raises `InputError` for arguments below 1.

    >>> streamed_polynomial_flops(1024, 1024, 2, 5)
    308287
    """
    value_dim = head_dim if value_dim is None else value_dim
    _positive(queries=queries, keys=keys, head_dim=head_dim, value_dim=value_dim, stages=stages)
    rank, columns = monomial_rank(head_dim, degree), value_dim + 1
    lower = monomial_rank(head_dim, degree - 1) if degree else 0
    scaled = head_dim if degree else 0

    def products(columns: int, extra: int) -> int:
        whole = rank - lower <= head_dim * columns
        stored = rank if whole else lower
        return max(stored - 1 - head_dim, 0) + 2 * rank * columns + (0 if whole else extra * head_dim * columns)

    key = 2 * scaled + value_dim + products(columns, 1)
    wide = columns + weighted
    query = scaled + products(wide, 2) + 2 * value_dim + 1
    return keys * key + queries * query + stages * rank * wide + (stages - 1) * rank * columns


def pair_flops(head_dim: int, value_dim: int) -> int:
    """Flops that exact attention spends on one (query, key) pair: 2d + 1 + 2(d_v + 1).

    >>> pair_flops(64, 64)
    259
    """
    return 2 * head_dim + 1 + 2 * (value_dim + 1)


def token_flops(rank: int, value_dim: int) -> int:
    """Flops that the polynomial method spends on one token before the division: 4 r (d_v+1) + 2 (r-1).

    >>> token_flops(21, 2)
    292
    """
    return 4 * rank * (value_dim + 1) + 2 * (rank - 1)


def _positive(**sizes: int) -> None:
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"{name} must be a positive integer", got=value, allowed=f"{name} >= 1")
