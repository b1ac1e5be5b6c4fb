"""A report as JSON and back: the same data as the page, with a `format`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from varproof.base.errors import InputError
from varproof.campaign.report.model import ArmReport, ClaimReport, Coverage, FormReport, Report, Slope

FORMAT = "varproof/campaign-report/1"


def to_json(report: Report) -> dict[str, Any]:
    """Plain data, valid JSON: what is no finite number is null, or "inf" where it is infinite."""
    data = plain(report)
    return {"format": FORMAT, **data, "resume": report.resume}


def plain(value: Any) -> Any:
    """Dataclasses as dicts, tuples as lists, floats that JSON lacks as null or text.

    >>> plain((1, float("nan"), float("inf")))
    [1, None, 'inf']
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def from_json(data: object) -> Report:
    """The report that `to_json` was given. Raises `InputError` for data of another format."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        got = data.get("format") if isinstance(data, Mapping) else type(data).__name__
        raise InputError("not the report of a campaign", got=got, allowed=f'JSON with "format": "{FORMAT}"')
    try:
        values = _fields(Report, data)
        claims = tuple(_claim(one) for one in data["claims"])
        return Report(**{**values, "missed": tuple(data["missed"]), "claims": claims})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            "a report with missing or damaged parts", got=f"{type(error).__name__}: {error}", allowed="what was written"
        ) from error


def _claim(data: Mapping[str, Any]) -> ClaimReport:
    values = _fields(ClaimReport, data)
    parts = {name: tuple(_form(one) for one in data[name]) for name in ("forms", "variants")}
    return ClaimReport(**{**values, **parts, **{name: tuple(data[name]) for name in ("sources", "reasons")}})


def _form(data: Mapping[str, Any]) -> FormReport:
    axes = tuple((name, tuple(labels)) for name, labels in data["coverage"]["axes"])
    made = {
        **_fields(FormReport, data),
        **{name: tuple(data[name]) for name in ("reasons", "histogram", "lost", "dropped")},
        "arms": tuple(_arm(one) for one in data["arms"]),
        "coverage": Coverage(axes, tuple(data["coverage"]["counts"])),
        "by_size": tuple((int(size), float(ratio)) for size, ratio in data["by_size"]),
        "slope": Slope(**data["slope"]) if data["slope"] is not None else None,
        "largest": _ratio(data["largest"]),
    }
    for name in ("worst", "failure"):
        if data[name] is not None and "ratio" in data[name]:
            made[name] = {**data[name], "ratio": _ratio(data[name]["ratio"])}
    return FormReport(**made)


def _arm(data: Mapping[str, Any]) -> ArmReport:
    return ArmReport(**{**_fields(ArmReport, data), "largest": _ratio(data["largest"])})


def _ratio(value: object) -> float | None:
    return None if value is None else float(str(value))


def _fields(kind: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    return {one.name: data[one.name] for one in fields(kind) if one.name in data}
