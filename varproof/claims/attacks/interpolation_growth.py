"""Cases of growth by interpolation: fields on small maps, interpolated as models do it; and the stated numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.attack_parts.drawn_schedule import schedule_text, sides_of, sides_up_to
from varproof.claims.attack_parts.exact_entries import fractions
from varproof.claims.exact_maps import extremal_row, interpolated, largest, sign_map
from varproof.claims.interpolation_growth import KERNEL, check
from varproof.claims.model import Case
from varproof.families.matrices import FAMILIES, draw
from varproof.families.space import Choice, Integer, Point, Seed, Space, Value
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.interpolation.operators import area, up
from varproof.var.interpolation.resampling import Resampling

ONE_MAP, DOUBLING, DIRECT, CHAINED, AREA = "one map", "doubling", "direct to n", "scale to scale", "area"
STATED = "stated numbers"
SIGNS = "signs of a row"  # the field that one cell of the interpolation weighs most
LARGEST = 12  # side
SUSPICIOUS = 2.0
ROUNDED = 1 - 2.0**-40  # fields that attain a norm are not suspicious for a rounding
SPACE = Space(
    {
        "run": Choice((ONE_MAP, DOUBLING, DIRECT, CHAINED, AREA, STATED)),
        "sides": sides_up_to(LARGEST),
        "family": Choice((SIGNS, *FAMILIES)),
        "seed": Seed(),
    }
)


def axes(point: Point) -> Mapping[str, Value]:
    """The schedule from its integer."""
    return {"schedule": schedule_text(int(point["sides"]))}


CHECK = drawn_check(check, Space({"sides": SPACE.fields["sides"]}), cells=(), cost=0.01, axes=axes)


@lru_cache(maxsize=4096)
def _up(source: int, target: int) -> Resampling:
    return up(KERNEL, source, target)


@lru_cache(maxsize=4096)
def _area(source: int, target: int) -> Resampling:
    return area(source, target)


def operators_of(run: str, sides: tuple[int, ...]) -> list[Resampling]:
    """The maps of a case: one step, p to 2p, every side to the last, all steps, or the last side down to the first."""
    if run == ONE_MAP:
        return [_up(sides[-2], sides[-1])]
    if run == DOUBLING:
        return [_up(sides[-1], 2 * sides[-1])]
    if run == DIRECT:
        return [_up(side, sides[-1]) for side in sides[:-1]]
    if run == AREA:
        return [_area(sides[-1], sides[0])]
    return [_up(p, q) for p, q in pairwise(sides)]


def build(point: Point, case: Case) -> Instance:
    """A field with entries in [-1, 1] for every map that is interpolated, of a family or attaining its norm."""
    run, drawn, family = str(point["run"]), int(point["sides"]), str(point["family"])
    numbers: dict[str, Value] = {"run": run, "sides": drawn}
    if run == STATED:
        return Instance(numbers=numbers)
    rng = np.random.default_rng(int(point["seed"]))
    fields = {}
    for place, operator in enumerate(operators_of(run, sides_of(drawn))):
        source = operator.source
        if family == SIGNS:
            fields[f"field_{place}"] = np.array(sign_map(operator.matrix[extremal_row(operator)]), dtype=np.float64)
        else:
            fields[f"field_{place}"] = draw(family, (source, source), 1.0, rng)
        if run == CHAINED and place:  # between two steps a layer of norm 1: one entry, times drawn signs
            fields[f"field_{place}"] = np.sign(fields[f"field_{place}"]) + (fields[f"field_{place}"] == 0)
    return Instance(arrays=fields, numbers=numbers, boxes=dict.fromkeys(fields, (-1.0, 1.0)))


def bound_of(run: str, sides: tuple[int, ...], case: Case) -> Fraction:
    """What the statement allows for fields with entries in [-1, 1]."""
    number = case.constants
    if run == ONE_MAP:
        return number["per_map"]
    if run == DOUBLING:
        side = sides[-1]
        return number["doubling"] if side > 3 else number["second_doubling"] if side > 1 else Fraction(1)
    if run == DIRECT:  # the last map is not interpolated, and has no field here
        return (len(sides) - 1) * number["per_map"]
    if run == AREA:
        return Fraction(1)
    product = Fraction(1)
    for operator in operators_of(run, sides):
        product *= operator.norm
    return product


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The largest entry after the executed interpolations, over the bound times the largest entry before, in floats."""
    run, sides = str(instance.numbers["run"]), sides_of(int(instance.numbers["sides"]))
    if run == STATED:
        found = CHECK.measure(Instance(numbers={"sides": instance.numbers["sides"]}), case)
        return None if found is None else found._replace(ratio=SUSPICIOUS if found.ratio > 1 else 0.0, size=sides[-1])
    operators = operators_of(run, sides)
    fields = [instance.arrays[f"field_{place}"] for place in range(len(operators))]
    size = max(float(np.abs(field).max()) for field in fields)
    if run == CHAINED:
        size = float(np.abs(fields[0]).max())
        if any(np.abs(field).max() > 1 for field in fields[1:]):
            return None
    if not size:
        return None
    reached = float(np.abs(_executed(run, operators, fields)).max())
    bound = size * float(bound_of(run, sides, case))
    return Measurement(ROUNDED * reached / bound, sides[-1], reached, bound)


def _executed(run: str, operators: list[Resampling], fields: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    ops = Plain(numpy_like())
    images: list[NDArray[np.float64]] = []
    for place, (operator, field) in enumerate(zip(operators, fields, strict=True)):
        if run == CHAINED and place:
            field = field * images[-1][_peak(np.abs(images[-1]))]
        images.append(np.asarray(ops.resample(field[:, :, None], operator))[:, :, 0])
    return images[-1] if run == CHAINED else np.asarray(sum(images))


def _peak(sizes: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(int(place) for place in np.unravel_index(int(np.argmax(sizes)), sizes.shape))


def judge(instance: Instance, case: Case) -> Judgement:
    """The same in fractions, by the explicit matrices; the layer takes the largest entry."""
    run, sides = str(instance.numbers["run"]), sides_of(int(instance.numbers["sides"]))
    if run == STATED:
        return CHECK.judge(Instance(numbers={"sides": instance.numbers["sides"]}), case)
    operators = operators_of(run, sides)
    fields = [fractions(instance.arrays[f"field_{place}"]).tolist() for place in range(len(operators))]
    if run == CHAINED:
        size, image = largest(fields[0]), interpolated(operators[0], fields[0])
        for operator, field in zip(operators[1:], fields[1:], strict=True):
            entry = largest(image)
            image = interpolated(operator, [[entry * x for x in line] for line in field])
    else:
        size = max(largest(field) for field in fields)
        images = [interpolated(operator, field) for operator, field in zip(operators, fields, strict=True)]
        image = [[sum(cells, Fraction(0)) for cells in zip(*lines, strict=True)] for lines in zip(*images, strict=True)]
    return Judgement.VIOLATED if largest(image) > bound_of(run, sides, case) * size else Judgement.PASS


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("run", "sides"),
    small=Space(
        {
            "run": SPACE.fields["run"],
            "sides": Integer(3, 15),
            "family": Choice((SIGNS,)),
            "seed": Integer(0, 0),
        }
    ),
    attains=Fraction(99, 100),
    cost=6e-3,
    most=4000,
)
