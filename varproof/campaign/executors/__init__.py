"""Who runs chunks: this process, supervised processes of our own, or a Dask cluster.

A new executor has the members of `executor.Executor` and a name in `choose`. Copy `inline` for the least there is, and
`dask` where the processes belong to somebody else. Whoever runs a chunk, its result is the same.
"""
