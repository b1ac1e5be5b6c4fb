"""State dicts with the public names, and the two file formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.var.checkpoint.convert import example_state

Arrays = Mapping[str, NDArray[Any]]
Save = Callable[[Path, Mapping[str, Any]], Path]

CODES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "uint8": "U8"}


def safetensors_bytes(arrays: Arrays, *, metadata: bool = True) -> bytes:
    """A file of the format, written here independently of the package."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}} if metadata else {}
    data = b""
    for name, array in arrays.items():
        part = array.tobytes()
        header[name] = {
            "dtype": CODES[str(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(part)],
        }
        data += part
    raw = json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + data


def save_safetensors(path: Path, state: Mapping[str, Any]) -> Path:
    path = path.with_suffix(".safetensors")
    path.write_bytes(safetensors_bytes(state))
    return path


def save_torch(path: Path, state: Mapping[str, Any]) -> Path:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")

    def tensors(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: tensors(inner) for key, inner in value.items()}
        return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value

    path = path.with_suffix(".pth")
    torch.save(tensors(state), path)
    return path


@pytest.fixture
def packed() -> Callable[[Arrays], bytes]:
    """The independent writer."""
    return safetensors_bytes


@pytest.fixture(params=["safetensors", "torch"])
def save(request: pytest.FixtureRequest) -> Save:
    """Writes a state dict in one of the two formats."""
    return save_safetensors if request.param == "safetensors" else save_torch


@pytest.fixture
def state() -> dict[str, NDArray[Any]]:
    """A whole small checkpoint, also with arrays that generation does not use."""
    noise = np.random.default_rng(3)
    found = example_state(1)
    found["encoder.conv_in.weight"] = noise.normal(size=(32, 3, 3, 3)).astype(np.float32)
    found["quant_conv.weight"] = noise.normal(size=(8, 8, 3, 3)).astype(np.float32)
    found["quantize.ema_vocab_hit_SV"] = np.zeros((4, 32), dtype=np.float32)
    return found
