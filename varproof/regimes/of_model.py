"""The finite regime of a whole model: which head dimension, scale, entry bound and schedule its attention has."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from varproof.base.display import shown
from varproof.base.errors import InputError
from varproof.base.rationals import Exact
from varproof.regimes.finite import FiniteRegime, answer_finite
from varproof.var.models.config import FormalConfig
from varproof.var.models.entries import largest_cosine_scale, measured_entries
from varproof.var.models.model import Model, describe


@dataclass(frozen=True)
class ModelRegime:
    """The finite answer about one head of the model's transformer, and what else the model has.

    `entries_from` says where the entry bound comes from: "model file", "measured" or "cosine".
    """

    finite: FiniteRegime
    model: dict[str, Any]
    entries_from: str
    sentences: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The fields of `varproof regime --model --json`: those of the finite answer, and the model."""
        answer = self.finite.to_json()
        answer["statements"] = [*answer["statements"], *self.sentences]
        return {**answer, "model": {**self.model, "entries_from": self.entries_from}}


def answer_model(model: Model, delta: Exact | None = None) -> ModelRegime:
    """The regime of one head of the transformer, at the model's own size, score scale and entries.

    Formal models: R is what the model file states, or measured on an exact pass over its inputs (then also V). The
    reference model: cosine with the largest scale of its heads; without cosine, scores <q, k> / (4 sqrt(d)) are those
    of scale sqrt with half the entries. Raises `InputError` where delta is neither given nor in the model file.
    """
    error = model.delta if delta is None else delta
    if error is None:
        raise InputError(
            "the error delta is needed", got="neither --delta nor delta in the model file", allowed="delta > 0"
        )
    config = model.resolved
    sentences: list[str] = []
    scale, values, entry_bound = "sqrt", Fraction(1), None
    if isinstance(config, FormalConfig):
        scale, entry_bound, origin = config.scale, model.entry_bound, "model file"
        if entry_bound is None:
            bounds, origin = measured_entries(model), "measured"
            entry_bound, values = bounds.scores, bounds.values
            sentences.append(
                f"R = {float(entry_bound):.6g} and V = {float(values):.6g} are the largest entries of one exact pass "
                f"over inputs drawn from seed {model.seed}, over all {config.depth} layers: a fact about these inputs."
            )
    elif config.cosine:
        scale, origin = f"cosine:{largest_cosine_scale(model)}", "cosine"
        sentences.append("The cosine scale is the largest of all heads; values are taken to lie in [-1, 1].")
    else:
        raise InputError(
            "the scores of this model have no bound that its weights alone give",
            got="a reference model without cosine attention",
            allowed="cosine attention, or a formal model",
            hint="give --d, --R and --scale sqrt; its scale 1/(4 sqrt(d)) is sqrt with R halved",
        )
    finite = answer_finite(
        n=config.schedule.side,
        d=config.head_dim,
        R=entry_bound,
        delta=error,
        scale=scale,
        schedule=config.schedule.name,
        values=values,
    )
    sentences.append(
        f"This is one of {config.heads} heads in each of {config.depth} layers; the error of a whole pass is the "
        "business of varproof var errors."
    )
    if config.decoder is not None and config.decoder.attention:
        side = config.schedule.side
        sentences.append(
            f"The decoder also attends: {shown(side**2)} tokens, one head of {shown(config.decoder.top_channels)} "
            f"dimensions, {shown(side**4)} pairs, with scores that no scale bounds; the numbers above are not about it."
        )
    return ModelRegime(finite, describe(config), origin, tuple(sentences))
