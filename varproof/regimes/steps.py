"""One step of an argument: a hypothesis, the limit behind it with its routes, and the certificate of the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from varproof.base.errors import CertificateError
from varproof.growth import orders
from varproof.growth.constants import UndecidedError, sign
from varproof.growth.limits import Limit, limit

if TYPE_CHECKING:
    import sympy

ROUTES = {"algebra": "growth algebra", "sympy": "sympy in log n", "samples": "samples"}


@dataclass(frozen=True)
class Step:
    """One line of the argument: `holds` is None when no route could decide; `limit` is that of `ratio`.

    `because` adds what the limit alone does not say, `needed` what would make a failed hypothesis hold, and
    `fixed_constant` that only an explicit constant stands in the way, which the theorem would have to choose.
    `compared` names the relation between the bound of the given class and that of the hypothesis.
    """

    hypothesis: str
    quantity: str
    given: str
    holds: bool | None
    because: str
    ratio: str = ""
    limit: str | None = None
    routes: Mapping[str, str] = field(default_factory=dict)
    leading: str = ""
    needed: str = ""
    fixed_constant: bool = False
    compared: tuple[orders.Name, sympy.Expr, sympy.Expr] | None = None

    @property
    def certificate(self) -> dict[str, Any]:
        """The leading terms of the two orders that were compared, and a witness where the relation fails."""
        if self.compared is None:
            return {}
        found = dict(orders.holds(*self.compared).certificate)
        del found["limit"]  # the step has it
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "hypothesis": self.hypothesis,
            "quantity": self.quantity,
            "given": self.given,
            "holds": self.holds,
            "because": self.because,
            "ratio": self.ratio,
            "limit": self.limit,
            "routes": dict(self.routes),
            "leading": self.leading,
            "needed": self.needed,
            "certificate": self.certificate,
        }


def decided(expression: sympy.Expr) -> Limit:
    """The two-route limit; raises `CertificateError` when two routes give different answers, as nothing holds then."""
    found = limit(expression)
    if found.status == "disagree":
        raise CertificateError(
            f"two routes disagree about the limit of {expression} as n grows",
            got=", ".join(f"{ROUTES.get(name, name)}: {value}" for name, value in found.routes.items()),
            allowed="routes that agree",
            hint="nothing was decided; please report the expression",
        )
    return found


def against(value: sympy.Expr, number: sympy.Expr | int) -> int | None:
    """The sign of a limit minus a number, exactly; None where it cannot be told.

    >>> import sympy
    >>> against(sympy.log(2) / sympy.log(4), sympy.Rational(1, 2)), against(sympy.oo, 1)
    (0, 1)
    """
    if value.is_infinite:
        return 1 if value.is_extended_positive else -1
    try:
        return sign(value - number)
    except UndecidedError:
        return None
