"""When what is learned: the order of steps, sessions, reviews."""
