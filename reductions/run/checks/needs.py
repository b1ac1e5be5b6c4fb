"""Does the rule say truly what it needs: the error allowed and the largest score, against the numbers in the image?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reductions.run.checks.image import Image
from varproof.base.balls import to_float

ROUNDING = 1e-9  # of scores worked out in floats here and in `precision`, whose bounds are floats for people


def check_needs(image: Image) -> Iterator[str]:
    """Sentences: the smallest delta of the targets is not the one stated, or a score is above the bound stated."""
    rule = image.rule
    if rule.precision is None or not image.targets:
        return
    stated = rule.precision(image.case.instance, image.case.options)
    smallest = min(target.delta for target in image.targets)
    if stated["delta"] != smallest:
        yield f"the targets allow an error of {smallest}, precision() says {stated['delta']}"
    largest = max(largest_score(target) for target in image.targets)
    if largest > stated["logit_bound"] * (1 + ROUNDING):
        yield f"a score is {largest}, precision() bounds scores by {stated['logit_bound']}"


def largest_score(target: Any) -> float:
    """The largest absolute score of an attention instance (also one inside a VarAttention), in floats."""
    plain = target.attention() if hasattr(target, "attention") else target
    if not len(plain.queries) or not len(plain.keys):
        return 0.0
    factor = to_float(plain.gamma) * float(plain.query_unit * plain.key_unit)
    return abs(factor) * float(np.abs(plain.queries.astype(float) @ plain.keys.astype(float).T).max())
