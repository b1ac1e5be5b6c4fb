"""One entry to both certificate checkers: `check(certificate or file, engine=...)`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from varproof.approx import integer_checker
from varproof.base.certificate import Certificate
from varproof.base.errors import InputError

Engine = Literal["integers", "flint"]


@dataclass(frozen=True)
class CheckResult:
    """The outcome of a check: `accepted`, and in one line what was proved or why it was not."""

    accepted: bool
    message: str
    engine: Engine


def check(
    certificate: Certificate | Mapping[str, Any] | str | os.PathLike[str], *, engine: Engine = "integers"
) -> CheckResult:
    """Whether a degree certificate proves what it claims; only the certificate is looked at.

    `certificate` is a `Certificate`, its payload or the path of a JSON file. Engine "integers" uses Python integers
    alone, "flint" Arb balls. Raises `InputError` for anything else and for what is not a degree certificate at all
    (missing, not JSON, too large, duplicate keys, wrong fields); one that proves nothing is a result, not an error.

    >>> from varproof.approx import certify
    >>> check(certify(4, "1e-4").certificate).message
    'rel on sym, bound 4, eps 1/10000: the least degree is 10'
    """
    if engine not in ("integers", "flint"):
        raise InputError("unknown engine", got=engine, allowed="integers, flint")
    payload = certificate.payload if isinstance(certificate, Certificate) else certificate
    if not isinstance(payload, (Mapping, str, os.PathLike)):
        raise InputError(
            "not a certificate, a mapping or a path",
            got=f"{payload!r} ({type(payload).__name__})",
            allowed="what certify(..).certificate is, its payload, or the path of a JSON file",
        )
    try:
        data = dict(payload) if isinstance(payload, Mapping) else integer_checker.read(os.fspath(payload))
        return CheckResult(True, _checker(engine)(data), engine)
    except integer_checker.Rejected as rejection:
        return CheckResult(False, str(rejection), engine)
    except integer_checker.Unreadable as problem:
        raise InputError(
            f"not a degree certificate: {problem}",
            got="a certificate object" if isinstance(payload, Mapping) else payload,
            allowed=f"a JSON file of format {integer_checker.FORMAT}, at most {integer_checker.MAX_FILE_BYTES} bytes",
            hint="write one with: varproof degree --bound 16 --eps 1e-16 --cert c.json",
        ) from None


def _checker(engine: Engine) -> Any:
    if engine == "integers":
        return integer_checker.check
    from varproof.approx import flint_checker

    return flint_checker.check
