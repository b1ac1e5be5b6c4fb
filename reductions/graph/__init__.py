"""The graph of problems and reductions: paths, composed sizes, exponents, hypotheses, exports."""
