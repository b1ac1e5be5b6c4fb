"""Cases of S5: engines on matrices of the families, their errors over their certificates; and the stated numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from varproof.attention.exact import reference
from varproof.attention.front import attend
from varproof.attention.head import Head
from varproof.attention.polynomial import engine as polynomial
from varproof.attention.polynomial.choice import Table
from varproof.attention.tables.bound_grid import grid_above
from varproof.attention.tables.relative import relative_table
from varproof.attention.tables.weighted import weighted_table
from varproof.base.balls import ball
from varproof.base.errors import CertificateError, InputError
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.attention_cases import one_stage, worst_case
from varproof.claims.low_rank_construction import check
from varproof.claims.model import Case
from varproof.families.matrices import FAMILIES, draw
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

STATED, EXTREMES, RELATIVE, WEIGHTED = "stated numbers", "extremes of a table", "relative table", "weighted table"
ENGINES = ("polynomial", "tree", "exact", "auto")
TREE_DIM = 3  # largest head dimension of the tree engine
PARTS = 8  # of 1 that the bound of a table of extremes is a multiple of
NO_DELTA = 2.0**40  # with a given table no row is computed again
DIMENSION = 8.0  # of the law behind a weighted table
SUSPICIOUS = 2.0
REFERENCE_UNIT = 2.0**-60  # eight units in the last place of extended precision, for each key
SPACE = Space(
    {
        "run": Choice((*ENGINES, RELATIVE, WEIGHTED, EXTREMES, STATED)),
        "family": Choice(tuple(FAMILIES)),
        "values": Choice(("gaussian", "signs", "one-hot", "smooth")),
        "tokens": Integer(2, 96, log=True),
        "head_dim": Integer(1, 6),
        "degree": Integer(1, 6),
        "bound": Real(0.0625, 16.0, log=True),  # on the scores
        "delta": Real(2.0**-30, 1.0, log=True),
        "dtype": Choice(("float64", "float32")),
        "causal": Choice(("full", "levels")),
        "seed": Seed(),
    }
)
CHECK = drawn_check(
    check, Space({"head_dim": SPACE.fields["head_dim"], "degree": SPACE.fields["degree"]}), cells=(), cost=0.01
)


def build(point: Point, case: Case) -> Instance | None:
    """Queries and keys with |scores| <= bound, values in [-1, 1], for an engine or for a table of given degree."""
    run, degree, head_dim = str(point["run"]), int(point["degree"]), int(point["head_dim"])
    if run == STATED:
        return Instance(numbers={"run": run, "head_dim": head_dim, "degree": degree})
    if run == EXTREMES:
        return _extremes(max(round(float(point["bound"]) * PARTS), PARTS) / PARTS, degree + 3)
    rng, tokens = np.random.default_rng(int(point["seed"])), int(point["tokens"])
    head_dim = min(head_dim, TREE_DIM) if run == "tree" else head_dim
    entry, family = float(np.sqrt(float(point["bound"]) / head_dim)), str(point["family"])
    q, k = (draw(family, (tokens, head_dim), entry, rng) for _ in range(2))
    v = draw(str(point["values"]), (tokens, 1 + int(rng.integers(3))), 1.0, rng)
    arrays = {name: x.astype(str(point["dtype"])) for name, x in (("q", q), ("k", k), ("v", v))}
    table = 0.0
    if run in (RELATIVE, WEIGHTED):
        largest = np.linalg.norm(q, axis=1).max() * np.linalg.norm(k - k.mean(axis=0), axis=1).max()
        table = grid_above(float(largest) * 1.01)
    elif point["causal"] == "levels":
        arrays["levels"] = np.sort(rng.integers(0, 4, tokens))
    return _instance(arrays, run, degree, table, float(point["delta"]), entry)


def _extremes(bound: float, degree: int) -> Instance | None:
    table = relative_table(bound, degree)
    if not table.error < 1:
        return None
    head = worst_case(table).head(NO_DELTA)
    return _instance({"q": head.q, "k": head.k, "v": head.v}, EXTREMES, degree, bound, NO_DELTA, bound)


def _instance(
    arrays: dict[str, NDArray[Any]], run: str, degree: int, table: float, delta: float, entry: float
) -> Instance:
    rows = {"queries": (("q", 0),), "keys": (("k", 0), ("v", 0))}
    if "levels" in arrays:
        rows = {"tokens": (("q", 0), ("k", 0), ("v", 0), ("levels", 0))}
    return Instance(
        arrays=arrays,
        numbers={"run": run, "degree": degree, "table": table, "delta": delta},
        dimensions={**rows, "columns": (("v", 1),), "head_dim": (("q", 1), ("k", 1))},
        boxes={"q": (-entry, entry), "k": (-entry, entry), "v": (-1.0, 1.0)},
    )


def answered(instance: Instance) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Values and certified bounds; None where the engine refuses the case or certifies nothing."""
    q, k, v = (instance.arrays[name] for name in "qkv")
    run, degree, bound = (instance.numbers[name] for name in ("run", "degree", "table"))
    try:
        if bound:
            given: Table = (
                weighted_table(float(bound), int(degree), DIMENSION)
                if run == WEIGHTED
                else relative_table(float(bound), int(degree))
            )
            found = polynomial.run(Head(q, k, v, 1.0, NO_DELTA, one_stage(len(q), len(k))), table=given)
            return np.asarray(found.values), np.asarray(found.bound)
        engine: Any = run
        answer = attend(
            q,
            k,
            v,
            delta=float(instance.numbers["delta"]),
            engine=engine,
            scale="one",
            levels=instance.arrays.get("levels"),
            kernel="numpy",
        )
    except (InputError, CertificateError):
        return None
    return np.asarray(answer.values), np.asarray(answer.bound)


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The largest error of a row over `certificate` times its bound; the true output in extended precision."""
    if instance.numbers["run"] == STATED:
        found = CHECK.measure(instance_of_check(instance), case)
        return None if found is None else found._replace(ratio=SUSPICIOUS if found.ratio > 1 else 0.0)
    answer = answered(instance)
    if answer is None:
        return None
    values, bound = answer
    q, k, v = (instance.arrays[name].astype(np.longdouble) for name in "qkv")
    scores = q @ k.T
    if "levels" in instance.arrays:
        levels = instance.arrays["levels"]
        scores = np.where(levels[:, None] >= levels[None, :], scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    errors = np.abs(values - (weights @ v) / weights.sum(axis=1, keepdims=True)).max(axis=1)
    # less what the rounding of extended precision may have added
    errors = np.maximum(errors - REFERENCE_UNIT * len(k) * np.abs(v).max(), 0).astype(np.float64)
    allowed = float(case.constants["certificate"]) * bound
    ratios = np.where(allowed > 0, errors / np.where(allowed > 0, allowed, 1.0), SUSPICIOUS * (errors > 0))
    row = int(np.argmax(ratios))
    return Measurement(float(ratios[row]), len(k), float(errors[row]), float(allowed[row]))


def instance_of_check(instance: Instance) -> Instance:
    """The point of the claim's own check."""
    return Instance(numbers={name: instance.numbers[name] for name in ("head_dim", "degree")})


def judge(instance: Instance, case: Case) -> Judgement:
    """The true output enclosed by balls, the certificates as the exact numbers that they are."""
    if instance.numbers["run"] == STATED:
        return CHECK.judge(instance_of_check(instance), case)
    answer = answered(instance)
    if answer is None:
        return Judgement.PASS
    q, k, v = (instance.arrays[name] for name in "qkv")
    levels = instance.arrays.get("levels")
    mask = None if levels is None else levels[:, None] >= levels[None, :]
    head = Head(q, k, v, 1.0, 1.0, one_stage(len(q), len(k)), mask=mask)
    share = ball(case.constants["certificate"])
    upper = reference.row_error(head, answer[0])
    sure = True
    for row, (balls, error) in enumerate(zip(reference.enclose(head), upper, strict=True)):
        limit = share * arb(float(answer[1][row]))
        for column, true in enumerate(balls):
            if abs(arb(float(answer[0][row, column])) - true) > limit:
                return Judgement.VIOLATED
        sure = sure and bool(arb(error) <= limit)
    return Judgement.PASS if sure else Judgement.AMBIGUOUS


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("run", "family"),
    small=Space(
        {
            "run": SPACE.fields["run"],
            "family": Choice(("constant", "gaussian")),
            "values": Choice(("signs",)),
            "tokens": Integer(2, 3),
            "head_dim": Integer(1, 2),
            "degree": Integer(1, 2),
            "bound": Choice((1.0,)),
            "delta": Choice((2.0**-10,)),
            "dtype": SPACE.fields["dtype"],
            "causal": Choice(("full",)),
            "seed": Integer(0, 0),
        }
    ),
    cost=4e-3,
    most=5000,
)
