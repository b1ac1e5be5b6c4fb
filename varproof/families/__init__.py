"""Input families: parameter spaces that are described once, and the arrays and formulas drawn from them.

A new family is one function and one line in a table: `FAMILIES` of `matrices` (copy `sparse` there), `FORMULAS` of
`formulas`, `ORTHOGONAL_VECTORS` of `orthogonal_vectors`. `space` has the kinds of fields, `strategies` makes them
strategies of Hypothesis.
"""
