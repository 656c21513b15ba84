"""What is proven about a plan: lower bounds, theorems, the exact solver, certificates."""
