"""Gadgets between lists of vectors: images, residues, polynomials over finite fields, text of small matrices."""
