"""Polynomials as data: relative minimax and weighted tables with proved errors, and their cache on disk."""
