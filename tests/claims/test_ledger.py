"""The runner: exceptions become ERROR, unkilled variants and unexpected verdicts are seen, records are plain JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Finding, Part, Verdict
from varproof.claims.ledger import counterexample, plain, run_claim, run_ledger
from varproof.claims.model import Case, Claim, Correction, Variant
from varproof.claims.registry import load_claim
from varproof.claims.settings import parse_settings
from varproof.claims.tally import Tally


def bounded(case: Case) -> Finding:
    tally = Tally()
    for x in case.cells["x"]:
        tally.at_most(Fraction(x), case.constants["bound"], x=x)
    return tally.finding("exact")


CLAIM = Claim(
    id="toy",
    statement="x <= 1 on the grid",
    kind="tight",
    hypotheses={"grid": "x is on the grid"},
    sources=(),
    check=bounded,
    falsified=(Variant("smaller", "x = 1 is on the grid", {"bound": Fraction(9, 10)}),),
    constants={"bound": Fraction(1)},
    cells={"x": (Fraction(1, 3), 1)},
)


def broken(case: Case) -> Finding:
    raise ZeroDivisionError(f"nothing at {case.seed}")


def test_a_true_claim_with_killed_variants_is_ok():
    record = run_claim(CLAIM)
    assert record.ok
    assert (record.killed, len(record.variants)) == (1, 1)
    assert record.finding.ratio == 1


def test_an_exception_in_a_check_is_an_error_with_its_message():
    record = run_claim(replace(CLAIM, check=broken), seed=7)
    assert record.finding.verdict is Verdict.ERROR
    assert "ZeroDivisionError: nothing at 7" in record.finding.because
    assert record.killed == 0
    assert not record.ok


def test_an_unkilled_variant_spoils_the_record():
    harmless = Variant("larger", "is still true", {"bound": Fraction(11, 10)})
    record = run_claim(replace(CLAIM, falsified=(*CLAIM.falsified, harmless)))
    assert record.finding.verdict is Verdict.PROVED
    assert (record.killed, record.ok) == (1, False)


def test_a_refutation_without_a_counterexample_kills_nothing():
    record = run_claim(replace(CLAIM, check=lambda case: Finding(Verdict.REFUTED, because="no")))
    assert record.killed == 0


def test_an_expected_refutation_needs_its_correction_to_hold():
    false = replace(CLAIM, cells={"x": (2,)}, expected=Verdict.REFUTED, falsified=())
    good = replace(false, corrected=Correction("x <= 1", lambda case: bounded(CLAIM.case())))
    assert run_claim(good).ok
    assert not run_claim(replace(false, corrected=Correction("x <= 1 still", bounded))).ok
    assert not run_claim(replace(false, expected=Verdict.PROVED)).ok


def test_variants_of_a_false_claim_are_judged_by_the_corrected_check():
    """The literal statement is refuted for every variant; only the correction can tell a wrong one from a true one."""
    false = replace(CLAIM, cells={"x": (2,)}, expected=Verdict.REFUTED)
    repaired = Correction("x <= 1 on the old grid", lambda case: bounded(replace(case, cells=CLAIM.cells)))
    harmless = Variant("larger", "still true", {"bound": Fraction(11, 10)})
    record = run_claim(replace(false, corrected=repaired, falsified=(*CLAIM.falsified, harmless)))
    assert [variant.killed for variant in record.variants] == [True, False]


def test_a_counterexample_may_stand_in_a_part():
    told = Finding(Verdict.REFUTED, parts=(Part("upper", Verdict.REFUTED, "fails at {'n': '8'}"),))
    assert "8" in counterexample(told)
    assert counterexample(Finding(Verdict.REFUTED)) is None
    assert counterexample(Finding(Verdict.PROVED, evidence={"counterexamples": [1]})) is None


def test_cells_are_replaced_for_the_statement_but_not_for_the_variants():
    record = run_claim(CLAIM, {"x": (2,), "unrelated": (5,)})
    assert record.finding.verdict is Verdict.REFUTED
    assert record.finding.evidence["counterexamples"][0]["x"] == "2"
    assert record.killed == 1
    small = run_claim(CLAIM, {"x": (Fraction(1, 7),)})
    assert small.ok


def test_a_bad_replaced_value_is_the_callers_error():
    with pytest.raises(InputError):
        run_ledger(["threshold_lemma"], ["root=1"])
    with pytest.raises(InputError):
        run_ledger(["threshold_lemma"], ["keys=50"])


@pytest.mark.parametrize(
    "setting",
    ["root", "=3", "root=", "root=2,,3", "root=abc", "root=nan", "rot=2", "root=1e99999", "root=" + "2," * 300 + "2"],
)
def test_bad_settings_are_refused(setting):
    with pytest.raises(InputError):
        parse_settings([setting], [load_claim("softmax_perturbation")])


def test_an_unknown_axis_names_the_axes_that_exist():
    with pytest.raises(InputError) as caught:
        parse_settings(["rots=2"], [load_claim("softmax_perturbation")])
    assert caught.value.allowed == "keys, root"
    assert "root" in caught.value.hint


def test_settings_are_exact_and_text_axes_take_text():
    worded = replace(CLAIM, cells={"x": (1,), "scale": ("sqrt", "d")})
    cells = parse_settings(["x=1e-2,3", "scale=one,2", "x=1/3"], [worded])
    assert cells == {"x": (Fraction(1, 3),), "scale": ("one", 2)}


def test_records_are_json_even_with_infinite_numbers():
    wild = replace(CLAIM, check=lambda case: Finding(Verdict.PROVED, float("inf"), 1.0, {"q": Fraction(1, 3)}, "x"))
    data = json.loads(json.dumps(run_claim(wild).to_json(), allow_nan=False))
    assert data["measured"] is None
    assert data["evidence"] == {"q": "1/3"}
    assert plain((Verdict.ERROR, {1: object})) == ["ERROR", {"1": str(object)}]


def test_after_each_is_called_once_per_claim():
    calls: list[int] = []
    run_ledger(["threshold_lemma", "score_perturbation"], after_each=lambda: calls.append(1))
    assert len(calls) == 2
