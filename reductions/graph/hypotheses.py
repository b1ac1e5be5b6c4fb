"""The hypotheses that lower bounds rest on, as data: statement, status, what would refute it, what it implies."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum

from varproof.base.errors import InputError


class Status(StrEnum):
    """What is known about a hypothesis."""

    OPEN = "open conjecture"
    IMPLIED = "implied by another"  # follows from those in `implied_by` by the rules and cited edges in `by`


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis. `problem` is the problem it speaks of; `implied_by` ids of others, `by` the edges that show it.

    `sources` are arXiv numbers of papers that state or use it, as restated in `docs/explanation/lower-bounds.md`;
    `implies` ids of hypotheses and lower bounds in this registry.
    """

    id: str
    name: str
    problem: str
    statement: str
    status: Status
    refuted_if: str
    implied_by: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def implies(self) -> tuple[str, ...]:
        """Ids of what follows from this one directly.

        >>> hypothesis_named("ovh").implies
        ('maxip-small-dimension', 'attention-counting', 'attention-scaling')
        """
        return tuple(each.id for each in HYPOTHESES if self.id in each.implied_by)


HYPOTHESES: tuple[Hypothesis, ...] = (
    Hypothesis(
        id="seth",
        name="Strong exponential time hypothesis (SETH)",
        problem="cnf",
        statement="For every q > 0 there is a k such that no algorithm decides k-SAT with n variables in time "
        "2^((1 - q) n).",
        status=Status.OPEN,
        refuted_if="one q > 0 serves every k: k-SAT in time 2^((1 - q) n) for all k.",
        sources=("2302.13214", "2209.04881"),
    ),
    Hypothesis(
        id="k-sat-exponents",
        name="Exponents of k-SAT",
        problem="cnf",
        statement="s_k is the infimum of all s such that k-SAT with n variables is decided in time 2^(s n). "
        "The s_k do not decrease with k, s_2 = 0 and s_k <= 1. Hypothesis: s_k tends to 1.",
        status=Status.IMPLIED,
        refuted_if="sup s_k < 1. This is SETH in other words: each implies the other.",
        implied_by=("seth",),
        sources=("2302.13214",),
    ),
    Hypothesis(
        id="ovh",
        name="Orthogonal vectors hypothesis (OVH)",
        problem="ov",
        statement="For every q > 0 there is a c > 0 such that no algorithm decides in time N^(2 - q) whether among "
        "N rows and N keys in {0,1}^d, d <= c ln N, some pair is orthogonal.",
        status=Status.IMPLIED,
        refuted_if="one q > 0 serves every c. Then SETH is false as well, and SETH false leaves OVH open.",
        implied_by=("seth",),
        by=("sparsify", "cnf_to_ov"),
        sources=("2302.13214", "1802.02325"),
    ),
    Hypothesis(
        id="gap-hamming-quadratic",
        name="Hardness of gap Hamming closest pair (Rubinstein)",
        problem="gap-hamming",
        statement="For every q > 0 there are eps, c > 0 such that no algorithm decides in time N^(2 - q), for N rows "
        "and N keys in {0,1}^d, d <= c ln N, and an integer t, between 'some pair has distance at most t' and 'all "
        "pairs have distance above (1 + eps) t'.",
        status=Status.IMPLIED,
        refuted_if="one q > 0 serves every eps and c. Then SETH is false by the cited edge.",
        implied_by=("seth",),
        by=("cited_rubinstein",),
        sources=("1803.00904", "2302.13214"),
    ),
    Hypothesis(
        id="maxip-small-dimension",
        name="Hardness of integer maximum inner product in small dimension (Chen)",
        problem="maxip",
        statement="No algorithm finds the largest inner product of N rows and N keys of integers of O(log N) bits in "
        "dimension 2^O(log* N) in time N^(2 - q), for any q > 0.",
        status=Status.IMPLIED,
        refuted_if="there is such an algorithm for one q > 0. Then OVH and SETH are false by the cited edge.",
        implied_by=("ovh",),
        by=("cited_chen",),
        sources=("1802.02325",),
    ),
    Hypothesis(
        id="attention-counting",
        name="Attention at inverse polynomial error is quadratic (L1)",
        problem="attention",
        statement="For every q > 0 there is a c, and for every kappa > 0 a C_a, such that attention with d >= c ln N, "
        "logit bound at least kappa ln N and error N^-C_a has no N^(2 - q) algorithm.",
        status=Status.IMPLIED,
        refuted_if="one q > 0 and one kappa > 0 serve all c and C_a. Then OVH is false.",
        implied_by=("ovh",),
        by=("ov_to_attention_counting",),
        sources=("2302.13214", "2011.02466"),
    ),
    Hypothesis(
        id="attention-scaling",
        name="Attention at constant error and large logits is quadratic (L2)",
        problem="attention",
        statement="For every q > 0 there are c, C such that attention with d >= c ln N, logit bound at least C ln^2 N "
        "and any constant error below 1/2 has no N^(2 - q) algorithm.",
        status=Status.IMPLIED,
        refuted_if="one q > 0 serves all c and C. Then OVH is false.",
        implied_by=("ovh",),
        by=("ov_to_attention_scaling",),
        sources=("2302.13214", "2209.04881"),
    ),
    Hypothesis(
        id="attention-gap",
        name="Attention at constant error and logits of order ln N is quadratic (L3)",
        problem="attention",
        statement="For every q > 0 there are c, C such that attention with d >= c ln N, logit bound at least C ln N "
        "and any constant error below 1/2 has no N^(2 - q) algorithm.",
        status=Status.IMPLIED,
        refuted_if="one q > 0 serves all c and C. Then the gap hypothesis and SETH are false.",
        implied_by=("gap-hamming-quadratic",),
        by=("gap_hamming_to_attention",),
        sources=("2302.13214", "1803.00904"),
    ),
    Hypothesis(
        id="var-quartic",
        name="VAR attention is quartic in the side",
        problem="var-attention",
        statement="For every q > 0 there are constants such that one block-causal attention layer over a geometric "
        "schedule of last side n, token maps given, has no n^(4 - q) algorithm; the constants are those of the "
        "lower bound it comes from.",
        status=Status.IMPLIED,
        refuted_if="one q > 0 serves all constants. Then the hypothesis behind the lower bound is false.",
        implied_by=("attention-counting", "attention-scaling", "attention-gap"),
        by=("attention_to_var_free", "attention_to_var_interpolated"),
        sources=("2501.04377",),
    ),
)


def hypothesis_named(name: str) -> Hypothesis:
    """The hypothesis of this id. Raises `InputError` for others.

    >>> hypothesis_named("seth").status.value
    'open conjecture'
    """
    for each in HYPOTHESES:
        if each.id == name:
            return each
    known = [each.id for each in HYPOTHESES]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    raise InputError("unknown hypothesis", got=name, allowed=", ".join(known), hint=hint)


def conjectures_behind(name: str) -> tuple[str, ...]:
    """The open conjectures from which the hypothesis of this id follows, in the order of the registry.

    >>> conjectures_behind("var-quartic")
    ('seth',)
    """
    found, waiting = set[str](), [name]
    while waiting:
        if (current := waiting.pop()) not in found:
            found.add(current)
            waiting.extend(hypothesis_named(current).implied_by)
    return tuple(each.id for each in HYPOTHESES if each.id in found and each.status is Status.OPEN)
