"""The decision: classes, quantifiers, schedules, contradictions, and what happens when routes disagree."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from varproof.base.errors import CertificateError, InputError
from varproof.growth.limits import Limit
from varproof.regimes import steps
from varproof.regimes.argument import argument
from varproof.regimes.decide import Bound, ContradictionError, apply, decide
from varproof.regimes.problem import parse_problem
from varproof.regimes.registry import THEOREMS, theorem
from varproof.regimes.theorem import Exponent, Hypothesis

LOG, ROOT, POLY = "Theta(log(n))", "Theta(sqrt(log(n)))", "1/poly(n)"


def verdict(d: str, entry_bound: str | None, delta: str, **more: str) -> str:
    return decide(parse_problem(d=d, entry_bound=entry_bound, delta=delta, **more)).verdict


@pytest.mark.parametrize(
    ("d", "entry_bound", "delta", "expected"),
    [
        ("O(log(n))", "o(sqrt(log(n)))", POLY, "easy"),
        ("O(log(n))", "O(sqrt(log(n)))", POLY, "hard"),  # some members are hard, some easy: the class is hard
        ("o(log(n))", ROOT, POLY, "easy"),
        ("omega(log(n))", ROOT, POLY, "undecided"),  # lower exponent 4, but d and the exact algorithm are unbounded
        ("log(n)**3", "Omega(sqrt(log(n)))", POLY, "hard"),
        ("Omega(1)", "1/log(n)", POLY, "undecided"),  # B is small, but no bound on d
        (LOG, "log(n)", POLY, "hard"),
        (LOG, "3*sqrt(log(n))", POLY, "hard"),  # any constant of B will do when d and delta are open
        (LOG, ROOT, "n**-3", "hard"),  # by the gap theorem: smaller errors are harder
        (LOG, ROOT, "1/10", "hard"),
        (LOG, ROOT, "1/2", "undecided"),
        (LOG, ROOT, "2", "easy"),  # the answer 0 is good enough
        (LOG, "1", "exp(-log(n)**2)", "undecided"),
        ("o(log(n))", "1", "exp(-log(n)**2)", "undecided"),
        ("log(n)**2", "3*sqrt(log(n))", "exp(-log(n)**2)", "hard"),
        ("log(n)**2", "3*sqrt(log(n))", "n**-3", "undecided"),
        ("C*log(n)", "C*sqrt(log(n))", "n**-C", "hard"),
        ("Theta(1)", "n", "n**-3", "easy"),
        ("3", "exp(n)", "n**-3", "undecided"),  # log B = 2n, so polylog(B/delta) is a power of n
        ("3", "exp(log(n)**5)", "n**-3", "easy"),
        ("3", "log(n)", "n**-3", "easy"),
        ("5", "exp(n**(1/3))", "n**-3", "undecided"),
        ("3", "n", "exp(-n)", "undecided"),
        ("n**(1/2)", ROOT, POLY, "undecided"),
        ("log(log(n))", "n", "n**-3", "undecided"),
    ],
)
def test_classes_and_constants(d, entry_bound, delta, expected):
    assert verdict(d, entry_bound, delta) == expected


@pytest.mark.parametrize("delta", ["Omega(n**-3)", "omega(n**-3)", "n**-3"])
@pytest.mark.parametrize(("scale", "entry_bound"), [("d", "sqrt(log(n))"), ("cosine:log(n)", None)])
def test_errors_bounded_from_below_have_the_constant_of_their_bound(delta, scale, entry_bound):
    # the hardest member is c n**-3: no theorem here may choose the exponent 3
    assert verdict(LOG, entry_bound, delta, scale=scale) == "undecided"


@pytest.mark.parametrize("delta", ["O(1)", "O(3)", "o(3)", "o(1)", "o(n)", "O(n**-3)", "n**-omega(1)", "n**-O(1)"])
def test_errors_without_a_lower_bound_have_members_as_small_as_the_theorem_asks(delta):
    assert verdict(LOG, "sqrt(log(n))", delta) == "hard"


def test_a_class_of_errors_too_weak_to_matter_gives_the_number_of_its_members():
    for delta in ("Theta(1)", "1/10"):
        answer = decide(parse_problem(d="2*log(n)", entry_bound="sqrt(log(n))/10", delta=delta))
        assert answer.upper.theorem.id == "polynomial_explicit"
        assert answer.upper.exponent.text == "2.0631"  # 2 + rho(2, 1/100) = 2.06301.., rounded up
    assert verdict("log(n)**2", "1/log(n)", "Theta(1)") == "easy"  # a bounded degree
    open_constant = decide(parse_problem(d="2*log(n)", entry_bound="sqrt(log(n))/10", delta=POLY))
    assert open_constant.upper.exponent.value == 4  # 1/poly(n): the exponent depends on its constant
    assert verdict("exp(sqrt(log(n)))", "1/log(n)", "1/log(n)") == "easy"


def test_exponents_are_rounded_outwards():
    barely = decide(parse_problem(d="2*log(n)", entry_bound="sqrt(log(n))/10**6", delta="1/2"))
    assert (barely.verdict, barely.upper.exponent.text) == ("undecided", "2.0001")
    irrational = decide(parse_problem(d="n**log(2)", entry_bound="1", delta="n**-3"))
    assert (irrational.lower.exponent.text, irrational.upper.exponent.text) == ("2.6931", "4.6932")
    assert (
        irrational.lower.exponent.value
        < Fraction("2.693147180560")
        < irrational.size.exponent.value + Fraction(1, 10**11)
    )
    assert decide(parse_problem(d="n**log(2)", entry_bound="1", delta="2")).verdict == "easy"


def test_an_exponent_that_is_barely_above_the_size_is_not_easy():
    for given in (
        {"d": "log(n)/10**15", "entry_bound": "sqrt(log(n))", "delta": "n**-1"},
        {"d": "log(n)", "entry_bound": "sqrt(log(n)/10**14)", "delta": "1/2"},
    ):
        answer = decide(parse_problem(**given))
        assert (answer.verdict, answer.upper.exponent.text) == ("undecided", "2.0001")
        assert answer.upper.exponent.value > 2


@pytest.mark.parametrize("delta", ["log(2)/log(4)", "log(3)/log(9)", "log(4)/log(2)/2", "log(4)/log(2)"])
def test_constants_in_disguise_are_compared_exactly(delta):
    value = {"log(2)/log(4)": "1/2", "log(3)/log(9)": "1/2", "log(4)/log(2)/2": "1", "log(4)/log(2)": "2"}[delta]
    for entry_bound in (ROOT, "1"):
        assert verdict(LOG, entry_bound, delta) == verdict(LOG, entry_bound, value)


def test_errors_that_grow_slower_than_the_scores_count_as_constant():
    answer = decide(parse_problem(d="log(n)", entry_bound="sqrt(log(n))", delta="n**-o(1)"))
    same = decide(parse_problem(d="log(n)", entry_bound="sqrt(log(n))", delta="1/2"))
    assert answer.upper.exponent == same.upper.exponent
    assert answer.upper.exponent.text == "3.3863"


def test_a_theorem_without_a_finite_exponent_is_listed_with_the_reason():
    answer = decide(parse_problem(d="log(n)**2", entry_bound="3*sqrt(log(n))", delta="n**-3"))
    missing = {attempt.theorem.id: attempt.missing for attempt in answer.attempts}
    assert "grows beyond every power" in missing["polynomial_explicit"][-1].because


def test_dimensions_that_are_powers_of_n_raise_the_exact_exponent_above_the_lower_bound():
    answer = decide(parse_problem(d="n**(1/2)", entry_bound=ROOT, delta=POLY))
    assert (answer.exact.exponent.value, answer.lower.exponent.value) == (Fraction(9, 2), 4)
    unbounded = decide(parse_problem(d="omega(log(n))", entry_bound=ROOT, delta=POLY))
    assert (unbounded.upper, unbounded.exact, unbounded.lower.exponent.value) == (None, None, 4)


def test_a_class_of_constant_dimensions_has_an_exponent_below_4_without_a_number():
    answer = decide(parse_problem(d="Theta(1)", entry_bound="n", delta="n**-3"))
    assert (answer.upper.exponent.text, answer.upper.exponent.number) == ("4 - 2/d", None)
    assert decide(parse_problem(d="Theta(1)", entry_bound="1", delta="n**-3")).upper.exponent.value == 2


def test_the_least_of_several_upper_bounds_is_taken():
    # R = n^(1/100): the polynomial method gives 2 + 3/50, any temperature 10/3
    answer = decide(parse_problem(d="3", entry_bound="n**(1/100)", delta="n**-3"))
    assert (answer.verdict, answer.upper.theorem.id) == ("easy", "polynomial_explicit")
    assert answer.upper.exponent.value == 2 + Fraction(3, 50)
    far = decide(parse_problem(d="3", entry_bound="n**(2/9)", delta="n**-3"))  # 2 + 3 * 4/9 = 10/3: a tie
    assert (far.upper.theorem.id, far.upper.exponent.value) == ("any_temperature", Fraction(10, 3))


@pytest.mark.parametrize("schedule", ["doubling", "ratio:3", "ratio:3/2", "linear"])
def test_cosine_is_easy_at_constant_scale_and_hard_on_free_maps_at_log_n(schedule):
    given = {"d": LOG, "delta": POLY, "schedule": schedule}
    assert verdict(entry_bound=None, scale="cosine:100", **given) == "easy"
    for temperature in ("2*log(n)", "Theta(log(n))"):  # interpolated maps do not carry over, whatever the constant
        answer = decide(parse_problem(entry_bound=None, scale=f"cosine:{temperature}", **given))
        assert (answer.verdict, answer.lower.theorem.id) == ("hard", "counting_free_maps")
        assert answer.lower.scope.startswith("free maps")


def test_without_open_constants_of_b_only_free_maps_are_hard():
    answer = decide(parse_problem(d=LOG, entry_bound="3*sqrt(log(n))", delta=POLY))
    assert answer.lower.theorem.id == "counting_free_maps"
    assert decide(parse_problem(d=LOG, entry_bound="log(n)", delta=POLY)).lower.theorem.id == "counting_given_maps"


def test_scaling_alone_needs_a_logit_bound_of_log_squared():
    scaling = (theorem("scaling"), theorem("exact_algorithm"))
    for entry_bound, expected in (("Theta(log(n))", "hard"), ("Theta(log(n)**(9/10))", "undecided")):
        problem = parse_problem(d=LOG, entry_bound=entry_bound, delta="1/10")
        assert decide(problem, scaling).verdict == expected


@pytest.mark.parametrize(
    ("theorem_id", "quantity", "bound"),
    [
        ("counting_free_maps", "B", "log(n)**(9/10)"),
        ("counting_free_maps", "d", "log(n)**(9/10)"),
        ("polynomial_log_dimension", "B", "log(n)**(11/10)"),
        ("polynomial_small_dimension", "d", "log(n)**(11/10)"),
    ],
)
def test_a_threshold_that_is_off_by_a_tenth_is_a_contradiction(theorem_id, quantity, bound):
    def moved(entry):
        if entry.id != theorem_id:
            return entry
        return replace(
            entry, hypotheses=tuple(replace(h, bound=bound) if h.quantity == quantity else h for h in entry.hypotheses)
        )

    d = "Theta(log(n)**(19/20))" if (theorem_id, quantity) == ("counting_free_maps", "d") else LOG
    power = {"log(n)**(11/10)": "21/40", "log(n)**(9/10)": "19/40"}[bound] if quantity == "B" else "1/2"
    problem = parse_problem(d=d, entry_bound=f"Theta(log(n)**({power}))", delta=POLY)
    assert decide(problem).verdict in ("easy", "hard")
    with pytest.raises(ContradictionError) as failure:
        decide(problem, tuple(map(moved, THEOREMS)))
    assert theorem_id in str(failure.value.got)


def test_an_exponent_below_the_lower_bound_without_a_number_is_a_contradiction_too():
    wrong = replace(
        theorem("exact_algorithm"), id="wrong", exponent=lambda problem: Exponent(Fraction(4), "4 - c", strict=True)
    )
    with pytest.raises(ContradictionError):
        decide(parse_problem(d=LOG, entry_bound=ROOT, delta=POLY), (*THEOREMS, wrong))
    easy = parse_problem(d="Theta(1)", entry_bound="n", delta="n**-3")  # 4 - 2/d against the output's 2 is none
    assert decide(easy, (*THEOREMS, wrong)).verdict == "easy"


def test_a_class_is_as_easy_as_its_members():
    for d in ("log(n)**2", "Theta(log(n)**2)", "C*log(n)**2", "O(exp(sqrt(log(n))))"):
        assert verdict(d, "1", "1/10") == "easy"
    assert verdict("n**(1/100)", "1", "1/10") == "undecided"  # (d+1)^g is a power of n
    for delta in ("1", "n", "poly(n)", "exp(O(log(n)))", "Omega(log(n))"):
        for d in ("3", "log(n)**2", "n", "n**log(2)"):
            assert verdict(d, "log(n)", delta) == "easy", (d, delta)


def test_hypotheses_are_checked_when_they_are_written():
    for wrong in (("Beta", "o"), ("B", "omega"), ("B", "o", "log(n)", "many")):
        with pytest.raises(InputError):
            Hypothesis(*wrong)


def test_a_theorem_about_entries_says_nothing_about_cosine():
    entry = replace(theorem("polynomial_log_dimension"), id="entries", hypotheses=(Hypothesis("R", "O", "1"),))
    cosine = parse_problem(d="3", delta="n**-3", scale="cosine:4")
    assert not entry.about(cosine)
    assert entry.about(parse_problem(d="3", entry_bound="1", delta="n**-3"))
    assert decide(cosine, (entry, *THEOREMS)).verdict == "easy"


def test_without_a_bound_on_d_the_answer_says_so():
    lines = argument(decide(parse_problem(d="Omega(log(n))", entry_bound="C*sqrt(log(n))", delta=POLY)))
    assert lines[-1] == (
        "undecided: no proved upper bound, lower exponent 4",
        "bound d from above, for example by O(log(n))",
    )


def test_two_routes_that_disagree_stop_the_decision(monkeypatch):
    wrong = Limit(None, "disagree", {"algebra": "0", "sympy": "2", "samples": "agree"}, "", "they differ")
    monkeypatch.setattr(steps, "limit", lambda expression: wrong)
    with pytest.raises(CertificateError) as failure:
        decide(parse_problem(d=LOG, entry_bound=ROOT, delta=POLY))
    assert "growth algebra: 0, sympy in log n: 2" in str(failure.value.got)


def test_a_limit_that_no_route_finds_leaves_the_hypothesis_open(monkeypatch):
    open_limit = Limit(None, "unknown", {"algebra": "TimeoutError", "sympy": "0", "samples": "agree"}, "", "no answer")
    monkeypatch.setattr(steps, "limit", lambda expression: open_limit)
    answer = decide(parse_problem(d=LOG, entry_bound="o(sqrt(log(n)))", delta=POLY))
    assert answer.verdict == "undecided"
    assert any(step.holds is None for attempt in answer.attempts for step in attempt.missing)


def test_apply_returns_the_bound_with_its_checked_hypotheses():
    problem = parse_problem(d=LOG, entry_bound="o(sqrt(log(n)))", delta=POLY)
    bound = apply(theorem("polynomial_log_dimension"), problem)
    assert isinstance(bound, Bound)
    assert bound.exponent == Exponent(Fraction(2))
    assert [str(h) for h in bound.theorem.hypotheses] == [step.hypothesis for step in bound.steps]
    dropped = replace(theorem("polynomial_log_dimension"), hypotheses=(Hypothesis("d", "O", "log(n)"),))
    above = parse_problem(d=LOG, entry_bound=ROOT, delta=POLY)
    assert isinstance(apply(dropped, above), Bound)  # without the hypothesis on B it would apply where it must not
    assert not isinstance(apply(theorem("polynomial_log_dimension"), above), Bound)


def test_every_theorem_has_a_page_a_source_and_a_scope():
    root = Path(__file__).parents[2]
    for entry in THEOREMS:
        assert (root / entry.page).is_file(), entry.page
        assert entry.sources
        assert entry.scope
        assert (entry.side == "lower") or not entry.assumes
        assert entry.id in (root / "docs" / "explanation" / "regimes.md").read_text(encoding="utf-8")
    assert len({entry.id for entry in THEOREMS}) == len(THEOREMS)
    folder = root / "varproof" / "regimes" / "theorems"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == {entry.id for entry in THEOREMS}
