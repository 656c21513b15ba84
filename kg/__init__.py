"""The learner knowledge graph: curricula, evidence, the mastery fold and the stores that keep them."""
