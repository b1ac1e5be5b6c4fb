"""`varproof rank`: how many features the polynomial method needs, and from how many tokens on that is less work."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Any

import typer

from varproof.approx.break_even import break_even_tokens
from varproof.approx.cost import exact_flops, polynomial_flops
from varproof.approx.rank import as23_rank, monomial_rank
from varproof.approx.rank_exponent import effective_exponent
from varproof.base.balls import to_float
from varproof.base.display import shown
from varproof.base.errors import InputError
from varproof.cli.failures import after_the_answer
from varproof.cli.output import PLOT_SUFFIXES, JsonFlag, PlotFile, check_target, emit_json, picture, results, table

MAX_TOKENS = 10**100


def rank(
    head_dim: Annotated[int, typer.Option("--d", metavar="D", help="Head dimension, at least 1.")],
    degree: Annotated[int, typer.Option("--degree", metavar="G", help="Degree of the polynomial, at least 0.")],
    tokens: Annotated[
        int | None, typer.Option("--tokens", metavar="N", help="Number of tokens, an integer from 2 to 10^100.")
    ] = None,
    as_json: JsonFlag = False,
    plot: PlotFile = None,
) -> int:
    """Count the features of the polynomial method and say when they pay.

    The rank is C(d+g, g), the number of monomials of degree at most g in d variables; the break-even is the least
    number of tokens at which the method does fewer flops than exact attention (value dimension d, one head).

    Example:
        varproof rank --d 8 --degree 4 --tokens 4096
        varproof rank --d 64 --degree 7 --json
    """
    check_target(plot, suffixes=PLOT_SUFFIXES)
    if tokens is not None and not 2 <= tokens <= MAX_TOKENS:
        raise InputError("the number of tokens is out of range", got=tokens, allowed="an integer from 2 to 10^100")
    answer = answer_rank(head_dim, degree, tokens)
    if as_json:
        emit_json("rank", answer)
    else:
        results().print(table(f"Polynomial method: d = {head_dim}, g = {degree}", _COLUMNS, _rows(answer)))
    if plot is not None:
        from varproof.approx.rank_plot import draw_rank

        with after_the_answer(), picture(plot) as scratch:
            draw_rank(head_dim, degree, scratch, tokens=tokens)
    return 0


def answer_rank(head_dim: int, degree: int, tokens: int | None) -> dict[str, Any]:
    """The fields of the JSON answer; those that need the number of tokens are None without it.

    >>> answer_rank(2, 5, 1024)["break_even_tokens"]
    27
    """
    features = monomial_rank(head_dim, degree)
    joint = as23_rank(head_dim, degree)
    answer: dict[str, Any] = {
        "d": head_dim,
        "degree": degree,
        "rank": features,
        "as23_rank": joint,
        "features_per_token": features,
        "break_even_tokens": break_even_tokens(head_dim, degree),
        "tokens": tokens,
        "rank_below_tokens": None,
        "rank_exponent": None,
        "as23_exponent": None,
        "effective_exponent": None,
        "exact_exponent": None,
        "flops": None,
    }
    if tokens is None:
        return answer
    exact, polynomial = exact_flops(tokens, head_dim), polynomial_flops(tokens, head_dim, degree)
    return answer | {
        "rank_below_tokens": features < tokens,
        "rank_exponent": to_float(effective_exponent(features, tokens)),
        "as23_exponent": to_float(effective_exponent(joint, tokens)),
        "effective_exponent": to_float(effective_exponent(polynomial, tokens)),
        "exact_exponent": to_float(effective_exponent(exact, tokens)),
        "flops": {"exact": exact, "polynomial": polynomial},
    }


_COLUMNS = ("quantity", "value", "what it says")


def _rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = [
        ("rank", shown(answer["rank"]), "C(d+g, g): features per token, for queries and for keys"),
        ("AS23 form", shown(answer["as23_rank"]), "C(2(d+g), 2g): twice the exponent of the rank"),
        ("break-even", shown(answer["break_even_tokens"]), "least N with fewer flops than exact attention"),
    ]
    tokens = answer["tokens"]
    if tokens is None:
        return rows
    exact, polynomial = answer["flops"]["exact"], answer["flops"]["polynomial"]
    below, wins = answer["rank_below_tokens"], polynomial < exact
    factor = shown(Fraction(exact, polynomial) if wins else Fraction(polynomial, exact))
    return [
        *rows,
        ("tokens N", shown(tokens), f"ln N = {math.log(tokens):.3f}"),
        ("rank < N", "yes" if below else "no", _rank_sentence(below)),
        ("rank exponent", f"{answer['rank_exponent']:.4f}", "ln(rank) / ln N; below 1 exactly when rank < N"),
        ("AS23 exponent", f"{answer['as23_exponent']:.4f}", "the same for the AS23 form"),
        ("exact flops", shown(exact), f"N to the power {answer['exact_exponent']:.4f}"),
        ("polynomial flops", shown(polynomial), f"N to the power {answer['effective_exponent']:.4f}"),
        (
            "at this N",
            "pays" if wins else "does not pay",
            f"{factor} times {'fewer' if wins else 'more'} flops than exact",
        ),
    ]


def _rank_sentence(below: bool) -> str:
    return "the score matrix is compressed" if below else "the factors are wider than the score matrix itself"
