"""The store of a campaign: one SQLite file, one writer, any number of readers, nothing lost when a process dies."""

from varproof.campaign.store.counts import Counts
from varproof.campaign.store.errors import StoreError
from varproof.campaign.store.outcome import DONE, LOST, PENDING, TRIED, Outcome, Row
from varproof.campaign.store.settings import Settings
from varproof.campaign.store.store import Store

__all__ = ["DONE", "LOST", "PENDING", "TRIED", "Counts", "Outcome", "Row", "Settings", "Store", "StoreError"]
