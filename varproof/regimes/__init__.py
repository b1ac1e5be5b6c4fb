"""Which regime parameters are in: theorems as data, the decision as n grows, and the answer at one finite size."""
