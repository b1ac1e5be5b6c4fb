"""`varproof campaign run` and `resume`: attack claims with generated cases, and go on where a campaign stopped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from varproof.base.errors import InputError, printable
from varproof.cli.campaign_options import (
    Cases,
    Claims,
    ExecutorText,
    Module,
    StoreFile,
    TimeLimit,
    Workers,
    checked_time,
    executor_text,
)
from varproof.cli.campaign_stop import Stop, resumable
from varproof.cli.output import JsonFlag, Seed, emit_json, results, talk
from varproof.cli.progress import progress

if TYPE_CHECKING:
    from varproof.campaign.coordinator import Summary
    from varproof.campaign.executors.executor import Executor
    from varproof.campaign.store import Settings, Store
    from varproof.claims.model import Claim

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def run(
    claims: Claims = None,
    store: StoreFile = Path("campaign.db"),
    cases: Cases = None,
    seed: Seed = 0,
    workers: Workers = None,
    executor: ExecutorText = None,
    time: TimeLimit = None,
    module: Module = None,
    as_json: JsonFlag = False,
) -> int:
    """Attack claims with generated cases; survive anything.

    Every claim, its corrected form and its wrong variants are attacked by
    the arms exhaustive, iid, adversarial and worst-ratio. What was found is in
    the store, whatever happens to this process. Exit code 0 goals met, 1
    confirmed violation, 3 time is up, 4 under-covered or low power, 5 chunks
    lost.

    Example:
        varproof campaign run threshold_lemma --cases 100 --store c.db
        varproof campaign report --store c.db --html c.html
    """
    with resumable(store) as stop:
        _prepare()
        from varproof.campaign.claim_modules import claims_for
        from varproof.campaign.executors.choose import executor_named
        from varproof.campaign.plan import DEFAULT_CASES
        from varproof.campaign.store import Settings, Store

        who = executor_text(workers, executor)
        limit = checked_time(time)
        selected = claims_for(claims or (), module)
        settings = Settings(
            cases or DEFAULT_CASES, seed, tuple(claims or ()), None if module is None else module.resolve(), who
        )
        # what is refused is refused before there is a store
        total = _chunks(selected, settings)
        with closing(executor_named(who, settings.claims_module)) as chosen:
            stop.check()
            with Store.create(store, settings) as made:
                stop.kept = True
                return _go(made, store, selected, chosen, total, limit, as_json, "campaign run", stop)


def resume(
    store: StoreFile = Path("campaign.db"),
    cases: Cases = None,
    workers: Workers = None,
    executor: ExecutorText = None,
    time: TimeLimit = None,
    retry: Annotated[
        bool, typer.Option("--retry", metavar="", help="Also try chunks again that were given up.")
    ] = False,
    as_json: JsonFlag = False,
) -> int:
    """Go on with a campaign: what is missing, edited or new.

    Chunks that are finished stay so, unless their claim was edited since.
    With more --cases the campaign is extended. Exit codes are those of
    campaign run.

    Example:
        varproof campaign run threshold_lemma --cases 50 --store c.db
        varproof campaign resume --store c.db --cases 100
    """
    with resumable(store) as stop:
        _prepare()
        from varproof.campaign.claim_modules import claims_for
        from varproof.campaign.executors.choose import executor_named
        from varproof.campaign.store import Store

        limit = checked_time(time)
        with Store.open(store, write=True) as opened:
            stop.kept = True
            settings = opened.settings
            who = settings.executor if workers is None and executor is None else executor_text(workers, executor)
            if cases is not None and cases < settings.cases:
                raise InputError(
                    "a campaign can be extended, not shortened",
                    got=f"--cases {cases}",
                    allowed=f"{settings.cases} or more",
                    hint="start a smaller one with campaign run --store OTHER",
                )
            selected = claims_for(settings.claims, settings.claims_module)
            changed = replace(settings, cases=cases or settings.cases, executor=who)
            total = _chunks(selected, changed)
            with closing(executor_named(who, settings.claims_module)) as chosen:
                if changed != settings:
                    opened.change(changed)
                return _go(opened, store, selected, chosen, total, limit, as_json, "campaign resume", stop, retry=retry)


def _chunks(claims: Sequence[Claim], settings: Settings) -> int:
    from varproof.campaign.plan import plan

    return len(plan(claims, cases=settings.cases, seed=settings.seed).chunks)


def _go(
    store: Store,
    shown: Path,
    claims: Sequence[Claim],
    workers: Executor,
    total: int,
    limit: float | None,
    as_json: bool,
    command: str,
    stop: Stop,
    *,
    retry: bool = False,
) -> int:
    from varproof.campaign.coordinator import run_campaign
    from varproof.campaign.replays import replay, save_replay
    from varproof.campaign.report import collect

    with progress("chunks", total) as advance:
        summary = run_campaign(
            store,
            claims,
            workers,
            time_limit=limit,
            on_progress=_Meter(advance, stop),
            replay=replay,
            save_replay=save_replay,
            retry_lost=retry,
        )
    report = collect(store, claims, store=shown)
    if as_json:
        from varproof.campaign.report import to_json

        data = to_json(report)
        del data["format"]  # that of the command is another one
        emit_json(command, {**data, "run": _summary(summary)})
    else:
        from varproof.cli.campaign_view import show_report

        _tell(summary)
        show_report(results(), report, shown)
    still = any(not outcome.ok and outcome.status.value == "STILL-FAILS" for _, outcome in summary.replays)
    return 1 if still else report.exit_code


class _Meter:
    """Turns "so many are done" into steps of a progress bar, and notices a Ctrl-C that was swallowed."""

    def __init__(self, advance: Any, stop: Stop) -> None:
        self.advance, self.stop, self.done = advance, stop, 0

    def __call__(self, done: int, planned: int) -> None:
        """Called by the coordinator after every chunk."""
        self.advance(done - self.done)
        self.done = done
        self.stop.check()


def _tell(summary: Summary) -> None:
    """What happened on the way, on stderr."""
    say = talk()
    for _, outcome in summary.replays:
        say.print(f"replayed first: {printable(outcome.text())}", soft_wrap=True)
    if summary.stopped == "claims edited":
        say.print("claims were edited while they ran; campaign resume runs them as they are now", soft_wrap=True)
    for path in summary.failures:
        say.print(f"saved a violation: {printable(path)}", soft_wrap=True)


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "ran": summary.ran,
        "stopped": summary.stopped,
        "replays": [{"file": path, "status": outcome.status.value} for path, outcome in summary.replays],
        "failures": list(summary.failures),
    }


def _prepare() -> None:
    """Chunks must not depend on the number of BLAS threads, nor leave files here, where they run in this process."""
    for name in THREADS:
        os.environ[name] = "1"
    from varproof.campaign.scratch import hypothesis_home

    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(hypothesis_home())
