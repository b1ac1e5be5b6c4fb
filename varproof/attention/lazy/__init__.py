"""`attend` for Dask arrays (extra `dask`): reductions over chunks, answers computed when asked for."""
