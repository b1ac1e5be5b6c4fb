"""Running a path of reductions forward and back: oracles, answers, saved instances, the narrative."""
