"""Counting by attention: nodes and weights, images, exact counts, what may go wrong."""
