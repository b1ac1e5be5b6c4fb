"""The tree engine for head dimensions up to 3 at any size of scores."""
