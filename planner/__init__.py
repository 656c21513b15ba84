"""Learning paths with a proof: obligation cover over prerequisite graphs."""
