"""Cases of the error ledger: drawn small models with fast attention, single operations, and the rules where tight."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from flint import arb, ctx

from varproof.base.balls import ball
from varproof.base.errors import CertificateError, InputError
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.attack_parts.drawn_schedule import sides_of, sides_up_to
from varproof.claims.attack_parts.ledger_rules import (
    ERROR,
    RULES,
    executed,
    rule_instance,
    true_balls,
    true_floats,
    truth,
    within,
)
from varproof.claims.model import Case
from varproof.claims.var_error_ledger import KINDS, check
from varproof.claims.var_passes import NORMAL_DECODER, PLAIN_DECODER
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space
from varproof.growth.schedules import Schedule
from varproof.var.arithmetic.plain import Engine
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray
from varproof.var.ledger.entries import Entry
from varproof.var.ledger.report import Run, error_ledger
from varproof.var.models import formal, reference
from varproof.var.models.config import FormalConfig, ReferenceConfig

TIGHT = "rules where tight"
BITS = 160
LARGEST = 4  # side: at most 30 tokens
DECODED = 3  # the form with a decoder
SUSPICIOUS = 2.0
SPACE = Space(
    {
        "run": Choice((*KINDS, *RULES, TIGHT)),
        "sides": sides_up_to(LARGEST),
        "depth": Integer(1, 3),
        "head_dim": Integer(1, 3),
        "heads": Integer(1, 2),
        "engine": Choice(("polynomial", "tree")),
        "delta": Real(2.0**-20, 2.0**-3, log=True),
        "form": Integer(0, DECODED),  # of the models below
        "seed": Seed(),
    }
)
CHECK = drawn_check(
    check, Space({"model": Choice(KINDS)}), cells=(), cost=0.01, axes=lambda point: {"model": point["model"], "seed": 1}
)
STATED = Instance(numbers={"model": "forced"})  # the model that the claim's own check runs once beside the rules


def build(point: Point, _: Case) -> Instance:
    """The numbers of a model; its weights and inputs follow from the seed.

    Single operations have arrays. Tree attention is for head dimensions up to 3; the attention of a decoder has more.
    """
    if point["run"] in RULES:
        size = int(point["sides"]).bit_length() + int(point["depth"]) - 2
        return rule_instance(str(point["run"]), size, int(point["seed"]))
    wide = point["run"] == "reference" and point["form"] == DECODED and point["engine"] == "tree"
    return Instance(numbers={**point, "engine": "polynomial"} if wide else dict(point))


def config_of(instance: Instance) -> FormalConfig | ReferenceConfig:
    """Four forms of each model: residuals or not, activation, kernel, cosine scores or not, with a decoder or not."""
    number = {name: int(instance.numbers[name]) for name in ("sides", "depth", "head_dim", "heads", "form")}
    schedule, width = Schedule(sides_of(number["sides"])), number["head_dim"] * number["heads"]
    if instance.numbers["run"] == "reference":
        small = ReferenceConfig(
            schedule,
            depth=number["depth"],
            width=width,
            heads=number["heads"],
            hidden=2 * width,
            code_dim=2,
            vocabulary=5,
            classes=3,
            decoder=None,
        )
        return (
            small,
            replace(small, cosine=False),
            replace(small, shared_modulation=True, phis=0),
            replace(small, decoder=NORMAL_DECODER),
        )[number["form"]]
    plain = FormalConfig(schedule, depth=number["depth"], width=width, heads=number["heads"], hidden=2 * width)
    return (
        plain,
        replace(plain, residual=False, scale="sqrt", activation="gelu", positions=True),
        replace(plain, scale="one", activation="silu", kernel="nearest"),
        replace(plain, decoder=PLAIN_DECODER),
    )[number["form"]]


def _run(instance: Instance) -> Run:
    config, seed = config_of(instance), int(instance.numbers["seed"])
    if isinstance(config, ReferenceConfig):
        drawn, ids = reference.reference_random(config, seed, "float64"), reference.random_ids(config, seed)

        def from_ids(ops: Bounded) -> tuple[BoundedArray, ...]:
            logits = reference.teacher_forced(ops, drawn, config, 1, ids)
            return (logits,) if config.decoder is None else (logits, reference.decode_tokens(ops, drawn, config, ids))

        return from_ids
    weights, maps = formal.formal_random(config, seed), formal.random_maps(config, seed)
    chained = instance.numbers["run"] == "chained"
    return lambda ops: formal.whole(ops, weights, config, [ops.known(each) for each in maps], chained=chained)


def _entries(instance: Instance, case: Case) -> list[tuple[Entry, Entry]] | None:
    """Every step with the step whose bound it is held against: of an exact pass where certificates are left out.

    None where the engine refuses the head dimension of the decoder, or cannot reach delta.
    """
    engine: Engine = instance.numbers["engine"]  # type: ignore[assignment]  # a choice of the space
    try:
        found = error_ledger(_run(instance), like=np.empty(0), engine=engine, delta=float(instance.numbers["delta"]))
    except (InputError, CertificateError):
        return None
    exact = found
    if not case.assumes("certificates"):
        exact = error_ledger(_run(instance), like=np.empty(0), engine="exact", delta=found.delta)
    return list(zip((*found.entries, *found.outputs), (*exact.entries, *exact.outputs), strict=True))


def measure(instance: Instance, case: Case) -> Measurement | None:
    """The largest error of an operation over its rule; of a step over its bound and the rounding of the reference."""
    if instance.numbers["run"] in RULES:
        return _measured_rule(instance, case)
    tokens = Schedule(sides_of(int(instance.numbers["sides"]))).tokens
    if instance.numbers["run"] == TIGHT:
        found = CHECK.measure(STATED, case)
        return None if found is None else found._replace(ratio=SUSPICIOUS if found.ratio > 1 else 0.0, size=tokens)
    worst, entries = Measurement(0.0, tokens, 0.0, 0.0), _entries(instance, case)
    if entries is None:
        return None
    for entry, bounded in entries:
        allowed = bounded.bound + entry.reference_bound
        if np.isnan(allowed) or np.isnan(entry.measured):
            return Measurement(float("nan"), tokens)
        ratio = entry.measured / allowed if allowed > 0 else SUSPICIOUS * (entry.measured > 0)
        if ratio > worst.ratio:
            worst = Measurement(ratio, tokens, entry.measured, allowed)
    return worst


def _measured_rule(instance: Instance, case: Case) -> Measurement | None:
    if (np.abs(instance.arrays["x"] - truth(instance)) > ERROR).any():
        return None
    values, bounds = executed(instance)
    errors, allowed = np.abs(values - true_floats(instance)), float(_share(instance, case)) * bounds
    ratios = np.where(allowed > 0, errors / np.where(allowed > 0, allowed, 1.0), SUSPICIOUS * (errors > 0))
    place = int(np.argmax(ratios))
    return Measurement(float(ratios[place]), instance.arrays["x"].size, float(errors[place]), float(allowed[place]))


def _share(instance: Instance, case: Case) -> Fraction:
    return case.constants[str(instance.numbers["run"])]


def _judged_rule(instance: Instance, case: Case) -> Judgement:
    if not within(instance):
        return Judgement.PASS
    values, bounds = executed(instance)
    sure = True
    with ctx.workprec(BITS):
        for value, bound, true in zip(values, bounds, true_balls(instance), strict=True):
            error, allowed = abs(arb(float(value)) - true), ball(_share(instance, case) * Fraction(float(bound)))
            if error > allowed:
                return Judgement.VIOLATED
            sure = sure and bool(error <= allowed)
    return Judgement.PASS if sure else Judgement.AMBIGUOUS


def judge(instance: Instance, case: Case) -> Judgement:
    """Operations by balls; measured errors and bounds as the exact numbers that they are; the rules by their check."""
    if instance.numbers["run"] in RULES:
        return _judged_rule(instance, case)
    if instance.numbers["run"] == TIGHT:
        return CHECK.judge(STATED, case)
    for entry, bounded in _entries(instance, case) or ():
        if not np.isfinite(bounded.bound + entry.reference_bound + entry.measured):
            return Judgement.AMBIGUOUS
        if Fraction(entry.measured) > Fraction(bounded.bound) + Fraction(entry.reference_bound):
            return Judgement.VIOLATED
    return Judgement.PASS


ATTACK = Attack(
    space=SPACE,
    build=build,
    measure=measure,
    judge=judge,
    cells=("run", "depth"),
    small=Space(
        {
            **SPACE.fields,
            "sides": Integer(3, 3),
            "depth": Integer(1, 1),
            "head_dim": Integer(1, 2),
            "heads": Integer(1, 1),
            "engine": Choice(("polynomial",)),
            "delta": Choice((2.0**-10,)),
            "seed": Integer(0, 0),
        }
    ),
    cost=0.01,
    most=3000,
)
