"""The arms of a campaign: how the cases of a chunk are found. Each is a function of the chunk's seed and its counts.

A new arm is a file with a function like `exhaustive.exhaustive`, its name in `claims.attack.ARMS` and a line in `run`;
`plan` gives it chunks, and `power` says whether wrong variants meet it.
"""
