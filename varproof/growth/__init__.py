"""Parameters, score scales and schedules: the finite part of the growth layer."""
