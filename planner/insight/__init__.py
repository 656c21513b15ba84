"""Why a plan is as it is, what a change would change, and what would make a goal reachable."""
