"""What `varproof bench attention` measures: cases, baselines, peers, statistics, pictures."""
