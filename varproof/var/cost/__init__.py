"""What a VAR model costs: exact flops by phase, growth, the share of attention."""
