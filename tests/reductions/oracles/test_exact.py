"""The exact oracle: every output within its reported error of the reference, in all dtypes, at the extremes too."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import islice, product
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from reductions.oracles.exact import ExactOracle
from reductions.oracles.exact_float import Cast, rounded_scale
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball, dyadic, upper_rational
from varproof.base.errors import InputError

BITS = 2000


def instance(q: Any, k: Any, v: Any, **fields: Any) -> ApproximateAttention:
    fields = {"delta": Fraction(1, 100), "scale": "one"} | fields
    return ApproximateAttention(np.asarray(q), np.asarray(k), np.asarray(v), **fields)


def distances(found: Any, exact: Any) -> list[Fraction]:
    """How far outputs can be from exact ones in balls, entry by entry."""
    with ctx.workprec(BITS):
        numbers = [x if isinstance(x, arb) else ball(Fraction(x)) for x in found.ravel().tolist()]
        return [upper_rational(abs(x - y)) for x, y in zip(numbers, exact.ravel(), strict=True)]


def check(case: ApproximateAttention, dtype: str) -> Fraction:
    """The reported error, after showing that it holds."""
    reference = case.solve().outputs
    found = ExactOracle(dtype).outputs(case)
    assert reference is not None
    assert found.values.shape == reference.values.shape == (len(case.queries), case.values.shape[1])
    assert (found.values.dtype == object) == (dtype == "arb")
    for values in (reference.values, found.values) if dtype == "arb" else ():
        assert all(abs(dyadic(x)) < 2**2000 for x in values.ravel())  # fractions, whatever the scores were
    for distance in distances(found.values, reference.values):
        assert distance <= found.error + reference.error
    return found.error


@pytest.mark.parametrize("dtype", ["float64", "float32", "arb"])
def test_hundreds_of_instances_are_within_the_error(dtype: str) -> None:
    for seed in range(5):
        for case in islice(ApproximateAttention.samples(seed), 50):
            error = check(case, dtype)
            if dtype == "arb":
                assert error * 2**40 <= case.delta


def integers(rng: np.random.Generator, most: int, *shape: int) -> np.ndarray:
    return rng.integers(-most, most + 1, shape, dtype=np.int64)


def extremes() -> list[ApproximateAttention]:
    """Long integers, floats of all exponents, scores from 1e-300 to 1e300, units that are no powers of two."""
    rng = np.random.default_rng(3)
    wild = rng.standard_normal((4, 3)) * 10.0 ** rng.integers(-150, 150, (4, 3))
    q, k, v = integers(rng, 3, 3, 4), integers(rng, 3, 6, 4), integers(rng, 5, 6, 2)
    return [
        instance(integers(rng, 2**62, 3, 4), integers(rng, 2**62, 6, 4), v, query_unit=Fraction(1, 2**124)),
        instance(integers(rng, 2**55, 3, 4), k, v, query_unit=Fraction(1, 2**54), scale="sqrt"),
        instance([[-(2**63)]], [[-(2**63)], [2**62]], [[1], [0]], query_unit=Fraction(1, 2**126)),
        instance(q, k, integers(rng, 2**62, 6, 2), value_unit=Fraction(1, 3)),
        instance(q, k, integers(rng, 2**62, 6, 2), value_unit=Fraction(1, 7 * 2**100)),
        instance(q, k, v, value_unit=Fraction(10) ** 200),
        instance(q, k, np.ldexp(v, -1070), delta=Fraction(1, 2**1200)),
        instance(wild, integers(rng, 3, 5, 3), integers(rng, 1, 5, 1)),
        instance(wild, wild[::-1].copy(), integers(rng, 1, 4, 1)),
        instance(q, k, v, query_unit=Fraction(10) ** 6),
        instance(q, k, v, query_unit=Fraction(10) ** 20),
        instance(q, k, v, query_unit=Fraction(10) ** 290, key_unit=Fraction(10) ** 10),
        instance(q, k, v, query_unit=Fraction(1, 10**300)),
        instance(q, k, v, query_unit=Fraction(1, 10**600), delta=Fraction(1, 10**30)),
        instance(q, k, v, delta=Fraction(1, 10**250), scale="sqrt"),
        instance(q, k, v, delta=Fraction(10) ** 9),
        instance(q[:, :0], k[:, :0], v, scale="d"),
        instance(q[:0], k, v),
        instance(q, k[:1], v[:1]),
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32", "arb"])
@pytest.mark.parametrize("number", range(len(extremes())))
def test_extremes_are_within_the_error(dtype: str, number: int) -> None:
    check(extremes()[number], dtype)


def casts(case: ApproximateAttention, dtype: Any) -> tuple[Cast, Cast]:
    return Cast.of(case.queries, dtype), Cast.of(case.keys, dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_scale_and_casts_move_no_score_further_than_said(dtype: Any) -> None:
    """The engine's own bound is too generous to show a missing part, so the parts are compared exactly here."""
    moved = 0
    for case in [*extremes(), *islice(ApproximateAttention.samples(1), 40)]:
        if not len(case.queries):
            continue
        queries, keys = casts(case, dtype)
        scale, eta = rounded_scale(case, queries, keys)
        moved += eta > 0
        with ctx.workprec(2500):
            factor = ball(case.gamma) * ball(case.query_unit * case.key_unit)
            for (q, near_q), (k, near_k) in product(
                zip(case.queries.tolist(), queries.numbers.tolist(), strict=True),
                zip(case.keys.tolist(), keys.numbers.tolist(), strict=True),
            ):
                exact = sum((Fraction(a) * Fraction(b) for a, b in zip(q, k, strict=True)), Fraction(0))
                near = sum((Fraction(a) * Fraction(b) for a, b in zip(near_q, near_k, strict=True)), Fraction(0))
                assert abs(factor * ball(exact) - ball(Fraction(scale) * near)) <= ball(eta)
    assert moved > 20


def test_casts_say_what_they_round() -> None:
    arrays = [x for case in extremes() for x in (case.queries, case.keys, case.values) if x.size]
    arrays += [np.array([[2**53 + 1, 1]]), np.array([[2**53, -(2**53) + 1]]), np.array([[1.0, 5e-324]])]
    rounded = 0
    for array, dtype in product(arrays, ("float64", "float32")):
        cast = Cast.of(array, dtype)  # type: ignore[arg-type]
        unit = Fraction(2) ** cast.exponent
        for number, near in zip(array.ravel().tolist(), cast.numbers.ravel().tolist(), strict=True):
            exact = Fraction(number) / unit
            assert abs(exact) <= 1
            assert abs(exact - Fraction(near)) <= cast.relative * abs(exact) + cast.absolute
        rounded += cast.relative > 0
    assert 5 < rounded < len(arrays)
    assert Cast.of(np.array([[2**53, -(2**53) + 1]]), "float64").relative == 0


def test_the_scale_is_rounded_and_that_is_counted() -> None:
    """Scores near 2^40 times 1/3 move by about 2^-13 where the float of 1/3 does: the bound of attend alone is too low.

    Casting is exact here and so are the inner products, so the rest of the error is far smaller.
    """
    case = instance([[2**40, 1]], [[1, 0], [1, 3]], [[1], [0]], query_unit=Fraction(1, 3))
    error = check(case, "float64")
    assert Fraction(1, 10**6) < error < Fraction(1, 10**2)
    two = replace(case, query_unit=Fraction(1, 4))
    assert check(two, "float64") < error


def test_exact_numbers_in_float32_are_not_rounded_and_others_are() -> None:
    q, k, v = [[1, -1]], [[2**20, 5], [2**20 - 1, 4]], [[1], [0]]
    fine = check(instance(q, k, v, key_unit=Fraction(1, 2**20)), "float32")
    coarse = check(instance(q, [[2**30, 5], [2**30 - 1, 4]], v, key_unit=Fraction(1, 2**20)), "float32")
    assert fine < Fraction(1, 10**5) < coarse


def test_levels_hide_keys() -> None:
    levels = (np.array([1, 0, 2]), np.array([2, 0, 1]))
    case = instance(np.zeros((3, 1), dtype=int), [[0], [0], [0]], [[8], [1], [3]], levels=levels)
    for dtype in ("float64", "float32", "arb"):
        check(case, dtype)
        values = ExactOracle(dtype).outputs(case).values.ravel()
        assert [float(x.mid()) if dtype == "arb" else x for x in values] == pytest.approx([2, 1, 4])


def test_var_attention_is_answered_by_its_own_rows() -> None:
    for case in islice(VarAttention.samples(7), 25):
        reference = case.solve().outputs
        assert reference is not None
        for dtype in ("float64", "arb"):
            found = ExactOracle(dtype).outputs(case)
            assert found.values.shape == (len(case.rows), case.value_projection.shape[1])
            both = [
                abs(float(x) - float(y)) for x, y in zip(found.values.ravel(), reference.values.ravel(), strict=True)
            ]
            assert max(both, default=0.0) < 1e-12


def test_bits_are_taken_as_given() -> None:
    case = instance([[1, 2], [3, 1]], [[1, 0], [0, 1]], [[1], [0]], delta=Fraction(1, 10**50))
    assert ExactOracle("arb", 64).outputs(case).error > Fraction(1, 10**25)
    assert ExactOracle("arb", 64).outputs(case).error < Fraction(1, 10**15)
    assert ExactOracle("arb", 400).outputs(case).error < Fraction(1, 10**100)


def test_few_bits_suffice_for_far_scores() -> None:
    case = instance([[1, 2], [3, 1]], [[1, 0], [0, 1]], [[3], [-5]], query_unit=Fraction(10**30, 3), scale="sqrt")
    found = ExactOracle("arb", 16).outputs(case)
    assert Fraction(1, 10**6) < found.error < Fraction(1, 10**2)  # differences are exact: the largest score wins
    assert max(distances(found.values, ExactOracle("arb").outputs(case).values)) <= found.error


def test_keys_far_below_the_largest_are_lumped_together_soundly() -> None:
    """At 64 bits 10^4 keys of weight e^-45 are below the cut: they count as an interval, not as nothing."""
    keys = np.vstack([[0], np.full((10**4, 1), -45)])
    for near, far in ((0, 1), (1, 0), (1, -1)):  # with -1 both the sum and the total count
        values = np.vstack([[near], np.full((10**4, 1), far)])
        case = instance([[1]], keys, values, delta=Fraction(1, 10**40))
        lumped, full = (ExactOracle("arb", bits).outputs(case) for bits in (64, 300))
        assert lumped.values[0, 0].contains(full.values[0, 0])
        assert Fraction(1, 10**17) < lumped.error < Fraction(1, 10**14)
        assert check(case, "arb") < case.delta


@pytest.mark.parametrize("given", [("float16", None), ("arb", 8), ("float64", 100)])
def test_other_dtypes_and_bits_are_refused(given: tuple[str, int | None]) -> None:
    with pytest.raises(InputError, match=r"dtype|precision"):
        ExactOracle(*given)


def test_decisions_are_refused_as_instances() -> None:
    with pytest.raises(InputError, match="answers attention"):
        ExactOracle().outputs("a formula")  # type: ignore[arg-type]


def test_values_beyond_doubles_are_refused_by_floats_only() -> None:
    case = instance([[1]], [[1]], [[1]], value_unit=Fraction(10) ** 400)
    with pytest.raises(InputError, match="no doubles"):
        ExactOracle().outputs(case)
    assert check(case, "arb") * 2**40 <= case.delta


def test_long_rows_in_blocks_agree_with_floats() -> None:
    """Rows served block after block: 64 queries and 80,000 keys are more products than are held at a time."""
    rng = np.random.default_rng(5)
    q, k = rng.integers(0, 2, (64, 6)), -rng.integers(0, 2, (80_000, 6))
    case = instance(q, k, rng.integers(0, 2, (80_000, 1)))
    floats, balls = ExactOracle().outputs(case), ExactOracle("arb").outputs(case)
    assert max(distances(floats.values, balls.values)) <= floats.error + balls.error < Fraction(1, 10**10)


def test_outputs_next_to_nothing_are_short_numbers() -> None:
    """An output of e^(-10^8) is 0 to within far less than delta, not a fraction of 10^8 bits."""
    case = instance([[1]], [[0], [-(10**8)]], [[0], [1]])
    for outputs in (case.solve().outputs, ExactOracle("arb", 10**4).outputs(case), ExactOracle("arb").outputs(case)):
        assert outputs is not None
        (value,) = outputs.values.ravel()
        assert value.contains(0) or value.contains((-arb(10**8)).exp())
        assert dyadic(value).denominator.bit_length() < 10**5
        assert outputs.error * 2**40 <= case.delta
