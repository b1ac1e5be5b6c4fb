"""Saved failures: written with all their numbers, run again against today's claims, exported as tests."""

from varproof.campaign.replays.export import export_pytest
from varproof.campaign.replays.files import load_replay, save_replay
from varproof.campaign.replays.listing import replay_all, replay_files
from varproof.campaign.replays.record import Replay
from varproof.campaign.replays.rerun import Outcome, Status, replay

__all__ = [
    "Outcome",
    "Replay",
    "Status",
    "export_pytest",
    "load_replay",
    "replay",
    "replay_all",
    "replay_files",
    "save_replay",
]
