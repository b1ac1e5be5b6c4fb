"""Cases of S6: the claim's own parts on one drawn ratio, power of it, seed and size of entries.

The statement is VACUOUS because its hypotheses exclude each other; its attack is on the facts that show it.
"""

from __future__ import annotations

from varproof.claims import almost_linear_criterion as claim
from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.families.space import Choice, Integer, Space

SPACE = Space({"ratio": Integer(2, 50, log=True), "log_side": Integer(1, 60, log=True)})


ATTACK = drawn_check(claim.checked_facts, SPACE, cells=("ratio", "log_side"), size="log_side", cost=0.02, most=1000)

CORRECTED = drawn_check(
    claim.check_corrected,
    Space({**SPACE.fields, "seed": Choice((1, 2, 3)), "entries": Integer(1, 8)}),
    cells=("ratio", "log_side", "seed"),
    size="log_side",
    cost=0.04,
    most=700,
)
