"""Formulas: clauses as coordinates, flowers and branching, their deliberate mistakes."""
