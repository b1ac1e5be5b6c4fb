"""A rule of your own: orthogonal vectors with an extra coordinate in which every left vector is 1 and every right is 0.

`varproof rule check rule.py` runs every generic check on it and says which check catches which mistake. To use it in
`varproof reduce`, copy it to reductions/rules/<source>_to_<target>.py in a clone installed with `pip install -e .`, and
add its name to RULES in reductions/registry.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from reductions.core.answer import Answer
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Reduction, size
from reductions.problems.orthogonal_vectors import OrthogonalVectors

# 1. The sizes are formulas in the parameters of the source
LEFT, RIGHT, DIM = size("left"), size("right"), size("dim")


# 2. Forward: the target, what the way back needs, and the numbers read and written
def forward(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    """Append 1 to every left vector and 0 to every right one; inner products stay as they are."""
    left, right = _widened(instance.left_bits, 1), _widened(instance.right_bits, 0)
    target = OrthogonalVectors.from_bits(left, right)
    read = instance.left_bits.size + instance.right_bits.size
    return Mapped((target,), None, operations=read + left.size + right.size)


def _widened(bits: NDArray[np.uint8], value: int) -> NDArray[np.uint8]:
    return np.hstack([bits, np.full((len(bits), 1), value, dtype=np.uint8)])


# 3. Back: the answer of the source, and a witness of the source from one of the target
def decode(context: None, answers: Sequence[Answer]) -> Answer:
    """The same answer."""
    return Answer(answers[0].decision)


def extract(context: None, index: int, witness: tuple[int, int]) -> tuple[int, int]:
    """The same pair."""
    return witness


# 4. What must hold of the image beyond answers and sizes, in words; an empty list when all is well
def structure(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The new coordinate is 1 on the left and 0 on the right."""
    target = mapped.targets[0]
    fine = bool(np.all(target.left_bits[:, -1] == 1) and np.all(target.right_bits[:, -1] == 0))
    return [] if fine else ["the new coordinate is not (1, 0)"]


# 5. How the step is taught
def explain(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """One paragraph a thought."""
    return [f"A coordinate (1, 0) adds 1 * 0 = 0 to every inner product: dimension {instance.left.dim} + 1."]


# 6. Mistakes that the generic checks must catch, at least four: each replaces one function
def _both_one(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    target = OrthogonalVectors.from_bits(_widened(instance.left_bits, 1), _widened(instance.right_bits, 1))
    return Mapped((target,), None, operations=0)


def _last_row_dropped(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    left, right = _widened(instance.left_bits, 1), _widened(instance.right_bits, 0)
    return Mapped((OrthogonalVectors.from_bits(left[:-1], right),), None, operations=0)


def _last_coordinate_dropped(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    left, right = _widened(instance.left_bits[:, :-1], 1), _widened(instance.right_bits[:, :-1], 0)
    return Mapped((OrthogonalVectors.from_bits(left, right),), None, operations=0)


def _pair_turned(context: None, index: int, witness: tuple[int, int]) -> tuple[int, int]:
    return witness[1], witness[0]


# 7. The rule. `page` is where its proof is; `exponents` are (rho, kappa, sigma): N^rho is the target's size, N^kappa
#    the number of targets, N^sigma the time of the map (docs/explanation/reduction-graph.md)
RULE = Reduction(
    name="rule",
    source=OrthogonalVectors,
    target=OrthogonalVectors,
    kind=Kind.MANY_ONE,
    summary="Every left vector gets a 1, every right vector a 0.",
    forward=forward,
    decode=decode,
    extract=extract,
    exact_size={"left": LEFT, "right": RIGHT, "dim": DIM + 1},
    upper_size={"left": LEFT, "right": RIGHT, "dim": DIM + 1},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=(LEFT + RIGHT) * (2 * DIM + 1),
    claim_scope="every instance",
    sources=("docs/how-to/add-a-rule.md",),
    page="docs/how-to/add-a-rule.md",
    parsimonious=True,
    structure=structure,
    explain=explain,
    mutants=(
        Mutant("the new coordinate is 1 on both sides", forward=_both_one),
        Mutant("the last left vector is dropped", forward=_last_row_dropped),
        Mutant("the last coordinate is dropped", forward=_last_coordinate_dropped),
        Mutant("the pair comes back turned", extract=_pair_turned),
    ),
)
