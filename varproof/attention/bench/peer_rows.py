"""Rows of the peers at one case: KeOps, and random or Nystroem features at our rank and at our time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from varproof.attention.bench import peers
from varproof.attention.bench.errors import Reference, compare
from varproof.attention.bench.result import CaseResult, Row
from varproof.attention.bench.statistics import alternate
from varproof.base.errors import shorten

if TYPE_CHECKING:
    from varproof.attention.bench.measure import Bench

ROUNDS = 3
SMALLEST_RANK = 4


def peer_rows(bench: Bench, found: CaseResult, reference: Reference) -> list[Row]:
    """Peers beside the fastest of our engines, which takes part in their rounds too and gives rank and time."""
    fastest = min(
        (row for row in found.rows if row.kind == "ours" and row.engine == "polynomial" and row.median is not None),
        key=lambda row: row.median or 0.0,
        default=None,
    )
    if bench.settings.device != "cpu":
        return [Row(peer, "peer", "unavailable", "measured on the CPU only") for peer in (*peers.PACKAGES,)]
    made: list[Row] = []
    actions: dict[str, Callable[[], object]] = {}
    ranks = {peers.KEOPS: 0}
    makers: dict[str, Callable[[], peers.Attend]] = {peers.KEOPS: lambda: _keops(bench)}
    for peer in peers.FEATURE_METHODS:
        if fastest is not None:
            name = f"{peer}, equal rank"
            ranks[name] = fastest.rank
            makers[name] = lambda peer=peer: _features(bench, peer, fastest.rank)  # type: ignore[misc]  # bound now
    for name, make in makers.items():
        try:
            action = make()
            action()  # compiles and warms up
            actions[name] = action
        except Exception as error:  # other people's code: whatever happens there is a row with its reason
            made.append(_without(name, error))
    times = alternate(actions, 1 if bench.settings.quick else min(ROUNDS, bench.settings.repeats))
    for name, seconds in times.items():
        apart = compare(actions[name](), None, reference).error
        made.append(Row(name, "peer", seconds=seconds, rank=ranks[name], error=apart))
    if fastest is not None and fastest.median is not None:
        made += [_equal_time(bench, peer, fastest.median, reference) for peer in peers.FEATURE_METHODS]
    return made


def _keops(bench: Bench) -> peers.Attend:
    if bench.settings.keops:
        raise peers.PeerUnavailableError(bench.settings.keops)
    return peers.keops(bench.case, bench.rows)


def _features(bench: Bench, peer: str, rank: int) -> peers.Attend:
    return peers.with_features(peer, bench.case, bench.rows, rank, bench.settings.seed)


def _equal_time(bench: Bench, peer: str, limit: float, reference: Reference) -> Row:
    """The largest rank, doubling from 4, whose fastest of three calls fits our time; the smallest when none does."""
    name, rank = f"{peer}, equal time", SMALLEST_RANK
    best: Row | None = None
    try:
        while rank <= bench.case.tokens // 2:
            action = _features(bench, peer, rank)
            action()
            seconds = min(alternate({name: action}, ROUNDS, fill=0.0)[name])
            if best is not None and seconds > limit:
                break
            fits = seconds <= limit
            note = "" if fits else "slower even at this rank"
            apart = compare(action(), None, reference).error
            best = Row(name, "peer", seconds=(seconds,), rank=rank, error=apart, note=note)
            if not fits:
                break
            rank *= 2
    except Exception as error:
        return best or _without(name, error)
    return best or Row(name, "peer", "unavailable", "too few tokens")


def _without(name: str, error: Exception) -> Row:
    known = isinstance(error, peers.PeerUnavailableError)
    reason = str(error) if known else f"{type(error).__name__}: {error}"
    return Row(name, "peer", "unavailable" if known else "failed", shorten(reason, 200))
