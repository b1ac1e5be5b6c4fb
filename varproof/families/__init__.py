"""Input families: parameter spaces that are described once, and the arrays and formulas drawn from them."""
