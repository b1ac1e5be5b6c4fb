"""Campaigns: every claim attacked with generated cases, by workers that may die, into a store that loses nothing."""
