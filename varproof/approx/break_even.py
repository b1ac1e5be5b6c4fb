"""The least number of tokens at which the polynomial method does less work than exact attention. Certified integers.

For a fixed rank the difference of the two costs of `cost.py` changes sign once. When head dimension and degree grow
with the tokens it may change sign often: the first win is a least fixed point and the lasting one comes from a
greatest fixed point, both reached by monotone iterations whose every jump is over numbers proved irrelevant. Proofs:
`docs/explanation/rank.md`. Flops only: no memory traffic, no constant of a machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx, fmpz

from varproof.approx.cost import pair_flops, token_flops
from varproof.approx.rank import MAX_DIGITS, digits, monomial_rank
from varproof.base.balls import ball
from varproof.base.errors import InputError, VarproofError

DegreeRule = Callable[[Fraction, Fraction], int]

MAX_CAP_DIGITS = 1000  # a rank above MAX_DIGITS digits is then certainly above every cap
BOUND_STEPS = 1 << 20  # the logit bound is rounded up to a multiple of 1/BOUND_STEPS, which keeps it monotone in N
DEFAULT_CAP = 10**100


def break_even_tokens(head_dim: int, degree: int, *, value_dim: int | None = None) -> int:
    """The least N with polynomial_flops < exact_flops at fixed d and g; every larger N has it too.

    With E = pair_flops, P = token_flops, Q = r (d_v + 1) the condition is N^2 E > N P + Q, that is N E - P - Q/N > 0,
    which increases in N: the answer is floor of the positive root, plus one. Raises `InputError` as `monomial_rank`.

    >>> from varproof.approx.cost import exact_flops, polynomial_flops
    >>> least = break_even_tokens(2, 5)
    >>> least, [polynomial_flops(n, 2, 5) < exact_flops(n, 2) for n in (least - 1, least)]
    (27, [False, True])
    """
    value_dim = head_dim if value_dim is None else value_dim
    rank = monomial_rank(head_dim, degree)
    if isinstance(value_dim, bool) or not isinstance(value_dim, int) or value_dim < 1:
        raise InputError("value_dim must be a positive integer", got=value_dim, allowed="value_dim >= 1")
    per_pair, per_token, once = pair_flops(head_dim, value_dim), token_flops(rank, value_dim), rank * (value_dim + 1)
    # floor of (P + sqrt(P^2 + 4 E Q)) / (2E): the root with its square root rounded down lies in the same integer cell
    root = int(fmpz(per_token * per_token + 4 * per_pair * once).isqrt())
    return (per_token + root) // (2 * per_pair) + 1


@dataclass(frozen=True)
class GrowingRegime:
    """d, B and ln(1/eps) all of order ln N: what AS23 calls the easy side, at a finite number of tokens.

    At N tokens d = ceil(alpha ln N), logit bound B = `bound` ln N (rounded up to a multiple of 2^-20), eps =
    N^-`power`, value dimension d, and `degree(B, eps)` is the degree paid for, at least 1. The degree rule must not
    decrease when B grows and eps shrinks; a decrease that is met raises `VarproofError`. Raises `InputError` for
    non-positive arguments.
    """

    alpha: Fraction
    bound: Fraction
    power: int
    degree: DegreeRule

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("bound", self.bound), ("power", self.power)):
            if not isinstance(value, (int, Fraction)) or isinstance(value, bool) or value <= 0:
                raise InputError(
                    f"{name} must be positive and exact", got=value, allowed=f"{name} > 0, int or Fraction"
                )
        if not isinstance(self.power, int):
            raise InputError("power must be an integer", got=self.power, allowed="integers: N^-power is then rational")

    def sizes(self, tokens: int) -> tuple[int, int]:
        """(d, g) at this number of tokens.

        >>> GrowingRegime(Fraction(1), Fraction(1, 10), 1, lambda bound, eps: 3).sizes(1024)
        (7, 3)
        """
        eps = Fraction(1, tokens**self.power)
        return growing_head_dim(self.alpha, tokens), max(1, self.degree(growing_bound(self.bound, tokens), eps))

    def first_win(self, *, least_tokens: int = 2, cap: int = DEFAULT_CAP) -> int | None:
        """The least N in [least_tokens, cap] at which the polynomial method does less work; None: proved, none has.

        >>> GrowingRegime(Fraction(1), Fraction(1, 10), 1, lambda bound, eps: 3).first_win()
        41
        """
        tokens, last = _checked_range(least_tokens, cap), 0
        while tokens <= cap:
            needed, paid = self._needed(tokens)
            _demand(paid >= last, last, paid, tokens)
            if needed is None or needed <= tokens:
                return tokens if needed is not None else None
            tokens, last = needed, paid
        return None

    def lasting_win(self, *, least_tokens: int = 2, cap: int = DEFAULT_CAP) -> int | None:
        """The least N such that the polynomial method wins on all of [N, cap]; None when it loses at the cap itself.

        >>> GrowingRegime(Fraction(1), Fraction(1, 10), 1, lambda bound, eps: 3).lasting_win()
        64
        """
        _checked_range(least_tokens, cap)
        tokens, last = cap, None
        while tokens >= least_tokens:
            needed, paid = self._needed(tokens)
            _demand(last is None or paid <= last, last, paid, tokens)
            if needed is None or needed > tokens:
                return tokens + 1 if tokens < cap else None
            tokens, last = needed - 1, paid
        return least_tokens

    def _needed(self, tokens: int) -> tuple[int | None, int]:
        """The break-even of the sizes at `tokens` (None: above 10^1000, hence above every cap) and the degree."""
        head_dim, paid = self.sizes(tokens)
        if digits(head_dim, paid) > MAX_DIGITS:
            return None, paid
        return break_even_tokens(head_dim, paid), paid


def growing_head_dim(alpha: Fraction, tokens: int) -> int:
    """ceil(alpha ln N), at least 1, decided by balls (alpha ln N is irrational for N >= 2 and rational alpha > 0).

    >>> growing_head_dim(Fraction(4), 1024)
    28
    """
    return max(1, _ceiling(alpha, tokens))


def growing_bound(bound: Fraction, tokens: int) -> Fraction:
    """`bound` ln N rounded up to a multiple of 2^-20: a rational, and still non-decreasing in N.

    >>> float(growing_bound(Fraction(1, 2), 1024))
    3.4657363891601562
    """
    return Fraction(_ceiling(bound * BOUND_STEPS, tokens), BOUND_STEPS)


def _ceiling(factor: Fraction, tokens: int) -> int:
    bits = 128
    while True:
        with ctx.workprec(bits):
            value = (ball(factor) * arb(tokens).log()).ceil().unique_fmpz()
        if value is not None:
            return int(value)
        bits *= 2


def _checked_range(least_tokens: int, cap: int) -> int:
    if not 2 <= least_tokens <= cap <= 10**MAX_CAP_DIGITS:
        raise InputError(
            "the search range is out of bounds", got=(least_tokens, cap), allowed=f"2 <= N <= 10^{MAX_CAP_DIGITS}"
        )
    return least_tokens


def _demand(monotone: bool, before: int | None, now: int, tokens: int) -> None:
    if not monotone:
        raise VarproofError(
            "the degree rule is not monotone, so nothing can be certified",
            got=f"degree {before} at the step before and {now} at {tokens} tokens",
            allowed="a rule that does not decrease when B grows and eps shrinks",
        )
