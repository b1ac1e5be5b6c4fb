"""The arms of a campaign: how the cases of a chunk are found. Each is a function of the chunk's seed and its counts."""
