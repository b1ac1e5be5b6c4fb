"""The checks that every rule must pass, one concern a file; `reductions.run.checking` runs them."""
