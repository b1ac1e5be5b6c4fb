"""`varproof degree`: the least degree of a polynomial for exp, certified from both sides."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from varproof.approx.closed_form_degrees import centred_question, closed_form_degrees
from varproof.approx.degree_certificate import DegreeCertificate, certify
from varproof.approx.flint_checker import certified_sides
from varproof.approx.integer_checker import parse
from varproof.base.errors import printable
from varproof.cli.failures import after_the_answer
from varproof.cli.output import (
    PLOT_SUFFIXES,
    JsonFlag,
    PlotFile,
    check_distinct,
    check_target,
    emit_json,
    picture,
    results,
    table,
    talk,
)
from varproof.cli.progress import working


def degree(
    bound: Annotated[str, typer.Option("--bound", metavar="B", help="Logit bound or half-range: a rational > 0.")],
    eps: Annotated[str, typer.Option("--eps", metavar="E", help="Accuracy: a rational strictly between 0 and 1.")],
    kind: Annotated[str, typer.Option("--kind", metavar="rel|abs", help="Error of P e^-x - 1 or of P - e^x.")] = "rel",
    interval: Annotated[
        str, typer.Option("--interval", metavar="sym|pos|neg", help="[-B, B], [0, B] or [-B, 0].")
    ] = "sym",
    certificate: Annotated[
        Path | None, typer.Option("--cert", metavar="FILE", help="Save the certificate (JSON) for varproof check.")
    ] = None,
    as_json: JsonFlag = False,
    plot: PlotFile = None,
) -> int:
    """Find the least degree of a polynomial for exp, certified.

    B and E are taken exactly (16, 1e-16, 1/3). The answer is proved from both sides: a polynomial of this degree
    reaches the accuracy, and none of smaller degree does. The bounds of theorems T1-T4 are shown beside it.

    Example:
        varproof degree --bound 16 --eps 1e-16 --cert c.json
        varproof degree --bound 1/2 --eps 0.01 --kind abs --interval pos --json
    """
    check_target(plot, suffixes=PLOT_SUFFIXES)
    check_target(certificate)
    check_distinct(certificate, plot)
    with working("finding the least degree"):
        found = certify(bound, eps, kind=kind, interval=interval)  # type: ignore[arg-type]  # certify checks the words
    if certificate is not None:
        found.certificate.save(certificate)
        talk().print(f"wrote {printable(certificate)}", soft_wrap=True)
    answer = answer_degree(found)
    if as_json:
        emit_json("degree", answer)
    else:
        results().print(table(_title(found), ("what", "degree", "says"), _rows(found, answer), right=("degree",)))
    if plot is not None:
        from varproof.approx.degree_plot import draw_degree

        with after_the_answer(), picture(plot) as scratch, working("drawing the staircase"):
            draw_degree(found, scratch)
    return 0


def answer_degree(found: DegreeCertificate) -> dict[str, Any]:
    """The fields of the JSON answer; `upper` and `lower_of_degree_minus_1` are decimals rounded to the safe side.

    >>> answer_degree(certify(4, "1e-4"))["upper"]
    '7.53952e-5'
    """
    sides = certified_sides(parse(found.certificate.payload))
    half, centred = centred_question(found.bound, found.eps, found.kind, found.interval)
    forms = asdict(closed_form_degrees(half, centred, found.kind))
    return {
        "kind": found.kind,
        "interval": found.interval,
        "bound": found.bound,
        "eps": found.eps,
        "degree": found.degree,
        "upper": decimal(sides.upper, up=True),
        "lower_of_degree_minus_1": decimal(sides.lower, up=False),
        "closed_forms": forms,
    }


def decimal(value: Fraction, *, up: bool, digits: int = 6) -> str:
    """`value` in scientific notation with `digits` digits, rounded up or down: the printed number is still a bound.

    >>> decimal(Fraction(1, 3), up=True), decimal(Fraction(1, 3), up=False)
    ('3.33334e-1', '3.33333e-1')
    """
    with localcontext(prec=digits, rounding="ROUND_CEILING" if up else "ROUND_FLOOR"):
        rounded = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{rounded:.{digits - 1}e}"


def _title(found: DegreeCertificate) -> str:
    place = {"sym": "[-B, B]", "pos": "[0, B]", "neg": "[-B, 0]"}[found.interval]
    error = {"rel": "max |P(x) e^-x - 1|", "abs": "max |P(x) - e^x|"}[found.kind]
    return f"e^x on {place}, B = {_shown(found.bound)}: {error} <= {_shown(found.eps)}"


def _rows(found: DegreeCertificate, answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    forms, g = answer["closed_forms"], found.degree
    bessel = "T2" if found.kind == "rel" else "T1"
    below = f"the best error of degree {g - 1} is >= {answer['lower_of_degree_minus_1']}" if g else "no smaller degree"
    rows = [
        ("least degree", str(g), f"certified: a polynomial has error <= {answer['upper']}"),
        ("", "", f"certified: {below}"),
        (f"{bessel} lower", str(forms["bessel_lower"]), _gap(forms["bessel_lower"] - g, "Bessel value")),
        (f"{bessel} upper", str(forms["bessel_upper"]), _gap(forms["bessel_upper"] - g, "Bessel tail")),
        (
            "T3 upper",
            str(forms["exponential_upper"]),
            _gap(forms["exponential_upper"] - g, f"one rational, {forms['parameter']}"),
        ),
    ]
    if forms["lambert_upper"] is not None:
        rows.append(("T4 upper", str(forms["lambert_upper"]), _gap(forms["lambert_upper"] - g, "Lambert W")))
    if forms["law"] is not None:
        rows.append(("law", f"{forms['law']:.1f}", "asymptotic, proves nothing"))
    return rows


def _gap(difference: int, source: str) -> str:
    return f"{difference:+d} ({source})" if difference else f"exact here ({source})"


def _shown(number: Fraction) -> str:
    """A number in a title: as it is where that is short, otherwise six digits, rounded down (never up to 1).

    >>> _shown(Fraction(1, 3)), _shown(Fraction(1, 10**300)), _shown(1 - Fraction(1, 10**12))
    ('1/3', '1e-300', '9.99999e-1')
    """
    text = str(number)
    if len(text) <= 12:
        return text
    digits, _, exponent = decimal(number, up=False).partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{exponent}"
