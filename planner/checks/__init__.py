"""Whether a plan, from wherever it comes, is sound."""
