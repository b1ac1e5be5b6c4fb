"""Certificates: plain JSON with numbers as strings, written for a checker that does not know our code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Certificate:
    """A JSON object (`payload`, top-level key `format`) whose integers and rationals are strings.

    >>> print(Certificate({"format": "varproof/degree-certificate/1", "degree": "3"}).to_text(), end="")
    {
     "format": "varproof/degree-certificate/1",
     "degree": "3"
    }
    """

    payload: Mapping[str, Any]

    def to_text(self) -> str:
        """The file's text, one line per number, ending in a newline."""
        return json.dumps(self.payload, indent=1) + "\n"

    def save(self, path: str | Path) -> None:
        """Write the certificate; an existing file is replaced only once the text is complete."""
        target = Path(path)
        scratch = target.with_name(target.name + ".part")
        scratch.write_text(self.to_text(), encoding="utf-8")
        scratch.replace(target)
