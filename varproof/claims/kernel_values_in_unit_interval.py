"""S7: interpolation kernel values in [0, 1]. False for the kernel in use; the conclusion survives."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from varproof.approx.interpolation_kernels import Kernel, Polynomial, keys_cubic
from varproof.base.verdict import Finding, Verdict
from varproof.claims.cells import integers
from varproof.claims.model import Case, Claim, Correction, Variant
from varproof.claims.parts import assemble
from varproof.claims.reconstruction_bound import reconstruction
from varproof.claims.tally import Tally

PAGE = "docs/explanation/interpolation-kernels.md"
TAPS = 16


def check(case: Case) -> Finding:
    """0 <= W(x) <= 1 at 4/3 and at a grid of the support, in exact rationals."""
    tally = Tally()
    kernel = keys_cubic(case.constants["a"])
    points = [Fraction(4, 3)]  # the deepest point of the negative lobe first
    for steps in integers(case, "phases", low=2, high=128):
        points += [Fraction(i, steps) for i in range(2 * steps)]
    for x in points:
        value = kernel(x)
        tally.at_least(value, 0, kernel=kernel.name, x=x, W=value)
        tally.holds(value <= 1, kernel=kernel.name, x=x, W=value)
    return tally.finding("every visited value lies in [0, 1]")


def check_corrected(case: Case) -> Finding:
    """The bound on 16 taps with the exact range of W, and what the model concludes from it about its feature map."""
    return assemble([("the kernel", _kernel(case)), ("the reconstruction of the model", reconstruction(case))])


def _kernel(case: Case) -> Finding:
    """A grid of phases, the map that attains the bound, and the exact range of W."""
    tally = Tally()
    kernel, bound = keys_cubic(case.constants["a"]), case.constants["bound"]
    for steps in integers(case, "phases", low=2, high=128):
        sums = {Fraction(i, steps): kernel.absolute_sum(Fraction(i, steps)) for i in range(steps)}
        for s, left in sums.items():
            for t, right in sums.items():
                tally.at_most(left * right, bound, phase=f"{s} {t}")
    weights = kernel.weights(Fraction(1, 2))
    worst_map = [[1 if u * v > 0 else -1 for v in weights] for u in weights]
    attained = sum((u * v * worst_map[i][j] for i, u in enumerate(weights) for j, v in enumerate(weights)), Fraction(0))
    tally.equal(attained, bound, phase="1/2 1/2", map="signs of the weights, max |phi| = 1")
    tally.at_most(bound, TAPS, compared_with="16 taps of size at most 1")
    _range(tally, case, kernel)
    return tally.finding(
        f"{PAGE} proves both for every phase (sum |W| = 1 + 2|a| t (1-t) per axis); here in exact rationals a grid of "
        "phases, the map that attains 121/64, and the extremes of W among the zeros of W' and the ends of its pieces"
    )


def _range(tally: Tally, case: Case, kernel: Kernel) -> None:
    """min W = -lobe, attained at 4/3, and max W = 1, attained at 0: exact extremes, and the grid lies between."""
    deepest = -case.constants["lobe"]
    extremes = {x: kernel(x) for i, piece in enumerate(kernel.pieces) for x in _critical_points(piece, i)}
    tally.equal(min(extremes.values()), deepest, side="min W", points=" ".join(map(str, extremes)))
    tally.equal(max(extremes.values()), 1, side="max W", points=" ".join(map(str, extremes)))
    tally.equal(kernel(Fraction(4, 3)), deepest, side="minimum attained", x="4/3")
    tally.equal(kernel(0), 1, side="maximum attained", x="0")
    for steps in integers(case, "phases", low=2, high=128):
        for x in (Fraction(i, steps) for i in range(2 * steps)):
            tally.at_least(kernel(x), deepest, side="range", x=x)
            tally.at_most(kernel(x), 1, side="range", x=x)


def _critical_points(cubic: Polynomial, low: int) -> list[Fraction]:
    """The ends of [low, low + 1] and the zeros of the cubic's derivative between them: its extremes are among these.

    The discriminants are squares for every rational a, 4 (a+3)^2 and 4 a^2, so the zeros are rational.
    """
    ends = [Fraction(low), Fraction(low + 1)]
    c, b, a = cubic[1], 2 * cubic[2], 3 * cubic[3]
    if a == 0:
        zeros = [-c / b] if b else []
    else:
        square = b * b - 4 * a * c
        root = Fraction(isqrt(max(square.numerator, 0)), isqrt(square.denominator))
        if root * root != square:
            raise ArithmeticError(f"the derivative of {cubic} has no rational zeros")
        zeros = [(-b - root) / (2 * a), (-b + root) / (2 * a)]
    return ends + [x for x in zeros if low < x < low + 1]


CLAIM = Claim(
    id="S7",
    statement="The values W of the bicubic up-interpolation kernel (a = -3/4) lie in [0, 1].",
    kind="upper",
    hypotheses={},
    sources=("arXiv:2501.04377", "arXiv:2404.02905", PAGE),
    derived_from=("interpolation_kernel_constants", "interpolation_growth"),
    check=check,
    expected=Verdict.REFUTED,
    corrected=Correction(
        "W takes values in [-1/9, 1]. What is concluded from [0, 1], |sum of W phi over 16 taps| <= 16 max |phi|, "
        "holds with 121/64 instead of 16, and 121/64 is attained at phase (1/2, 1/2). So the feature map of the "
        "reference model, sum_k phi_k(Up(X_k)) without biases, is at most sum_k norm(phi_k) norm(Up_k) max |X_k| <= K "
        "121/64 max norm(phi) max |X|; on sides 4, 5 with phi the identity, 121/64 + 1 is attained.",
        check_corrected,
    ),
    falsified=(
        Variant("bound times 0.95", "phase (1/2, 1/2) attains 121/64", {"bound": Fraction(121, 64) * Fraction(19, 20)}),
        Variant("bound times 1.1", "then nothing attains it", {"bound": Fraction(121, 64) * Fraction(11, 10)}),
        Variant("lobe times 0.9", "W(4/3) = -1/9 is deeper", {"lobe": Fraction(1, 10)}),
        Variant("lobe times 1.1", "no value is that deep", {"lobe": Fraction(11, 90)}),
        Variant("a times 1.1", "a deeper lobe exceeds 121/64", {"a": Fraction(-33, 40)}),
    ),
    constants={"a": Fraction(-3, 4), "bound": Fraction(121, 64), "lobe": Fraction(1, 9)},
    cells={"phases": (16,), "schedule": ("4-5", "1-2-3-5")},
)
