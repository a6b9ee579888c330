"""Bonus engine products."""
