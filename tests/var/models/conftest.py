"""The recording of the public implementation, and the model with the same weights."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.growth.schedules import Schedule
from varproof.var.models.config import DecoderConfig, ReferenceConfig
from varproof.var.models.reference import reference_shapes
from varproof.var.models.weights import Weights

DATA = Path(__file__).parents[2] / "data"


class Recording:
    """What the public code computed for weights that the rule in `tests/data/record_reference.py` gives."""

    def __init__(self) -> None:
        self.rule = runpy.run_path(str(DATA / "record_reference.py"))
        with np.load(DATA / "reference_recorded.npz", allow_pickle=False) as stored:
            self.arrays: dict[str, NDArray[Any]] = {name: stored[name] for name in stored.files}
        self.variants: tuple[str, ...] = tuple(self.rule["VARIANTS"])
        self.ids: list[NDArray[np.int64]] = self.rule["token_ids"]()
        self.label: int = self.rule["LABEL"]
        self.guidance: float = self.rule["GUIDANCE"]

    def config(self, variant: str) -> ReferenceConfig:
        options, rule = self.rule["VARIANTS"][variant], self.rule
        return ReferenceConfig(
            Schedule(rule["SIDES"]),
            depth=rule["DEPTH"],
            width=rule["WIDTH"],
            heads=rule["HEADS"],
            hidden=4 * rule["WIDTH"],
            cosine=options["attn_l2_norm"],
            shared_modulation=options["shared_aln"],
            code_dim=rule["CODE_DIM"],
            vocabulary=rule["VOCABULARY"],
            classes=rule["CLASSES"],
            phis=options["share_quant_resi"],
            decoder=DecoderConfig(base=rule["BASE"]),
        )

    def weights(self, variant: str) -> Weights:
        shapes = reference_shapes(self.config(variant))
        return {name: self.rule["weight"](name, shape) for name, shape in shapes.items()}

    def state(self, variant: str) -> dict[str, tuple[tuple[int, ...], str]]:
        """Name to shape and dtype of everything in the state dicts of the public modules."""
        found = {}
        for line in self.arrays[f"{variant}.state"].tolist():
            name, rest = line.split(" ", 1)
            shape, dtype = rest.rsplit(" ", 1)
            found[name] = (tuple(int(size) for size in shape.strip("()").split(",") if size.strip()), dtype)
        return found


@pytest.fixture(scope="session")
def recording() -> Recording:
    return Recording()
