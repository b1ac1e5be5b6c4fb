"""The integers-only checker by itself: enclosures of exp, bogus points, wrong structure, caps, and running alone."""

from __future__ import annotations

import ast
import copy
import json
import math
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from varproof.approx import certify, integer_checker
from varproof.approx.integer_checker import (
    Rejected,
    Unreadable,
    absolute_upper,
    check,
    exp_enclosure,
    horner,
    relative_upper,
)

SOURCE = Path(integer_checker.__file__)


def rel() -> dict[str, Any]:
    return copy.deepcopy(dict(certify("4", "1e-2").certificate.payload))


def absolute() -> dict[str, Any]:
    return copy.deepcopy(dict(certify("2", "1e-2", kind="abs").certificate.payload))


def holds_exp(top: int, below: int, w: int) -> int:
    """Check one enclosure against Arb and return its width."""
    low, high = exp_enclosure(top, below, w)
    with ctx.workprec(w + below.bit_length() + abs(top) // below * 2 + 200):
        scaled = (arb(fmpq(top, below))).exp() * arb(2) ** w
        assert arb(low) <= scaled
        assert scaled <= arb(high)
    return high - low


@given(
    st.integers(-(10**9), 10**9),
    st.integers(1, 10**9).filter(lambda d: d > 10**6),
    st.sampled_from([64, 130, 400, 1111]),
)
def test_exp_is_enclosed(top, below, w):
    holds_exp(top, below, w)


@pytest.mark.parametrize(
    ("top", "below", "w"),
    [
        (0, 1, 200),
        (0, 10**400, 64),
        (1, 10**400, 200),
        (-1, 10**400, 200),
        (1, 1, 20_000),
        (-700, 1, 3000),
        (512 * 10**40 + 1, 10**40, 4000),
        (-(2**600) - 1, 2**600, 500),
        (2**200 - 1, 2**200, 128),
    ],
)
def test_exp_is_enclosed_tightly_at_the_edges(top, below, w):
    size = int(1.4427 * max(top / below, 0))
    assert holds_exp(top, below, w).bit_length() <= 40 + size + (abs(top) // below).bit_length()


def test_the_lower_end_is_below_and_the_upper_end_above():
    # e is irrational: a width of zero could only come from rounding in the wrong direction
    for top in (1, -1, 7, -7):
        for w in range(30, 90):
            assert holds_exp(top, 3, w) > 0


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=8), st.integers(-50, 50))
def test_horner_is_the_polynomial(coefficients, u):
    assert horner(coefficients, u) == sum(a * u**i for i, a in enumerate(coefficients))


def upper_side(taus: list[int], half: int, scale_bits: int, eps: tuple[int, int] = (1, 2)) -> None:
    relative_upper(taus, (half, 1), scale_bits, eps, 300)


@pytest.mark.parametrize("taus", [[2, 3], [3, 2]])
def test_bogus_points_whose_values_change_sign_prove_nothing(taus):
    with pytest.raises(Rejected, match="one sign"):
        upper_side(taus, 4, 0)


def test_a_sign_change_inside_the_interval_proves_nothing_either():
    # P(tau) = -(Q'(tau) / h + Q'' / h^2) changes its sign from tau_1 to tau_2 when h (tau_2 - tau_1) > 2
    for a in range(-8, 9):
        for b in range(a + 1, 9):
            with pytest.raises(Rejected, match="one sign" if b - a > 2 else "upper side"):
                upper_side([a, b], 8, 3, (1, 10**9))


def test_random_points_never_prove_a_false_degree(claim_is_true):
    rng, bits, outcomes = random.Random(5), 12, []
    one = 1 << bits
    for _ in range(700):
        degree, noise = rng.randint(0, 4), rng.choice((30, 300, 3000))
        spots = [[-math.cos(math.pi * (j + shift) / n) for j in range(count)]
                 for n, shift, count in ((degree + 1, 1, degree), (max(degree, 1), 0, degree + 1))]  # fmt: skip
        upper, lower = (
            sorted({max(-one, min(one, round(t * one) + rng.randint(-noise, noise))) for t in some}) for some in spots
        )
        data = rel() | {
            "degree": str(degree),
            "scale_bits": str(bits),
            "interval": rng.choice(("sym", "pos", "neg")),
            "bound": rng.choice(("1/2", "1", "3")),
            "eps": f"1/{rng.choice((2, 3, 8, 20, 70, 400))}",
            "upper": {"points": [str(u) for u in upper]},
            "lower": {"points": [str(u) for u in lower]},
        }
        if not faults(data):
            outcomes.append(claim_is_true(data))
    assert all(outcomes)
    assert len(outcomes) > 20


WRONG_TYPES: list[Any] = [None, True, 3, -1, 0.5, float("nan"), [], {}, ["1"], {"1": "1"}, "", "x", [[]], 10**5000]
WRONG_NUMBERS = ["+5", " 5", "5 ", "5\n", "1e3", "0x10", "٣", "1_0", "--1", "1/", "/1", "1/2/3", "nan", "9" * 4001, "½"]


def faults(value: Any) -> bool:
    try:
        check(value)
    except (Rejected, Unreadable):
        return True
    return False


@pytest.mark.parametrize("make", [rel, absolute])
def test_wrong_types_in_every_field(make):
    for name in make():
        for wrong in WRONG_TYPES:
            assert faults(make() | {name: wrong}), (name, wrong)
    for side in ("upper", "lower"):
        for name, value in make()[side].items():
            for wrong in WRONG_TYPES:
                data = make()
                data[side][name] = wrong
                assert faults(data), (side, name, wrong)
                if isinstance(value, list):
                    data[side][name] = [*value[:-1], wrong]
                    assert faults(data), (side, name, wrong)


@pytest.mark.parametrize("make", [rel, absolute])
@pytest.mark.parametrize("wrong", WRONG_NUMBERS)
def test_numbers_are_plain_ascii_integers(make, wrong):
    for name in ("bound", "eps", "degree", "scale_bits"):
        with pytest.raises(Unreadable):
            check(make() | {name: wrong})
    for side in ("upper", "lower"):
        for name, value in make()[side].items():
            data = make()
            data[side][name] = [wrong, *value[1:]] if isinstance(value, list) else wrong
            with pytest.raises(Unreadable):
                check(data)


def test_a_text_of_digits_is_no_list_of_coefficients():
    data = absolute() | {"degree": "1"}
    data["upper"] = {"brackets": ["0"], "coefficients": "11", "coefficient_bits": "0"}
    data["lower"] = {"points": ["0", "1"]}
    with pytest.raises(Rejected, match="number of coefficients"):
        check(data)


@pytest.mark.parametrize("make", [rel, absolute])
def test_missing_and_extra_keys(make):
    for name in make():
        with pytest.raises(Unreadable):
            check({key: value for key, value in make().items() if key != name})
    for place in ("", "upper", "lower"):
        data = make()
        (data[place] if place else data)["note"] = "x"
        with pytest.raises(Unreadable):
            check(data)
    for wrong in ("varproof/degree-certificate/2", ""):
        with pytest.raises(Unreadable):
            check(make() | {"format": wrong})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"eps": "0"}, "eps"),
        ({"eps": "-1/2"}, "eps"),
        ({"eps": "1"}, "eps"),
        ({"eps": "3/2"}, "eps"),
        ({"eps": "1/0"}, "denominator"),
        ({"eps": "-1/-2"}, "denominator"),
        ({"eps": f"1/{2**2048}"}, "bits"),
        ({"bound": "0"}, "bound"),
        ({"bound": "-0"}, "bound"),
        ({"bound": "-4"}, "bound"),
        ({"bound": "1025"}, "bound"),
        ({"bound": "4/0"}, "denominator"),
        ({"bound": f"{2**2048}/{2**2046}"}, "bits"),
        ({"degree": "-1"}, "degree"),
        ({"degree": "513"}, "degree"),
        ({"degree": "-0"}, "number of points"),
        ({"scale_bits": "7"}, "scale_bits"),
        ({"scale_bits": "257"}, "scale_bits"),
    ],
)
def test_values_out_of_range_are_rejected_with_a_reason(changes, reason):
    with pytest.raises(Rejected, match=reason):
        check(rel() | changes)


def test_exact_values_are_capped():
    data = rel() | {"degree": "512", "scale_bits": "256"}
    with pytest.raises(Rejected, match="too large"):
        check(data)
    negative = absolute()
    negative["upper"]["coefficient_bits"] = "-1"
    with pytest.raises(Rejected, match="coefficient_bits"):
        check(negative)
    negative["upper"]["coefficient_bits"] = "8193"
    with pytest.raises(Rejected, match="coefficient_bits"):
        check(negative)


def heavy(degree: int, scale_bits: int) -> dict[str, Any]:
    """Random points that use every cap at once."""
    rng = random.Random(degree)
    one, length = 1 << scale_bits, (1 << 17) // degree - scale_bits
    points = [sorted({rng.randrange(-one, one) for _ in range(count)}) for count in (degree, degree + 1)]
    bound = f"{2 ** (length - 1) + 5}/{2 ** (length - 1) // 512 + 3}" if length > 20 else "512"
    upper, lower = ({"points": [str(u) for u in some]} for some in points)
    return rel() | {
        "degree": str(degree), "scale_bits": str(scale_bits), "bound": bound, "eps": f"1/{2**2047 + 9}",
        "upper": upper, "lower": lower,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("degree", "scale_bits"), [(512, 240), (512, 128), (300, 180)])
def test_a_hostile_certificate_ends(degree, scale_bits):
    start = time.process_time()
    with pytest.raises(Rejected):
        check(heavy(degree, scale_bits))
    assert time.process_time() - start < 120


def run_alone(folder: Path, *arguments: str) -> tuple[int, str]:
    shutil.copy(SOURCE, folder / "checker.py")
    command = [sys.executable, "-I", "-S", "checker.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_runs_alone(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(rel()))
    (tmp_path / "bad.json").write_text(json.dumps(rel() | {"eps": "1/1000"}))
    (tmp_path / "none.json").write_text("{")
    assert run_alone(tmp_path, "good.json") == (0, "accepted: rel on sym, bound 4, eps 1/100: the least degree is 7\n")
    code, said = run_alone(tmp_path, "bad.json")
    assert (code, said[:9]) == (1, "rejected:")
    code, said = run_alone(tmp_path, "none.json")
    assert (code, said[:11]) == (2, "unreadable:")
    assert run_alone(tmp_path, "missing.json") == (2, "unreadable: no such file\n")
    assert run_alone(tmp_path)[0] == 2


def test_imports_six_standard_modules_and_uses_no_floats():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"json", "os", "re", "sys", "itertools", "typing"}
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    assert "float" not in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def absolute_side(
    coefficients: list[float], brackets: list[int], *, half: int = 1, scale_bits: int = 3, eps: tuple[int, int] = (9, 1)
) -> None:
    """The upper side of "abs" alone, on polynomials given to 30 bits."""
    scaled = [round(a * 2**30) for a in coefficients]
    absolute_upper(scaled, 30, brackets, (half, 1), scale_bits, eps, (1 << 300, 1 << 300), 300)


def test_the_extreme_inside_a_bracket_counts_not_its_left_end():
    # 2.5 + e^0.07 t - e^t is 1.5 at 0, the left end of the bracket [0, 1/8], and 1.50256 at its extreme 0.07
    line = [2.5, math.exp(0.07)]
    absolute_side(line, [0], eps=(16, 10))
    with pytest.raises(Rejected, match="exceeds eps"):
        absolute_side(line, [0], eps=(1501, 1000))


def test_a_bracket_outside_the_interval_or_without_a_sign_change():
    line = [1.0, math.exp(1.05)]  # the only stationary point, 1.05, lies in the bracket [1, 9/8]
    with pytest.raises(Rejected, match="outside"):
        absolute_side(line, [8])
    with pytest.raises(Rejected, match="sign change"):
        absolute_side(line, [7])


def test_a_bracket_where_the_slope_may_turn_is_too_wide():
    # P' = 1.0182 + 0.8697 t meets e^t at -0.4 and 0.1, and P'' - P' = 0 at -0.17 in the first bracket [-1/2, 0]
    with pytest.raises(Rejected, match="too wide"):
        absolute_side([0.0, 1.0182, 0.43485], [-1, 0], scale_bits=1)
    absolute_side([0.0, 1.0182, 0.43485], [-7, 1], scale_bits=4)


def test_brackets_too_coarse_for_the_bound():
    with pytest.raises(Rejected, match="too small"):
        absolute_side([1.0], [], half=4, scale_bits=2)
    absolute_side([1.0], [], half=4, scale_bits=3, eps=(60, 1))
