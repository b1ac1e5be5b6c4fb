"""A model with its weights and inputs: what the commands run, count and bound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from varproof.base.errors import InputError
from varproof.var.arithmetic.protocol import Arithmetic
from varproof.var.models import formal, reference
from varproof.var.models.config import Config, FormalConfig, ReferenceConfig
from varproof.var.models.reference_weights import read_config, read_reference
from varproof.var.models.resources import check_memory
from varproof.var.models.weights import Weights, checked, read_npz

T = TypeVar("T")


@dataclass(frozen=True)
class Model:
    """A configuration, and weights from `weights_path` or drawn from `seed`; inputs are drawn from `seed`.

    `config` may be None for a converted checkpoint, which brings its own. `label` is the class of the reference model
    (None: its row for no class). `entry_bound` R and `delta` are what the model file states, for `varproof regime`.
    """

    config: Config | None
    seed: int = 0
    dtype: str = "float64"
    weights_path: Path | None = None
    label: int | None = None
    entry_bound: Fraction | None = None
    delta: Fraction | None = None

    @cached_property
    def loaded(self) -> tuple[Config, Weights]:
        """The configuration and the weights, checked against it, in the model's dtype."""
        if self.config is None:
            assert self.weights_path is not None
            check_memory(self.resolved, self.dtype, use="weights")
            config, weights = read_reference(self.weights_path)
            return config, self._cast(weights)
        check_memory(self.config, self.dtype, use="weights")
        if isinstance(self.config, ReferenceConfig):
            return self.config, reference.reference_random(self.config, self.seed, self.dtype)
        if self.weights_path is None:
            return self.config, formal.formal_random(self.config, self.seed, self.dtype)
        shapes = formal.formal_shapes(self.config)
        weights = checked(read_npz(self.weights_path, shapes), shapes)
        return self.config, self._cast(weights)

    def _cast(self, weights: Weights) -> Weights:
        return {name: np.asarray(array, dtype=self.dtype) for name, array in weights.items()}

    @property
    def kind(self) -> str:
        """ "formal" or "reference"."""
        return "formal" if isinstance(self.config, FormalConfig) else "reference"

    @cached_property
    def resolved(self) -> Config:
        """The configuration, read from the weights file where that brings it; the weights are not."""
        if self.config is None:
            assert self.weights_path is not None
            return read_config(self.weights_path)
        return self.config

    @property
    def results(self) -> tuple[str, ...]:
        """The names of what `run` returns, the one that an error target is about first."""
        config = self.resolved
        if isinstance(config, ReferenceConfig):
            return ("logits",) if config.decoder is None else ("logits", "image")
        return ("feature map",) if config.decoder is None else ("image",)

    def run(self, ops: Arithmetic[T], *, chained: bool = False, maps: bool = False) -> dict[str, T]:
        """The whole pass on the model's inputs, its `results` by name.

        Formal: maps drawn from the seed with entries in [-1, 1], or the first of them alone when `chained`; with
        `maps` the output maps "side 1", "side 2", ... come first. Reference: token ids drawn from the seed
        (teacher-forced), logits of every token, and the image that the ids stand for, not clamped to [-1, 1].
        """
        config, weights = self.loaded
        if isinstance(config, ReferenceConfig):
            if chained:
                raise InputError(
                    "the reference model has no chained pass", got="chained", allowed="teacher-forced passes"
                )
            ids = reference.random_ids(config, self.seed)
            label = config.classes if self.label is None else self.label
            if config.decoder is None:
                return {"logits": reference.teacher_forced(ops, weights, config, label, ids)}
            return dict(zip(self.results, reference.whole(ops, weights, config, label, ids), strict=True))
        drawn = [ops.known(each) for each in formal.random_maps(config, self.seed, self.dtype)]
        if chained:
            outputs = formal.generate(ops, weights, config, drawn[0])
        else:
            outputs = formal.teacher_forced(ops, weights, config, drawn)
        named = {f"side {side}": each for side, each in zip(config.schedule.sides, outputs, strict=True)}
        named = named if maps else {}
        return {**named, self.results[0]: formal.finished(ops, weights, config, outputs)}


def describe(config: Config) -> dict[str, Any]:
    """The configuration as plain values, for JSON."""
    schedule = config.schedule
    found: dict[str, Any] = {
        "kind": "formal" if isinstance(config, FormalConfig) else "reference",
        "schedule": schedule.name,
        "sides": list(schedule.sides),
        "tokens": schedule.tokens,
        "depth": config.depth,
        "width": config.width,
        "heads": config.heads,
        "head_dim": config.head_dim,
        "hidden": config.hidden,
        "decoder": None if config.decoder is None else config.decoder.base,
    }
    return found
