"""Attacks on the parts of a statement joined into one: a point says which part, each part has its own cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from varproof.base.errors import InputError
from varproof.claims.attack import ARMS, Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case
from varproof.families.space import Choice, Field, Point, Space

PART = "part"


def joined(
    parts: Mapping[str, Attack],
    *,
    cells: tuple[str, ...] = (PART,),
    small: Space | None = None,
    arms: tuple[str, ...] = ARMS,
    most: int | None = None,
) -> Attack:
    """One attack whose cases are those of its parts, drawn equally often.

    The space has the fields of all parts and a field `part`; a part reads its own fields only, so `small` needs no more
    than those of the parts it names. `cost` is the mean. Raises `InputError` where two parts give one field two ranges.

    >>> from varproof.claims.attacks.rank_count import ATTACK
    >>> joined({"counts": ATTACK}).space.fields["part"]
    Choice(options=('counts',))
    """
    fields: dict[str, Field] = {PART: Choice(tuple(parts))}
    for name, part in parts.items():
        for axis, field in part.space.fields.items():
            if fields.setdefault(axis, field) != field:
                raise InputError(f"field {axis} differs in part {name}", got=field, allowed=str(fields[axis]))

    def build(point: Point, case: Case) -> Instance | None:
        part = parts[str(point[PART])]
        made = part.build({name: point[name] for name in part.space.fields}, case)
        return None if made is None else replace(made, numbers={**made.numbers, PART: point[PART]})

    def own(instance: Instance) -> tuple[Attack, Instance]:
        numbers = {name: value for name, value in instance.numbers.items() if name != PART}
        return parts[str(instance.numbers[PART])], replace(instance, numbers=numbers)

    def measure(instance: Instance, case: Case) -> Measurement | None:
        part, inner = own(instance)
        return part.measure(inner, case)

    def judge(instance: Instance, case: Case) -> Judgement:
        part, inner = own(instance)
        return part.judge(inner, case)

    attains = [part.attains for part in parts.values() if part.attains is not None]
    return Attack(
        Space(fields),
        build,
        measure,
        judge,
        cells,
        small=small,
        attains=max(attains, default=None),
        cost=sum(part.cost for part in parts.values()) / len(parts),
        most=most,
        arms=arms,
    )
