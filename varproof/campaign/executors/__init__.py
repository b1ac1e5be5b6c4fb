"""Who runs chunks: this process, supervised processes of our own, or a Dask cluster."""
