"""Ten tight inequalities whose suprema are known, to see how near the worst-ratio arm comes from ordinary starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from varproof.base.balls import ball
from varproof.base.verdict import Finding, Verdict
from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.subjects import subject_named
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim
from varproof.families.space import Integer, Point, Seed, Space

Array = NDArray[Any]  # of floats, or of balls
Arrays = Mapping[str, Array]
BITS = 192
LEAST, MOST = 12, 32  # entries
RATIO, ETA, ROOT = 4, 1, 3  # of the multipliers; of the moves of scores; r of the threshold lemma
FLOOR = 1e-6  # bounds of measured cases
EVALUATIONS = 4000


@dataclass(frozen=True)
class TightInequality:
    """`measured <= bound` for all arrays in the boxes; the supremum of the quotient is `supremum`, by `attained`."""

    claim: Claim
    attained: str
    supremum: float = 1.0


@dataclass(frozen=True)
class Form:
    """`sides` gives both sides, for arrays of floats and of balls alike; `boxes` what the entries may be.

    A box (low, high) with 0 < low is filled evenly in the logarithm, any other one evenly. Names with an equals sign
    have a fixed number of entries.
    """

    text: str
    attained: str
    sides: Callable[[Arrays], tuple[Any, Any]]
    boxes: Mapping[str, tuple[float, float]]


def _shares(weights: Array) -> Array:
    return np.asarray(weights / weights.sum())


def _softmax(scores: Array) -> Array:
    return _shares(np.exp(scores))


def _norm(values: Array) -> Any:
    return np.sqrt((values * values).sum())


def _power(base: Any, exponent: Fraction) -> Any:
    return base ** ball(exponent) if isinstance(base, arb) else base ** float(exponent)


def _tanh_half_eta(like: Array) -> Any:
    return ball(Fraction(ETA, 2)).tanh() if like.dtype == object else np.tanh(ETA / 2)


def _softmax_move(a: Arrays) -> tuple[Any, Any]:
    # 2 (sqrt(4) - 1)/(sqrt(4) + 1)
    return abs(_shares(a["weights"] * a["factors"]) - _shares(a["weights"])).sum(), Fraction(2, 3)


def _score_move(a: Arrays) -> tuple[Any, Any]:
    move = abs(_softmax(a["scores"] + a["moves"]) - _softmax(a["scores"])).sum()
    return move, 2 * _tanh_half_eta(a["scores"])


def _low_row(a: Arrays) -> tuple[Any, Any]:
    total = a["weights"].sum()
    return total / (total + len(a["weights"]) * ROOT), Fraction(1, 1 + ROOT)


def _scores(a: Arrays) -> tuple[Any, Any]:
    return abs((a["query"] * a["key"]).sum()), _norm(a["query"]) * _norm(a["key"])


def _hoelder(a: Arrays) -> tuple[Any, Any]:
    x, y = abs(a["x"]), a["root_y"]
    # exponents 3 and 3/2; y = root_y^2, so that no root of an entry is needed
    cubes, halves = (x * x * x).sum(), abs(y * y * y).sum()
    return (x * y * y).sum(), _power(cubes, Fraction(1, 3)) * _power(halves, Fraction(2, 3))


def _half_range(a: Arrays) -> tuple[Any, Any]:
    before, after, values = _shares(a["before"]), _shares(a["after"]), a["values"]
    # the entries are exact numbers, so that their order is known
    spread = values.max() - values.min()
    return abs(((after - before) * values).sum()), abs(after - before).sum() * spread / 2


def _interpolated(a: Arrays) -> tuple[Any, Any]:
    """A value between the cells of a patch of 4 x 4, Keys' cubic with a = -3/4: at most (1 + 3/8)^2 times the most."""
    weights = [_keys(place) for place in a["place=2"]]
    patch = a["patch=16"].reshape(4, 4)
    value = sum(patch[i, j] * weights[0][i] * weights[1][j] for i in range(4) for j in range(4))
    return abs(value), Fraction(121, 64)


def _keys(t: Any) -> list[Any]:
    """Weights of the cells at -1, 0, 1, 2 for a point at t in [0, 1]; exact coefficients times powers of t."""
    a = -0.75

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(1 + t), near(t), near(1 - t), far(2 - t)]


def _output(a: Arrays) -> tuple[Any, Any]:
    moved = _softmax(a["scores"] + a["moves"]) - _softmax(a["scores"])
    return abs((moved * a["values"]).sum()), 2 * _tanh_half_eta(a["scores"])


def _triangle(a: Arrays) -> tuple[Any, Any]:
    parts = [a[name] for name in ("x", "y", "z")]
    return _norm(sum(parts[1:], parts[0])), sum(_norm(part) for part in parts)


def _means(a: Arrays) -> tuple[Any, Any]:
    values = a["values"]
    return np.exp(np.log(values).sum() / len(values)), values.sum() / len(values)


SIGNED, MOVES, SCORES, POSITIVE = (-1.0, 1.0), (-float(ETA), float(ETA)), (-4.0, 4.0), (2.0**-6, 2.0**6)
FORMS = (
    Form(
        "weights times factors in [1, 4] move by at most 2/3 in l1",
        "two groups, a third of the mass lifted",
        _softmax_move,
        {"weights": POSITIVE, "factors": (1.0, float(RATIO))},
    ),
    Form(
        "scores moved by at most 1 move the softmax by at most 2 tanh(1/2) in l1",
        "two groups at both ends",
        _score_move,
        {"scores": SCORES, "moves": MOVES},
    ),
    Form("a row of low weights stays below 1/(1 + r)", "every weight at the level", _low_row, {"weights": (0.0, 1.0)}),
    Form("|<q, k>| <= |q| |k|", "parallel vectors", _scores, {"query": SIGNED, "key": SIGNED}),
    Form("<|x|, |y|> <= |x|_3 |y|_(3/2)", "|y| = |x|^2", _hoelder, {"x": SIGNED, "root_y": SIGNED}),
    Form(
        "|o~ - o| <= |p~ - p|_1 (max v - min v)/2",
        "v at its ends, by the sign of p~ - p",
        _half_range,
        {"before": POSITIVE, "after": POSITIVE, "values": SIGNED},
    ),
    Form(
        "bicubic interpolation (a = -3/4) amplifies by at most 121/64",
        "the middle of four cells, signs of the kernel",
        _interpolated,
        {"patch=16": SIGNED, "place=2": (0.0, 1.0)},
    ),
    Form(
        "scores moved by at most 1 move the output of values in [-1, 1] by at most 2 tanh(1/2)",
        "two groups at both ends, values -1 and 1",
        _output,
        {"scores": SCORES, "moves": MOVES, "values": SIGNED},
    ),
    Form("|x + y + z| <= |x| + |y| + |z|", "one direction", _triangle, {"x": SIGNED, "y": SIGNED, "z": SIGNED}),
    Form("the geometric mean is at most the arithmetic one", "equal numbers", _means, {"values": POSITIVE}),
)


def tight_inequalities() -> tuple[TightInequality, ...]:
    """All ten, each as a claim with an attack; a random start reaches less than 0.9 of the supremum.

    >>> len(tight_inequalities()), tight_inequalities()[9].claim.statement
    (10, 'the geometric mean is at most the arithmetic one')
    """
    return tuple(TightInequality(_claim(place, form), form.attained) for place, form in enumerate(FORMS))


def reached(tight: TightInequality, evaluations: int = EVALUATIONS, seed: int = 0) -> float:
    """The share of the supremum that one chunk of the worst-ratio arm finds."""
    chunk = Chunk(tight.claim.id, "statement", "worst-ratio", (), 0, evaluations)
    worst = run_chunk(chunk, subject_named(tight.claim, "statement"), seed).worst
    return 0.0 if worst is None else float(worst["ratio"]) / tight.supremum


def _claim(place: int, form: Form) -> Claim:
    def check(_: Case) -> Finding:
        return Finding(Verdict.PROVED)

    return Claim(f"tight_inequality_{place}", form.text, "tight", {}, (), check, (), attack=_attack(form))


def _attack(form: Form) -> Attack:
    def build(point: Point, _: Case) -> Instance:
        rng = np.random.default_rng(int(point["seed"]))
        arrays = {name: _drawn(name, int(point["size"]), box, rng) for name, box in form.boxes.items()}
        return Instance(arrays, dimensions=_dimensions(form), boxes=form.boxes)

    def measure(instance: Instance, _: Case) -> Measurement | None:
        measured, bound = (float(side) for side in form.sides(instance.arrays))
        size = max(len(values) for values in instance.arrays.values())
        # quotients of two roundings say nothing
        return Measurement(measured / bound, size, measured, bound) if bound > FLOOR else None

    def judge(instance: Instance, _: Case) -> Judgement:
        with ctx.workprec(BITS):
            exact = {name: np.array([arb(float(x)) for x in values]) for name, values in instance.arrays.items()}
            measured, bound = (side if isinstance(side, arb) else ball(Fraction(side)) for side in form.sides(exact))
            if measured > bound:
                return Judgement.VIOLATED
            return Judgement.PASS if measured <= bound else Judgement.AMBIGUOUS

    space = Space({"size": Integer(LEAST, MOST), "seed": Seed()})
    return Attack(space, build, measure, judge, ("size",), attains=Fraction(9, 10), cost=1e-4)


def _dimensions(form: Form) -> dict[str, tuple[tuple[str, int], ...]]:
    free = tuple((name, 0) for name in form.boxes if "=" not in name)
    return {"n": free} if free else {}


def _drawn(name: str, size: int, box: tuple[float, float], rng: np.random.Generator) -> Array:
    count = int(name.partition("=")[2] or size)
    low, high = box
    if low > 0 and high / low > RATIO:
        return np.asarray(np.exp(rng.uniform(np.log(low), np.log(high), count)))
    return rng.uniform(low, high, count)
