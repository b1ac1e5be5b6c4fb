"""The finite regime: the stated case, identities, monotonicity, which method is best, and bad input."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest

from varproof.approx import minimal_degree
from varproof.approx.break_even import break_even_tokens
from varproof.approx.cell_cost import Blocks, best_cell_method, cell_flops
from varproof.approx.cost import exact_flops, polynomial_flops
from varproof.approx.rank_exponent import rho
from varproof.approx.softmax_lemma import relative_error_for
from varproof.base.errors import InputError
from varproof.growth.schedules import parse_schedule
from varproof.regimes.finite import answer_finite
from varproof.regimes.finite_table import about, finite_rows


def fields(**arguments):
    answer = answer_finite(**arguments).to_json()
    json.dumps(answer, allow_nan=False)
    return answer


def test_the_stated_case_of_the_small_preset():
    found = fields(d=64, delta="0.01", scale="cosine:4", schedule="256")
    assert (found["n"], found["tokens"]) == (16, 680)
    assert found["R"] is None
    assert found["logit_bound"] == 4
    assert found["logit_ratio"] == pytest.approx(4 / math.log(680)) == pytest.approx(0.6133, abs=1e-4)
    assert found["hypothesis_satisfied"] is True
    assert found["eps"] == str(relative_error_for("0.01")) == "400/40001"
    assert (found["degree"], found["degree_kind"]) == (7, "least, certified")
    assert found["rank"] == math.comb(71, 7)
    assert found["features_per_token"] == pytest.approx(math.comb(71, 7) / 680)
    assert 1.9e6 < found["features_per_token"] < 2.1e6
    assert found["entry_bound_range"] == [2, 16]
    assert found["entry_ratio"] == found["entry_ratio_range"][1] == pytest.approx(16 / math.sqrt(math.log(680)))
    assert found["best"] == "exact"
    assert found["flops"]["exact"] == exact_flops(680, 64, pairs=286434)
    assert found["flops"]["polynomial"] == polynomial_flops(680, 64, 7, scales=10)
    assert found["flops"]["tree"] is None
    assert found["break_even_tokens"] == break_even_tokens(64, 7)
    assert found["rank_exponent"] == pytest.approx(math.log(math.comb(71, 7)) / math.log(680))
    assert found["exact_exponent"] == pytest.approx(math.log(found["flops"]["exact"]) / math.log(680))
    assert found["effective_exponent"] == pytest.approx(math.log(found["flops"]["polynomial"]) / math.log(680))


@pytest.mark.parametrize(
    ("preset", "tokens", "satisfied"), [("256", 680, False), ("512", 2240, False), ("1024", 9451, True)]
)
def test_every_preset_at_one_logit_bound(preset, tokens, satisfied):
    found = fields(d=64, R="2.9", delta="1e-3", scale="d", schedule=preset)  # B = 8.41, ln 9451 = 9.15
    assert found["tokens"] == tokens
    assert found["hypothesis_satisfied"] is satisfied is (found["logit_ratio"] < 1)
    assert found["entry_ratio"] ** 2 == pytest.approx(found["logit_ratio"])
    assert found["degree"] == minimal_degree("8.41", relative_error_for("1e-3"))
    assert fields(n=parse_schedule(preset).side, d=64, R="2.9", delta="1e-3", scale="d", schedule=preset) == found


def test_linear_and_ratio_schedules_count_their_own_pairs():
    for text, n in (("linear", 12), ("ratio:3/2", 24), ("ratio:2", 16), ("doubling", 16), ("1,3,7", None)):
        schedule = parse_schedule(text, n)
        found = fields(n=n, d=2, R="1", delta="0.1", scale="one", schedule=text)
        assert found["tokens"] == schedule.tokens
        assert found["schedule"] == schedule.name
        assert found["flops"]["exact"] == exact_flops(schedule.tokens, 2, pairs=schedule.attention_pairs)
    same = [fields(n=16, d=2, R="1", delta="0.1", scale="one", schedule=text) for text in ("doubling", "ratio:2")]
    assert {key for key in same[0] if same[0][key] != same[1][key]} == {"schedule"}


def test_the_three_dot_product_scales_agree_at_the_same_logit_bound():
    found = [
        fields(d=16, R=R, delta="1e-3", scale=scale, schedule="512")
        for scale, R in (("d", "2"), ("sqrt", "1"), ("one", "1/2"))
    ]
    for other in found[1:]:
        assert {key for key in other if other[key] != found[0][key]} <= {"R", "scale"}
    irrational = fields(d=2, R="2", delta="1e-3", scale="sqrt", schedule="512")  # B = 4 sqrt 2
    assert irrational["degree"] == minimal_degree("5.65686", relative_error_for("1e-3"))
    assert irrational["degree_kind"] == "least, certified"


@pytest.mark.parametrize("arguments", [{"d": 64, "scale": "cosine:4"}, {"d": 2, "R": "3", "scale": "one"}])
@pytest.mark.parametrize(("delta", "values"), [("0.02", "2"), ("7", "3"), ("1e-5", "1/10")])
def test_only_delta_over_values_matters(arguments, delta, values):
    one = fields(delta=delta, values=values, schedule="256", **arguments)
    other = fields(delta=str(Fraction(delta) / Fraction(values)), schedule="256", **arguments)
    assert {key for key in one if one[key] != other[key]} == {"delta", "values"}


@pytest.mark.slow
def test_larger_errors_and_smaller_entries_never_need_more():
    errors = ["1e-400", "1e-9", "0.01", "0.9", "1.1", "1.9", "2", "50"]
    entries = ["1e-3", "1/2", "1", "3", "6", "300"]
    for d in (2, 5):
        table = [
            [answer_finite(d=d, R=R, delta=delta, scale="one", schedule="1,4,9") for delta in errors] for R in entries
        ]
        for measure in (lambda a: a.degree.degree, lambda a: a.work["polynomial"], lambda a: a.work.get("tree", 0)):
            values = [[measure(answer) for answer in row] for row in table]
            for row in values:
                assert row == sorted(row, reverse=True)
            for column in zip(*values, strict=True):
                assert list(column) == sorted(column)
        for row in table:
            assert all(answer.degree.degree == 0 for answer in row[-2:])


def test_the_best_method_is_the_one_with_the_least_flops():
    seen = set()
    for d in (1, 2, 3, 4, 64):
        for R in ("1/10", "1", "5"):
            for schedule, n in (("1,2,4", None), ("256", None), ("doubling", 256)):
                answer = answer_finite(n=n, d=d, R=R, delta="1e-2", scale="one", schedule=schedule)
                counted = {name: flops for name, flops in answer.to_json()["flops"].items() if flops is not None}
                assert counted[answer.best] == min(counted.values())
                assert set(counted) == {"exact", "polynomial", *(["tree"] if d <= 3 else [])}
                seen.add(answer.best)
                if answer.cells is not None:
                    blocks = Blocks(parse_schedule(schedule, n).tokens_per_scale)
                    assert counted["tree"] == cell_flops(blocks, d, answer.cells.parts, answer.cells.degree)
    assert seen == {"exact", "polynomial", "tree"}


def test_cosine_cells_use_the_unit_length():
    cosine = answer_finite(d=3, delta="1e-2", scale="cosine:36", schedule="doubling", n=256)
    dot = answer_finite(d=3, R="6", delta="1e-2", scale="d", schedule="doubling", n=256)
    blocks = Blocks(parse_schedule("doubling", 256).tokens_per_scale)
    assert cosine.degree == dot.degree
    assert cosine.cells == best_cell_method(blocks, 3, Fraction(36), cosine.eps, unit_vectors=True)
    assert dot.cells == best_cell_method(blocks, 3, Fraction(36), dot.eps)
    assert cosine.work["tree"] > dot.work["tree"]


def test_ranks_beyond_the_caps_are_left_out_and_said_so():
    found = answer_finite(d=10**6, R="25", delta="1e-3", schedule="256")
    assert found.rank is None
    assert found.rank_log10 == pytest.approx(float(rho(10**6, found.degree.degree).mid()) / math.log(10))
    answer = found.to_json()
    for name in ("rank", "features_per_token", "rank_exponent", "effective_exponent", "break_even_tokens"):
        assert answer[name] is None
    assert answer["flops"]["polynomial"] is None
    assert answer["best"] == "exact"
    assert any("2000" in sentence for sentence in found.statements)
    beyond = answer_finite(d=1, R="1e20", delta="1e-3", schedule="256")
    assert beyond.rank is None
    assert beyond.rank_log10 is None
    json.dumps(beyond.to_json(), allow_nan=False)


def test_the_largest_and_smallest_inputs_still_answer():
    for R in ("1e-100", "1e100"):
        for delta in ("1e-1000", "1e1000"):
            found = fields(n=2**1000, d=10**9, R=R, delta=delta, scale="one", schedule="doubling")
            assert found["tokens"] == (4 * 2**2000 - 1) // 3
            assert found["hypothesis_satisfied"] is (R == "1e-100")


def test_rows_are_three_texts_and_tell_the_same_numbers():
    answer = answer_finite(d=2, R="3", delta="1e-3", scale="one", schedule="doubling", n=64)
    rows = {name: (value, says) for name, value, says in finite_rows(answer)}
    assert rows["tokens N"][0] == "5,461"
    assert rows["degree"] == (str(answer.degree.degree), "least, certified")
    assert rows["R, 1/d convention"][0] == "4.24264"
    assert rows["tree flops"] == (f"{answer.work['tree']:,}", "least")
    assert "violated" in rows["B / ln N"][1]
    cosine = {
        name: value
        for name, value, _ in finite_rows(answer_finite(d=64, delta="0.01", scale="cosine:4", schedule="256"))
    }
    assert cosine["R, 1/d convention"] == "2 to 16"
    assert "tree flops" not in cosine


def says(**arguments):
    return {name: (value, what) for name, value, what in finite_rows(answer_finite(**arguments))}


def test_rows_name_n_and_a_range_only_where_there_is_one():
    one = says(d=2, R="1", delta="0.1", schedule="doubling", n=64)
    assert one["tokens N"][1].startswith("all scales of doubling, n = 64; ln N")
    assert one["R / sqrt(ln N)"][1] == "the same hypothesis in the entries"
    line = says(d=1, delta="0.1", scale="cosine:20", schedule="256")
    assert line["tokens N"][1].startswith("all scales of 256; ln N")
    assert line["R, 1/d convention"][0] == "4.47214"
    assert "range" not in line["R / sqrt(ln N)"][1]
    many = says(d=2, delta="0.1", scale="cosine:20", schedule=",".join(map(str, range(1, 300))))
    assert many["R / sqrt(ln N)"][1].endswith("up to the range of R")
    assert len(many["tokens N"][1]) < 120


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("400/40001", "about 0.01"),
        ("4000/4000001", "about 0.001"),
        ("1", "1"),
        ("4/5", "0.8"),
        ("12/13", "about 0.9231"),
        ("0.12345", "about 0.1234"),
        ("0.123451", "about 0.1235"),
        ("0.99996", "about 1"),
        ("0.001", "0.001"),
        ("0.0009", "9e-4"),
        ("1e-400", "1e-400"),
        ("9.99996e-401", "about 1e-400"),
    ],
)
def test_eps_is_rounded_to_nearest_and_says_so(value, shown):
    assert about(Fraction(value)) == shown


GOOD = {"d": 64, "R": "2", "delta": "0.01", "scale": "d", "schedule": "256"}
BAD = [
    ({"scale": "cosine:4"}, "R is not given"),
    ({"R": None}, "R is needed"),
    ({"R": None, "scale": "cosine:1e101"}, "temperature of cosine is out of range"),
    ({"R": None, "scale": "cosine"}, "not a score scale"),
    ({"scale": "cubic"}, "not a score scale"),
    ({"n": 32}, "n differs"),
    ({"n": 0}, "not a side"),
    ({"n": 2**1001, "schedule": "doubling"}, "not a side"),
    ({"schedule": "doubling"}, "needs its last side"),
    ({"schedule": "doubling", "n": 12}, "power of two"),
    ({"schedule": "1,2,2"}, "must increase"),
    ({"schedule": "4,2"}, "must increase"),
    ({"schedule": "1,"}, "single token"),
    ({"schedule": "two"}, "not a schedule"),
    ({"d": 0}, "head dimension"),
    ({"d": 10**9 + 1}, "head dimension"),
    ({"d": 2.0}, "head dimension"),
    ({"d": True}, "head dimension"),
    ({"delta": "0"}, "delta must be positive"),
    ({"delta": "-1"}, "delta must be positive"),
    ({"delta": "1e-1001"}, "delta is out of range"),
    ({"delta": "9**9**9"}, "delta is not a rational"),
    ({"delta": "1" * 401}, "delta is not a rational"),
    ({"delta": 0.1}, "delta must be exact"),
    ({"values": "0"}, "values must be positive"),
    ({"values": "1e1001"}, "values is out of range"),
    ({"R": "0"}, "R must be positive"),
    ({"R": "1e101"}, "R is out of range"),
    ({"R": "1e-101"}, "R is out of range"),
    ({"R": "nan"}, "R is not a rational"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_input_gets_one_clear_error(change, message):
    answer_finite(**GOOD)
    with pytest.raises(InputError) as caught:
        answer_finite(**GOOD | change)
    assert message in caught.value.message


def test_the_longest_rationals_are_still_written_out():
    longest = "1." + "3" * 392 + "e-999"
    found = fields(**GOOD | {"delta": longest, "values": f"{7**470}/3"})
    assert Fraction(found["eps"]) == relative_error_for(longest, f"{7**470}/3")
    assert len(found["eps"]) > 5000
