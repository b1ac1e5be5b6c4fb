"""The sum over scales against torch.nn.functional, and the rule that shares convolutions over the scales."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.base.tolerances import rounding_bound
from varproof.growth.schedules import Schedule, parse_schedule
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.interpolation.norms import direct_norms
from varproof.var.models.config import FormalConfig
from varproof.var.models.reconstruction import accumulate, formal_reconstruction, phi_index

NEEDED = "needs the extra [torch]"
CONFIG = FormalConfig(Schedule((1, 2, 3, 5)), width=4)


def weights_and_maps(config: FormalConfig) -> tuple[dict[str, Any], list[Any]]:
    rng, width = np.random.default_rng(3), config.width
    weights, maps = {}, []
    for k, side in enumerate(config.schedule.sides):
        weights[f"reconstruction.{k}.weight"] = rng.uniform(-1, 1, (width, width, 3, 3))
        weights[f"reconstruction.{k}.bias"] = rng.uniform(-1, 1, width)
        maps.append(rng.uniform(-1, 1, (side, side, width)))
    return weights, maps


def by_torch(config: FormalConfig, weights: dict[str, Any], maps: list[Any], mode: str = "bicubic") -> Any:
    torch = pytest.importorskip("torch", reason=NEEDED)
    n, total = config.schedule.side, 0
    for k, token_map in enumerate(maps):
        x = torch.asarray(token_map).permute(2, 0, 1)[None]
        if k < len(maps) - 1:
            x = torch.nn.functional.interpolate(x, (n, n), mode=mode, align_corners=False)
        kernel, bias = (torch.asarray(weights[f"reconstruction.{k}.{part}"]) for part in ("weight", "bias"))
        total = total + torch.nn.functional.conv2d(x, kernel, bias, padding=1)
    return total[0].permute(1, 2, 0).numpy()


def tolerance(config: FormalConfig, dtype: str) -> float:
    """Entries and weights are at most 1: a scale adds 9 C norm_k + 1 in size, rounded 9 C + 2 n + 60 times by each."""
    taps, n = 9 * config.width, config.schedule.side
    size = float(sum(taps * norm + 1 for norm in direct_norms(config.kernel, config.schedule)))
    return 2 * rounding_bound(taps + 2 * n + 60 + config.schedule.number_of_scales, size, dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("sides", [(1,), (3,), (1, 2), (1, 2, 3, 5), (2, 7, 16)])
def test_it_is_that_of_torch_functions(sides: tuple[int, ...], library: str, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason=NEEDED)
    config = FormalConfig(Schedule(sides), width=4)
    weights, maps = weights_and_maps(config)
    ops = Plain(numpy_like(dtype) if library == "numpy" else torch.empty(0, dtype=getattr(torch, dtype)))
    found = formal_reconstruction(ops, weights, config, [ops.known(each) for each in maps])
    assert str(found.dtype).removeprefix("torch.") == dtype
    error = np.abs(np.asarray(found) - by_torch(config, weights, maps)).max()
    assert error <= tolerance(config, dtype)


@pytest.mark.parametrize("kernel", ["bicubic:-27/40", "bicubic:-33/40", "bspline", "bilinear", "nearest"])
def test_another_kernel_is_far_away(kernel: str) -> None:
    weights, maps = weights_and_maps(CONFIG)
    config = FormalConfig(CONFIG.schedule, width=4, kernel=kernel)
    found = formal_reconstruction(Plain(numpy_like()), weights, config, maps)
    assert np.abs(found - by_torch(CONFIG, weights, maps)).max() > 1e9 * tolerance(CONFIG, "float64")


def test_every_scale_and_bias_counts() -> None:
    weights, maps = weights_and_maps(CONFIG)
    whole = formal_reconstruction(Plain(numpy_like()), weights, CONFIG, maps)
    for k in range(4):
        less = weights | {f"reconstruction.{k}.bias": weights[f"reconstruction.{k}.bias"] - 1}
        shifted = formal_reconstruction(Plain(numpy_like()), less, CONFIG, maps)
        assert np.abs(whole - shifted - 1).max() <= tolerance(CONFIG, "float64")
        less = weights | {f"reconstruction.{k}.weight": 0 * weights[f"reconstruction.{k}.weight"]}
        assert np.abs(whole - formal_reconstruction(Plain(numpy_like()), less, CONFIG, maps)).max() > 0.1


def test_a_map_of_the_right_side_is_not_interpolated() -> None:
    ops, x = Plain(numpy_like()), np.random.default_rng(0).uniform(size=(4, 4, 2))
    first = accumulate(ops, None, x, 4, "bspline", lambda y: y)  # which would smooth
    assert first is x
    assert np.array_equal(accumulate(ops, first, x, 4, "bspline", lambda y: 3 * y), 4 * x)
    assert set(ops.flops) == {"reconstruction/convolution"}


def test_phi_sees_the_interpolated_map() -> None:
    ops, seen = Plain(numpy_like()), []

    def phi(x: Any) -> Any:
        seen.append(x.shape)
        return x * x

    total = accumulate(ops, None, np.array([[[2.0]]]), 3, "bicubic", phi)
    total = accumulate(ops, total, np.full((2, 2, 1), 5.0), 3, "nearest", phi)
    assert seen == [(3, 3, 1)] * 2
    assert np.array_equal(total, np.full((3, 3, 1), 29.0))
    assert {"reconstruction/interpolation", "reconstruction/convolution"} == {k for k, v in ops.flops.items() if v}


def test_steps_are_recorded() -> None:
    weights, maps = weights_and_maps(CONFIG)
    ops = Plain(numpy_like(), recorded=True)
    found = formal_reconstruction(ops, weights, CONFIG, maps)
    assert [name for name, _ in ops.steps] == [f"reconstruction up to side {side}" for side in (1, 2, 3, 5)]
    assert ops.steps[-1][1] is found


@pytest.mark.parametrize(
    "change",
    [
        lambda maps: maps[:-1],
        lambda maps: [*maps, maps[-1]],
        lambda maps: maps[::-1],
        lambda maps: [maps[0][:, :, :3], *maps[1:]],
        lambda maps: [],
    ],
)
def test_maps_that_do_not_fit_are_refused(change: Any) -> None:
    weights, maps = weights_and_maps(CONFIG)
    with pytest.raises(InputError, match="do not fit the schedule"):
        formal_reconstruction(Plain(numpy_like()), weights, CONFIG, change(maps))


def by_rule(step: int, steps: int, phis: int) -> int:
    """The rule as NumPy arrays: ticks in the middles of equal parts, for four of them at 1/12, 13/36, 23/36, 11/12."""
    edge = 1 / 3 / phis if phis == 4 else 1 / 2 / phis
    return int(np.abs(np.linspace(edge, 1 - edge, phis) - step / (steps - 1)).argmin())


def test_four_convolutions_over_ten_scales() -> None:
    """Scales 2 and 7 lie exactly between two ticks; float64 decides both upwards, as in the published model."""
    assert [phi_index(k, 10, 4) for k in range(10)] == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3]


@pytest.mark.parametrize("phis", [2, 3, 4, 5, 8, 10, 13])
def test_shared_convolutions_follow_the_rule(phis: int) -> None:
    for steps in (*range(2, 40), 100):
        found = [phi_index(k, steps, phis) for k in range(steps)]
        assert found == [by_rule(k, steps, phis) for k in range(steps)]
        assert found == sorted(found)
        assert (found[0], found[-1]) == (0, phis - 1)


def test_four_have_ticks_of_their_own() -> None:
    """With middles of equal parts, as for other numbers, the ten scales would be served otherwise."""
    middles = np.linspace(1 / 8, 7 / 8, 4)
    assert [phi_index(k, 10, 4) for k in range(10)] != [int(np.abs(middles - k / 9).argmin()) for k in range(10)]


@pytest.mark.parametrize("steps", [1, 2, 4, 10, 14])
def test_one_for_all_and_one_for_each(steps: int) -> None:
    assert [phi_index(k, steps, 1) for k in range(steps)] == [0] * steps
    assert [phi_index(k, steps, 0) for k in range(steps)] == list(range(steps))
    if steps > 1:  # the reference picks its own by the same rule of nearest ticks
        assert [by_rule(k, steps, steps) for k in range(steps)] == list(range(steps))


@pytest.mark.parametrize("phis", [0, 1, 2, 4, 10])
def test_a_single_scale_has_the_first(phis: int) -> None:
    assert phi_index(0, 1, phis) == 0


@pytest.mark.parametrize(("step", "steps", "phis"), [(-1, 10, 4), (10, 10, 4), (0, 0, 4), (1, 1, 0), (0, 10, -1)])
def test_scales_that_are_not_there_are_refused(step: int, steps: int, phis: int) -> None:
    with pytest.raises(InputError):
        phi_index(step, steps, phis)


def test_the_preset_uses_every_convolution() -> None:
    for name in ("256", "512", "1024"):
        scales = parse_schedule(name).number_of_scales
        assert {phi_index(k, scales, 4) for k in range(scales)} == {0, 1, 2, 3}
