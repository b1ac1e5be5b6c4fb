"""The answer at a finite size as the rows of a table: quantity, value, what it says."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact
from fractions import Fraction

from varproof.base.display import shown
from varproof.regimes.finite import FiniteRegime


def finite_rows(answer: FiniteRegime) -> list[tuple[str, str, str]]:
    """The table of the command line: quantity, value, what it says."""
    fields = answer.to_json()
    low, high = fields["entry_bound_range"]
    ratio_low, ratio_high = fields["entry_ratio_range"]
    satisfied = {True: "satisfied", False: "violated", None: "not decided"}[fields["hypothesis_satisfied"]]
    ranges = ", up to the range of R" if low < high else ""
    rows = [
        (
            "tokens N",
            shown(fields["tokens"]),
            f"all scales of {answer.schedule_words}; ln N = {fields['log_tokens']:.4f}",
        ),
        ("logit bound B", f"{fields['logit_bound']:.6g}", "the largest |score|"),
        ("B / ln N", f"{fields['logit_ratio']:.4g}", f"below 1 is the stated hypothesis: {satisfied} at this N"),
        ("R, 1/d convention", _span(low, high), "entry bound balanced over queries and keys"),
        ("R / sqrt(ln N)", _span(ratio_low, ratio_high), f"the same hypothesis in the entries{ranges}"),
        ("eps", about(answer.eps), "relative error of the weights that keeps delta"),
        ("degree", shown(fields["degree"]), fields["degree_kind"]),
    ]
    if answer.rank is not None:
        per_token = shown(Fraction(answer.rank, fields["tokens"]))
        rows += [
            ("rank", shown(answer.rank), "C(d+g, g) features for every query and key"),
            ("rank / N", per_token, f"rank = N to the power {fields['rank_exponent']:.4f}"),
            ("break-even", shown(fields["break_even_tokens"]), "least N at which the polynomial method pays, no mask"),
        ]
    for name, flops in answer.work.items():
        least = (
            "least" if name == answer.best else f"{shown(Fraction(flops, answer.work[answer.best]))} times the least"
        )
        rows.append((f"{name} flops", shown(flops), least))
    return rows


def about(value: Fraction) -> str:
    """A positive number to four digits, rounded to nearest; "about" says that the digits are not all.

    >>> about(Fraction(4, 5)), about(Fraction(400, 40001)), about(Fraction(1, 3 * 10**400))
    ('0.8', 'about 0.01', 'about 3.333e-401')
    """
    context = Context(prec=4, Emin=-(10**6), Emax=10**6)
    rounded = context.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(context)
    text = f"{rounded:f}" if Decimal("0.001") <= rounded < 1000 else f"{rounded:e}"
    return f"about {text}" if context.flags[Inexact] else text


def _span(low: float, high: float) -> str:
    return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
