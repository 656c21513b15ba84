"""The Planner agent: words become a plan's terms, which are confirmed, and the engine plans."""
