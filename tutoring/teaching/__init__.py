"""The Tutor: what is said to a learner, on what it rests, and what is not said yet."""
