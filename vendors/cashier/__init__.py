"""Payment products."""
