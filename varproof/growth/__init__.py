"""Parameters, schedules and score scales; orders of growth, classes of functions, and limits by two routes."""
