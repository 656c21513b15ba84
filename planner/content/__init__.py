"""What a plan consists of: what can be reached, which concepts to learn, by which activities."""
