"""Both rules into VAR attention: answers survive, bounds are met, refusals and mistakes are seen."""

import tracemalloc
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest
import sympy
from flint import arb

from reductions.constructions.blocks import layout, limits
from reductions.constructions.blocks.hard import threshold_instances
from reductions.constructions.blocks.norms import score_of_mixtures
from reductions.core.answer import Answer
from reductions.core.reduction import Reduction
from reductions.graph.monotone import substituted
from reductions.graph.sizes import after, start, whole
from reductions.oracles.choose import oracle_named
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.attention import ApproximateAttention
from reductions.problems.cnf import Cnf
from reductions.problems.exact_arrays import ExactArray
from reductions.registry import rule_named
from reductions.rules import attention_to_var_free, attention_to_var_interpolated
from reductions.run.checks.image import Case, Image, Made
from reductions.run.checks.needs import largest_score
from reductions.run.checks.sizes import check_sizes
from reductions.run.pipeline import solve_along
from varproof.base.balls import to_float
from varproof.base.errors import InputError
from varproof.growth.scales import parse_scale

FREE, BLOCKS = attention_to_var_free.RULE, attention_to_var_interpolated.RULE
EXACT = oracle_named("exact", "float64")
HARD = [each for seed in (1, 2) for each in threshold_instances(seed)]


def image(rule: Reduction, instance: ApproximateAttention, **options: Any) -> Any:
    mapped = rule.forward(instance, {**rule.defaults(), **options})
    assert rule.structure is not None
    assert rule.structure(instance, mapped) == []
    return mapped


def outputs(rule: Reduction, mapped: Any, oracle: Any = EXACT) -> Any:
    return rule.decode(mapped.context, [Answer(outputs=oracle.outputs(mapped.targets[0]))]).outputs


@pytest.mark.parametrize("instance", HARD)
@pytest.mark.parametrize("rule", [FREE, BLOCKS])
@pytest.mark.parametrize("neutral", [True, False])
def test_outputs_stay_within_delta_under_the_worst_noise(
    rule: Reduction, instance: ApproximateAttention, neutral: bool
) -> None:
    instance = instance if neutral else replace(instance, neutral=None)
    want = EXACT.outputs(instance)
    mapped = image(rule, instance)
    for oracle in (EXACT, WorstNoise(EXACT)):
        got = outputs(rule, mapped, oracle)
        assert got.error <= instance.delta
        assert np.all(np.abs(got.values - want.values) <= float(got.error + want.error))
        assert np.array_equal(got.values > 0.5, want.values > 0.5)


@pytest.mark.parametrize(
    "options",
    [
        {"ratio": Fraction(3)},
        {"ratio": Fraction(4, 3), "block": 9, "margin": 4},
        {"schedule": "12,48,64", "block": 9, "margin": 4},
        {"kernel": "bspline"},
        {"kernel": "bicubic:-1/2"},
        {"copies": 1},
        {"copies": 9},
    ],
)
@pytest.mark.parametrize("instance", HARD[:3])
def test_ratios_kernels_and_copies(instance: ApproximateAttention, options: dict[str, Any]) -> None:
    got = outputs(BLOCKS, image(BLOCKS, instance, **options))
    want = EXACT.outputs(instance)
    assert np.all(np.abs(got.values - want.values) <= float(got.error + want.error))


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({}, {"schedule": "48,64"}, "no integer"),
        ({}, {"ratio": Fraction(4, 3)}, "no integer"),
        ({}, {"block": 3, "margin": 1}, "mixes blocks"),
        ({}, {"schedule": "7,14"}, "need as many blocks"),
        ({}, {"schedule": "14,"}, "one scale"),
        ({}, {"kernel": "lanczos"}, "kernel"),
        ({}, {"kernel": "bicubic:-1/1000003"}, "bits, at most 62"),
        ({"levels": (np.zeros(5, dtype=np.int64), np.zeros(7, dtype=np.int64))}, {}, "levels"),
        ({"keys": np.full((7, 5), 2.0**-60) + np.eye(7, 5)}, {}, "common denominator"),
    ],
)
def test_refusals_of_the_block_rule(changes: dict[str, Any], options: dict[str, Any], words: str) -> None:
    instance = replace(HARD[0], **changes)
    settings = {**BLOCKS.defaults(), **options}
    assert BLOCKS.accepts is not None
    assert words in (BLOCKS.accepts(instance, settings) or "")
    with pytest.raises(InputError):
        BLOCKS.forward(instance, settings)


def test_refusals_of_the_free_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FREE.accepts is not None
    assert "do not fit" in (FREE.accepts(HARD[0], {**FREE.defaults(), "schedule": "1,2"}) or "")
    assert "one scale" in (FREE.accepts(HARD[0], {**FREE.defaults(), "schedule": "9,"}) or "")
    assert "at least 1" in (FREE.accepts(HARD[0], {**FREE.defaults(), "copies": 0}) or "")
    monkeypatch.setattr(limits, "MAX_BYTES", 2000)
    for rule in (FREE, BLOCKS):
        assert rule.accepts is not None
        assert "bytes" in (rule.accepts(HARD[0], rule.defaults()) or "")


def test_the_default_schedule_is_the_smallest_that_fits() -> None:
    def sides(queries: int, keys: int) -> Any:
        instance = replace(
            HARD[0],
            queries=np.ones((queries, 5), dtype=np.int64),
            keys=np.zeros((keys, 5)),
            values=np.zeros((keys, 1), dtype=np.int64),
            neutral=keys - 1,
        )
        return image(FREE, instance).targets[0].sides

    assert sides(1, 1) == sides(4, 5) == (1, 2)
    assert sides(5, 5) == sides(1, 6) == (1, 2, 4)
    assert sides(256, 257)[-1] == 16
    assert len(sides(256, 257)) == 10  # the preset 256
    assert sides(257, 257)[-1] == 32


def test_neutral_mass_is_shared_or_keys_are_suppressed() -> None:
    shared, suppressed = image(FREE, HARD[0]), image(FREE, replace(HARD[0], neutral=None))
    assert shared.context.neutral
    assert shared.targets[0].parameters()["head_dim"] == 5
    assert float(shared.context.cost) < 1e-6
    assert not suppressed.context.neutral
    assert suppressed.targets[0].parameters()["head_dim"] == 9
    tiny = replace(HARD[0], delta=Fraction(1, 10**30))  # no dyadic score is so near to ln P
    assert not image(FREE, tiny).context.neutral


@pytest.mark.parametrize(("scale", "copies", "wide"), [("d", 4, 9), ("one", 3, 8), ("sqrt", 4, 20), ("sqrt", 16, 45)])
def test_scores_do_not_change_when_channels_are_added(scale: str, copies: int, wide: int) -> None:
    got = layout.widened(scale, 5, copies)
    assert got.head_dim == wide
    gammas = {"d": Fraction(1, 5) / Fraction(1, wide), "one": Fraction(1), "sqrt": None}
    exact = gammas[scale]
    assert got.factor == exact if exact is not None else got.factor**2 == Fraction(wide, 5)


def test_more_copies_mean_smaller_entries_and_the_same_suppression() -> None:
    few, many = (image(BLOCKS, HARD[0], copies=copies).context for copies in (1, 20))
    assert abs(few.strength - many.strength) < 0.2
    entries = [
        BLOCKS.precision(HARD[0], {**BLOCKS.defaults(), "copies": copies})["entry_bounds"]["d"]  # type: ignore[misc]
        for copies in (1, 5, 20)
    ]
    assert entries[0] > entries[1]
    # r = d' copies: sqrt(2 M), or the entries of the source at the new dimension, sqrt(2) times those at d'
    source = float(HARD[0].query_unit * HARD[0].key_unit) ** 0.5
    cell = max((2 * few.strength) ** 0.5, 2**0.5 * source)
    assert cell <= entries[1] <= cell * float(few.blocks.weight_sum) ** 0.5  # interpolated keys overshoot


def test_the_bound_is_reached_up_to_a_factor_and_not_beyond() -> None:
    """The true change of the outputs is below the bound, by a factor that a wrong exponent would break."""
    mapped = image(BLOCKS, HARD[0])
    got, want = (EXACT.outputs(x).values for x in (mapped.targets[0], HARD[0]))
    change = float(np.abs(got - want).max())
    assert 1e-7 < change < float(mapped.context.cost) <= float(HARD[0].delta) / 100


@pytest.mark.parametrize("rule", [FREE, BLOCKS])
@pytest.mark.parametrize("instance", HARD[:3])
def test_every_mutant_is_seen(rule: Reduction, instance: ApproximateAttention) -> None:
    for given in (instance, replace(instance, neutral=None)):
        for mutant in rule.mutants:
            assert mutant.forward is not None
            mapped = mutant.forward(given, rule.defaults())
            assert rule.structure is not None
            assert rule.structure(given, mapped), mutant.name


def test_explanations_say_the_numbers() -> None:
    for rule in (FREE, BLOCKS):
        assert rule.explain is not None
        mapped = image(rule, HARD[0])
        text = "\n".join(rule.explain(HARD[0], mapped))
        assert f"L = {mapped.targets[0].tokens}" in text


@pytest.mark.slow
def test_257_keys_on_75615_tokens() -> None:
    rng = np.random.default_rng(0)
    left, right = (rng.random((256, 68)) < 0.2).astype(np.int64), (rng.random((256, 68)) < 0.2).astype(np.int64)
    left[3, right[5] == 1] = 0
    keys = np.vstack([np.hstack([-right, np.zeros((256, 1))]), np.zeros((1, 69))])
    keys[-1, -1] = -0.125
    values = np.append(np.ones(256, dtype=np.int64), 0)[:, None]
    queries = np.hstack([left, np.ones((256, 1), dtype=np.int64)])
    unit = Fraction(24)
    instance = ApproximateAttention(queries, keys, values, Fraction(1, 4), "d", unit, unit, neutral=256)
    mapped = image(BLOCKS, instance, copies=69)
    target = mapped.targets[0]
    assert target.parameters() == {"side": 238, "tokens": 75615, "head_dim": 138, "rows": 256}
    assert target.sides == (1, 2, 4, 8, 15, 30, 60, 119, 238)
    got, want = outputs(BLOCKS, mapped), EXACT.outputs(instance)
    assert np.all(np.abs(got.values - want.values) <= float(got.error + want.error))
    assert to_float(got.error) <= 0.25


@pytest.mark.parametrize("kernel", ["bicubic", "bspline", "bicubic:1"])
def test_mixed_keys_score_at_most_what_the_bound_says(kernel: str) -> None:
    """Queries and keys of both signs; every token with flag -1 against every query, in exact integers."""
    rng = np.random.default_rng(7)
    queries, keys = rng.integers(-3, 4, (6, 4)), rng.integers(-3, 4, (9, 4))
    values = rng.integers(-2, 3, (9, 2))
    instance = ApproximateAttention(queries, keys, values, Fraction(1, 3), "d", Fraction(2), Fraction(1))
    mapped = image(BLOCKS, instance, kernel=kernel)
    target, attention = mapped.targets[0], mapped.targets[0].attention()
    strength = layout.strength_of(layout.source_of(instance), target)
    unit = float(attention.query_unit * attention.key_unit) / attention.queries.shape[1]
    flags = target.projected(np.eye(12, dtype=np.int64)[:, -1:], Fraction(1), "flags", set(range(len(target.sides))))
    suppressed = flags.numbers[:, 0] * flags.unit == -1
    scores = (attention.queries @ attention.keys[suppressed].T) * unit + to_float(strength)
    assert scores.max() - 1e-6 < mapped.context.mixture < 2 * scores.max()
    best = (queries @ keys.T).max(axis=1) / 2
    floor = to_float(layout.least_best_score(layout.source_of(instance), None))
    assert floor <= best.min() + 1e-9
    got, want = outputs(BLOCKS, mapped), EXACT.outputs(instance)
    assert np.all(np.abs(got.values - want.values) <= float(got.error + want.error))


def test_bounds_look_at_both_signs_and_at_the_worst_query() -> None:
    queries, keys = np.array([[-2, 0], [1, 0]]), np.array([[-3, 0], [0, 1]])
    instance = ApproximateAttention(queries, keys, np.ones((2, 1), dtype=np.int64), Fraction(1, 4), "one")
    source = layout.source_of(instance)
    mixed = ExactArray(keys[None, :1], Fraction(1))
    assert 6 <= to_float(score_of_mixtures(source, mixed, np.array([[True]]))) < 6.001
    assert score_of_mixtures(source, mixed, np.array([[False]])) == 0
    assert layout.least_best_score(source, 0) == -3
    assert layout.least_best_score(source, None) == 0  # the smallest key


@pytest.mark.parametrize(("rule", "seed", "count"), [(FREE, 3, 60), (FREE, 5, 60), (BLOCKS, 5, 16)])
def test_what_is_accepted_has_exact_integers(rule: Reduction, seed: int, count: int) -> None:
    assert rule.accepts is not None
    taken = [x for x in islice(ApproximateAttention.samples(seed), count) if rule.accepts(x, rule.defaults()) is None]
    assert len(taken) > count / 3
    for instance in taken:
        attention = image(rule, instance).targets[0].attention()
        assert np.abs(attention.keys).max() <= 2**62


@pytest.mark.parametrize(
    "formula",
    [Cnf(2, ((-2, -1), (1, 2), (2,), (2, 1), (2,))), Cnf(5, ((2, 4), (-2,), (-4,))), Cnf(3, ((1, 2), (-1,), (3,)))],
)
def test_remainders_fit_into_blocks(formula: Cnf) -> None:
    """Chinese remainders make the longest integers; the suppressing entry has more bits than the keys."""
    path = [rule_named(name) for name in ("cnf_to_ov", "ov_to_maxip_crt", "maxip_to_attention", BLOCKS.name)]
    answer = solve_along(path, formula, oracle=EXACT)
    assert answer.decision is formula.solve().decision
    assert answer.witness is None or formula.verify(answer.witness)


def _longest(instance: ApproximateAttention, bits: int) -> ApproximateAttention:
    """The instance with keys of `bits` bits that have no common divisor."""
    keys = np.random.default_rng(bits).integers(2 ** (bits - 1), 2**bits, instance.keys.shape) | 1
    return replace(instance, keys=keys, key_unit=Fraction(1, 2**bits), neutral=None)


def test_integers_are_counted_before_they_are_made() -> None:
    assert BLOCKS.accepts is not None
    said = {bits: BLOCKS.accepts(_longest(HARD[0], bits), BLOCKS.defaults()) for bits in range(30, 54)}
    last = max(bits for bits, reason in said.items() if reason is None)
    assert 38 <= last < 53
    assert all((reason is None) == (bits <= last) for bits, reason in said.items())
    assert "bits, at most 62" in (said[last + 1] or "")
    attention = image(BLOCKS, _longest(HARD[0], last)).targets[0].attention()
    assert 2**58 < np.abs(attention.keys).max() <= 2**62


@pytest.mark.parametrize(("rule", "seed", "count"), [(FREE, 1, 70), (BLOCKS, 1, 8)])
def test_no_score_exceeds_the_bound_announced(rule: Reduction, seed: int, count: int) -> None:
    """The score of the lowered neutral key is ln P only up to rounding: the bound is that of the rounded number."""
    assert rule.accepts is not None
    assert rule.precision is not None
    for instance in [*HARD, *islice(ApproximateAttention.samples(seed), count)]:
        if rule.accepts(instance, rule.defaults()) is None:
            largest = largest_score(rule.forward(instance, rule.defaults()).targets[0])
            assert largest <= rule.precision(instance, rule.defaults())["logit_bound"] * (1 + 1e-9)


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (FREE, {"schedule": "512"}),
        (FREE, {"schedule": "1,2,3,4,5,6,7,8,9,10,11,12"}),
        (FREE, {"schedule": "1,2,9"}),
        (BLOCKS, {"schedule": "12,48,64", "block": 9, "margin": 4}),
        (BLOCKS, {"schedule": "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,42"}),
        (BLOCKS, {"schedule": "5,30,50", "block": 9, "margin": 4, "ratio": Fraction(100)}),
        (BLOCKS, {}),
        (FREE, {}),
    ],
)
def test_sizes_of_a_named_schedule(rule: Reduction, options: dict[str, Any]) -> None:
    settings = {**rule.defaults(), **options}
    mapped = image(rule, HARD[0], **options)
    assert list(check_sizes(Image(rule, Case("", HARD[0], settings), Made(mapped)))) == []
    sizes, before = mapped.targets[0].parameters(), start(rule.source, HARD[0].parameters())
    foretold = after(rule, before, settings)
    for name, formula in foretold.upper.items():
        assert whole(formula) is None or sizes[name] <= int(formula), name
    for name, formula in foretold.exact.items():
        assert whole(formula) in (None, sizes[name]), name
    assert (whole(foretold.upper["tokens"]) is None) == ("schedule" in options)


def test_a_named_schedule_is_charged_for() -> None:
    """A schedule of every side has the most tokens of its last side, and formulas know it."""
    sides = ",".join(map(str, range(1, 13)))
    mapped = image(FREE, HARD[0], schedule=sides)
    assert mapped.context.schedule == 12
    least = {"queries": sympy.Integer(5), "keys": sympy.Integer(7), "schedule": sympy.Integer(12)}
    assert substituted(FREE.upper_size["tokens"], least) == mapped.targets[0].tokens == 650


@pytest.mark.parametrize("rule", [FREE, BLOCKS])
def test_a_suppression_of_too_many_units_is_refused(rule: Reduction) -> None:
    """Scores next to 0 in tiny units: M alone makes long integers, on both sides."""
    assert rule.accepts is not None
    keys = np.zeros((7, 5), dtype=np.int64)
    keys[:, 0] = 1
    small = replace(HARD[0], queries=np.ones((5, 5), dtype=np.int64), keys=keys, neutral=None)
    for bits, taken in ((20, True), (140, False)):
        instance = replace(small, key_unit=Fraction(1, 2**bits))
        reason = rule.accepts(instance, rule.defaults())
        assert (reason is None) is taken
        if taken:
            assert len(image(rule, instance).targets[0].attention().keys) > 7
        else:
            assert "bits, at most 62" in (reason or "")
    lopsided = replace(small, queries=small.queries * 2**20, key_unit=Fraction(1, 2**140))
    assert "bits, at most 62" in (rule.accepts(lopsided, rule.defaults()) or "")


def test_each_side_of_the_suppression_is_counted() -> None:
    tiny = replace(layout.source_of(HARD[0]), queries=ExactArray(np.array([[2**40]]), Fraction(1, 2**90)))
    keys = ExactArray(np.array([[1]]), Fraction(1, 2**30))
    for source, what in (
        (replace(tiny, keys=keys), "queries"),
        (replace(tiny, queries=keys, keys=tiny.queries), "keys"),
    ):
        assert f"the {what} need integers" in (limits.too_long(source, arb(30), 4) or "")


@pytest.mark.parametrize("scale", ["d", "sqrt", "one"])
def test_entries_of_a_lowered_neutral_key_are_those_of_the_target(scale: str) -> None:
    """The lowered key has a finer unit than the source, and its lowered entry is the largest one."""
    ones = np.ones((3, 2), dtype=np.int64)
    source = ApproximateAttention(ones, ones, np.array([[1], [1], [0]]), Fraction(1, 10**6), scale=scale, neutral=2)
    mapped = FREE.forward(source, FREE.defaults())
    assert mapped.context.neutral
    needed, found = FREE.precision(source, FREE.defaults()), mapped.targets[0].attention()  # type: ignore[misc]
    for convention, bound in found.entry_bounds.items():
        assert abs(needed["entry_bounds"][convention] / bound - 1) < 1e-9
    assert needed["logit_bound"] >= float(found.logit_bound)


@pytest.mark.parametrize("rule", [FREE, BLOCKS])
@pytest.mark.parametrize("settings", [{}, {"copies": 20}])
@pytest.mark.parametrize("instance", [*HARD[:3], replace(HARD[0], scale="one", neutral=None)])
def test_entry_bounds_hold_for_the_tokens_attended_to(
    rule: Reduction, settings: dict[str, Any], instance: ApproximateAttention
) -> None:
    """Bicubic weights overshoot: keys of interpolated tokens are larger than those of cells."""
    assert rule.precision is not None
    options = {**rule.defaults(), **settings}
    target = rule.forward(instance, options).targets[0]
    attention = target.attention()
    largest = [
        int(np.abs(part).max()) * unit
        for part, unit in ((attention.queries, attention.query_unit), (attention.keys, attention.key_unit))
    ]
    product = float(largest[0] * largest[1])  # units may be moved between queries and keys
    gammas = {name: to_float(parse_scale(name).gamma(target.key_projection.shape[1])) for name in ("d", "sqrt", "one")}
    for name, bound in rule.precision(instance, options)["entry_bounds"].items():
        assert bound**2 == pytest.approx(product * gammas[target.scale] / gammas[name], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("block", "0", "1 to 4096"),
        ("block", "-3", "1 to 4096"),
        ("block", "1000000000", "1 to 4096"),
        ("margin", "-1", "0 to 4096"),
        ("copies", "0", "1 to 1000000"),
        ("copies", "-1", "1 to 1000000"),
        ("schedule", "x", "doubling"),
        ("schedule", "ratio:1", "above 1"),
        ("kernel", "x", "bspline"),
    ],
)
def test_options_are_read_strictly(name: str, text: str, allowed: str) -> None:
    with pytest.raises(InputError) as caught:
        BLOCKS.options[name].parse(text)
    assert str(caught.value.got) in text
    assert allowed in caught.value.allowed


def test_reasons_are_one_line() -> None:
    """A reason stands inside another message, which would show a line break as two characters."""
    assert BLOCKS.accepts is not None
    assert FREE.accepts is not None
    for options in ({"schedule": "x"}, {"kernel": "x"}, {"schedule": "linear"}, {"schedule": "14,"}):
        assert "\n" not in (BLOCKS.accepts(HARD[0], {**BLOCKS.defaults(), **options}) or "\n")
    assert "\n" not in (FREE.accepts(HARD[0], {**FREE.defaults(), "schedule": "x"}) or "\n")


@pytest.mark.parametrize(
    ("rule", "text", "sides"),
    [
        (FREE, "doubling", (1, 2, 4)),
        (FREE, "linear", (1, 2, 3)),
        (FREE, "ratio:3", (1, 3)),
        (FREE, "ratio:5", (1, 5)),
        (BLOCKS, "doubling", (1, 2, 4, 8, 16, 32, 64)),
        (BLOCKS, "ratio:2", (1, 2, 5, 10, 21, 42)),
        (BLOCKS, "ratio:3", (2, 7, 21, 63)),
    ],
)
def test_the_last_side_of_a_family_is_filled_in(rule: Reduction, text: str, sides: tuple[int, ...]) -> None:
    instance = HARD[0]  # 5 queries, 7 keys: 3 x 3 blocks or 3 x 3 tokens
    assert (len(instance.queries), len(instance.keys)) == (5, 7)
    mapped = image(rule, instance, schedule=rule.options["schedule"].parse(text))
    assert mapped.targets[0].sides == sides
    assert mapped.context.schedule == sides[-1]
    got, want = outputs(rule, mapped), EXACT.outputs(instance)
    assert np.all(np.abs(got.values - want.values) <= float(got.error + want.error))


def test_a_family_without_blocks_says_to_write_the_sides() -> None:
    assert BLOCKS.accepts is not None
    assert "write the sides" in (BLOCKS.accepts(HARD[0], {**BLOCKS.defaults(), "schedule": "linear"}) or "")


@pytest.mark.parametrize("rule", [FREE, BLOCKS])
def test_memory_is_estimated_before_anything_is_allocated(rule: Reduction) -> None:
    assert rule.accepts is not None
    instance = replace(HARD[0], neutral=None)
    sides = "512" if rule is FREE else None
    reason = rule.accepts(instance, {**rule.defaults(), "copies": 10**6, "schedule": sides})
    assert "tokens of head dimension 1000005: about" in (reason or "")
    assert "bytes of memory, at most 8589934592 bytes" in (reason or "")


@pytest.mark.parametrize("copies", [50, 1000])
def test_the_estimate_of_memory_is_above_what_is_used(copies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Peak of the arrays from forward to the outputs, seen by tracemalloc, against the number in the refusal."""
    assert BLOCKS.accepts is not None
    options = {**BLOCKS.defaults(), "copies": copies}
    tracemalloc.start()
    outputs(BLOCKS, image(BLOCKS, HARD[0], copies=copies))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    monkeypatch.setattr(limits, "MAX_BYTES", 0)
    reason = BLOCKS.accepts(HARD[0], options) or ""
    estimate = int(reason.split("about ")[1].split()[0])
    assert peak < estimate + 2**22
    assert estimate < 4 * peak
