"""Plans made anew for what is known by now."""
