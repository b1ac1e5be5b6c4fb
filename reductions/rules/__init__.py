"""The reductions, one a file named after its arrow; `reductions/registry.py` lists them."""
