"""How good and how fast the planner is, beside baselines, the optimum and problems that others published."""
