"""What attention is of the whole work, and the most that a faster attention can gain (Amdahl's law)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from varproof.var.cost.maps import DECODER_ATTENTION
from varproof.var.cost.transformer import ATTENTION


@dataclass(frozen=True)
class Share:
    """`part` flops of `whole`."""

    part: int
    whole: int

    @property
    def share(self) -> Fraction:
        """part / whole."""
        return Fraction(self.part, self.whole)

    @property
    def ceiling(self) -> Fraction:
        """1 / (1 - share): the speed-up if the part took no time at all, at equal speed of all flops. Upper bound.

        >>> Share(1, 4).ceiling
        Fraction(4, 3)
        """
        return Fraction(self.whole, self.whole - self.part)


def attention_shares(flops: Mapping[str, int]) -> dict[str, Share]:
    """ "all": the transformer's attention of all flops; "with decoder attention": both attentions; "transformer"."""
    whole, attention = sum(flops.values()), flops[ATTENTION]
    transformer = sum(count for phase, count in flops.items() if phase.startswith("transformer/"))
    return {
        "all": Share(attention, whole),
        "with decoder attention": Share(attention + flops.get(DECODER_ATTENTION, 0), whole),
        "transformer": Share(attention, transformer),
    }
