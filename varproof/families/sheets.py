"""Matrices like pictures: smooth waves, rows that wander (AR(1)), and a 1/f spectrum as natural images have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from varproof.families.scaled import scaled

WAVES = 3  # a sheet of more waves than that looks like the 1/f one


def smooth(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A sum of a few plane waves with at most two periods across the sheet, the largest entry at the bound."""
    phases, heights = rng.uniform(0.0, 2 * np.pi, (*shape[:-2], WAVES)), rng.standard_normal((*shape[:-2], WAVES))
    turns = rng.uniform(-4 * np.pi, 4 * np.pi, (*shape[:-2], WAVES, 2))
    down, across = np.linspace(0.0, 1.0, shape[-2]), np.linspace(0.0, 1.0, shape[-1])
    angles = turns[..., 0, None, None] * down[:, None] + turns[..., 1, None, None] * across
    waves = heights[..., None, None] * np.cos(angles + phases[..., None, None])
    return scaled(waves.sum(axis=-3), bound)


def autoregressive(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rows x_t = r x_(t-1) + noise with r in [0.8, 1), the largest entry at the bound: neighbours are alike."""
    memory = rng.uniform(0.8, 1.0, (*shape[:-2], 1))
    steps = rng.standard_normal(shape)
    for place in range(1, shape[-1]):
        steps[..., place] += memory * steps[..., place - 1]
    return scaled(steps, bound)


def one_over_f(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """White noise whose amplitudes are divided by the frequency, the largest entry at the bound."""
    down, across = np.fft.fftfreq(shape[-2])[:, None], np.fft.rfftfreq(shape[-1])
    frequency = np.hypot(down, across)
    lowest = 1.0 / max(*shape[-2:], 2)  # the mean would be infinite
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) / np.maximum(frequency, lowest)
    return scaled(np.fft.irfft2(spectrum, s=shape[-2:]), bound)
