"""Degree law: the minimal degree of e^x against B cosh a (rel) and B sinh t (abs), and the constant Theta hides."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from flint import arb, ctx

from varproof.approx.closed_forms import abs_lower_degree, abs_upper_degree, rel_lower_degree, rel_upper_degree
from varproof.approx.degree_law import Kind, law_angle, law_degree
from varproof.base.balls import ball
from varproof.base.verdict import Finding, Part, Verdict, from_parts
from varproof.claims.cells import integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/degree-law.md"
BITS = 96
FAR = 30  # beyond this angle the log branch is bounded in closed form
MAX_BOXES = 20_000
MAX_BOUND = 128  # a proved bracket takes a quarter of a second there, a grid of 64 of them 15 seconds
KINDS: tuple[Kind, Kind] = ("rel", "abs")


def check(case: Case) -> Finding:
    """The law against certified degrees on the grid, and the supremum of the hidden constant by balls everywhere."""
    law, constant = _against_certified(case), _hidden_constant(case)
    evidence = {"law": dict(law.evidence), "hidden constant": dict(constant.evidence)}
    parts = [
        Part("law", law.verdict, law.because),
        Part("hidden constant", constant.verdict, constant.because),
    ]
    refuted = [found for found in (law, constant) if found.verdict is Verdict.REFUTED]
    shown = refuted[0] if refuted else law
    if refuted:
        evidence["counterexamples"] = shown.evidence["counterexamples"]
    return from_parts(parts, measured=shown.measured, bound=shown.bound, evidence=evidence)


def _against_certified(case: Case) -> Finding:
    """law - (1 + ln(2 pi B)/2)/a - 1 <= n <= law + 1, with n enclosed between proved bounds (theorems T1 and T2)."""
    tally = Tally()
    factor = ball(case.constants["law"])
    for bound in integers(case, "bound", low=8, high=MAX_BOUND):
        for digits in integers(case, "eps_digits", low=2, high=200):
            for kind in KINDS:
                low, high = certified_bracket(kind, bound, digits)
                minimal = arb(low).union(arb(high))
                inverse = ball(digits) * arb(10).log()
                predicted = factor * law_degree(bound, inverse, kind=kind)
                slack = (1 + (2 * arb.pi() * bound).log() / 2) / law_angle(inverse / bound, kind=kind)
                cell = {"kind": kind, "B": bound, "eps": f"1e-{digits}"}
                tally.at_least(minimal, predicted - slack - 1, side="below", **cell)
                tally.at_most(minimal, predicted + 1, side="above", **cell)
    return tally.finding("certified degrees on a grid, not a proof for all B and eps", ok=Verdict.TESTED)


@cache
def certified_bracket(kind: Kind, bound: int, digits: int) -> tuple[int, int]:
    """Two integers between which the minimal n for eps = 10^-digits is proved to lie (theorems T1 and T2).

    >>> certified_bracket("rel", 16, 8), certified_bracket("abs", 16, 8)
    ((34, 34), (36, 37))
    """
    eps = Fraction(1, 10**digits)
    lower, upper = (rel_lower_degree, rel_upper_degree) if kind == "rel" else (abs_lower_degree, abs_upper_degree)
    return lower(bound, eps) + 1, upper(bound, eps) + 1


def _hidden_constant(case: Case) -> Finding:
    """1 <= law / two-branch form <= constant, for every L = Lam/B on the log branch and on the B branch."""
    tally = Tally()
    with ctx.workprec(BITS):
        switch = arb(1).exp() if case.assumes("switch_at_e") else ball(Fraction(101, 100))
        for kind in KINDS:
            start = law_angle(switch, kind=kind, bits=BITS)
            ceiling = case.constants["log_branch"]
            _enclose(tally, kind, start.lower(), ceiling)
            far = arb(FAR)  # ln L <= t + ln(t/2) and t - coth t >= t - 11/10 there; the quotient decreases
            tally.at_most((far + (far / 2).log()) / (far - ball(Fraction(11, 10))), ceiling, kind=kind, part="tail")
            largest = start.cosh() if kind == "rel" else start.sinh()  # increases with the angle: the end decides
            tally.at_most(largest, case.constants[f"{kind}_branch"], kind=kind, part="branch B", L="e")
    return tally.finding(
        f"{PAGE} bounds the tail; boxes of balls cover every angle of the log branch up to {FAR}, and the B branch is "
        "monotone, so its end point decides"
    )


def log_branch(kind: Kind, angle: arb) -> arb:
    """ln L / (a - tanh a), abs ln L / (t - coth t), where L is the law's left side at this angle.

    >>> print(log_branch("abs", arb("2.979585828655651")).str(8, radius=False))
    1.5012710
    """
    if kind == "rel":
        return (angle * angle.cosh() - angle.sinh()).log() / (angle - angle.tanh())
    return (angle * angle.sinh() - angle.cosh()).log() / (angle - angle.coth())


def _enclose(tally: Tally, kind: Kind, start: arb, ceiling: Fraction) -> None:
    """Cover [start, FAR] by boxes on which the values are proved in [1, ceiling]; a bad midpoint refutes."""
    boxes = [(start, arb(FAR))]
    visited = 0
    while boxes and visited < MAX_BOXES:
        low, high = boxes.pop()
        visited += 1
        values = log_branch(kind, low.union(high))
        if values <= ball(ceiling) and values >= 1:
            continue
        middle = ((low + high) / 2).mid()
        at_middle = log_branch(kind, middle)
        if at_middle > ball(ceiling) or at_middle < 1:
            tally.at_most(at_middle, ceiling, kind=kind, part="log branch", angle=middle.str(10))
            tally.at_least(at_middle, 1, kind=kind, part="log branch", angle=middle.str(10))
            return
        boxes += [(low, middle), (middle, high)]
    if boxes:
        tally.undecided.append({"kind": kind, "part": "log branch", "boxes left": str(len(boxes))})
    else:
        tally.holds(True, kind=kind, part="log branch", boxes=visited)


CLAIM = Claim(
    id="degree_law",
    statement=(
        "With n = minimal degree + 1 and Lam = ln(1/eps): n ~ B cosh a, a cosh a - sinh a = Lam/B (relative error), "
        "n ~ B sinh t, t sinh t - cosh t = Lam/B (absolute); n lies between the law - (1 + ln(2 pi B)/2)/a - 1 and the "
        "law + 1. The law is 1 to 1.5013 times Lam/ln(Lam/B) for Lam >= e B, and at most 3.15 B (rel) or 3.23 B (abs) "
        "for Lam <= e B."
    ),
    kind="asymptotic",
    hypotheses={"switch_at_e": "the two branches switch at Lam = e B, not where Lam/ln(Lam/B) happens to exceed B"},
    sources=(PAGE, "arXiv:2205.06249", "arXiv:2302.13214"),
    derived_from=("docs/explanation/polynomials-for-exp.md",),
    check=check,
    expected=Verdict.TESTED,
    falsified=(
        Variant("law times 0.9", "certified degrees exceed it", {"law": Fraction(9, 10)}),
        Variant("law times 1.1", "certified degrees stay below it", {"law": Fraction(11, 10)}),
        Variant("log branch 1.36", "the supremum is 1.5013", {"log_branch": Fraction(136, 100)}),
        Variant(
            "log branch 1.5012", "the supremum for absolute error is 1.50127", {"log_branch": Fraction(15012, 10**4)}
        ),
        Variant("B branch 2.9", "cosh a = 3.1446 at the switch", {"rel_branch": Fraction(29, 10)}),
        Variant("abs B branch 3", "sinh t = 3.2294 at the switch", {"abs_branch": Fraction(3)}),
        Variant("literal maximum", "Lam/ln(Lam/B) blows up near Lam = B", dropped=frozenset({"switch_at_e"})),
    ),
    constants={
        "law": Fraction(1),
        "log_branch": Fraction(15013, 10**4),
        "rel_branch": Fraction(315, 100),
        "abs_branch": Fraction(323, 100),
    },
    cells={"bound": (16, 64, 128), "eps_digits": (8, 32)},
)
