"""Parameters: derived quantities against hand calculation, symbols, and validation at construction."""

import math
from fractions import Fraction

import pytest
import sympy

from varproof.base.balls import to_float
from varproof.base.errors import InputError
from varproof.growth.parameters import Parameters
from varproof.growth.schedules import parse_schedule


def make(**changes: object) -> Parameters:
    given = {"d": 64, "entry_bound": "2", "delta": "1e-3", "scale": "d", "schedule": "256"} | changes
    return Parameters(**given)  # type: ignore[arg-type]  # wrong values on purpose


def test_derived_quantities() -> None:
    p = make()
    assert (p.tokens, p.n, p.delta) == (680, 16, Fraction(1, 1000))
    assert p.logit_bound == 4
    assert math.isclose(to_float(p.log_tokens), math.log(680))
    assert math.isclose(to_float(p.logit_ratio), 4 / math.log(680))
    assert math.isclose(to_float(p.entry_ratio), 2 / math.sqrt(math.log(680)))
    assert p.hypothesis_satisfied is True
    assert not p.is_symbolic


@pytest.mark.parametrize(("scale", "bound"), [("d", 4.0), ("sqrt", 32.0), ("one", 256.0)])
def test_entry_ratio_is_the_root_of_the_logit_ratio(scale: str, bound: float) -> None:
    p = make(scale=scale)
    assert to_float(p.logit_bound) == bound
    assert math.isclose(to_float(p.entry_ratio) ** 2, to_float(p.logit_ratio))
    assert p.hypothesis_satisfied is (bound < math.log(680))


def test_cosine_reports_a_range() -> None:
    p = make(scale="cosine:4", entry_bound=None)
    assert p.logit_bound == 4
    assert p.entry_range == (2, 16)
    low, high = p.entry_ratio_range
    assert math.isclose(to_float(high) / to_float(low), 8)
    assert to_float(p.entry_ratio) == to_float(high)


def test_the_hypothesis_is_decided_on_both_sides_of_a_close_call() -> None:
    digits = str(sympy.log(680).evalf(80))[:70]
    below, above = Fraction(digits), Fraction(digits) + Fraction(1, 10**60)
    assert make(scale="cosine:" + digits, entry_bound=None).hypothesis_satisfied is True
    text = f"{above.numerator}/{above.denominator}"
    assert make(scale="cosine:" + text, entry_bound=None).hypothesis_satisfied is False
    assert above > below


def test_schedules_as_text_or_object() -> None:
    assert make(schedule="doubling", n=16).tokens == 341
    assert make(schedule=parse_schedule("1,2,4"), n=4).tokens == 21
    assert make(schedule="ratio:3", n=10).tokens == 110


def test_symbolic_parameters() -> None:
    n, r = sympy.symbols("n R", positive=True)
    p = make(n=n, d=2, scale="sqrt", entry_bound=r, schedule="doubling")
    assert p.is_symbolic
    assert sympy.expand(p.tokens - (4 * n**2 - 1) / 3) == 0
    assert p.logit_bound == sympy.sqrt(2) * r**2
    assert p.log_tokens == sympy.log(p.tokens)
    assert sympy.simplify(p.entry_ratio**2 - p.logit_ratio) == 0
    assert p.hypothesis_satisfied is None
    assert make(n=n, schedule="linear").tokens.subs(n, 3) == 14
    assert make(n=n, schedule="ratio:3").tokens.subs(n, 9) == 91
    finite = make(entry_bound=r)  # the size is a number, the bound a symbol
    assert finite.logit_ratio == r**2 / sympy.log(680)


@pytest.mark.parametrize(
    "changes",
    [
        {"d": 0}, {"d": -1}, {"d": 1.5}, {"d": Fraction(3, 2)}, {"d": True}, {"d": None}, {"d": "64"},
        {"entry_bound": "0"}, {"entry_bound": "-1"}, {"entry_bound": 0.5}, {"entry_bound": "nan"},
        {"entry_bound": None}, {"delta": "0"}, {"delta": "-1e-3"}, {"delta": 1e-3}, {"delta": None}, {"delta": "inf"},
        {"scale": "e"}, {"scale": "cosine:4"}, {"scale": None}, {"scale": "cosine:4", "entry_bound": "2"},
        {"schedule": "doubling"}, {"schedule": "doubling", "n": 24}, {"schedule": "1,"}, {"schedule": None},
        {"schedule": (1, 2)}, {"n": 32}, {"n": 16.0}, {"schedule": parse_schedule("1,2,4"), "n": 8},
    ],
)  # fmt: skip
def test_bad_parameters_are_refused_at_construction(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        make(**changes)


@pytest.mark.parametrize("schedule", ["256", "1,2,4", "ratio:3/2", "ratio:x", parse_schedule("256")])
def test_a_symbolic_side_needs_a_closed_form(schedule: object) -> None:
    with pytest.raises(InputError):
        make(n=sympy.Symbol("n", positive=True), schedule=schedule)


def test_negative_symbols_are_refused() -> None:
    for name in ("d", "entry_bound", "delta"):
        with pytest.raises(InputError):
            make(**{name: sympy.Symbol("x", negative=True)})
