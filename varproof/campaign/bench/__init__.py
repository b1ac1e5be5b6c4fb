"""What campaigns are measured with: costs of a case, inequalities with known suprema, lemmas known to be false."""
