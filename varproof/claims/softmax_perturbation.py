"""Softmax perturbation, sharp form: multipliers in [c, c rho] move weights by 2 (sqrt(rho)-1)/(sqrt(rho)+1) in l1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

from varproof.approx.softmax_lemma import l1_bound_from_ratio, l1_bound_from_relative_error, output_bound
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally, exact

PAGE = "docs/explanation/softmax-perturbation.md"


def l1_move(weights: Sequence[Fraction], factors: Sequence[Fraction]) -> Fraction:
    """|p~ - p|_1 of the normalised weights before and after the multiplication, exact.

    >>> l1_move([Fraction(1), Fraction(3)], [Fraction(9), Fraction(1)])
    Fraction(1, 1)
    """
    moved = [weight * factor for weight, factor in zip(weights, factors, strict=True)]
    before, after = sum(weights), sum(moved)
    return sum((abs(m / after - w / before) for m, w in zip(moved, weights, strict=True)), Fraction(0))


def check(case: Case) -> Finding:
    """Statement, attainment, eps form and output form on the grid `root` = sqrt(rho) x `keys`, in exact rationals."""
    tally = Tally()
    factor = case.constants["factor"]
    for root in rationals(case, "root", above=1):
        rho = root * root
        bound = factor / 2 * exact(l1_bound_from_ratio(rho))
        _square_identity(tally, root)
        for keys in integers(case, "keys", low=1, high=4):
            for weights in _weights(keys, signed=not case.assumes("positive")):
                for factors in _vertices(keys, rho, outlier=not case.assumes("window")):
                    if sum(w * f for w, f in zip(weights, factors, strict=True)) == 0:
                        continue
                    moved = l1_move(weights, factors)
                    tally.at_most(moved, bound, rho=rho, weights=_text(weights), factors=_text(factors))
        two, lift = (Fraction(1), root), (rho, Fraction(1))
        tally.equal(l1_move(two, lift), bound, rho=rho, weights=_text(two), factors=_text(lift))
        _corollaries(tally, root, factor)
    return tally.finding(
        f"{PAGE} proves it for all weights; here the identity behind the proof, attainment by two groups, the eps form "
        "and the output form are verified in exact rationals, and every vertex of the multiplier box is visited"
    )


def _square_identity(tally: Tally, root: Fraction) -> None:
    """(1-x) + r^2 x - (1+r)^2 x (1-x) = (1 - (1+r) x)^2: quadratic in x, so four points prove it for this r."""
    for x in map(Fraction, (0, 1, 2, 3)):
        left = (1 - x) + root**2 * x - (1 + root) ** 2 * x * (1 - x)
        tally.equal(left, (1 - (1 + root) * x) ** 2, identity="square", root=root, x=x)


def _corollaries(tally: Tally, root: Fraction, factor: Fraction) -> None:
    """eps = (rho-1)/(rho+1) = 2u/(1+u^2) gives 2u = 2 (1 - sqrt(1-eps^2))/eps; values +-1 attain the output form."""
    u = (root - 1) / (root + 1)
    eps = 2 * u / (1 + u * u)
    sine = (1 - u * u) / (1 + u * u)
    tally.equal(eps**2 + sine**2, 1, identity="sqrt(1 - eps^2)", root=root)
    tally.equal(exact(l1_bound_from_relative_error(eps)), 2 * (1 - sine) / eps, identity="eps form", eps=eps)
    shares = (1 / (1 + root), root / (1 + root))
    after = (root / (1 + root), 1 / (1 + root))
    # values 1 and -1 on the two groups: the output moves by the whole l1 distance
    error = (after[0] - after[1]) - (shares[0] - shares[1])
    bound = exact(output_bound(factor * u, lowest=-1, highest=1))
    tally.equal(error, bound, identity="output attained", rho=root**2, values="1 -1")


def _weights(keys: int, *, signed: bool) -> Iterator[tuple[Fraction, ...]]:
    """Weights 1, 3 or 8 on each key; without positivity also -1/2 on the first one."""
    for weights in product(*[(Fraction(1), Fraction(3), Fraction(8))] * keys):
        yield weights
        if signed and keys > 1:
            yield (Fraction(-1, 2), *weights[1:])


def _vertices(keys: int, rho: Fraction, *, outlier: bool) -> Iterator[tuple[Fraction, ...]]:
    """Corners of [1, rho]^keys, where the maximum over the box lies; without the window one factor is rho^2."""
    for factors in product(*[(Fraction(1), rho)] * keys):
        yield factors
        if outlier:
            yield (rho * rho, *factors[1:])


def _text(numbers: Sequence[Fraction]) -> str:
    return " ".join(map(str, numbers))


CLAIM = Claim(
    id="softmax_perturbation",
    statement=(
        "If every positive weight is multiplied by a factor in [c, c rho], the normalised weights move in l1 by at "
        "most 2 (sqrt(rho)-1)/(sqrt(rho)+1) = 2 tanh(ln(rho)/4), and two groups attain it. Relative error eps: "
        "2 (1 - sqrt(1-eps^2))/eps. An output moves by at most that times (max v - min v)/2."
    ),
    kind="tight",
    hypotheses={
        "positive": "all weights are positive",
        "window": "all multipliers lie in [c, c rho] with c > 0 and rho >= 1",
    },
    sources=(PAGE, "arXiv:2302.13214"),
    check=check,
    falsified=(
        Variant("factor 1.9", "two groups attain factor 2", {"factor": Fraction(19, 10)}),
        Variant("factor 2.1", "then two groups do not attain the bound", {"factor": Fraction(21, 10)}),
        Variant("signed weights", "a negative weight makes the normaliser small", dropped=frozenset({"positive"})),
        Variant("one multiplier outside", "rho^2 on one key moves more than rho allows", dropped=frozenset({"window"})),
    ),
    constants={"factor": Fraction(2)},
    cells={"root": (Fraction(11, 10), Fraction(3, 2), 2, 3, 10), "keys": (2, 3)},
)
