"""One attempt at a chunk, in whatever process this is: find the claim, its form, and run the cases."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from varproof.campaign.claim_modules import load_claim_module
from varproof.campaign.executors.executor import Job
from varproof.campaign.recorder import Recorder
from varproof.campaign.result import Result
from varproof.campaign.subjects import Subject, subject_named
from varproof.claims.model import Claim
from varproof.claims.registry import load_claim

RUNNER = "varproof.campaign.arms.run:run_chunk"


class ChunkRunner:
    """Runs jobs with the claims of the ledger and of a user's file, which is run once.

    `runner` is the function that does it, as `module:name`, called like `run_chunk`. Raises `InputError` for a file
    of claims that cannot be used.
    """

    def __init__(self, claims_module: Path | None = None, runner: str = RUNNER) -> None:
        module, _, name = runner.partition(":")
        self._run: Callable[..., Result] = getattr(importlib.import_module(module), name)
        self._claims: dict[str, Claim] = {}
        if claims_module is not None:
            self._claims = {claim.id: claim for claim in load_claim_module(claims_module)}
        self._subjects: dict[tuple[str, str], Subject] = {}

    def run(self, job: Job, recorder: Recorder) -> Mapping[str, Any]:
        """The result as data that went through JSON, so that no way of running it can be told from another."""
        chunk = job.chunk
        key = (chunk.claim, chunk.subject)
        if key not in self._subjects:
            claim = self._claims.get(chunk.claim) or load_claim(chunk.claim)
            self._subjects[key] = subject_named(claim, chunk.subject)
        result = self._run(chunk, self._subjects[key], job.campaign_seed, recorder=recorder, single=job.single)
        data: dict[str, Any] = json.loads(json.dumps(result.to_json()))
        return data


def reason_of(error: BaseException) -> str:
    """Why an attempt was lost that ended in an exception."""
    if isinstance(error, MemoryError):
        return "memory limit"
    text = f"raised {type(error).__name__}: {error}"
    return text if len(text) <= 500 else f"{text[:500]} …"
