"""What a plan is asked to keep to, and what cannot all be kept to."""
