"""What several attacks share: ways to make one from a check, from balls or from parts, and drawn objects."""
