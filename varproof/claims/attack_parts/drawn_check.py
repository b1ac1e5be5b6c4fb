"""Attacks made from a claim's own check: the check runs on one drawn value per axis instead of on its whole grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from varproof.base.verdict import Finding, Verdict
from varproof.claims.attack import ARMS, Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case
from varproof.families.space import Point, Seed, Space, Value

JUDGED = {
    Verdict.PROVED: Judgement.PASS,
    Verdict.TESTED: Judgement.PASS,
    Verdict.REFUTED: Judgement.VIOLATED,
}
OUTSIDE = (Verdict.VACUOUS, Verdict.NOT_APPLICABLE)  # the hypotheses exclude the point
FAILS = 2.0  # ratio of a check that failed and has no ratio of its own


def drawn_check(
    check: Callable[[Case], Finding],
    space: Space,
    *,
    cells: tuple[str, ...],
    size: str = "",
    cost: float,
    most: int | None = None,
    small: Space | None = None,
    arms: tuple[str, ...] = ARMS,
    axes: Callable[[Point], Mapping[str, Value]] | None = None,
) -> Attack:
    """An attack whose cases are runs of `check` on one value per axis; exact wherever the check is.

    The fields of `space` are the axes of the check's grid (a `Seed` becomes the seed of the case); where they are not,
    `axes` turns a point into one value per axis. Axes that get no value keep the grid of the claim. `size` names the
    field that counts as n. REFUTED judges VIOLATED, PROVED and TESTED judge PASS, VACUOUS and NOT_APPLICABLE reject the
    point, anything else gives no ratio and is ambiguous.
    """

    def case_at(instance: Instance, case: Case) -> Case:
        point = instance.numbers
        named = axes(point) if axes is not None else {k: v for k, v in point.items() if k in case.cells}
        seeds = [value for name, value in point.items() if isinstance(space.fields[name], Seed)]
        seed = int(seeds[0]) if seeds else case.seed
        grid = {**case.cells, **{name: (_exact(value),) for name, value in named.items()}}
        return replace(case, cells=grid, seed=seed)

    def build(point: Point, _: Case) -> Instance:
        return Instance(numbers=dict(point))

    def measure(instance: Instance, case: Case) -> Measurement | None:
        finding = check(case_at(instance, case))
        if finding.verdict in OUTSIDE:
            return None
        n = int(instance.numbers[size]) if size else 1
        # a ratio of the check may be that of a lower bound (negative) or missing; it is for display only
        ratio = finding.ratio if finding.ratio is not None and math.isfinite(finding.ratio) else 0.0
        if finding.verdict is Verdict.REFUTED:
            ratio = max(abs(ratio), FAILS)
        elif JUDGED.get(finding.verdict) is not Judgement.PASS:
            ratio = math.nan
        else:
            ratio = min(abs(ratio), 1.0)
        missing = math.nan
        return Measurement(
            ratio,
            n,
            finding.measured if finding.measured is not None else missing,
            finding.bound if finding.bound is not None else missing,
        )

    def judge(instance: Instance, case: Case) -> Judgement:
        return JUDGED.get(check(case_at(instance, case)).verdict, Judgement.AMBIGUOUS)

    return Attack(space, build, measure, judge, cells, small=small, cost=cost, most=most, arms=arms)


def _exact(value: Value) -> int | Fraction | str:
    """Floats of a point are exact rationals."""
    return Fraction(value) if isinstance(value, float) else value
