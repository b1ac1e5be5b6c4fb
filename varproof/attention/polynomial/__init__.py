"""The polynomial method: frame, choice of a table, kernels, the certificate of every row."""
