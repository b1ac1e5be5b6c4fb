"""Who answers an attention instance: exact arithmetic, the worst noise that is allowed, or a file from outside."""
