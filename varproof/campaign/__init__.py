"""Campaigns: every claim attacked with generated cases, by workers that may die, into a store that loses nothing.

`subjects` are the forms of a claim that are attacked, `plan` cuts them into chunks, `arms` find the cases of a chunk,
`executors` run chunks, `coordinator` brings results into the `store`. Then `goals` judges, `report` shows, `shrink` and
`replays` keep what failed. A chunk's result depends on its name, the campaign's seed and the code, and on nothing else.
"""
