"""From logits to token ids, the step that no additive error bound crosses, and generation with it.

A sampled id is a discontinuous function of the logits: a change of any size, however small, may turn one code into
another, so a bound on the logits says nothing about the sampled image. Two things remain true. For given ids every pass
has its bound (`teacher_forced`, `decode_tokens`). And where ids are chosen as the largest logit, those whose lead
exceeds twice the bound are certain (`certain_choices`).

>>> row = np.array([[0.0, 1e-12]])
>>> sample(row, np.random.default_rng(0), temperature=0.0), sample(-row, np.random.default_rng(0), temperature=0.0)
(array([1]), array([0]))
>>> u = np.random.default_rng(0).random()  # the number that decides below: a softmax just above and just below it
>>> rows = [np.log([[u + shift, 1 - u - shift]]) for shift in (1e-12, -1e-12)]
>>> [sample(row, np.random.default_rng(0)).item() for row in rows]
[0, 1]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import to_device
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.var.arithmetic.plain import Engine, Plain, numpy_like
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.reference import CachedTransformer, clamped, decode_feature
from varproof.var.models.reference_tokens import add_scale
from varproof.var.models.weights import Weights

Logits = NDArray[np.floating[Any]]
Choice = Callable[[Logits, int], NDArray[np.integer[Any]]]


def sample(
    logits: Logits, rng: np.random.Generator, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 0.0
) -> NDArray[np.int64]:
    """One id (m,) for each row of logits (m, V), from softmax(logits / temperature).

    `temperature` 0 takes the largest logit, the first of equal ones. `top_k` > 0 keeps the k largest (and those equal
    to the k-th), `top_p` > 0 the largest whose probabilities reach p. Raises `InputError` for values out of range.

    >>> sample(np.array([[0.0, 5.0, 4.0]] * 4), np.random.default_rng(1), top_k=1)
    array([1, 1, 1, 1])
    """
    vocabulary = logits.shape[-1]
    if not 0 <= temperature < np.inf:
        raise InputError("the temperature is out of range", got=temperature, allowed="0 or more, finite")
    if isinstance(top_k, bool) or not isinstance(top_k, (int, np.integer)) or not 0 <= top_k <= vocabulary:
        raise InputError("top_k is out of range", got=top_k, allowed=f"0 to {vocabulary}")
    if not 0 <= top_p <= 1:
        raise InputError("top_p is out of range", got=top_p, allowed="0 to 1")
    scores = np.asarray(logits, dtype=np.float64)
    if temperature == 0:
        largest: NDArray[np.int64] = np.argmax(scores, axis=-1)
        return largest
    scores = scores / temperature
    if top_k:
        smallest = np.sort(scores, axis=-1)[:, -top_k, None]
        scores = np.where(scores < smallest, -np.inf, scores)
    if top_p:
        scores = _nucleus(scores, top_p)
    running = np.cumsum(_softmax(scores), axis=-1)
    drawn = rng.random((len(scores), 1)) * running[:, -1:]
    found: NDArray[np.int64] = np.minimum(np.sum(running <= drawn, axis=-1), vocabulary - 1)
    return found


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    found: NDArray[np.float64] = weights / weights.sum(axis=-1, keepdims=True)
    return found


def _nucleus(scores: NDArray[np.float64], top_p: float) -> NDArray[np.float64]:
    """Scores outside the smallest set of probability top_p are -inf; the largest always stays."""
    order = np.argsort(scores, axis=-1, kind="stable")
    tail = np.cumsum(np.take_along_axis(_softmax(scores), order, axis=-1), axis=-1)
    dropped = tail <= 1 - top_p
    dropped[:, -1] = False
    outside = np.zeros_like(dropped)
    np.put_along_axis(outside, order, dropped, axis=-1)
    return np.where(outside, -np.inf, scores)


def certain_choices(logits: Logits, bound: Any) -> NDArray[np.bool_]:
    """Rows (m,) whose largest logit stays the largest whatever errors within `bound` the logits (m, V) have.

    `bound` is a number, or broadcasts to the logits. Equal bounds: the lead must exceed twice the bound. Rounding of
    the comparison is included, so True is safe.

    >>> certain_choices(np.array([[1.0, 0.0, 0.3], [1.0, 0.9, 0.0]]), 0.1)
    array([ True, False])
    """
    values = np.asarray(logits, dtype=np.float64)
    bounds = np.broadcast_to(np.asarray(bound, dtype=np.float64), values.shape)
    if not (bounds >= 0).all():
        raise InputError("a bound is a number from 0", got="a negative bound or NaN", allowed="bound >= 0")
    low, high = np.nextafter(values - bounds, -np.inf), np.nextafter(values + bounds, np.inf)
    best = np.argmax(values, axis=-1)[:, None]
    others = high.copy()
    np.put_along_axis(others, best, -np.inf, axis=-1)
    found: NDArray[np.bool_] = np.take_along_axis(low, best, axis=-1)[:, 0] > others.max(axis=-1)
    return found


@dataclass(frozen=True)
class Generated:
    """`token_ids` (p_k, p_k) and guided `logits` (p_k^2, V) of every scale, `image` (H, W, 3) in [-1, 1] or None."""

    token_ids: tuple[NDArray[np.integer[Any]], ...]
    logits: tuple[Logits, ...]
    image: NDArray[Any] | None


def generate(
    weights: Weights,
    config: ReferenceConfig,
    label: int,
    *,
    seed: int = 0,
    guidance: float = 1.5,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 0.0,
    choose: Choice | None = None,
    like: Any = None,
    engine: Engine = "exact",
    delta: float = 1e-3,
) -> Generated:
    """Generate an image of a class, scale by scale, with keys and values kept.

    Classifier-free guidance: at scale k of K (from 0) the logits are (1 + t) given - t free with t = guidance k/(K-1),
    `free` of a second pass without class. `choose(logits, k)` replaces `sample`. `like` sets library and dtype of the
    passes (NumPy float32 when None), `engine` and `delta` the attention. No error bound holds for the result.
    Source: arXiv:2404.02905.

    >>> from varproof.growth.schedules import Schedule
    >>> from varproof.var.models.reference import reference_random
    >>> config = ReferenceConfig(Schedule((1, 2)), depth=1, width=8, heads=2, hidden=8, vocabulary=5, decoder=None)
    >>> [ids.shape for ids in generate(reference_random(config, 0), config, 7).token_ids]
    [(1, 1), (2, 2)]
    """
    ops = Plain(numpy_like("float32") if like is None else like, engine=engine, delta=delta)
    rng = np.random.default_rng(seed)
    given = CachedTransformer(ops, weights, config, label)
    free = CachedTransformer(ops, weights, config, config.classes) if guidance else None
    feature: Any = None
    chosen, kept = [], []
    for scale, side in enumerate(config.schedule.sides):
        logits = _on_cpu(given.start() if feature is None else given.advance(feature))
        if free is not None:
            ratio = guidance * scale / max(config.schedule.number_of_scales - 1, 1)
            logits = (1 + ratio) * logits - ratio * _on_cpu(free.start() if feature is None else free.advance(feature))
        if choose is None:
            ids: NDArray[Any] = sample(logits, rng, temperature=temperature, top_k=top_k, top_p=top_p)
        else:
            ids = choose(logits, scale)
        chosen.append(np.reshape(ids, (side, side)))
        kept.append(logits)
        feature = add_scale(ops, weights, config, feature, chosen[-1], scale)
    image = None if config.decoder is None else clamped(_on_cpu(decode_feature(ops, weights, config, feature)))
    return Generated(tuple(chosen), tuple(kept), image)


def _on_cpu(x: Any) -> NDArray[Any]:
    return np.asarray(to_device(x, "cpu"))
