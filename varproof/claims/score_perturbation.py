"""Score perturbation: scores moved by at most eta move the softmax in l1 by at most 2 tanh(eta/2), attained."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from flint import arb, ctx

from varproof.approx.softmax_lemma import l1_bound_from_score_error
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.softmax_perturbation import l1_move
from varproof.claims.tally import Tally

PAGE = "docs/explanation/softmax-perturbation.md"
BITS = 128
SLACK = Fraction(1, 2**100)  # balls cannot prove equality: both sides up to this relative slack
TINY = Fraction(1, 10**9)  # far below it 128 bits no longer tell the two sides apart
SCORES = (Fraction(-2), Fraction(0), Fraction(1, 3), Fraction(5, 2))


def check(case: Case) -> Finding:
    """Corners of the score box by balls on `eta`, and exact attainment at eta = ln r on `root`."""
    tally = Tally()
    with ctx.workprec(BITS):
        for eta in rationals(case, "eta", above=TINY, below=40):
            bound = _bound(case, ball(eta))
            for moves in product((-eta, eta), repeat=len(SCORES)):
                shown = " ".join(map(str, moves))
                tally.at_most(_ball_move(moves), bound, eta=eta, scores=" ".join(map(str, SCORES)), moves=shown)
            if not case.assumes("bounded"):
                moves = (3 * eta, -eta, -eta, -eta)
                tally.at_most(_ball_move(moves), bound, eta=eta, moves=" ".join(map(str, moves)))
        for root in rationals(case, "root", above=1):
            # scores 0 and ln r, moved by +ln r and -ln r: 2 tanh(ln(r)/2) = 2 (r-1)/(r+1) is attained in rationals
            moved = l1_move((Fraction(1), root), (root, 1 / root))
            tally.equal(moved, 2 * (root - 1) / (root + 1), identity="two keys", eta=f"ln {root}")
            tally.at_least(_bound(case, ball(root).log()) * (1 + ball(SLACK)), moved, eta=f"ln {root}")
            tally.at_most(_bound(case, ball(root).log()) * (1 - ball(SLACK)), moved, eta=f"ln {root}")
    return tally.finding(
        f"{PAGE} proves it (rho = e^(2 eta)); every corner of a four-key score box is enclosed by balls, and two keys "
        "attain it in exact rationals at eta = ln r"
    )


def _bound(case: Case, eta: arb) -> arb:
    """factor tanh(rate eta) with factor 2 and rate 1/2 in the statement."""
    return ball(case.constants["factor"]) / 2 * l1_bound_from_score_error(2 * ball(case.constants["rate"]) * eta)


def _ball_move(moves: tuple[Fraction, ...]) -> arb:
    before = [ball(score).exp() for score in SCORES]
    after = [ball(score + move).exp() for score, move in zip(SCORES, moves, strict=True)]
    total_before, total_after = sum(before, arb(0)), sum(after, arb(0))
    return sum((abs(a / total_after - b / total_before) for a, b in zip(after, before, strict=True)), arb(0))


CLAIM = Claim(
    id="score_perturbation",
    statement="If every score (natural logit) moves by at most eta, the softmax moves in l1 by at most 2 tanh(eta/2).",
    kind="tight",
    hypotheses={"bounded": "every score moves by at most eta > 0, up or down"},
    sources=(PAGE,),
    derived_from=("softmax_perturbation",),
    check=check,
    falsified=(
        Variant("factor 1.9", "two keys attain factor 2", {"factor": Fraction(19, 10)}),
        Variant("rate 0.45", "two keys attain rate 1/2", {"rate": Fraction(9, 20)}),
        Variant("rate 0.55", "then two keys do not attain the bound", {"rate": Fraction(11, 20)}),
        Variant("one score moves by 3 eta", "the moves must all be within eta", dropped=frozenset({"bounded"})),
    ),
    constants={"factor": Fraction(2), "rate": Fraction(1, 2)},
    cells={"eta": (Fraction(1, 100), Fraction(1, 4), 1, 3), "root": (Fraction(101, 100), 2, 5)},
)
