"""Polynomials for exp: closed forms, minimal degrees, certificates, checkers, rank."""
