"""What a problem is: a frozen dataclass of one instance with these members. Copy one of `reductions/problems`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

from reductions.core.answer import Answer


@runtime_checkable
class Problem(Protocol):
    """One instance of a problem; the class is the problem itself.

    `NAME` is the word of the command line, `PARAMETERS` names what sizes are stated in (each name is also the sympy
    symbol of size formulas), `SIZE` the symbol N of exponent statements, with its reading in words. `FUNCTION` is True
    for problems that ask for numbers (attention), whose answers are outputs and not decisions.
    """

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    PARAMETERS: ClassVar[Mapping[str, str]]  # name -> meaning
    SIZE: ClassVar[str]  # what N is in exponents: "2^variables", "left", "keys", "side"
    FUNCTION: ClassVar[bool]

    def parameters(self) -> dict[str, int]:
        """The sizes of this instance, one entry for each of `PARAMETERS`."""
        ...

    def verify(self, witness: Any) -> bool:
        """Whether `witness` shows that the answer is YES; False for anything malformed. Never raises."""
        ...

    def solve(self) -> Answer:
        """The reference solver: slow, plain, and independent of every reduction."""
        ...

    def to_json(self) -> dict[str, Any]:
        """A JSON object with `problem` (the name) and everything needed by `from_json`; numbers exact."""
        ...

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The instance of `to_json`. Raises `InputError` for anything else."""
        ...

    def save(self, directory: Path, stem: str) -> list[Path]:
        """Write the instance in the natural format of the problem (DIMACS, JSON, NPZ); returns the files."""
        ...

    @classmethod
    def samples(cls, seed: int) -> Iterator[Self]:
        """Small instances for the generic tests: edge cases first, YES and NO about equally often, no fixed end."""
        ...


@runtime_checkable
class Counting(Problem, Protocol):
    """A problem whose witnesses can be listed and counted."""

    def witnesses(self) -> Iterator[Any]:
        """All witnesses, each once, by the reference solver."""
        ...
