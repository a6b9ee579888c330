"""Ticketing products."""
