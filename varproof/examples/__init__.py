"""Files that `varproof example NAME` writes: short, complete, and run by the tests."""
