"""Exact attention in blocks, a bound on its rounding for every row, and an enclosure of the true output."""
