"""The formal VAR model and the reference one: configurations, weights, passes."""
