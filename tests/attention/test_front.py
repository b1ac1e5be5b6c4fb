"""`attend`: what a user calls. Right answers within certified bounds, the route, fallbacks and refusals."""

from __future__ import annotations

import importlib.util
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from varproof.attention import Attention, attend, front
from varproof.attention.exact.reference import row_error
from varproof.attention.head import Head, Stage
from varproof.attention.result import HeadResult
from varproof.attention.routing import Route, Step, route
from varproof.attention.validation import validated
from varproof.base.errors import CertificateError, InputError, MissingExtraError

DATA = Path(__file__).parent.parent / "data" / "var_qkv_layer15_head3.npz"
HAS_COMPILER = importlib.util.find_spec("llvmlite") is not None


def tokens(m: int, n: int, d: int, columns: int, *, seed: int = 0, size: float = 1.0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)) * size, rng.normal(size=(n, d)), rng.uniform(-1, 1, size=(n, columns))


def softmax(q: Any, k: Any, v: Any, gamma: float, seen: Any = True) -> Any:
    """A dense float64 reference, good to about 1e-13."""
    scores = np.where(seen, gamma * (q @ k.T), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (weights @ v) / weights.sum(axis=1, keepdims=True)


def assert_certified(answer: Attention, expected: Any, delta: float, slack: float = 1e-12) -> None:
    values, bound = np.asarray(answer.values, dtype=np.float64), np.asarray(answer.bound)
    assert np.all(np.isfinite(bound))
    assert np.all(bound <= delta)
    assert np.all(np.abs(values - expected).max(axis=-1) <= bound + slack)


@pytest.mark.parametrize("engine", ["auto", "exact", "polynomial", "tree"])
@pytest.mark.parametrize("kernel", ["auto", "numpy"])
def test_every_engine_is_within_its_bound_of_the_enclosed_truth(engine: Any, kernel: Any) -> None:
    q, k, v = tokens(40, 60, 2, 3)
    answer = attend(q, k, v, delta=1e-3, scale=0.3, engine=engine, kernel=kernel)
    (head,) = validated(q, k, v, delta=1e-3, scale=0.3).heads()
    assert np.all(np.array(row_error(head, answer.values)) <= answer.bound)
    assert answer.bound.max() <= 1e-3
    assert engine in ("auto", answer.engine)


@pytest.mark.parametrize("scale", ["d", "sqrt", "one"])
def test_scales_mean_the_real_numbers(scale: Any) -> None:
    q, k, v = tokens(5, 7, 3, 1)
    exactly = {"d": Fraction(1, 3), "sqrt": None, "one": Fraction(1)}[scale]
    answer = attend(q, k, v, delta=1e-12, scale=scale)
    (head,) = validated(q, k, v, delta=1e-12, scale=scale).heads()
    if exactly is None:
        with ctx.workprec(20000):
            exactly = 1 / arb(3).sqrt()
    assert np.all(np.array(row_error(head, answer.values, gamma=exactly)) <= answer.bound)


@pytest.mark.slow
def test_many_tokens_with_small_scores_take_the_polynomial_and_say_why() -> None:
    q, k, v = tokens(8192, 8192, 2, 2)
    answer = attend(q, k, v, delta=1e-3, scale=0.05, explain=True)
    assert answer.engine == "polynomial"
    assert answer.rank == (answer.degree + 1) * (answer.degree + 2) // 2
    assert_certified(answer, softmax(q, k, v, 0.05), 1e-3)
    assert any(line.startswith("polynomial is expected to be the cheapest") for line in answer.explanation)
    assert any("exact is expected to take" in line for line in answer.explanation)


def test_low_temperature_in_two_dimensions_takes_the_tree() -> None:
    q, k, v = tokens(16384, 16384, 2, 2)
    answer = attend(q, k, v, delta=1e-2, scale=8.0)
    assert answer.engine == "tree"
    some = np.arange(0, 16384, 997)
    assert_certified(
        Attention(answer.values[some], answer.bound[some], "tree", 0, 0, 0, 0), softmax(q[some], k, v, 8.0), 1e-2
    )


def test_recorded_heads_of_a_model_are_exact_and_the_reason_is_given() -> None:
    with np.load(DATA) as stored:
        (q, k, v), sides = (stored[name].astype(np.float32) for name in "qkv"), stored["patch_nums"]
    levels = np.repeat(np.arange(len(sides)), sides**2)
    answer = attend(q, k, v, delta=1e-3, scale="one", levels=levels, explain=True)
    assert answer.engine == "exact"
    reason = "\n".join(answer.explanation)
    assert "exact is expected to be the cheapest" in reason
    assert "polynomial does not apply: degree" in reason
    wide = [np.asarray(array, dtype=np.float64).reshape(-1, *array.shape[-2:]) for array in (q, k, v)]
    values, bound = (np.asarray(a).reshape(len(wide[0]), 680, -1) for a in (answer.values, answer.bound))
    for head, (one_q, one_k, one_v) in enumerate(zip(*wide, strict=True)):
        dense = softmax(one_q, one_k, one_v, 1.0, levels[:, None] >= levels[None, :])
        assert np.all(np.abs(values[head] - dense).max(axis=1) <= bound[head][:, 0] + 1e-12)
    assert bound.max() < 1e-3


@pytest.mark.parametrize("engine", ["auto", "exact", "polynomial", "tree"])
def test_levels_in_any_order_equal_the_mask(engine: Any) -> None:
    q, k, v = tokens(300, 300, 2, 2, size=0.5)
    levels = np.random.default_rng(1).integers(-3, 4, size=300)
    dense = softmax(q, k, v, 1.0, levels[:, None] >= levels[None, :])
    assert_certified(attend(q, k, v, delta=1e-4, scale="one", levels=levels, engine=engine), dense, 1e-4)


def test_queries_and_keys_may_have_levels_of_their_own() -> None:
    q, k, v = tokens(50, 80, 3, 2, size=0.3)
    rng = np.random.default_rng(2)
    own, theirs = rng.integers(1, 5, size=50), rng.integers(0, 7, size=80)
    theirs[0] = 0
    dense = softmax(q, k, v, 1 / 3, own[:, None] >= theirs[None, :])
    for engine in ("exact", "polynomial", "tree"):
        assert_certified(attend(q, k, v, delta=1e-4, levels=(own, theirs), engine=engine), dense, 1e-4)


def test_leading_axes_are_heads_of_their_own() -> None:
    parts = [tokens(30, 40, 2, 3, seed=seed, size=10.0 ** (seed - 3)) for seed in range(6)]
    q, k, v = (np.stack([part[i] for part in parts]).reshape(2, 3, *parts[0][i].shape) for i in range(3))
    answer = attend(q, k, v, delta=1e-6, scale="one", explain=True)
    assert answer.values.shape == (2, 3, 30, 3)
    assert answer.bound.shape == (2, 3, 30)
    for place, part in enumerate(parts):
        i, j = divmod(place, 3)
        alone = attend(*part, delta=1e-6, scale="one")
        assert np.array_equal(alone.values, answer.values[i, j])
        assert np.array_equal(alone.bound, answer.bound[i, j])
    assert answer.explanation[0].startswith("head 0: ")


@pytest.mark.parametrize("shape", [(0, 4, 2), (3, 0, 4, 2), (3, 2, 0, 2)])
def test_empty_batches_and_no_queries(shape: tuple[int, ...]) -> None:
    keys = (*shape[:-2], max(shape[-2], 1), 2)
    answer = attend(np.zeros(shape), np.zeros(keys), np.zeros((*keys[:-1], 5)), delta=0.1)
    assert answer.values.shape == (*shape[:-1], 5)
    assert answer.bound.shape == shape[:-1]
    assert answer.values.dtype == np.float64


def test_masks_are_for_exact_attention() -> None:
    q, k, v = tokens(20, 30, 2, 2)
    mask = np.random.default_rng(3).random((20, 30)) < 0.4
    mask[:, 5] = True
    assert_certified(attend(q, k, v, delta=1e-9, mask=mask), softmax(q, k, v, 0.5, mask), 1e-9)
    for engine in ("polynomial", "tree"):
        with pytest.raises(InputError, match="no masks"):
            attend(q, k, v, delta=1e-3, mask=mask, engine=engine)


def test_the_tree_refuses_four_dimensions() -> None:
    q, k, v = tokens(4, 4, 4, 1)
    with pytest.raises(InputError, match="small head dimensions"):
        attend(q, k, v, delta=0.1, engine="tree")


@pytest.mark.parametrize(
    ("option", "value"),
    [("engine", "fast"), ("kernel", "cuda"), ("engine", "Exact"), ("engine", None), ("kernel", ["numba"])],
)
def test_unknown_engines_and_kernels_are_refused(option: str, value: Any) -> None:
    q, k, v = tokens(4, 4, 2, 1)
    with pytest.raises(InputError, match=f"unknown {option}") as caught:
        attend(q, k, v, delta=0.1, **{option: value})
    assert caught.value.got == str(value)
    assert "auto, " in caught.value.allowed


def test_float32_within_reach_stays_float32_and_beyond_it_is_computed_in_float64() -> None:
    q, k, v = (array.astype(np.float32) for array in tokens(200, 300, 4, 2))
    (head,) = validated(q, k, v, delta=1.0, scale="d").heads()
    coarse = attend(q, k, v, delta=1e-3, engine="exact", explain=True)
    fine = attend(q, k, v, delta=2e-7, engine="exact", explain=True)
    for answer, delta in ((coarse, 1e-3), (fine, 2e-7)):
        assert answer.values.dtype == np.float32
        assert answer.bound.max() <= delta
        assert np.all(np.array(row_error(head, answer.values)) <= answer.bound)
    assert not any("certifies only" in line for line in coarse.explanation)
    assert any("exact in float32 certifies only" in line for line in fine.explanation)


@pytest.mark.parametrize("engine", ["auto", "exact", "polynomial", "tree"])
def test_below_the_floor_the_floor_is_named(engine: Any) -> None:
    q, k, v = (array.astype(np.float32) for array in tokens(20, 30, 2, 2))
    with pytest.raises(CertificateError, match="no certificate reaches delta") as caught:
        attend(q, k, v, delta=1e-12, engine=engine)
    floor = float(caught.value.allowed.split()[2].rstrip(","))
    assert 1e-12 < floor < 1e-4
    again = attend(q, k, v, delta=floor * 1.01, engine=engine)
    assert again.bound.max() <= floor * 1.01


def test_float64_has_a_floor_too() -> None:
    q, k, v = tokens(20, 30, 2, 2)
    with pytest.raises(CertificateError, match="float64"):
        attend(q, k, v, delta=1e-18)


def fake_route(monkeypatch: pytest.MonkeyPatch, *bounds: float) -> list[str]:
    """A route of steps whose bounds are given; the list returned fills with the names of those that ran."""
    ran: list[str] = []

    def step(number: int, bound: float) -> Step:
        def run(head: Head) -> HeadResult:
            ran.append(f"step {number}")
            return HeadResult(np.zeros((head.queries, head.value_dim)), np.full(head.queries, bound), "exact")

        return Step(f"step {number}", run)

    steps = tuple(step(number, bound) for number, bound in enumerate(bounds))
    monkeypatch.setattr(front, "route", lambda *_: Route(steps, ("told",)))
    return ran


def test_the_first_step_within_delta_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, v = tokens(4, 5, 2, 2)
    ran = fake_route(monkeypatch, 0.2, 0.1, 0.05)
    answer = attend(q, k, v, delta=0.1, explain=True)
    assert ran == ["step 0", "step 1"]
    assert answer.explanation == ("told", "step 0 certifies only 0.2, more than delta")


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.1 + 1e-12])
def test_a_bound_that_is_not_within_delta_never_comes_out(monkeypatch: pytest.MonkeyPatch, bad: float) -> None:
    q, k, v = tokens(4, 5, 2, 2)
    ran = fake_route(monkeypatch, bad, bad)
    with pytest.raises(CertificateError, match="no certificate reaches delta"):
        attend(q, k, v, delta=0.1)
    assert ran == ["step 0", "step 1"]


def test_auto_ends_with_exact_attention_in_float64() -> None:
    for dtype in (np.float64, np.float32):
        q, k, v = (a.astype(dtype) for a in tokens(9000, 9000, 2, 2, size=0.1))
        (head,) = validated(q, k, v, delta=1e-3, scale="d").heads()
        names = [step.name for step in route(head, "auto", "numpy").steps]
        assert names[0].startswith("polynomial")
        assert names[-1] == "exact in float64"


def test_the_numba_kernel_is_named_when_missing_or_refused() -> None:
    q, k, v = tokens(64, 64, 2, 2, size=0.1)
    if HAS_COMPILER:
        assert attend(q, k, v, delta=1e-3, engine="polynomial", kernel="numba").bound.max() <= 1e-3
    else:
        with pytest.raises(MissingExtraError, match=r"llvmlite.* is not installed"):
            attend(q, k, v, delta=1e-3, engine="polynomial", kernel="numba")


def test_torch_tensors_come_back_as_torch_tensors() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    q, k, v = tokens(100, 120, 2, 3, size=0.3)
    ours = [torch.from_numpy(array) for array in (q, k, v)]
    for engine in ("auto", "exact", "polynomial", "tree"):
        answer = attend(*ours, delta=1e-5, engine=engine)
        plain = attend(q, k, v, delta=1e-5, engine=engine, kernel="numpy")
        assert isinstance(answer.values, torch.Tensor)
        assert answer.bound.dtype == torch.float64
        assert np.all(np.abs(answer.values.numpy() - plain.values).max(axis=1) <= 1e-13)
    with pytest.raises(InputError, match="numba kernel takes NumPy arrays"):
        attend(*ours, delta=1e-5, engine="polynomial", kernel="numba")


def test_the_answer_is_a_new_array_and_the_input_stays() -> None:
    q, k, v = tokens(50, 50, 2, 2, size=0.2)
    before = [array.copy() for array in (q, k, v)]
    for engine in ("exact", "polynomial", "tree"):
        attend(q, k, v, delta=1e-4, engine=engine)
        assert all(np.array_equal(a, b) for a, b in zip((q, k, v), before, strict=True))


def test_pairs_of_a_head_count_what_the_stages_leave() -> None:
    zeros = np.zeros((5, 1))
    stages = (Stage(slice(0, 1), slice(0, 2)), Stage(slice(1, 5), slice(2, 5)))
    assert Head(zeros, zeros, zeros, 1.0, 0.1, stages).pairs == 1 * 2 + 4 * 5


def torch_tokens(torch: Any, device: str) -> list[Any]:
    return [torch.from_numpy(a.astype(np.float32)).to(device) for a in tokens(512, 512, 64, 64)]


def devices() -> list[str]:
    """The CPU, and a GPU where torch has one."""
    if importlib.util.find_spec("torch") is None:
        return ["cpu"]
    import torch

    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("engine", ["exact", "polynomial"])
@pytest.mark.parametrize("setting", ["highest", "high", "medium", "autocast"])
def test_reduced_products_of_torch_do_not_reach_the_answer(setting: str, engine: Any, device: str) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    q, k, v = torch_tokens(torch, device)
    if engine == "polynomial":
        q, k = q[:, :6].contiguous(), k[:, :6].contiguous()
    before = torch.get_float32_matmul_precision()
    surrounding = torch.autocast(device, dtype=torch.bfloat16, enabled=setting == "autocast")
    try:
        torch.set_float32_matmul_precision("highest" if setting == "autocast" else setting)
        with surrounding:
            answer = attend(q, k, v, delta=1e-2, engine=engine, scale=0.2, explain=True)
    finally:
        torch.set_float32_matmul_precision(before)
    exact = attend(q.double(), k.double(), v.double(), delta=1e-2, engine="exact", scale=0.2)
    error = (answer.values.double() - exact.values).abs().max(dim=1).values
    assert answer.values.dtype == torch.float32
    assert answer.values.device.type == answer.bound.device.type == device
    assert bool((error <= answer.bound + exact.bound).all())
    assert any("less than float32" in line for line in answer.explanation) == (setting in ("high", "medium"))


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_torch_on_every_device_agrees_with_numpy(dtype: str, device: str) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    levels = np.repeat([0, 1, 2], [20, 60, 120])
    arrays = [a.astype(dtype) for a in tokens(200, 200, 3, 2, size=0.3)]
    ours = [torch.from_numpy(a).to(device) for a in arrays]
    for engine in ("auto", "exact", "polynomial", "tree"):
        plain = attend(*arrays, delta=1e-4, engine=engine, levels=levels)
        answer = attend(*ours, delta=1e-4, engine=engine, levels=levels)
        assert answer.values.device.type == device
        difference = np.abs(answer.values.cpu().numpy().astype(float) - plain.values).max(axis=1)
        assert np.all(difference <= answer.bound.cpu().numpy() + plain.bound)


def test_a_few_long_queries_do_not_turn_auto_away_from_the_polynomial() -> None:
    q, k, v = tokens(8192, 8192, 4, 2, size=0.1)
    q[[77, 4321]] *= 60
    answer = attend(q, k, v, delta=1e-2, scale="one", explain=True)
    assert answer.engine == "polynomial"
    assert 2 <= answer.rows_rerun < 100
    assert any("2 long queries served exactly" in line for line in answer.explanation)
    some = np.array([0, 77, 4321, 8191])
    assert np.all(np.abs(answer.values[some] - softmax(q[some], k, v, 1.0)).max(axis=1) <= answer.bound[some])


def test_a_rank_beyond_memory_is_refused_before_anything_is_allocated() -> None:
    q, k, v = tokens(50, 60, 64, 64)
    with pytest.raises(InputError, match="would not fit into memory") as caught:
        attend(q, k, v, delta=1e-3, scale="sqrt", engine="polynomial")
    assert "rank" in str(caught.value.got)
    assert "bytes" in str(caught.value.got)
    assert "2,147,483,648 bytes" in caught.value.allowed
    assert attend(q, k, v, delta=1e-3, scale="sqrt").engine == "exact"
    small = attend(q * 1e-6, k, v, delta=1e-3, scale="sqrt", engine="polynomial")
    assert small.rank in (1, 65)


def test_few_keys_for_many_queries_take_the_polynomial() -> None:
    q, k, v = tokens(50_000, 5, 3, 2, size=0.3)
    answer = attend(q, k, v, delta=1e-3)
    assert answer.engine == "polynomial"
    assert_certified(answer, softmax(q, k, v, 1 / 3), 1e-3)


def test_the_hint_at_float64_is_given_only_where_it_helps() -> None:
    q, k, v = (a.astype(np.float32) for a in tokens(20, 30, 2, 2))
    with pytest.raises(CertificateError, match="float64 arrays"):
        attend(q, k, v, delta=1e-12)
    with pytest.raises(CertificateError) as caught:  # scores overflow: the floor is the range of the values
        attend(q * 1e30, k * 1e30, v, delta=1e-12)
    assert "float64 arrays" not in caught.value.hint
