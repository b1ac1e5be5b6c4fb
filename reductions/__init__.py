"""reductions: executable fine-grained reductions, from satisfiability to approximate attention and back."""
