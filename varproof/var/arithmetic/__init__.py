"""The operations that a VAR model is made of, and what they cost."""
