"""What is kept of a failure: everything needed to meet it again without seeds, stores or library versions."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from typing import Any

from varproof.campaign.instances import encode_instance, outline
from varproof.campaign.subjects import CORRECTED, Subject
from varproof.claims.attack import Instance
from varproof.families.space import encode_value

FORMAT = "varproof/replay/1"
TEXTS = ("claim", "subject", "statement", "revision", "judgement", "chunk", "digest")
TABLES = ("versions", "point")
DAMAGE = (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError, AttributeError)


@dataclass(frozen=True)
class Replay:
    """A saved failure.

    `statement` is what the subject said then, `revision` a digest of that with `constants` and `dropped`; `fields` are
    the names of the attack's space. `ratio` and `judgement` are what was found; `story` how it was made small. `seed`
    (of the campaign) and `chunk` say where it was met, if that is known; nothing here needs them. `digest` is over
    claim, subject and the numbers of the instance: the same failure has the same one.
    """

    claim: str
    subject: str
    instance: Instance
    statement: str = ""
    revision: str = ""
    constants: Mapping[str, Fraction] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    ratio: float = math.nan
    size: int = 0
    judgement: str = ""
    point: Mapping[str, Any] = field(default_factory=dict)
    story: tuple[Mapping[str, Any], ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    chunk: str = ""
    digest: str = ""


def statement_of(subject: Subject) -> str:
    """The text of the statement a subject is a form of."""
    corrected = subject.claim.corrected
    return corrected.statement if subject.name == CORRECTED and corrected is not None else subject.claim.statement


def revision_digest(subject: Subject) -> str:
    """A digest of what a subject says: statement, hypotheses, constants, what is dropped."""
    case = subject.case
    said = [
        statement_of(subject),
        sorted(subject.claim.hypotheses.items()),
        sorted((name, str(value)) for name, value in case.constants.items()),
        sorted(case.dropped),
    ]
    return _hashed(said)


def instance_digest(claim: str, subject: str, instance: Instance) -> str:
    """The same for the same failure: a digest of claim, subject and all numbers of the instance."""
    return _hashed([claim, subject, encode_instance(instance)])


def _hashed(data: object) -> str:
    return blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def to_json(made: Replay) -> dict[str, Any]:
    """A replay as JSON data, but for the entries of its arrays."""
    return {
        "format": FORMAT,
        **{name: getattr(made, name) for name in TEXTS},
        "constants": {name: str(value) for name, value in made.constants.items()},
        "dropped": list(made.dropped),
        "fields": list(made.fields),
        "ratio": made.ratio.hex(),
        "size": made.size,
        "seed": made.seed,
        **{name: _jsonable(getattr(made, name)) for name in TABLES},
        "story": [_jsonable(step) for step in made.story],
        "instance": outline(made.instance),
    }


def _jsonable(data: Any) -> Any:
    """Fractions and floats that JSON does not have become what `encode_value` makes of them."""
    if isinstance(data, Mapping):
        return {str(name): _jsonable(value) for name, value in data.items()}
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [_jsonable(value) for value in data]
    odd = isinstance(data, Fraction) or (isinstance(data, float) and not math.isfinite(data))
    return encode_value(data) if odd else data


def from_json(data: Mapping[str, Any], instance: Instance) -> Replay:
    """The inverse of `to_json`; damaged data raise one of `DAMAGE`."""
    texts = {name: _typed(data[name], str) for name in TEXTS}
    tables = {name: _typed(data[name], dict) for name in TABLES}
    return Replay(
        instance=instance,
        constants={name: Fraction(_typed(value, str)) for name, value in _typed(data["constants"], dict).items()},
        dropped=tuple(_typed(name, str) for name in _typed(data["dropped"], list)),
        fields=tuple(_typed(name, str) for name in _typed(data["fields"], list)),
        ratio=float.fromhex(data["ratio"]),
        size=_typed(data["size"], int),
        seed=None if data["seed"] is None else _typed(data["seed"], int),
        story=tuple(_typed(step, dict) for step in _typed(data["story"], list)),
        **texts,
        **tables,
    )


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, got {value!r:.80}")
    return value
