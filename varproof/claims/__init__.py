"""The ledger of claims: one statement per file, listed in `registry.py` in the order they are read."""
