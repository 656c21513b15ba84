"""The Diagnostician: what a response or words show about a learner, and what is still to be asked or confirmed."""
