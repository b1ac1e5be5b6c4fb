"""Reading checkpoints of the public reference implementation."""
