"""Customer engagement products."""
