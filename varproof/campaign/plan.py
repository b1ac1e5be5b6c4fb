"""The plan of a campaign: which chunks there are, in which order; a function of claims, cases and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from varproof.campaign.chunk import POWER, Chunk
from varproof.campaign.subjects import Subject, subjects_of
from varproof.claims.attack import Attack
from varproof.claims.model import Claim
from varproof.families.space import Cell

SECONDS = 1.0  # of CPU that a chunk may expect to take
LARGEST = 500  # cases of a chunk
START = 200  # least evaluations of one start of the worst-ratio arm
SEARCH = 1000  # least evaluations of the worst-ratio arm where they take no more than SECONDS
POWER_CASES = 300  # per arm, at most, of a wrong variant
DEFAULT_CASES = 1000


@dataclass(frozen=True)
class Plan:
    """The chunks of a campaign in the order in which they are handed out: all claims advance together."""

    seed: int
    cases: int
    chunks: tuple[Chunk, ...]


def plan(claims: Sequence[Claim], *, cases: int = DEFAULT_CASES, seed: int = 0) -> Plan:
    """All chunks for `cases` cases per claim and arm. Raises `InputError` for a claim without an attack.

    >>> from varproof.claims.registry import load_claim
    >>> made = plan([load_claim("softmax_perturbation")], cases=100)
    >>> sorted({chunk.arm for chunk in made.chunks})
    ['adversarial', 'iid', 'power', 'worst-ratio']
    """
    placed = []
    for order, claim in enumerate(claims):
        own = [chunk for subject in subjects_of(claim) for chunk in _chunks(subject, cases)]
        per_arm: dict[tuple[str, str], list[Chunk]] = {}
        for chunk in own:
            per_arm.setdefault((chunk.subject if chunk.arm != POWER else "", chunk.arm), []).append(chunk)
        for group in per_arm.values():
            placed += [((place + 0.5) / len(group), order, chunk) for place, chunk in enumerate(group)]
    placed.sort(key=lambda one: (one[0], one[1]))
    return Plan(seed, cases, tuple(chunk for _, _, chunk in placed))


def cases_of(attack: Attack, cases: int) -> int:
    """The cases per arm that a claim gets when `cases` were asked for: expensive claims have a cap.

    >>> from varproof.claims.attacks.rank_count import ATTACK
    >>> cases_of(ATTACK, 1000)
    200
    """
    return cases if attack.most is None else min(cases, attack.most)


def chunk_cases(attack: Attack) -> int:
    """The cases of a full chunk: as many as take about a second, at most 500.

    >>> from varproof.claims.attacks.rank_count import ATTACK
    >>> chunk_cases(ATTACK)
    50
    """
    return min(max(int(SECONDS / attack.cost), 1), LARGEST)


def search_cases(attack: Attack, cases: int) -> int:
    """The evaluations of the worst-ratio arm: a search that is cheap is not cut short.

    >>> from varproof.claims.attacks.softmax_perturbation import ATTACK
    >>> search_cases(ATTACK, 20)
    1000
    """
    return max(cases, SEARCH) if SEARCH * attack.cost <= SECONDS else cases


def _chunks(subject: Subject, cases: int) -> Iterator[Chunk]:
    attack, claim, name = subject.attack, subject.claim.id, subject.name
    wanted = cases_of(attack, cases)
    size = chunk_cases(attack)
    if subject.variant is not None:
        # a variant that only a missed bound gives away deserves the search that the statement gets
        whole = subject.claim.kind == "tight" and attack.attains is not None
        yield Chunk(claim, name, POWER, (), 0, wanted if whole else min(wanted, POWER_CASES))
        return
    if attack.small is not None and "exhaustive" in attack.arms:
        yield from _pieces(subject, "exhaustive", (), attack.small.size() or 0, size)
    cells = attack.space.cells(attack.cells)
    for arm in ("iid", "adversarial"):
        if arm in attack.arms:
            for cell in cells:
                yield from _pieces(subject, arm, cell, math.ceil(wanted / len(cells)), size)
    if "worst-ratio" in attack.arms:
        searched = search_cases(attack, wanted)
        yield from _pieces(subject, "worst-ratio", (), searched, max(size, min(START, searched)))


def _pieces(subject: Subject, arm: str, cell: Cell, total: int, size: int) -> Iterator[Chunk]:
    for index in range(math.ceil(total / size)):
        yield Chunk(subject.claim.id, subject.name, arm, cell, index, min(size, total - index * size))
