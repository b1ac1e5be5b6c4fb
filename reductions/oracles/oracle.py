"""What an oracle is: something that returns the outputs of an attention instance, with a rigorous error."""

from __future__ import annotations

from typing import Protocol

from reductions.core.answer import Outputs
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention


class Oracle(Protocol):
    """`name` for reports; `outputs` answers one instance. `Outputs.error` may exceed the instance's delta: then rules
    decode with what margin is left, and may say UNDECIDED."""

    @property
    def name(self) -> str:
        """For reports; a plain attribute will do."""
        ...

    def outputs(self, instance: ApproximateAttention | VarAttention) -> Outputs:
        """Outputs of shape (rows asked for, value columns)."""
        ...
