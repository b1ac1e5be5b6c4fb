"""The arguments of `attend`: what is refused, with which words, and how levels become stages."""

from __future__ import annotations

import math
import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from varproof.attention.head import Stage
from varproof.attention.levels import level_stages
from varproof.attention.validation import score_scale, validated
from varproof.base.errors import InputError

RNG = np.random.default_rng(0)
Q, K, V = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2))


def read(q: Any = Q, k: Any = K, v: Any = V, **options: Any) -> Any:
    return validated(q, k, v, **{"delta": 0.1, "scale": "d", **options})


def refusal(**options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(**options)
    return caught.value


def test_a_good_request_keeps_the_arrays_and_has_one_stage() -> None:
    request = read()
    assert request.q is Q
    assert request.k is K
    assert request.stages == (Stage(slice(0, 3), slice(0, 5)),)
    assert (request.gamma, request.gamma_roundings, request.places, request.mask) == (0.25, 0, None, None)
    (head,) = request.heads()
    assert (head.queries, head.keys, head.head_dim, head.value_dim, head.pairs) == (3, 5, 4, 2, 15)
    assert (head.dtype, head.unit) == ("float64", 2.0**-53)


@pytest.mark.parametrize(
    ("shapes", "shown"),
    [
        (((3, 4), (5, 3), (5, 2)), "q (3, 4), k (5, 3), v (5, 2)"),
        (((3, 4), (5, 4), (6, 2)), "q (3, 4), k (5, 4), v (6, 2)"),
        (((4,), (5, 4), (5, 2)), "q (4,), k (5, 4), v (5, 2)"),
        (((2, 3, 4), (5, 4), (5, 2)), "q (2, 3, 4), k (5, 4), v (5, 2)"),
        (((2, 3, 4), (1, 5, 4), (1, 5, 2)), "q (2, 3, 4), k (1, 5, 4), v (1, 5, 2)"),
        (((3, 0), (5, 0), (5, 2)), "q (3, 0), k (5, 0), v (5, 2)"),
        (((3, 4), (5, 4), (5, 0)), "q (3, 4), k (5, 4), v (5, 0)"),
    ],
)
def test_shapes_that_do_not_fit_are_shown_all_three(shapes: tuple[tuple[int, ...], ...], shown: str) -> None:
    q, k, v = (np.zeros(shape) for shape in shapes)
    assert refusal(q=q, k=k, v=v).got == shown


@pytest.mark.parametrize("name", ["q", "k", "v"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_entries_that_are_not_finite_are_counted_and_placed(name: str, value: float) -> None:
    arrays = {"q": Q.copy(), "k": K.copy(), "v": V.copy()}
    arrays[name][2, 1] = value
    arrays[name][1, 0] = value
    error = refusal(**arrays)
    assert error.message == f"{name} has entries that are not finite"
    assert f"2 of {arrays[name].size}" in str(error.got)
    assert "(1, 0)" in str(error.got)


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.bool_, np.float16, np.complex128, object])
def test_dtypes_other_than_float64_and_float32_are_refused(dtype: Any) -> None:
    error = refusal(q=Q.astype(dtype), k=K.astype(dtype), v=V.astype(dtype))
    assert error.message in ("q, k and v must have one floating-point dtype", "q is not an array")
    assert "float64" in str(error)


def test_mixed_dtypes_lists_and_mixed_libraries_are_refused() -> None:
    assert "q float32, k float64, v float64" in str(refusal(q=Q.astype(np.float32)))
    assert refusal(q=Q.tolist()).message == "q is not an array"
    assert refusal(k=1.5).message == "k is not an array"


def test_torch_beside_numpy_and_a_tensor_without_data_are_refused() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    assert refusal(q=torch.from_numpy(Q)).message == "q, k and v are of different array libraries"
    meta = [torch.from_numpy(array).to("meta") for array in (Q, K, V)]
    error = refusal(q=meta[0], k=meta[1], v=meta[2])
    assert error.message == "q, k and v are not on one device with data"
    assert refusal(q=torch.from_numpy(Q), k=meta[1], v=meta[2]).message == error.message


def test_gradients_are_left_behind() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    q, k, v = (torch.from_numpy(array).requires_grad_() for array in (Q, K, V))
    request = read(q=q, k=k, v=v)
    assert not request.q.requires_grad
    with pytest.raises(InputError, match="levels do not fit"):
        read(q=k, k=k, v=v, levels=torch.zeros(5, requires_grad=True))
    assert read(q=k, k=k, v=v, levels=torch.tensor([0, 1, 1, 2, 2])).stages[0].keys == slice(0, 1)


def strange_tensors() -> dict[str, Any]:
    """Tensors that hold no plain table of numbers, by name."""
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    dense = torch.from_numpy(K)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that some of these are prototypes
        return {
            "sparse": dense.to_sparse(),
            "csr": dense.to_sparse_csr(),
            "nested": torch.nested.nested_tensor([dense, dense]),
            "jagged": torch.nested.nested_tensor([dense, dense], layout=torch.jagged),
            "subclass": dense.as_subclass(type("Mine", (torch.Tensor,), {})),
            "masked": torch.masked.masked_tensor(dense, dense > 0),
            "quantised": torch.quantize_per_tensor(dense.float(), 0.1, 0, torch.qint8),
        }


@pytest.mark.parametrize("kind", ["sparse", "csr", "nested", "jagged", "subclass", "masked", "quantised"])
def test_tensors_that_are_not_dense_are_refused(kind: str) -> None:
    strange = strange_tensors()[kind]
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    k, v = torch.from_numpy(K), torch.from_numpy(V)
    assert refusal(q=strange, k=k, v=v).message == "q is not a dense tensor"
    assert refusal(q=k, k=k, v=strange).message == "v is not a dense tensor"
    assert refusal(q=k, k=k, v=v, levels=strange).message == "levels is not a dense tensor"
    assert refusal(q=k, k=k, v=v, mask=strange).message == "mask is not a dense tensor"


def test_tensors_inside_transforms_are_refused_and_parameters_are_not() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    k, v = torch.from_numpy(K), torch.from_numpy(V)
    met = []

    def note(q: Any) -> Any:
        met.append(refusal(q=q, k=k, v=v).message)
        return q.sum()

    torch.vmap(note)(torch.stack([k, k]))
    torch.func.grad(note)(k)
    torch.func.functionalize(note)(k)
    assert met == ["q is not a dense tensor"] * 3
    assert type(read(q=torch.nn.Parameter(k), k=k, v=v).q) is torch.Tensor
    assert read(q=k[:0], k=k, v=v).q.shape == (0, 4)


def test_negations_that_torch_puts_off_are_done() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    late = torch.complex(torch.zeros(5, 4, dtype=torch.float64), torch.from_numpy(K)).conj().imag
    assert late.is_neg()
    assert np.array_equal(read(q=late, k=late, v=late).q.numpy(), -K)


def test_the_hint_on_dtypes_is_for_the_library_at_hand() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    assert ".double()" in refusal(**{name: torch.ones(3, 3, dtype=torch.int64) for name in "qkv"}).hint
    assert ".astype(float)" in refusal(**{name: np.ones((3, 3), dtype=int) for name in "qkv"}).hint


@pytest.mark.parametrize("delta", [0, -1, 0.0, math.nan, math.inf, "0.1", None, True, 1j, Fraction(0), 10**400])
def test_a_delta_that_is_not_a_positive_number_is_refused(delta: Any) -> None:
    assert "delta" in refusal(delta=delta).message


def test_delta_is_rounded_down() -> None:
    assert Fraction(read(delta=Fraction(1, 3)).delta) <= Fraction(1, 3)
    assert Fraction(read(delta=Fraction(2, 3)).delta) <= Fraction(2, 3)
    assert read(delta=Fraction(1, 2)).delta == 0.5
    assert Fraction(read(delta=Decimal("0.1")).delta) < Fraction(1, 10) < Fraction(0.1)
    assert read(delta=np.float32(0.1)).delta == float(np.float32(0.1))


def test_flushed_subnormals_are_refused() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    assert torch.set_flush_denormal(True)
    try:
        assert "flushed" in refusal().message
    finally:
        torch.set_flush_denormal(False)
    assert read().delta == 0.1


def test_score_scales_and_their_roundings() -> None:
    assert score_scale("d", 4) == (0.25, 0)
    assert score_scale("d", 3) == (1 / 3, 1)
    assert score_scale("sqrt", 16) == (0.25, 0)
    assert score_scale("sqrt", 9) == (1 / 3, 1)
    assert score_scale("sqrt", 2)[1] == 2
    assert score_scale(Fraction(1, 3), 2) == (1 / 3, 1)
    assert score_scale(np.float32(0.1), 2) == (float(np.float32(0.1)), 0)
    assert score_scale(2**53 + 1, 2)[1] == 1
    assert score_scale(Decimal("0.1"), 2) == (0.1, 1)
    assert score_scale(Decimal("0.5"), 2) == (0.5, 0)
    assert score_scale(np.longdouble(1) / 3, 2)[1] == int(np.finfo(np.longdouble).nmant > 52)


@pytest.mark.parametrize("scale", ["cosine", "D", 0, -1.0, math.nan, None, 1e301, [1.0]])
def test_other_scales_are_refused(scale: Any) -> None:
    assert "scale" in refusal(scale=scale).message


def test_sorted_levels_become_stages() -> None:
    request = read(q=K, levels=[0, 1, 1, 2, 2])
    assert [(s.queries, s.keys) for s in request.stages] == [
        (slice(0, 1), slice(0, 1)),
        (slice(1, 3), slice(1, 3)),
        (slice(3, 5), slice(3, 5)),
    ]
    assert request.places is None
    assert next(request.heads()).pairs == 1 + 2 * 3 + 2 * 5


def test_unsorted_levels_are_sorted_and_the_places_lead_back() -> None:
    levels = np.array([2, 0, 1, 0, 2])
    request = read(q=K, levels=levels)
    assert request.places is not None
    assert np.array_equal(request.q[request.places], K)
    assert [s.queries.stop for s in request.stages] == [2, 3, 5]
    visible = [[kl <= ql for kl in levels] for ql in levels]
    assert next(request.heads()).pairs == sum(map(sum, visible))


def test_keys_above_every_query_are_left_out() -> None:
    request = read(levels=(np.array([0, 0, 1]), np.array([0, 1, 5, 5, 0])))
    assert request.k.shape == (3, 4)
    assert np.array_equal(request.k, K[[0, 4, 1]])
    assert np.array_equal(request.v, V[[0, 4, 1]])


def test_levels_that_leave_a_query_without_keys_are_refused() -> None:
    error = refusal(levels=(np.array([0, 1, 2]), np.array([1, 1, 2, 2, 2])))
    assert "level 0" in str(error.got)
    with pytest.raises(InputError):
        level_stages(np.array([0]), np.array([], dtype=np.int64))


@pytest.mark.parametrize(
    "levels", [[0, 1], [0.0] * 5, np.zeros((5, 1), dtype=int), "12345", [[0, 1, 1], [0]], [True] * 5, [2**63] * 5]
)
def test_levels_of_the_wrong_kind_are_refused(levels: Any) -> None:
    assert "levels" in refusal(q=K, levels=levels).message


def test_masks() -> None:
    mask = np.tri(3, 5, 1, dtype=bool)
    assert np.array_equal(read(mask=mask).mask, mask)
    assert "1 rows, the first is (1,)" in str(refusal(mask=mask & (np.arange(3) != 1)[:, None]).got)
    assert "bool" in str(refusal(mask=mask.astype(int)).allowed)
    assert "(3, 5)" in str(refusal(mask=mask.T).allowed)
    assert "levels and mask" in refusal(mask=mask, levels=[0] * 5).message


def test_a_mask_of_every_head_is_dealt_out() -> None:
    q, k, v = (np.stack([array, array]) for array in (Q, K, V))
    mask = np.stack([np.tri(3, 5, 1, dtype=bool), np.ones((3, 5), dtype=bool)])
    heads = list(read(q=q, k=k, v=v, mask=mask).heads())
    assert [head.mask.all() for head in heads] == [False, True]


def test_leading_axes_of_a_mask_of_size_one_are_for_all_heads() -> None:
    q, k, v = (np.stack([np.stack([array] * 3), np.stack([-array] * 3)]) for array in (Q, K, V))
    mask = np.stack([np.tri(3, 5, 1, dtype=bool), np.ones((3, 5), dtype=bool)])
    heads = list(read(q=q, k=k, v=v, mask=mask[:, None]).heads())
    assert [bool(head.mask.all()) for head in heads] == [False] * 3 + [True] * 3
    heads = list(read(q=q, k=k, v=v, mask=mask[None, :1]).heads())
    assert [np.array_equal(head.mask, mask[0]) for head in heads] == [True] * 6
    # fewer axes would leave open which heads are meant, more are no heads
    for wrong in (
        mask,
        mask[:1],
        mask[None],
        mask[:, None, None],
        mask[:, None, :1],
        np.ones((3, 1, 3, 5), dtype=bool),
    ):
        assert refusal(q=q, k=k, v=v, mask=wrong).message == "the mask does not fit"


def test_no_keys_at_all_is_refused_but_no_queries_are_not() -> None:
    assert refusal(k=K[:0], v=V[:0]).message == "a query row has no key"
    assert next(read(q=Q[:0]).heads()).queries == 0
    assert list(read(q=Q[None][:0], k=K[None][:0], v=V[None][:0]).heads()) == []


def test_subclasses_of_numpy_arrays_are_read_as_plain_arrays_and_masked_entries_refused() -> None:
    masked = np.ma.masked_array(Q, mask=False)
    assert type(read(q=masked).q) is np.ndarray
    assert type(read(q=Q.view(np.recarray)).q) is np.ndarray
    assert "1 masked" in str(refusal(q=np.ma.masked_array(Q, mask=Q[1, 2] == Q)).got)
