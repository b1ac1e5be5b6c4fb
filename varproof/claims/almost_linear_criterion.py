"""S6: the criterion d = O(log n), K = O(1), R = o(sqrt(log n)), error 1/poly(n) gives time n^(2+o(1)).

Read with a fixed ratio p_{k+1}/p_k, as the schedule p_k = a^(k-1) has it, the hypotheses exclude each other: K = O(1)
and K = log_a n + 1. So the statement is VACUOUS. For the repaired one (K = Theta(log n)) the exponent of one layer is
decided, and the error through scales and layers is a power of n under conditions that the criterion does not contain.
"""

from __future__ import annotations

from fractions import Fraction

from varproof.base.verdict import Finding, Part, Verdict
from varproof.claims.cells import integers
from varproof.claims.chained_errors import executed_runs, recursion, unbounded_entries
from varproof.claims.model import Case, Claim, Correction, Variant
from varproof.claims.parts import assemble
from varproof.claims.regime_cases import expect
from varproof.claims.tally import Tally
from varproof.growth.schedules import Schedule, geometric

PAGE = "docs/explanation/ledger.md"


def check(case: Case) -> Finding:
    """Count scales and tokens of p_k = a^(k-1) exactly, and let the regime command find the contradiction."""
    return assemble(
        _facts(case),
        [
            Part(
                "the criterion with a fixed ratio",
                Verdict.VACUOUS,
                "K = log_a n + 1 grows without bound, so K = O(1) holds for no such schedule",
            ),
        ],
    )


def checked_facts(case: Case) -> Finding:
    """The parts of `check` that are checked here: what shows that the hypotheses exclude each other."""
    return assemble(_facts(case))


def _facts(case: Case) -> list[tuple[str, Finding]]:
    return [
        ("scales of a fixed ratio", _scales(case)),
        ("tokens", _tokens(case)),
        ("K = O(1) is inconsistent", _inconsistent(case)),
    ]


def check_corrected(case: Case) -> Finding:
    """K = log_a n + 1: consistent, Theta(n^2) tokens, exponent 2 for a layer; errors a power of n for bounded G."""
    return assemble(
        [
            ("scales of a fixed ratio", _scales(case)),
            ("tokens", _tokens(case)),
            ("exponent 2 + o(1) for one layer", _exponent(case)),
            ("error through scales and layers: K G^(K-1)", recursion(case)),
            ("chained models, executed", executed_runs(case)),
            ("entries that grow are not enough", unbounded_entries(case)),
        ],
    )


CRITERION = {"d": "O(log(n))", "entry_bound": "o(sqrt(log(n)))", "delta": "1/poly(n)"}


def _inconsistent(case: Case) -> Finding:
    tally = Tally()
    for ratio in integers(case, "ratio", low=2, high=50):
        for scales in ("O(1)", "o(log(n))", "omega(log(n))", "log(n)"):  # log_a n + 1 = ln n only for a = e
            expect(tally, "inconsistent", **CRITERION, schedule=f"ratio:{ratio}", scales=scales)
    return tally.finding("the limit of K over the claimed number of scales, by routes that agree")


def _exponent(case: Case) -> Finding:
    tally = Tally()
    for ratio in integers(case, "ratio", low=2, high=50):
        for scales in ("Theta(log(n))", f"log(n)/log({ratio}) + 1"):
            expect(tally, "easy", 2, **CRITERION, schedule=f"ratio:{ratio}", scales=scales)
    return tally.finding("docs/explanation/schedules.md (S2, corrected); decided by limits that routes agree on")


def _scales(case: Case) -> Finding:
    """K = slope log_a n + offset for n = a^m; without a fixed ratio the schedule 1, n has K = 2 for every n."""
    tally = Tally()
    for ratio in integers(case, "ratio", low=2, high=50):
        for m in integers(case, "log_side", low=1, high=60):
            side = ratio**m
            schedule = geometric(side, ratio) if case.assumes("fixed_ratio") else Schedule((1, side))
            stated = case.constants["slope"] * m + case.constants["offset"]
            tally.equal(schedule.number_of_scales, stated, ratio=ratio, n=side, scales=schedule.number_of_scales)
    return tally.finding("exact: K = log_a n + 1 scales for n = a^m, by counting the schedule itself")


def _tokens(case: Case) -> Finding:
    """n^2 <= L <= n^2 a^2/(a^2-1), the constant approached as n grows."""
    tally = Tally()
    for ratio in integers(case, "ratio", low=2, high=50):
        limit = case.constants["tokens"] * Fraction(ratio**2, ratio**2 - 1)
        for m in integers(case, "log_side", low=1, high=60):
            schedule = geometric(ratio**m, ratio)
            tally.at_most(Fraction(schedule.tokens, schedule.side**2), limit, ratio=ratio, n=schedule.side)
            tally.at_least(schedule.tokens, schedule.side**2, ratio=ratio, n=schedule.side)
            # the geometric sum in closed form proves both for this ratio and every n
            closed = Fraction(ratio ** (2 * m + 2) - 1, ratio**2 - 1)
            tally.equal(schedule.tokens, closed, ratio=ratio, n=schedule.side, identity="geometric sum")
    return tally.finding(f"exact: n^2 <= L <= n^2 a^2/(a^2-1) by the geometric sum ({PAGE})")


CLAIM = Claim(
    id="S6",
    statement=(
        "d = O(log n), K = O(1) scales, R = o(sqrt(log n)) and error 1/poly(n) give VAR in time n^(2+o(1)). With sides "
        "p_k = a^(k-1) of a fixed ratio a there are K = log_a n + 1 scales, so these hypotheses are inconsistent."
    ),
    kind="asymptotic",
    hypotheses={
        "fixed_ratio": "p_k = a^(k-1) with a >= 2 fixed and n = p_K",
        "head_dim": "d = O(log n)",
        "entries": "R = o(sqrt(log n)) in the convention gamma = 1/d",
        "error": "additive error 1/poly(n)",
    },
    sources=("arXiv:2501.04377", "docs/explanation/var-model.md"),
    derived_from=("S2", "layer_amplification", "var_error_ledger", PAGE, "docs/explanation/regimes.md"),
    check=check,
    expected=Verdict.VACUOUS,
    corrected=Correction(
        "With K = log_a n + 1 scales instead of O(1) the hypotheses are consistent, the tokens stay between n^2 and "
        "n^2 a^2/(a^2-1), and one attention layer takes time n^(2+o(1)). If attention errs by delta and a scale "
        "multiplies errors by at most G, the chained transformer and the reconstruction err by at most a factor of one "
        "scale times delta K G^(K-1), K n^(log_a G) for constant G: delta = 1/poly(n) then gives a final error "
        "1/poly(n) in time n^(2+o(1)). With given maps there is no factor G. Any of these is enough: queries, keys and "
        "values at most (log n)^o(1); G constant and values at most poly(n); values at most a power of log n and d = "
        "O(log n/log log n). For larger entries and d = Theta(log n) this proof stops.",
        check_corrected,
        expected=Verdict.TESTED,
    ),
    falsified=(
        Variant("K = log_a n + 1.1", "the count is an integer", {"offset": Fraction(11, 10)}),
        Variant("K = 0.9 log_a n + 1", "one scale per factor a", {"slope": Fraction(9, 10)}),
        Variant("tokens 10% fewer", "the geometric sum approaches its limit", {"tokens": Fraction(9, 10)}),
        Variant("ratio not fixed", "sides 1, n have K = 2 for every n", dropped=frozenset({"fixed_ratio"})),
    ),
    constants={"slope": Fraction(1), "offset": Fraction(1), "tokens": Fraction(1)},
    cells={"ratio": (2, 3, 4, 10), "log_side": (1, 2, 5, 12, 20), "seed": (1, 2), "entries": (1, 2, 3)},
)
