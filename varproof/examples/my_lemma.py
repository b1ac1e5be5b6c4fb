"""A lemma of your own in one file: what it says, a check, an attack for campaigns, and wrong forms to be found out."""

from fractions import Fraction

import numpy as np

from varproof.base.verdict import Finding
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.cells import integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

# where cases come from; whatever is no field of its own follows from the seed
SPACE = Space({"n": Integer(1, 64, log=True), "b": Real(0.5, 8.0), "kind": Choice(("ends", "uniform")), "seed": Seed()})


def build(point: Point, case: Case) -> Instance:
    """The numbers of one case: the same ones for the same point."""
    n, b = int(point["n"]), float(point["b"])
    rng = np.random.default_rng(int(point["seed"]))
    x = rng.uniform(-b, b, n) if point["kind"] == "uniform" else rng.choice([-b, b], n)
    reach = b if case.assumes("box") else 4 * b  # a variant without the hypothesis leaves the box
    x[0] *= reach / b
    return Instance({"x": x}, {"b": b}, dimensions={"n": (("x", 0),)}, boxes={"x": (-reach, reach)})


def measure(instance: Instance, case: Case) -> Measurement | None:
    """Quick and in floats: measured / bound, or None outside the hypotheses."""
    x, b = instance.arrays["x"], float(instance.numbers["b"])
    if case.assumes("box") and np.abs(x).max() > b:
        return None
    variance, bound = float(np.var(x)), float(case.constants["factor"]) * b * b
    return Measurement(variance / bound, len(x), variance, bound)


def judge(instance: Instance, case: Case) -> Judgement:
    """The same question in exact arithmetic: every float is a fraction."""
    x = [Fraction(float(entry)) for entry in instance.arrays["x"]]
    variance = sum(entry * entry for entry in x) / len(x) - (sum(x) / len(x)) ** 2
    bound = case.constants["factor"] * Fraction(float(instance.numbers["b"])) ** 2
    return Judgement.VIOLATED if variance > bound else Judgement.PASS


def check(case: Case) -> Finding:
    """All corners of the box for each n of the grid: the variance is convex in every number, so no point beats them."""
    tally = Tally()
    factor, reach = case.constants["factor"], 1 if case.assumes("box") else 4
    for n in integers(case, "n", low=2, high=100):
        for high in range(n + 1):
            tally.at_most(Fraction(4 * reach**2 * high * (n - high), n * n), factor, n=n, high=high)
        if n % 2 == 0:
            tally.equal(Fraction(reach**2), factor, n=n, side="attained")
    return tally.finding("variance = mean of squares - square of mean <= b^2 for every n; all corners, exactly")


CLAIM = Claim(
    id="my_lemma",
    statement="n numbers in [-b, b] have variance (1/n) sum (x_i - mean)^2 <= b^2, attained for every even n.",
    kind="tight",
    hypotheses={"box": "every number lies in [-b, b]"},
    sources=("T. Popoviciu, Mathematica (Cluj) 9 (1935)",),
    check=check,
    falsified=(
        Variant("factor 9/10", "half of the numbers at each end exceed it", {"factor": Fraction(9, 10)}),
        Variant("factor 11/10", "nothing attains it", {"factor": Fraction(11, 10)}),
        Variant("outside the box", "one number far away is enough", dropped=frozenset({"box"})),
    ),
    constants={"factor": Fraction(1)},
    cells={"n": (2, 3, 4, 7, 16)},
    attack=Attack(SPACE, build, measure, judge, cells=("n", "kind"), attains=Fraction(999, 1000), cost=3e-5),
)
