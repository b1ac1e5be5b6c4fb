"""Attention inside VAR attention: layouts, blocks of cells with a flag, norms, checks, deliberate mistakes."""
